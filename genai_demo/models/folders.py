"""Folders that people bring: what one is called, and what it is if it is no language model."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from .errors import AdapterFolder, NoModelFolder, PickledWeights, PictureFolder

CONFIG = "config.json"
ADAPTER = "adapter_config.json"
PIPELINE = "model_index.json"
PICKLES = ("*.bin", "*.pt", "*.pth")

_HUB_CACHE = re.compile(r"models--(?P<owner>.+?)--(?P<name>.+)")


def model_folder(name: str) -> Path | None:
    """The folder at the path `name`, or None if there is none.

    A repository in the Hub's cache is a folder of snapshots, each named by a commit: its newest main one is taken.
    """
    path = name.replace("\0", "").strip()
    folder = Path(path).expanduser()
    if not path or not folder.is_dir():
        return None
    folder = folder.resolve()
    snapshots = folder / "snapshots"
    if (folder / CONFIG).is_file() or not snapshots.is_dir():
        return folder
    main = folder / "refs" / "main"
    commit = main.read_text(encoding="utf-8").strip() if main.is_file() else ""
    found = sorted(snapshots.iterdir())
    return next((one for one in found if one.name == commit), found[0] if found else folder)


def folder_title(folder: Path) -> str:
    """What people call the model in a folder: in the Hub's cache "owner/name" instead of a commit's number."""
    cached = _HUB_CACHE.fullmatch(folder.parent.parent.name) if folder.parent.name == "snapshots" else None
    return f"{cached['owner']}/{cached['name']}" if cached else folder.name or str(folder)


def longer_title(folder: Path, other: str) -> str:
    """A title of `folder` that is not `other`: with as many of the folders above it as that takes."""
    title, parents = folder_title(folder), list(folder.parents)
    while title == other and parents:
        above = parents.pop(0)
        title = f"{above.name}/{title}" if above.name else str(folder)
    return title


def require_language_model(folder: Path, choices: str) -> None:
    """Refuse a folder that holds something else than the weights of a language model.

    Raises:
        AdapterFolder, PictureFolder, NoModelFolder, PickledWeights.
    """
    weights = list(folder.glob("*.safetensors"))
    if (folder / ADAPTER).is_file() and not [file for file in weights if not file.name.startswith("adapter_")]:
        base = read_config(folder / ADAPTER).get("base_model_name_or_path")
        raise AdapterFolder(path=folder, base=base or "which it does not name")
    if not (folder / CONFIG).is_file():
        if (folder / PIPELINE).is_file():
            raise PictureFolder(path=folder)
        raise NoModelFolder(path=folder, choices=choices)
    if not weights and any(True for pattern in PICKLES for _ in folder.glob(pattern)):
        raise PickledWeights(path=folder)


def read_config(file: Path) -> dict[str, Any]:
    """A JSON object in a file; an empty one where it cannot be read."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
