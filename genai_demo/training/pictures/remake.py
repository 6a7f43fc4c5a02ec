"""The picture model from start to end: `python -m genai_demo.training.pictures.remake`.

First single objects, then pairs among them while the learning rate falls, then the examination: some five hours on two
cores. Stop it when you like; the same command goes on. What is made lies in `made`, as in assets/picture_model.

It follows the recipe that the shipped weights ended with, over as many pictures. Theirs was not one run: γ and the
network were changed while it learnt, and the rate fell and rose again (their log says when). So this makes others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ...datasets.records import TRAINING, read_json
from ..options import read_command
from ..remaking import Remake, Step, remake
from ..runs import Machine, load_checkpoint
from . import quality, train


@dataclass(frozen=True)
class Size:
    """How much is learnt, in pictures, and how closely it is looked at. `network`: other options of the training."""

    singles: int = 374_000  # with single objects
    pictures: int = 486_000  # in all
    cooldown: int = 42_000  # the last of them
    pair_share: float = 0.12
    objects: int = 40
    exam: int = 400  # prompts
    judge: int = 60_000  # pictures that the examiner learns from
    network: tuple[object, ...] = ()


SMOKE = Size(
    singles=32,
    pictures=64,
    cooldown=16,
    objects=4,
    exam=8,
    judge=640,
    network=("--side", 32, "--components", 12, "--channels", 32, 32, "--batch", 8, "--warmup", 16),
)


@dataclass(frozen=True)
class Command(Remake):
    """What can be said on the command line."""

    machine: Machine = field(default_factory=Machine)


def steps(folder: Path, size: Size, machine: Machine) -> list[Step]:
    """What is done, in its order: everything in `folder`."""
    run, made = folder / "run", folder / "made"
    on = ("--device", machine.device, "--threads", machine.threads)
    learn = (run, "--objects", size.objects, *size.network, *on)
    pairs = ("--pair-share", size.pair_share, "--cooldown", size.cooldown, "--export", made)
    judge = ("--judge", folder / "judge.pt", "--judge-pictures", size.judge)
    exam = ("--prompts", size.exam, "--pairs", size.exam // 4, "--guidance", 4, 3)
    return [
        Step(train.main, (*learn, "--pictures", size.singles), lambda: _learnt(run) >= size.singles),
        Step(
            train.main,
            (*learn, "--pictures", size.pictures, *pairs),
            lambda: read_json(made / TRAINING).get("pictures", 0) >= size.pictures,
        ),
        Step(
            quality.main,
            ("--folder", made, "--objects", size.objects, *judge, *exam, *on),
            (made / "quality.json").is_file,
        ),
    ]


def _learnt(run: Path) -> int:
    """How many pictures the run in this folder has learnt from."""
    saved = load_checkpoint(run, torch.device("cpu"))
    return int(saved["trainer"]["pictures"]) if saved else 0


def main(words: Sequence[str] | None = None) -> None:
    """Remake the model, or go on remaking it."""
    command = read_command(
        Command,
        words,
        prog="python -m genai_demo.training.pictures.remake",
        description="Remake the picture model: learn, export, examine. Run it again to go on after a stop.",
        epilog="%(prog)s  |  does it work here, in a minute: %(prog)s --smoke",
    )
    folder = command.place("picture_model")
    if remake(steps(folder, SMOKE if command.smoke else Size(), command.machine)):
        print(f"made: {folder / 'made'}")


if __name__ == "__main__":
    main()
