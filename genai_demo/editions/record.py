"""Record what each scene opens with, from the real model: `python -m genai_demo.editions.record`.

The files in `assets/recorded` are drawn at once, labelled *recorded*, and replaced when the live model answers.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from typing import Any

from ..asks import Feature
from ..features import FEATURES, load_features
from ..models.cache import write_whole
from ..models.settings import Settings, choose_models
from ..page.scene import RECORDED, plain

MAX_BYTES = 60_000


def _mark_recorded(payload: dict[str, Any], today: str) -> dict[str, Any]:
    """Every provenance inside `payload`, also of its parts, says *recorded* and when."""
    marked = {name: _mark_recorded(part, today) if isinstance(part, dict) else part for name, part in payload.items()}
    if "provenance" in marked:
        marked["provenance"] |= {"kind": "recorded", "recorded_on": today}
    return marked


def _write(feature: Feature[Any], model: object) -> None:
    folder = RECORDED / feature.name
    folder.mkdir(parents=True, exist_ok=True)
    for name, openings in feature.openings(model).items():
        marked = _mark_recorded(plain(openings), date.today().isoformat())
        text = json.dumps(marked, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > MAX_BYTES:
            raise SystemExit(f"{name}: {len(text.encode()):,} bytes, more than {MAX_BYTES:,}")
        file = folder / f"{name}.json"
        try:
            write_whole(file, text + "\n")
        except OSError as error:
            raise SystemExit(f"{file} could not be written ({error.strerror}). What was there is unchanged.") from error
        print(f"{feature.name} {name:10} {len(text.encode()):7,} bytes")


def main() -> None:
    """Write one file a scene."""
    parser = argparse.ArgumentParser(description="Record what each scene opens with, from the real models.")
    parser.add_argument("tabs", nargs="*", default=FEATURES, help=f"only these: {', '.join(FEATURES)}")
    wanted = parser.parse_args().tabs
    models = choose_models(Settings(device="cpu"))
    for feature in load_features():
        if feature.name in wanted:
            _write(feature, feature.loader(models).model(wait_seconds=600))


if __name__ == "__main__":
    main()
