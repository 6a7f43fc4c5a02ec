"""What every long run needs: a checkpoint that is never half written, a log, a clock, and a polite way to stop.

A trainer's step is a function of its seed and its number alone, and a checkpoint holds all else. So a run that was
stopped, or killed, goes on as if nothing had happened: start the same command again.
"""

from __future__ import annotations

import json
import math
import os
import platform
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Protocol

import torch
from tqdm import tqdm

from ..datasets.records import LOG, TRAINING
from ..models.device import choose_device
from .options import Option, changed

CHECKPOINT = "checkpoint.pt"
SEEDS_PER_RUN = 1_000_003  # so that no step of one seed shares its random numbers with a step of another

Figures = dict[str, Any]  # of a line of the log, by name


class Trainer(Protocol):
    """A model in training."""

    recipe: Any  # a frozen dataclass whose fields say, by `Option`, which may change when the run goes on
    step: int  # how many have been done
    unit: str  # what `progress` counts

    @property
    def progress(self) -> int:
        """How far the run has come."""

    @property
    def total(self) -> int | None:
        """How far it goes; None for one that ends when it is told to."""

    def start(self, *, new: bool) -> Figures:
        """What the log says of the beginning of the run or, where it is not `new`, of its going on."""

    def learn(self) -> Figures:
        """Do step number `step`. Its figures, or none if the log is to have no line about it."""

    def is_due(self) -> bool:
        """Whether the model is to be examined now, between two steps."""

    def examine(self) -> Figures:
        """What is too costly for every step."""

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, but for the recipe."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""


@dataclass(frozen=True)
class Limits:
    """When to pause, and how often to save. In minutes."""

    minutes: Annotated[float | None, Option("stop after this time, saved; the same command goes on")] = None
    checkpoint_minutes: Annotated[float, Option("between checkpoints")] = 5.0


@dataclass(frozen=True)
class Machine:
    """What a command runs on."""

    device: Annotated[str, Option("auto, cuda, mps or cpu")] = "auto"
    threads: Annotated[int, Option("of the processor (default: all)")] = field(
        default_factory=lambda: os.cpu_count() or 1
    )

    def prepare(self) -> torch.device:
        """Take so many threads, and choose the device.

        Raises:
            UnknownDevice: this machine has no such device.
        """
        torch.set_num_threads(self.threads)
        return choose_device(self.device)


@dataclass(frozen=True)
class Run:
    """What can be said to every command that trains for long."""

    folder: Annotated[Path, Option("for checkpoint and log; a checkpoint there is gone on with")]
    export: Annotated[Path | None, Option("write there what the app ships, when all steps are done")] = None
    limits: Limits = field(default_factory=Limits)


def train(trainer: Trainer, folder: Path, device: torch.device, limits: Limits | None = None) -> bool:
    """Do all steps, or as many as can be done before a limit, SIGTERM or Ctrl-C. Whether all are done.

    Raises:
        ValueError: the folder holds a run with another recipe.
    """
    limits = limits or Limits()
    folder.mkdir(parents=True, exist_ok=True)
    saved = load_checkpoint(folder, device)
    if saved is not None:
        require_same_recipe(saved["recipe"], trainer.recipe)
        trainer.restore(saved["trainer"])
    clock = Stopwatch(saved["hours"], saved["busy_hours"]) if saved else Stopwatch()
    forget_log_after(folder, trainer.step if saved else -1)
    if opening := trainer.start(new=saved is None):
        write_log(folder, {"step": trainer.step, **opening})
    saved_at = 0.0
    with StopOnSignal() as stop, _progress_bar(trainer) as bar:
        while not _is_done(trainer) and not stop.asked and not _late(limits, clock):
            figures = trainer.learn()
            bar.update(trainer.progress - bar.n)
            if trainer.is_due():
                figures |= trainer.examine()
            if figures:
                bar.set_postfix({name: f"{value:.3f}" for name, value in figures.items() if isinstance(value, float)})
                write_log(folder, {"step": trainer.step, **figures, **clock.line()})
            if clock.minutes - saved_at >= limits.checkpoint_minutes:
                save_run(trainer, folder, clock)
                saved_at = clock.minutes
    save_run(trainer, folder, clock)
    return _is_done(trainer)


def _is_done(trainer: Trainer) -> bool:
    return trainer.total is not None and trainer.progress >= trainer.total


def _progress_bar(trainer: Trainer) -> tqdm[Any]:
    large = trainer.total is None or trainer.total > 10_000
    return tqdm(total=trainer.total, initial=trainer.progress, unit=trainer.unit, unit_scale=large)


def _late(limits: Limits, clock: Stopwatch) -> bool:
    return limits.minutes is not None and clock.minutes >= limits.minutes


def require_same_recipe(saved: Mapping[str, Any], recipe: Any) -> None:
    """Raise ValueError where a checkpoint was made with another recipe: its steps would not be this run's."""
    different = ", ".join(changed(recipe, saved))
    if different:
        raise ValueError(f"this folder holds a run with another recipe: {different}")


def warm_up_and_cosine(step: int, steps: int, warm_up: int) -> float:
    """The share of the highest learning rate at `step`: rising in a line, then falling along half a cosine."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def save_run(trainer: Trainer, folder: Path, clock: Stopwatch) -> None:
    """The checkpoint that `train` goes on from."""
    state = {"recipe": asdict(trainer.recipe), "trainer": trainer.state(), **clock.line()}
    save_checkpoint(folder, state)


def save_checkpoint(folder: Path, state: Mapping[str, Any]) -> None:
    """Write `state` so that a process killed at any moment leaves either the old checkpoint or the new one."""
    unfinished = folder / f"{CHECKPOINT}.unfinished"
    torch.save(dict(state), unfinished)
    unfinished.replace(folder / CHECKPOINT)


def load_checkpoint(folder: Path, device: torch.device) -> dict[str, Any] | None:
    """What `save_checkpoint` wrote last, or None in a new folder."""
    if not (folder / CHECKPOINT).is_file():
        return None
    state: dict[str, Any] = torch.load(folder / CHECKPOINT, map_location=device, weights_only=True)
    return state


def forget_log_after(folder: Path, step: int) -> None:
    """Drop the lines of steps after `step`: a run that was killed after its last checkpoint will write them again."""
    path = folder / LOG
    if path.is_file():
        kept = [line for line in path.read_text(encoding="utf-8").splitlines() if _step_of(line) <= step]
        path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def _step_of(line: str) -> float:
    """The step that a line of the log is about; infinite for one that was being written when the run was killed."""
    try:
        return float(json.loads(line)["step"])
    except ValueError:
        return math.inf


def write_log(folder: Path, line: Mapping[str, Any]) -> None:
    """Append one JSON line to the log of the run; figures are rounded to five digits after the point."""
    rounded = {name: round(value, 5) if isinstance(value, float) else value for name, value in line.items()}
    with (folder / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(rounded) + "\n")


def seed_of_step(seed: int, step: int) -> int:
    """The seed of all random numbers of one step, so that a step is the same whether or not the run was stopped."""
    return seed * SEEDS_PER_RUN + step


class Stopwatch:
    """Counts hours, on the wall and of the processor, going on from those of an earlier part of the run."""

    def __init__(self, hours: float = 0.0, busy_hours: float = 0.0) -> None:
        self._before, self._busy_before = hours, busy_hours
        self._began, self._busy_began = time.monotonic(), time.process_time()

    @property
    def hours(self) -> float:
        """On the wall, since the very beginning."""
        return self._before + self.minutes / 60

    @property
    def busy_hours(self) -> float:
        """Of the processor, per thread in use, since the very beginning."""
        return self._busy_before + (time.process_time() - self._busy_began) / 3600 / torch.get_num_threads()

    @property
    def minutes(self) -> float:
        """On the wall, since this process began."""
        return (time.monotonic() - self._began) / 60

    def line(self) -> dict[str, float]:
        """Both, for the log."""
        return {"hours": self.hours, "busy_hours": self.busy_hours}


class StopOnSignal:
    """While it is open, SIGTERM and Ctrl-C are a request to finish the step and save."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopOnSignal:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.asked = True

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def hardware(device: torch.device) -> str:
    """The processor or graphics card, in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} processor, {torch.get_num_threads()} threads"


def write_record(target: Path, facts: Mapping[str, Any], recipe: Any, clock: Stopwatch, device: torch.device) -> None:
    """`training.json`, beside what is shipped: how it was made."""
    hours = {name: round(hours, 2) for name, hours in clock.line().items()}
    about = {**facts, **hours, "hardware": hardware(device), "recipe": asdict(recipe)}
    (target / TRAINING).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def export_record(trainer: Trainer, folder: Path, target: Path, facts: Mapping[str, Any], device: torch.device) -> None:
    """The log of the run in `folder`, and its record with `facts` that are its own."""
    shutil.copy(folder / LOG, target / LOG)
    saved = load_checkpoint(folder, torch.device("cpu"))
    clock = Stopwatch(saved["hours"], saved["busy_hours"]) if saved else Stopwatch()
    write_record(target, facts, trainer.recipe, clock, device)
