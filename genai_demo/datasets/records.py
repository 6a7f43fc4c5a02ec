"""What a run leaves beside the weights that it made: its log, and how they were made; written once, then shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LOG = "log.jsonl"
TRAINING = "training.json"

Line = dict[str, Any]


def read_log(folder: Path) -> list[Line]:
    """The lines of the log in `folder`, none where there is no log."""
    file = folder / LOG
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []


def read_json(file: Path) -> Line:
    """The object in `file`, an empty one where there is no file."""
    found: Line = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found
