"""Habits that nobody should have to remember: short files, and commands that exist where they are written down."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("genai_demo", "tests", "benchmarks")
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60


def sources(*suffixes: str) -> Iterator[Path]:
    yield from (ROOT / name for name in ("app.py", "eslint.config.js") if name.endswith(suffixes))
    for folder in FOLDERS:
        yield from (file for file in sorted((ROOT / folder).rglob("*")) if file.suffix in suffixes)


def test_no_file_is_longer_than_can_be_read_at_once():
    long = [
        file.relative_to(ROOT).as_posix()
        for file in sources(".py", ".js")
        if len(file.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    ]
    assert long == []


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
        for file in sources(".py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or node.lineno) - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


RECIPES = set(re.findall(r"^(\w[\w-]*)[^:=\n]*:(?!=)", (ROOT / "justfile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("name", [".ci/run", "README.md", "CONTRIBUTING.md"])
def test_every_just_command_that_is_written_down_exists(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    written = set(re.findall(r"(?:^|`)just\s+([\w-]+)", text, re.MULTILINE))
    assert written
    assert written <= RECIPES


def test_what_is_refused_before_a_commit_is_what_the_checks_refuse():
    hooks = re.findall(r"entry: (.*)", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    checks = (ROOT / "justfile").read_text(encoding="utf-8") + (ROOT / "package.json").read_text(encoding="utf-8")
    assert len(hooks) == 4
    for hook in hooks:
        command = hook.replace(" --force-exclude", "").removeprefix("npx --no-install ")
        assert command in checks
