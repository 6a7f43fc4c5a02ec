"""Step 1 of 3, supervised fine-tuning: `python -m genai_demo.training.sft --help`.

The base model goes on with the only thing it ever learnt, predicting the next token, on conversations as they should
go (Ouyang et al. 2022, "Training language models to follow instructions with human feedback", arXiv:2203.02155, section
3.5). For a demonstration of a prompt x and an answer y, the loss is the cross-entropy

    loss(θ) = − Σ_t log π_θ(y_t | x, y_1 … y_{t−1}) / (number of answer tokens)

in nats per token. Only the answer counts, with the `<end_of_turn>` that ends it: the model is to learn to answer, not
to ask. Everything learnt is a LoRA adapter; the base stays as it is.

Whether a request is declined is decided by the first few tokens of an answer, a small part of that mean. So a second
run may go on from the first one's adapter with the openings of the answers alone (`--start-from`, `--openings`): the
same loss, over the first tokens.

Written plainly: trl's trainer would do it, but it brings a stack of packages for data sets, and hides the equation.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from ..models.chat import ChatTemplate, LabelledIds
from ..models.device import choose_device
from .adapters import WEIGHTS, Lora, Stages, load_base, write_about
from .demonstrations import DEMONSTRATIONS, Demonstration, load_demonstrations
from .likelihood import add_gradient, batch_of, log_probabilities
from .runs import (
    LOG,
    Limits,
    add_run_arguments,
    hardware,
    load_checkpoint,
    require_same_recipe,
    seed_of_step,
    train,
    warm_up_and_cosine,
)

STAGE = "sft"
POOL = 8  # batches whose conversations are sorted by length together
HELD_OUT_ROWS = 16


@dataclass(frozen=True)
class Recipe:
    """How to train. The InstructGPT authors, too, found many passes to help although the held-out loss soon rises."""

    epochs: int = 3
    batch: int = 16  # conversations
    learning_rate: float = 2e-4
    warm_up: float = 0.1  # share of all steps
    weight_decay: float = 0.01
    rank: int = 16
    dropout: float = 0.05
    seed: int = 0
    openings: int | None = None  # learn so many tokens of each answer's beginning; None: all of it


class SftTrainer:
    """The adapter in training, with all that a checkpoint has to hold.

    Args:
        stages: the base model without this stage.
        template: how conversations are written in token ids.
        demonstrations: both those to learn from and those held out.
        recipe: how.
        start_from: the folder of an adapter to begin with.
    """

    def __init__(
        self,
        stages: Stages,
        template: ChatTemplate,
        demonstrations: Sequence[Demonstration],
        recipe: Recipe,
        start_from: Path | None = None,
    ) -> None:
        self.stages, self.recipe = stages, recipe

        def sequences(split: str) -> list[LabelledIds]:
            whole = [template.labelled(one.messages) for one in demonstrations if one.split == split]
            return whole if recipe.openings is None else [opening(one, recipe.openings) for one in whole]

        self.learnt = sequences("train")
        self.held_out = sorted(sequences("held_out"), key=lambda one: len(one.ids))
        stages.add(STAGE, Lora(rank=recipe.rank, dropout=recipe.dropout), recipe.seed)
        if start_from is not None:
            stages.load_weights(STAGE, load_file(start_from / WEIGHTS))
        self.parameters = stages.trainable(STAGE)
        self.optimizer = torch.optim.AdamW(self.parameters, recipe.learning_rate, weight_decay=recipe.weight_decay)
        self.examine_every = -(-len(self.learnt) // recipe.batch)  # once an epoch
        self.steps = recipe.epochs * self.examine_every
        self.step = 0

    def learn(self) -> dict[str, Any]:
        """One step on one batch."""
        recipe, network = self.recipe, self.stages.network
        torch.manual_seed(seed_of_step(recipe.seed, self.step))  # for the dropout
        numbers = numbers_of_batch([len(one.ids) for one in self.learnt], recipe.batch, recipe.seed, self.step)
        batch = batch_of([self.learnt[number] for number in numbers], self.stages.device)
        tokens = len(batch.targets)
        rate = recipe.learning_rate * warm_up_and_cosine(self.step, self.steps, int(recipe.warm_up * self.steps))
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.zero_grad()
        network.train()
        log_probs = add_gradient(network, batch, torch.full((tokens,), 1 / tokens, device=self.stages.device))
        network.eval()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.step += 1
        return {
            "loss": -float(log_probs.mean()),
            "answer_tokens": tokens,
            "tokens": int(batch.mask.sum()),
            "rate": rate,
        }

    def examine(self) -> dict[str, Any]:
        """The loss on conversations that are never learnt from, in nats per answer token."""
        return {"held_out_loss": held_out_loss(self.stages, self.held_out)}

    def state(self) -> dict[str, Any]:
        """Adapter, optimiser and step; batches and dropout follow from the seed and the step."""
        return {
            "recipe": asdict(self.recipe),
            "adapter": self.stages.weights(STAGE),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state` of the same recipe."""
        require_same_recipe(state["recipe"], asdict(self.recipe))
        self.stages.load_weights(STAGE, state["adapter"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def opening(sequence: LabelledIds, tokens: int) -> LabelledIds:
    """A conversation up to the first `tokens` tokens that the assistant has to write."""
    places = [place for place, is_answer in enumerate(sequence.is_answer) if is_answer]
    end = places[min(tokens, len(places)) - 1] + 1
    return LabelledIds(sequence.ids[:end], sequence.is_answer[:end])


def numbers_of_batch(lengths: Sequence[int], size: int, seed: int, step: int) -> list[int]:
    """Which sequences make up the batch of a step: a function of the seed and the step alone.

    Every epoch shows each sequence once, in an order of its own. Sequences of similar length share a batch, so that
    little of it is filling: a few batches' worth of shuffled sequences are sorted by length and then cut.

    Args:
        lengths: of all sequences, in tokens.
        size: of a batch; the last one of an epoch may be smaller.
        seed: of the run.
        step: counted from the first epoch's first.
    """
    per_epoch = -(-len(lengths) // size)
    epoch, number = divmod(step, per_epoch)
    rng = np.random.default_rng([seed, epoch])
    shuffled = rng.permutation(len(lengths)).tolist()
    batches = []
    for start in range(0, len(shuffled), POOL * size):
        pool = sorted(shuffled[start : start + POOL * size], key=lambda index: lengths[index])
        batches += [pool[first : first + size] for first in range(0, len(pool), size)]
    return [int(index) for index in batches[rng.permutation(per_epoch)[number]]]


def held_out_loss(stages: Stages, sequences: Sequence[LabelledIds]) -> float:
    """The mean of −log π over all answer tokens of `sequences`, in nats."""
    found = [
        log_probabilities(stages.network, batch_of(sequences[start : start + HELD_OUT_ROWS], stages.device))[0]
        for start in range(0, len(sequences), HELD_OUT_ROWS)
    ]
    return -float(torch.cat(found).mean())


def export(trainer: SftTrainer, folder: Path, target: Path) -> None:
    """Write what the app ships: the adapter in half precision, how it was made, and the log."""
    trainer.stages.export(STAGE, target)
    shutil.copy(folder / LOG, target / LOG)
    saved = load_checkpoint(folder, trainer.stages.device)
    about = {
        "stage": STAGE,
        "demonstrations": len(trainer.learnt),
        "held_out": len(trainer.held_out),
        "steps": trainer.step,
        "hours": round(saved["hours"], 2) if saved else 0.0,
        "hardware": hardware(trainer.stages.device),
        "recipe": asdict(trainer.recipe),
    }
    write_about(target, about)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m genai_demo.training.sft",
        description="Supervised fine-tuning of the base model on the demonstrations. Run the same command again to go "
        "on after a stop (Ctrl-C, SIGTERM, --minutes or a crash).",
        epilog="%(prog)s runs/sft --export assets/rlhf/sft",
    )
    recipe = Recipe()
    add = parser.add_argument
    add_run_arguments(parser)
    add("--demonstrations", type=Path, default=DEMONSTRATIONS, help="default: those of the project")
    add("--epochs", type=int, default=recipe.epochs, help="passes over the demonstrations (default: %(default)s)")
    add("--batch", type=int, default=recipe.batch, help="conversations a step (default: %(default)s)")
    add("--learning-rate", type=float, default=recipe.learning_rate, help="AdamW's highest (default: %(default)s)")
    add("--seed", type=int, default=recipe.seed, help="of weights, batches and dropout (default: %(default)s)")
    add("--start-from", type=Path, help="the folder of an adapter to begin with (default: one that changes nothing)")
    add("--openings", type=int, help="learn so many tokens of each answer's beginning (default: all of it)")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    """Train, or go on training, as the command line says."""
    arguments = _arguments(words)
    torch.set_num_threads(arguments.threads)
    device = choose_device(arguments.device)
    network, template = load_base(arguments.model, device)
    recipe = Recipe(
        epochs=arguments.epochs,
        batch=arguments.batch,
        learning_rate=arguments.learning_rate,
        seed=arguments.seed,
        openings=arguments.openings,
    )
    demonstrations = load_demonstrations(arguments.demonstrations)
    trainer = SftTrainer(Stages(network), template, demonstrations, recipe, arguments.start_from)
    done = train(trainer, arguments.folder, device, Limits(arguments.minutes, arguments.checkpoint_minutes))
    if done and arguments.export:
        export(trainer, arguments.folder, arguments.export)


if __name__ == "__main__":
    main()
