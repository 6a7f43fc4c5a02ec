"""What is sent to the browser: styles, and scripts as modules, inline, so that there is nothing to fetch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

WEB = "web"


def head(packages: Sequence[str], words: dict[str, Any]) -> str:
    """Elements for the page's head.

    Args:
        packages: whose folders `web` hold the styles and scripts; the page's own first.
        words: what the page itself says, as far as scripts write it.
    """
    style = "\n".join(source for package in packages for _, source in _files(package, ".css"))
    modules = {module_name(package, name): source for package in packages for name, source in _files(package, ".js")}
    loader = files(__package__).joinpath("loader.js").read_text(encoding="utf-8")
    return f"<style>{style}</style>{data('gx-words', words)}{data('gx-modules', modules)}<script>{loader}</script>"


def module_name(package: str, file: str) -> str:
    """By which other modules import it, as in package.json: "#page/dom.js", "#features/next_word/web/predict.js"."""
    inside = package.split(".")[1:]
    return f"#{'/'.join(inside if inside == ['page'] else [*inside, WEB])}/{file}"


def _files(package: str, suffix: str) -> Iterator[tuple[str, str]]:
    """Names and texts of a package's files, in alphabetical order."""
    folder = files(package).joinpath(WEB)
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(suffix):
            yield file.name, file.read_text(encoding="utf-8")


def data(name: str, values: Any) -> str:
    """An element of the page that holds JSON, for scripts to read by its id."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'
