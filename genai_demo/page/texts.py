"""Everything that is read on the page stands in TOML files beside the code that shows it."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

LANGUAGE = "en"


def load_texts(package: str) -> dict[str, Any]:
    """The texts of `package` (such as "genai_demo.page"), from its `texts/en.toml`."""
    return tomllib.loads(files(package).joinpath("texts", f"{LANGUAGE}.toml").read_text(encoding="utf-8"))
