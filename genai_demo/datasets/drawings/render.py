"""Render the drawings that pictures are composed of into one image; `resvg_py` is needed for this alone.

npm pack @iconify-json/fluent-emoji-flat && tar xzf iconify-json-fluent-emoji-flat-*.tgz
python -m genai_demo.datasets.drawings.render package/icons.json
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from .sprites import COLUMNS, EDGE, FOLDER, KINDS


def render(icons: dict[str, Any], edge: int = EDGE) -> Image.Image:
    """All `KINDS` in one image with alpha, row by row, from an Iconify collection."""
    resvg = importlib.import_module("resvg_py")
    rows = -(-len(KINDS) // COLUMNS)
    atlas = Image.new("RGBA", (COLUMNS * edge, rows * edge))
    for index, kind in enumerate(KINDS):
        body = icons["icons"][kind.icon]["body"]
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="{edge}" height="{edge}">{body}</svg>'
        drawing = Image.open(io.BytesIO(bytes(resvg.svg_to_bytes(svg_string=svg))))
        atlas.paste(drawing, (edge * (index % COLUMNS), edge * (index // COLUMNS)))
    return atlas


def main() -> None:
    """Write the atlas and its list of names."""
    parser = argparse.ArgumentParser(
        prog="python -m genai_demo.datasets.drawings.render",
        description="Render the drawings that the training pictures are composed of.",
    )
    parser.add_argument("icons", type=Path, help="icons.json of the npm package @iconify-json/fluent-emoji-flat")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write (default: %(default)s)")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    render(json.loads(arguments.icons.read_text(encoding="utf-8"))).save(
        arguments.folder / "fluent_flat.png", optimize=True
    )
    about = {
        "source": "Fluent Emoji (flat) by Microsoft Corporation, from npm @iconify-json/fluent-emoji-flat",
        "licence": "MIT, see LICENCE.md",
        "edge": EDGE,
        "columns": COLUMNS,
        "names": [kind.name for kind in KINDS],
    }
    (arguments.folder / "fluent_flat.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
