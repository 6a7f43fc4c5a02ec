"""Train the picture model: `python -m genai_demo.training.pictures.train --help`.

Every batch is a function of the seed and of its number alone, and a checkpoint holds all else, so a run that was
stopped, or killed, goes on as if nothing had happened: run the same command again. Batch, rate, γ and the share of
pairs may be others then; the network and its objects may not.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import torch

from ...datasets.drawings.compositions import World
from ...datasets.drawings.sprites import Sprites
from ...models.picture import PictureModelConfig, load_picture_model, parameter_count, save_weights
from ...models.text_encoder import TextEncoder
from .. import runs
from ..options import Option, read_command
from ..runs import CHECKPOINT, Limits, Machine, Run, export_record
from .recipe import Pace, Recipe
from .trainer import PictureTrainer, see_patches


@dataclass(frozen=True)
class Command(Run):
    """What can be said on the command line."""

    export: Annotated[Path | None, Option("write there what the app ships, when done (with --minutes 0: now)")] = None
    attention_levels: Annotated[int, Option("coarsest levels that read the prompt's tokens")] = sum(
        PictureModelConfig.attention
    )
    start_from: Annotated[
        Path | None, Option("folder of finished weights to begin with, whose network is then used")
    ] = None
    recipe: Recipe = field(default_factory=Recipe)
    pace: Pace = field(default_factory=Pace)
    machine: Machine = field(default_factory=Machine)


def train(trainer: PictureTrainer, limits: Limits | None = None) -> bool:
    """Learn until a limit, SIGTERM or Ctrl-C; then save, and draw a last sample sheet. Whether all is done."""
    done = runs.train(trainer, trainer.folder, trainer.device, limits)
    if trainer.pictures > 0 and math.isfinite(trainer.pace.sheet_minutes):
        trainer.write_sheet()
    return done


def export(trainer: PictureTrainer, target: Path) -> None:
    """What the app ships: averaged weights in half precision, how they were made, the log and the newest sheet."""
    save_weights(trainer.average, target)
    for sheet in sorted(trainer.folder.glob("sheet-*.png"))[-1:]:
        shutil.copy(sheet, target / "sheet.png")
    facts = {
        "pictures": trainer.pictures,
        "steps": trainer.step,
        "parameters": parameter_count(trainer.model.parameters()),
    }
    export_record(trainer, trainer.folder, target, facts, trainer.device)


def recipe_of(command: Command, text_size: int) -> Recipe:
    """The whole recipe: of the network that the command describes, or of the one that it starts from."""
    model, levels = command.recipe.model, len(command.recipe.model.channels)
    attention = tuple(level >= levels - command.attention_levels for level in range(levels))
    model = replace(model, attention=attention, text_size=text_size)
    if command.start_from:
        model = load_picture_model(command.start_from).config
    return replace(command.recipe, model=model)


def trainer_for(command: Command) -> PictureTrainer:
    """The model as it is before its first step; a checkpoint is not read here."""
    device = command.machine.prepare()
    encoder = TextEncoder.load(device)
    recipe = recipe_of(command, encoder.size)
    world = World(Sprites.load(), recipe.rung)
    trainer = PictureTrainer(recipe, encoder, world, device, command.folder, command.pace)
    if (command.folder / CHECKPOINT).exists():
        return trainer
    if command.start_from:
        for model in (trainer.model, trainer.average):
            model.load_state_dict(load_picture_model(command.start_from, device).state_dict())
    else:
        see_patches(trainer)
    return trainer


def main(words: Sequence[str] | None = None) -> None:
    """Train, or go on training, as the command line says."""
    command = read_command(
        Command,
        words,
        prog="python -m genai_demo.training.pictures.train",
        description="Train the picture model on compositions of emoji drawings, made as they are needed. Run the same "
        "command again to go on after a stop (Ctrl-C, SIGTERM, --minutes or a crash).",
        epilog="Two cores, until stopped: %(prog)s runs/a   |   a graphics card, ten minutes at a time: "
        "%(prog)s runs/b --batch 512 --minutes 9.5 --workers 12   |   the end of a run: %(prog)s runs/a --pictures "
        "400000 --cooldown 80000   |   a larger world from finished weights: %(prog)s runs/c --start-from "
        "assets/picture_model --objects 64 --pair-share 0.3",
    )
    torch.set_flush_denormal(True)
    trainer = trainer_for(command)
    train(trainer, command.limits)
    if command.export:
        export(trainer, command.export)


if __name__ == "__main__":
    main()
