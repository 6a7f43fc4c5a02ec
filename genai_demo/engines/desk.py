"""The one door to an engine: rows of all visitors are handed in here, and are read one pass after another.

A writer asks for one token at a time, so several visitors interleave. Today a pass has the rows of a single visitor;
as they only hand in rows and wait for what was seen, those of several can be put together here without their knowing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from ..errors import OutOfDeviceMemory
from .engine import Engine, EngineFacts, Row, Seen

Result = TypeVar("Result")


class Desk:
    """Visitors' rows in front of an engine: first come, first served, by a single worker thread.

    Args:
        engine: nobody else may use it from now on.
        name: the worker thread is named after it.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"model-{name}")

    @property
    def facts(self) -> EngineFacts:
        """The engine's, as they are now."""
        return self._engine.facts

    def hand_in(self, rows: Sequence[Row]) -> Future[list[Seen]]:
        """Let `rows` be read when it is their turn. Those still waiting can be taken back: `Future.cancel`.

        What goes wrong comes out of the future's result: what `Engine.read` raises, but for a device without memory,
        which is OutOfDeviceMemory; after that the engine goes on on the processor.
        """
        return self._worker.submit(self._guarded, partial(self._engine.read, list(rows)))

    def read(self, rows: Sequence[Row]) -> list[Seen]:
        """Hand in and wait. What is seen of each row, in their order.

        Raises: as `hand_in`.
        """
        return self.hand_in(rows).result() if rows else []

    def input_rows(self, ids: Sequence[int]) -> Tensor:
        """As `Engine.input_rows`, in turn."""
        return self._worker.submit(self._guarded, partial(self._engine.input_rows, ids)).result()

    def add_adapters(self, folders: Mapping[str, Path]) -> None:
        """As `Engine.add_adapters`, in turn."""
        self._worker.submit(self._guarded, partial(self._engine.add_adapters, folders)).result()

    def _guarded(self, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except torch.OutOfMemoryError as error:
            self._engine.retreat()
            raise OutOfDeviceMemory() from error
