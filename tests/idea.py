"""The idea that CONTRIBUTING.md adds as an example: its folder, made from what is written there."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from genai_demo import features

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", TEXT, re.DOTALL))
IDEA = "token_price"
PACKAGE = f"genai_demo.features.{IDEA}"


@contextmanager
def example(folder: Path) -> Iterator[ModuleType]:
    """The example among the features, made in `folder`, as long as the block lasts: the module `feature` of it."""
    for name, content in {**FILES, "__init__.py": '"""An example."""\n'}.items():
        (folder / IDEA / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / IDEA / name).write_text(content, encoding="utf-8")
    before = list(features.__path__)
    features.__path__.append(str(folder))
    try:
        yield importlib.import_module(f"{PACKAGE}.feature")
    finally:
        features.__path__[:] = before
        for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
            del sys.modules[name]
