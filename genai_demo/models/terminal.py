"""A progress bar in the terminal for a loading model."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tqdm import tqdm


class TerminalProgress:
    """Called with (stage, fraction of the whole), it moves one bar. `name` turns a stage into words."""

    def __init__(self, name: Callable[[str], str]) -> None:
        self._name = name
        self._bar: tqdm | None = None
        self._shown = ("", 0)

    def __call__(self, stage: str, fraction: float) -> None:
        """Move the bar to `fraction` and name the stage; 1 finishes it."""
        if self._bar is None:
            self._bar = tqdm(total=100, bar_format="{desc:48} |{bar:30}| {n:3.0f} %", leave=True)
        self._bar.set_description_str(self._name(stage), refresh=False)
        self._bar.n = round(100 * fraction)
        if (stage, self._bar.n) != self._shown:
            self._bar.refresh()
        self._shown = (stage, self._bar.n)
        if fraction >= 1:
            self._close()

    def say(self, text: str) -> None:
        """Print something above the bar."""
        tqdm.write(text, file=sys.stdout)
        sys.stdout.flush()

    def fail(self, sentence: str) -> None:
        """Leave the bar where it stands, and say below it what went wrong."""
        if self._bar is not None:
            self._close()
        print(sentence, file=sys.stderr, flush=True)

    def _close(self) -> None:
        assert self._bar is not None
        self._bar.close()
        self._bar = None
