"""A shipped model, remade from start to end: commands in their order, each of which can be told to be done."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from .options import Option

Main = Callable[[Sequence[str]], object]  # of a command's module


@dataclass(frozen=True)
class Remake:
    """What can be said to every script that remakes a model."""

    folder: Annotated[
        Path | None,
        Option("for runs and, in `made`, what they make (default: in runs/; of a smoke run, a new one)"),
    ] = None
    smoke: Annotated[bool, Option("tiny settings: not a good model, but does the whole chain work?")] = False

    def place(self, name: str) -> Path:
        """The folder, which is `runs/<name>` unless another is said; for a smoke run it is a temporary one."""
        if self.folder is not None:
            return self.folder
        return Path(tempfile.mkdtemp(prefix=f"{name}-")) if self.smoke else Path("runs") / name


@dataclass(frozen=True)
class Step:
    """One command with its words, and how to see that it has been done."""

    main: Main
    words: tuple[object, ...]
    is_done: Callable[[], bool]

    @property
    def command_line(self) -> str:
        """As one would type it."""
        return shlex.join(["python", "-m", self.main.__module__, *map(str, self.words)])


def remake(steps: Sequence[Step]) -> bool:
    """Do what has not been done, in this order. Whether all is done; a step that was stopped ends it."""
    for step in steps:
        if step.is_done():
            print(f"done before: {step.command_line}", flush=True)
            continue
        print(step.command_line, flush=True)
        step.main([str(word) for word in step.words])
        if not step.is_done():
            print("stopped; the same command goes on")
            return False
    return True
