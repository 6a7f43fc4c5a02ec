"""The tuned models from start to end: `python -m genai_demo.training.rlhf.remake`.

The three steps, a run without a leash, and the evaluation: some two hours on two cores. Stop it when you like; the same
command goes on. The rankings are not made anew, for they are readings: those of the project are learnt from (how they
came about: assets/rlhf/README.md). What is made lies in `made`, as in assets/rlhf.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ...datasets.conversations.demonstrations import DEMONSTRATIONS, SPLITS, load_demonstrations
from ...datasets.conversations.prompts import PROMPTS
from ...datasets.conversations.rankings import RANKINGS, load_ratings, save_ratings
from ...datasets.records import TRAINING
from ..options import read_command
from ..remaking import Remake, Step, remake
from . import quality, reward, rl, sft
from .adapters import Base

Row = TypeVar("Row")


@dataclass(frozen=True)
class Data:
    """The files that are learnt from and measured on."""

    demonstrations: Path = DEMONSTRATIONS
    prompts: Path = PROMPTS
    rankings: Path = RANKINGS


@dataclass(frozen=True)
class Size:
    """How much is done in each step, as options of its command."""

    sft: tuple[object, ...] = ()
    rl: tuple[object, ...] = ("--steps", 24, "--examine-every", 4)
    unleashed: tuple[object, ...] = ("--steps", 20, "--examine-every", 4, "--prompts", 8, "--learning-rate", 4e-4)
    evaluation: tuple[object, ...] = ()


SHORT = ("--steps", 1, "--prompts", 2, "--samples", 2, "--max-new-tokens", 12)
SMOKE = Size(sft=("--epochs", 1, "--batch", 4), rl=SHORT, unleashed=SHORT, evaluation=("--max-new-tokens", 12))
SMOKE_ROWS = {"demonstrations": 12, "prompts": 2, "rankings": 12}  # of each split, of each set, of all


@dataclass(frozen=True)
class Command(Remake):
    """What can be said on the command line."""

    base: Base = field(default_factory=Base)


def steps(folder: Path, size: Size, base: Base, data: Data) -> list[Step]:
    """What is done, in its order: everything in `folder`."""
    made = folder / "made"
    on = ("--model", base.model, "--device", base.device, "--threads", base.threads)
    practise = ("--sft", made / "sft", "--reward", made / "reward", "--prompts-file", data.prompts, *on)
    no_leash = ("--beta", 0, "--rule-penalty", 0, "--log-only", *size.unleashed)
    return [
        Step(
            sft.main,
            (folder / "sft", "--export", made / "sft", "--demonstrations", data.demonstrations, *size.sft, *on),
            (made / "sft" / TRAINING).is_file,
        ),
        Step(
            reward.main,
            (made / "reward", "--rankings", data.rankings, *on),
            (made / "reward" / TRAINING).is_file,
        ),
        Step(
            rl.main,
            (folder / "rl", "--export", made / "rlhf", *size.rl, *practise),
            (made / "rlhf" / TRAINING).is_file,
        ),
        Step(
            rl.main,
            (folder / "unleashed", "--export", made / "unleashed", *no_leash, *practise),
            (made / "unleashed" / TRAINING).is_file,
        ),
        Step(
            quality.main,
            (made / "evaluation", "--adapters", made, "--prompts", data.prompts, *size.evaluation, *on),
            (made / "evaluation" / "quality.json").is_file,
        ),
    ]


def part_of_the_data(folder: Path) -> Data:
    """A few rows of each file, evenly spread, for a smoke run."""
    folder.mkdir(parents=True, exist_ok=True)
    data = Data(folder / DEMONSTRATIONS.name, folder / PROMPTS.name, folder / RANKINGS.name)
    lines = DEMONSTRATIONS.read_text(encoding="utf-8").splitlines()
    whole = list(zip(load_demonstrations(), lines, strict=True))
    by_split = ([line for one, line in whole if one.split == split] for split in SPLITS)
    kept = [line for part in by_split for line in _some(part, SMOKE_ROWS["demonstrations"])]
    data.demonstrations.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    sets = json.loads(PROMPTS.read_text(encoding="utf-8"))
    few = {name: _some(rows, SMOKE_ROWS["prompts"]) for name, rows in sets.items()}
    data.prompts.write_text(json.dumps(few), encoding="utf-8")
    ranked = [one for one in load_ratings() if one.ranking is not None]
    save_ratings(_some(ranked, SMOKE_ROWS["rankings"]), data.rankings)
    return data


def _some(rows: Sequence[Row], count: int) -> list[Row]:
    return [rows[number * len(rows) // count] for number in range(count)]


def main(words: Sequence[str] | None = None) -> None:
    """Remake the models, or go on remaking them."""
    command = read_command(
        Command,
        words,
        prog="python -m genai_demo.training.rlhf.remake",
        description="Remake the tuned models: demonstrations, rewards, reinforcement, evaluation. Run the same command "
        "again to go on after a stop.",
        epilog="%(prog)s  |  does it work here, in minutes: %(prog)s --smoke",
    )
    folder = command.place("rlhf")
    data = part_of_the_data(folder / "data") if command.smoke else Data()
    if remake(steps(folder, SMOKE if command.smoke else Size(), command.base, data)):
        for file in (data.demonstrations, data.prompts, data.rankings):
            shutil.copy(file, folder / "made")
        print(f"made: {folder / 'made'}")


if __name__ == "__main__":
    main()
