"""What every long run needs: a checkpoint that is never half written, a log, a clock, and a polite way to stop.

A trainer's step is a function of its seed and its number alone, and a checkpoint holds all else. So a run that was
stopped, or killed, goes on as if nothing had happened: start the same command again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from tqdm import tqdm

from ..models.catalogue import DEFAULT_MODEL

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
SEEDS_PER_RUN = 1_000_003  # so that no step of one seed shares its random numbers with a step of another


class Trainer(Protocol):
    """One of the steps of the tuning."""

    step: int  # how many have been done
    steps: int  # how many there are in all
    examine_every: int

    def learn(self) -> dict[str, Any]:
        """Do step number `step`, and return its figures."""

    def examine(self) -> dict[str, Any]:
        """Figures that are too costly for every step; measured before the first, now and then, and after the last."""

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, and the recipe."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""


@dataclass(frozen=True)
class Limits:
    """When to pause, and how often to save. In minutes."""

    minutes: float | None = None
    checkpoint_minutes: float = 5.0


def train(trainer: Trainer, folder: Path, device: torch.device, limits: Limits | None = None) -> bool:
    """Do all steps, or as many as can be done before a limit, SIGTERM or Ctrl-C. Whether all are done.

    Raises:
        ValueError: the folder holds a run with another recipe.
    """
    limits = limits or Limits()
    folder.mkdir(parents=True, exist_ok=True)
    saved = load_checkpoint(folder, device)
    if saved is not None:
        trainer.restore(saved["trainer"])
    clock, saved_at = Stopwatch(saved["hours"] if saved else 0.0), 0.0
    forget_log_after(folder, trainer.step if saved else -1)
    if saved is None:
        write_log(folder, {"step": 0, **trainer.examine()})
    with StopOnSignal() as stop, tqdm(total=trainer.steps, initial=trainer.step, unit="step") as bar:
        while trainer.step < trainer.steps and not stop.asked and not _late(limits, clock):
            figures = trainer.learn()
            bar.update()
            bar.set_postfix({name: f"{value:.3f}" for name, value in figures.items() if isinstance(value, float)})
            if trainer.step % trainer.examine_every == 0 or trainer.step == trainer.steps:
                figures |= trainer.examine()
            write_log(folder, {"step": trainer.step, **figures, "hours": clock.hours})
            if clock.minutes - saved_at >= limits.checkpoint_minutes:
                save_checkpoint(folder, {"trainer": trainer.state(), "hours": clock.hours})
                saved_at = clock.minutes
    save_checkpoint(folder, {"trainer": trainer.state(), "hours": clock.hours})
    return trainer.step == trainer.steps


def _late(limits: Limits, clock: Stopwatch) -> bool:
    return limits.minutes is not None and clock.minutes >= limits.minutes


def require_same_recipe(saved: Mapping[str, Any], recipe: Mapping[str, Any]) -> None:
    """Raise ValueError where a checkpoint was made with another recipe: its steps would not be this run's."""
    different = sorted(name for name in recipe if saved.get(name) != recipe[name])
    if different:
        was = ", ".join(f"{name} was {saved.get(name)!r}" for name in different)
        raise ValueError(f"this folder holds a run with another recipe: {was}")


def warm_up_and_cosine(step: int, steps: int, warm_up: int) -> float:
    """The share of the highest learning rate at `step`: rising in a line, then falling along half a cosine."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


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
    """Counts hours on the wall, going on from those of an earlier part of the run."""

    def __init__(self, hours: float = 0.0) -> None:
        self._before = hours
        self._began = time.monotonic()

    @property
    def hours(self) -> float:
        """Since the very beginning."""
        return self._before + self.minutes / 60

    @property
    def minutes(self) -> float:
        """Since this process began."""
        return (time.monotonic() - self._began) / 60


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


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of every command that runs the model."""
    add = parser.add_argument
    add("--model", default=DEFAULT_MODEL, help="a base model's name, or its folder (default: %(default)s)")
    add("--device", default="auto", help="auto, cuda, mps or cpu (default: %(default)s)")
    add("--threads", type=int, default=os.cpu_count() or 1, help="of the processor (default: all)")


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of every command that trains."""
    add = parser.add_argument
    add("folder", type=Path, help="for checkpoint and log; a checkpoint there is gone on with")
    add("--export", type=Path, help="write there what the app ships, when all steps are done")
    add("--minutes", type=float, help="stop after this time, saved; the same command goes on")
    add("--checkpoint-minutes", type=float, default=5.0, help="between checkpoints (default: %(default)s)")
    add_model_arguments(parser)
