"""Loading a model while people already look at the page: in the background, one after the other, saying how far it is.

Nothing ever loads in the thread of whoever asks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..errors import DemoError, ModelUnavailable
from .errors import ModelLoading

logger = logging.getLogger(__name__)

Model = TypeVar("Model")
Model_co = TypeVar("Model_co", covariant=True)
Report = Callable[[str, float], None]  # (stage, fraction of the whole): stages are keys of page/texts [stages]

PAUSE_SECONDS = 30.0  # after a load that failed, before another try


def silent(stage: str, fraction: float) -> None:
    """A report that nobody reads."""


@dataclass(frozen=True)
class LoadStatus:
    """How far loading is. stage: a key of page/texts [stages]; fraction: 0 to 1."""

    title: str
    stage: str
    fraction: float
    ready: bool
    error: DemoError | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it by itself."""
        return self.ready or self.error is not None


class Turns:
    """Whose turn it is to load: two at once would slow each other down.

    Of those whose turn it could be, the one that was started first goes first. One that still waits for another model
    lets the others pass.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()  # also guards what the loaders write about themselves
        self._line: list[Loader[Any]] = []
        self._busy = False

    def line_up(self, loader: Loader[Any]) -> None:
        """Take the last place in the line."""
        with self.changed:
            self._line.append(loader)

    @contextmanager
    def turn_of(self, loader: Loader[Any]) -> Iterator[None]:
        """Wait for the turn of `loader`, which has lined up; it ends with the block."""
        with self.changed:
            self.changed.wait_for(lambda: not self._busy and self._next() is loader)
            self._line.remove(loader)
            self._busy = True
        try:
            yield
        finally:
            with self.changed:
                self._busy = False
                self.changed.notify_all()

    def _next(self) -> Loader[Any] | None:
        return next((one for one in self._line if one.could_load), None)


class Loader(Generic[Model_co]):
    """One model, loaded once, by `start` or by whoever asks first.

    A load that failed stays failed, and whoever asks is told why. With `retries`, asking later than `PAUSE_SECONDS`
    after the failure also begins another try: a disk may have been mended or a network be back. `start` never does,
    so that a page which looks at the status over and over does not load over and over.

    Args:
        title: what to call it, before it is there.
        load: makes it, and reports how far it is; the models of `needs` are there by then.
        needs: what must be loaded first. If one of them fails, so does this, for the same reason.
        turns: shared by all loaders that are to load one after the other; by default those of `needs`.
        check: looks at the model once more when people already use it. Raises DemoError: it is not to be used.
        downloads: whether it mostly waits for the network: such a load takes no turn.
        retries: whether another try is made after a failure.
        known: what can be said of the model before it is loaded.

    Raises:
        ValueError: something in `needs` is still to be loaded, and in other turns.
    """

    def __init__(
        self,
        title: str,
        load: Callable[[Report], Model_co],
        *,
        needs: Sequence[Loader[Any]] = (),
        turns: Turns | None = None,
        check: Callable[[], None] | None = None,
        downloads: bool = False,
        retries: bool = False,
        known: Mapping[str, Any] | None = None,
    ) -> None:
        waited_for = [needed for needed in needs if not needed.status.ready]
        self.turns: Turns = turns or (waited_for[0].turns if waited_for else Turns())
        if any(needed.turns is not self.turns for needed in waited_for):
            raise ValueError(f"{title} and what it needs must share their turns")
        self.title, self.known = title, dict(known or {})
        self._load, self._needs, self._check = load, tuple(needs), check
        self._downloads, self._retries = downloads, retries
        self._watchers: list[Callable[[LoadStatus], None]] = []
        self._started, self._ended = False, 0.0
        self._model: Model_co | None = None
        self._status = LoadStatus(title, "waiting", 0.0, ready=False)

    @classmethod
    def of(cls, model: Model, title: str, known: Mapping[str, Any] | None = None) -> Loader[Model]:
        """A loader that is already done (tests, notebooks)."""
        loader: Loader[Model] = Loader(title, lambda _: model, known=known)
        loader._started = True
        loader._finish(model=model)
        return loader

    @property
    def status(self) -> LoadStatus:
        """How far loading is, now: of the model itself, or of the one that it still waits for."""
        if not self._status.over:
            for needed in self._needs:
                if not needed.status.ready:
                    return needed.status
        return self._status

    @property
    def loaded(self) -> Model_co | None:
        """The model, if it is there already. Nothing is started."""
        return self._model

    @property
    def could_load(self) -> bool:
        """Whether nothing that it needs is still on its way."""
        return all(needed.status.over for needed in self._needs)

    def watch(self, watcher: Callable[[LoadStatus], None]) -> None:
        """Call `watcher` with each new status, in the thread that loads."""
        self._watchers.append(watcher)

    def start(self) -> None:
        """Begin to load, unless that has been begun."""
        self._begin(again=False)

    def model(self, wait_seconds: float = 0.0) -> Model_co:
        """The model, as soon as it is there, within `wait_seconds`.

        Raises:
            ModelLoading: it is still on its way. DemoError: loading failed, with the reason.
        """
        if self._model is None:
            self._begin(again=True)
            with self.turns.changed:
                self.turns.changed.wait_for(lambda: self.status.over, wait_seconds)
        return self._outcome()

    def _outcome(self) -> Model_co:
        status, model = self.status, self._model
        if model is not None:
            return model
        if status.error is not None:
            raise status.error.with_traceback(None)  # one error for all who ask: their tracebacks would add up
        raise ModelLoading(title=status.title, percent=round(100 * status.fraction), stage=status.stage)

    def _begin(self, *, again: bool) -> None:
        for needed in self._needs:
            needed._begin(again=again)
        with self.turns.changed:
            if self._started and not (again and self._may_be_tried_again()):
                return
            self._started = True
            self._status = LoadStatus(self.title, "waiting", 0.0, ready=False)
            if not self._downloads:
                self.turns.line_up(self)  # in this thread, so that the line is in the order of starts
        threading.Thread(target=self._run, name=f"loading {self.title}", daemon=True).start()

    def _may_be_tried_again(self) -> bool:
        failed = self._retries and self._status.error is not None
        if not failed or any(needed.status.error for needed in self._needs):
            return False
        return time.monotonic() - self._ended >= PAUSE_SECONDS

    def _run(self) -> None:
        with self._turn():
            try:
                for needed in self._needs:
                    needed._outcome()
                self._finish(model=self._load(self._report))
            except DemoError as error:
                self._finish(error=error)
            except Exception:  # whatever it is, the page must be able to say that there is no model
                logger.exception("Loading %s failed.", self.title)
                self._finish(error=ModelUnavailable(title=self.title))
        if self._model is not None and self._check is not None:
            try:
                self._check()
            except DemoError as error:
                self._finish(error=error)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._downloads:
            with self.turns.turn_of(self):
                yield
            return
        with self.turns.changed:
            self.turns.changed.wait_for(lambda: self.could_load)
        yield

    def _report(self, stage: str, fraction: float) -> None:
        self._status = LoadStatus(self.title, stage, fraction, ready=False)
        self._tell()

    def _finish(self, model: Model_co | None = None, error: DemoError | None = None) -> None:
        stage, fraction = ("ready", 1.0) if error is None else ("failed", self._status.fraction)
        with self.turns.changed:
            self._model, self._ended = model, time.monotonic()
            self._status = LoadStatus(self.title, stage, fraction, ready=error is None, error=error)
            self.turns.changed.notify_all()
        self._tell()

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher(self._status)
