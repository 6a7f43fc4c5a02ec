"""Step 1 of 3, supervised fine-tuning: `python -m genai_demo.training.rlhf.sft --help`.

The base model goes on with the only thing it ever learnt, predicting the next token, on conversations as they should
go (Ouyang et al. 2022, "Training language models to follow instructions with human feedback", arXiv:2203.02155, section
3.5). For a demonstration of a prompt x and an answer y, the loss is the cross-entropy

    loss(θ) = − Σ_t w_t · log π_θ(y_t | x, y_1 … y_{t−1}) / Σ_t w_t

in nats per token. Only the answer counts, with the `<end_of_turn>` that ends it: the model is to learn to answer, not
to ask. Everything learnt is a LoRA adapter; the base stays as it is.

All w_t = 1 would be the textbook's loss. But whether a request is declined, and whether a question is answered or
parried, is decided by the first few tokens, a small part of that mean; so these weigh more (`opening_weight`). What is
reported is always the plain mean.

Written plainly: trl's trainer would do it, but it brings a stack of packages for data sets, and hides the equation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from ...datasets.conversations.demonstrations import DEMONSTRATIONS, Demonstration, load_demonstrations
from ...models.chat import ChatTemplate, LabelledIds
from ..options import Option, read_command
from ..runs import Run, export_record, seed_of_step, train, warm_up_and_cosine
from .adapters import AdapterTrainer, Base, Lora, Stages
from .declining import declining_auc, probe_of
from .likelihood import Batch, add_gradient, batch_of, log_probabilities

STAGE = "sft"
POOL = 8  # batches whose conversations are sorted by length together
HELD_OUT_ROWS = 16


@dataclass(frozen=True)
class Recipe:
    """How to train. The InstructGPT authors, too, found many passes to help although the held-out loss soon rises."""

    epochs: Annotated[int, Option("passes over the demonstrations")] = 3
    batch: Annotated[int, Option("conversations a step")] = 16
    learning_rate: Annotated[float, Option("AdamW's highest")] = 4e-4
    warm_up: float = 0.1  # share of all steps
    weight_decay: float = 0.01
    rank: int = 16
    dropout: float = 0.05
    seed: Annotated[int, Option("of weights, batches and dropout")] = 0
    opening: int = 8  # tokens at the beginning of each answer ...
    opening_weight: Annotated[float, Option("of each of an answer's first tokens; the others weigh 1")] = 4.0


class SftTrainer(AdapterTrainer):
    """The adapter in training, with all that a checkpoint has to hold.

    Args:
        stages: the base model without this stage.
        template: how conversations are written in token ids.
        demonstrations: both those to learn from and those held out.
        recipe: how.
    """

    stage = STAGE

    def __init__(
        self,
        stages: Stages,
        template: ChatTemplate,
        demonstrations: Sequence[Demonstration],
        recipe: Recipe,
    ) -> None:
        self.stages, self.recipe = stages, recipe

        def sequences(split: str) -> list[LabelledIds]:
            return [template.labelled(one.messages) for one in demonstrations if one.split == split]

        self.learnt = sequences("train")
        self.held_out = sorted(sequences("held_out"), key=lambda one: len(one.ids))
        self.probe = probe_of(template, demonstrations)
        stages.add(STAGE, Lora(rank=recipe.rank, dropout=recipe.dropout), recipe.seed)
        self.parameters = stages.trainable(STAGE)
        self.optimizer = torch.optim.AdamW(self.parameters, recipe.learning_rate, weight_decay=recipe.weight_decay)
        self.examine_every = -(-len(self.learnt) // recipe.batch)  # once an epoch
        self.total = recipe.epochs * self.examine_every
        self.step = 0

    def start(self, *, new: bool) -> dict[str, Any]:
        """How good the model is before it has learnt anything."""
        return self.examine() if new else {}

    def learn(self) -> dict[str, Any]:
        """One step on one batch."""
        recipe, network = self.recipe, self.stages.network
        torch.manual_seed(seed_of_step(recipe.seed, self.step))  # for the dropout
        numbers = numbers_of_batch([len(one.ids) for one in self.learnt], recipe.batch, recipe.seed, self.step)
        batch = batch_of([self.learnt[number] for number in numbers], self.stages.device)
        weights = token_weights(batch, recipe.opening, recipe.opening_weight)
        rate = recipe.learning_rate * warm_up_and_cosine(self.step, self.total, int(recipe.warm_up * self.total))
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.zero_grad()
        network.train()
        log_probs = add_gradient(network, batch, weights)
        network.eval()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.step += 1
        return {
            "loss": -float(log_probs.mean()),
            "answer_tokens": len(batch.targets),
            "tokens": int(batch.mask.sum()),
            "rate": rate,
        }

    def is_due(self) -> bool:
        """After each epoch."""
        return self.step % self.examine_every == 0 or self.step == self.total

    def examine(self) -> dict[str, Any]:
        """The loss on conversations that are never learnt from, and how well harmful prompts are told from others."""
        figures = {"held_out_loss": held_out_loss(self.stages, self.held_out)}
        if self.probe is not None:
            figures |= {
                f"declining_auc_{split}": declining_auc(self.stages, self.probe, split) for split in self.probe.prompts
            }
        return figures


def token_weights(batch: Batch, opening: int, weight: float) -> Tensor:
    """w_t / Σ w_t of every answer token, (N,): `weight` in the first `opening` of each run of them, else 1.

    A conversation of several turns has a run for each of its answers.
    """
    places, rows = batch.places, batch.rows
    goes_on = torch.zeros_like(places)
    goes_on[1:] = (rows[1:] == rows[:-1]) & (places[1:] == places[:-1] + 1)
    number = torch.arange(len(places), device=places.device)
    begins = torch.where(goes_on.bool(), 0, number).cummax(0).values
    weights = torch.where(number - begins < opening, weight, 1.0)
    return weights / weights.sum()


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
    facts = {
        "stage": STAGE,
        "demonstrations": len(trainer.learnt),
        "held_out": len(trainer.held_out),
        "steps": trainer.step,
    }
    export_record(trainer, folder, target, facts, trainer.stages.device)


@dataclass(frozen=True)
class Command(Run):
    """What can be said on the command line."""

    demonstrations: Annotated[Path, Option("default: those of the project")] = DEMONSTRATIONS
    recipe: Recipe = field(default_factory=Recipe)
    base: Base = field(default_factory=Base)


def main(words: Sequence[str] | None = None) -> None:
    """Train, or go on training, as the command line says."""
    command = read_command(
        Command,
        words,
        prog="python -m genai_demo.training.rlhf.sft",
        description="Supervised fine-tuning of the base model on the demonstrations. Run the same command again to go "
        "on after a stop (Ctrl-C, SIGTERM, --minutes or a crash).",
        epilog="%(prog)s runs/sft --export assets/rlhf/sft",
    )
    stages, template = command.base.load()
    trainer = SftTrainer(stages, template, load_demonstrations(command.demonstrations), command.recipe)
    done = train(trainer, command.folder, stages.device, command.limits)
    if done and command.export:
        export(trainer, command.folder, command.export)


if __name__ == "__main__":
    main()
