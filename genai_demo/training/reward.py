"""Step 2 of 3, the reward model: `python -m genai_demo.training.reward --help`.

A copy of the tuned model gets a scalar head in place of the 262,144 logits, and learns from rankings what a reader
likes. For a prompt x and two answers of which the reader put y_w before y_l, the loss is (Ouyang et al. 2022,
arXiv:2203.02155, equation 1, after Bradley & Terry 1952)

    loss(θ) = − 1 / (K choose 2) · Σ log σ(r_θ(x, y_w) − r_θ(x, y_l))

over all pairs of the K answers to that prompt, which are scored once each. Answers that the reader finds equally good
make no pair.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ..models.chat import ChatTemplate, LabelledIds
from ..models.device import choose_device
from ..models.reward import RewardHead
from .adapters import BASE, Lora, Stages, load_base, write_about
from .demonstrations import FOLDER
from .likelihood import batch_of, last_states
from .rankings import RANKINGS, Rating, load_ratings
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
from .sft import STAGE as SFT
from .sft import numbers_of_batch
from .wording import words as words_of

STAGE = "reward"
REWARD = "reward.json"
FOLDS = 5
ROWS = 24  # answers scored at once
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Recipe:
    """How to train. `fold` of five parts of the prompts, of each kind alike, is held out."""

    epochs: int = 3
    batch: int = 8  # prompts, with all their answers
    learning_rate: float = 1e-4
    warm_up: float = 0.1
    weight_decay: float = 0.05
    rank: int = 16
    dropout: float = 0.05
    fold: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Pair:
    """Two answers to one prompt that the reader put in order, and by how much the model agrees."""

    kind: str  # "sft_sft", "base_sft" or "base_base": who wrote them
    worse_is_longer: bool  # in words
    difference: float  # of the scores, better minus worse: right when positive


def bradley_terry_loss(scores: Tensor, pairs: Sequence[Sequence[tuple[int, int]]]) -> Tensor:
    """− mean over prompts of the mean over pairs of log σ(score of the better − score of the worse).

    Its gradient pulls every pair apart by the chance that the model still gives to the wrong order: in the better score
    it is −σ(worse − better) of that pair, in the worse score the opposite.

    Args:
        scores: of all answers, (A,).
        pairs: for each prompt its (better, worse) places in `scores`; at least one.
    """
    losses = []
    for of_prompt in pairs:
        better, worse = torch.tensor(of_prompt, device=scores.device).T
        losses.append(-logsigmoid(scores[better] - scores[worse]).mean())
    return torch.stack(losses).mean()


def split(ratings: Sequence[Rating], fold: int) -> tuple[list[Rating], list[Rating]]:
    """Ranked prompts to learn from, and held-out ones: every fifth of each kind, beginning with number `fold`."""
    counts: dict[str, int] = {}
    learnt: list[Rating] = []
    held_out: list[Rating] = []
    for one in ratings:
        if one.ranking is None:
            continue
        place = counts.get(one.kind, 0)
        counts[one.kind] = place + 1
        (held_out if place % FOLDS == fold else learnt).append(one)
    return learnt, held_out


class RewardModel:
    """Scores answers: an adapter on the shared base, and a head.

    Args:
        stages: holds the adapter `reward`.
        head: belongs to it.
    """

    def __init__(self, stages: Stages, head: RewardHead) -> None:
        self.stages, self.head = stages, head

    @classmethod
    def read(cls, stages: Stages, folder: Path) -> RewardModel:
        """The reward model that `export` wrote, its adapter added to `stages`."""
        stages.read(STAGE, folder)
        return cls(stages, RewardHead.load(folder, stages.device))

    def states(self, sequences: Sequence[LabelledIds]) -> Tensor:
        """What the head reads: the last state of each conversation, (B, width)."""
        with self.stages.through(STAGE):
            return last_states(self.stages.network, batch_of(sequences, self.stages.device))

    @torch.no_grad()
    def scores(self, sequences: Sequence[LabelledIds]) -> Tensor:
        """Scores without a unit, (B,): for differences."""
        return self.head.scores(self._all_states(sequences))

    @torch.no_grad()
    def rewards(self, sequences: Sequence[LabelledIds]) -> Tensor:
        """Rewards in standard deviations of held-out answers, (B,)."""
        rewards: Tensor = self.head(self._all_states(sequences))
        return rewards

    def _all_states(self, sequences: Sequence[LabelledIds]) -> Tensor:
        order = sorted(range(len(sequences)), key=lambda index: len(sequences[index].ids))
        parts = [order[start : start + ROWS] for start in range(0, len(order), ROWS)]
        states = torch.cat([self.states([sequences[index] for index in part]) for part in parts])
        return states[torch.tensor(order, device=states.device).argsort()]


class RewardTrainer:
    """The reward model in training.

    Args:
        stages: the base model with the tuned stage `sft`, whose copy learns.
        template: how conversations are written in token ids.
        ratings: answers, and their rankings.
        recipe: how.
    """

    def __init__(self, stages: Stages, template: ChatTemplate, ratings: Sequence[Rating], recipe: Recipe) -> None:
        self.stages, self.template, self.recipe = stages, template, recipe
        learnt, self.held_out = split(ratings, recipe.fold)
        self.learnt = [one for one in learnt if one.pairs()]
        stages.copy(STAGE, SFT, Lora(rank=recipe.rank, dropout=recipe.dropout))
        head = RewardHead(stages.network.config.hidden_size).to(stages.device)
        self.model = RewardModel(stages, head)
        self.parameters = [*stages.trainable(STAGE), head.weight]
        self.optimizer = torch.optim.AdamW(self.parameters, recipe.learning_rate, weight_decay=recipe.weight_decay)
        self.lengths = [max(len(sequence.ids) for sequence in sequences_of(one, template)) for one in self.learnt]
        self.examine_every = -(-len(self.learnt) // recipe.batch)
        self.steps = recipe.epochs * self.examine_every
        self.step = 0

    def learn(self) -> dict[str, Any]:
        """One step on the answers to a few prompts."""
        recipe, network = self.recipe, self.stages.network
        torch.manual_seed(seed_of_step(recipe.seed, self.step))  # for the dropout
        numbers = numbers_of_batch(self.lengths, recipe.batch, recipe.seed, self.step)
        sequences, pairs = _together([self.learnt[number] for number in numbers], self.template)
        rate = recipe.learning_rate * warm_up_and_cosine(self.step, self.steps, int(recipe.warm_up * self.steps))
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.zero_grad()
        network.train()
        scores = self.model.head.scores(self.model.states(sequences))
        network.eval()
        loss = bradley_terry_loss(scores, pairs)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.step += 1
        right = [float(scores[better] > scores[worse]) for of_prompt in pairs for better, worse in of_prompt]
        return {"loss": loss.item(), "accuracy": sum(right) / len(right), "rate": rate}

    def examine(self) -> dict[str, Any]:
        """Loss and accuracies on held-out prompts."""
        pairs = judged_pairs(self.model, self.template, self.held_out)
        return {"held_out_loss": mean_loss(pairs), **{f"held_out_{name}": value for name, value in shares(pairs)}}

    def state(self) -> dict[str, Any]:
        """Adapter, head, optimiser and step."""
        return {
            "recipe": asdict(self.recipe),
            "adapter": self.stages.weights(STAGE),
            "head": self.model.head.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state` of the same recipe."""
        require_same_recipe(state["recipe"], asdict(self.recipe))
        self.stages.load_weights(STAGE, state["adapter"])
        self.model.head.load_state_dict(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def sequences_of(rating: Rating, template: ChatTemplate) -> list[LabelledIds]:
    """The prompt with each of its answers."""
    return [rating.sequence(template, number) for number in range(len(rating.answers))]


def _together(
    ratings: Sequence[Rating], template: ChatTemplate
) -> tuple[list[LabelledIds], list[list[tuple[int, int]]]]:
    """All answers of several prompts in one list, and the pairs of each prompt as places in it."""
    sequences: list[LabelledIds] = []
    pairs = []
    for one in ratings:
        first = len(sequences)
        sequences += sequences_of(one, template)
        pairs.append([(first + better, first + worse) for better, worse in one.pairs()])
    return sequences, pairs


def judged_pairs(model: RewardModel, template: ChatTemplate, ratings: Sequence[Rating]) -> list[Pair]:
    """What the model thinks of every pair that the reader put in order."""
    sequences, places = _together(ratings, template)
    scores = model.scores(sequences).tolist() if sequences else []
    found = []
    for one, of_prompt in zip(ratings, places, strict=True):
        for (better, worse), (high, low) in zip(one.pairs(), of_prompt, strict=True):
            pair = one.answers[better], one.answers[worse]
            kind = "_".join(sorted(answer.source for answer in pair))
            lengths = [len(words_of(answer.text)) for answer in pair]
            found.append(Pair(kind, lengths[1] > lengths[0], scores[high] - scores[low]))
    return found


def mean_loss(pairs: Sequence[Pair]) -> float:
    """− mean log σ(difference): log 2 for a model that knows nothing."""
    return -float(logsigmoid(torch.tensor([pair.difference for pair in pairs])).mean())


def accuracy(pairs: Sequence[Pair]) -> float:
    """The share of pairs in the reader's order; equal scores count half."""
    return sum((pair.difference > 0) + 0.5 * (pair.difference == 0) for pair in pairs) / len(pairs)


def groups(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Pairs that tell different things, by name; a pair may be in several."""
    return {
        "all": list(pairs),
        "sft_sft": [pair for pair in pairs if pair.kind == f"{SFT}_{SFT}"],
        "base_sft": [pair for pair in pairs if pair.kind == f"{BASE}_{SFT}"],
        "worse_is_longer": [pair for pair in pairs if pair.worse_is_longer],
    }


def shares(pairs: Sequence[Pair]) -> Iterator[tuple[str, float]]:
    """The accuracy of every group that has a pair."""
    return ((name, accuracy(group)) for name, group in groups(pairs).items() if group)


def calibration(pairs: Sequence[Pair]) -> list[dict[str, float]]:
    """Is the model as often right as it says? Pairs by the chance σ(|difference|) of the order it thinks right.

    Returns:
        for each of `BINS` with a pair: the pairs' number, the mean chance, and the share that was right.
    """
    found = []
    for low, high in pairwise(BINS):
        chosen = [(chance, pair) for pair in pairs if low <= (chance := _chance(pair)) < high or chance == high == 1]
        if chosen:
            mean = sum(chance for chance, _ in chosen) / len(chosen)
            right = accuracy([pair for _, pair in chosen])
            found.append({"from": low, "to": high, "pairs": len(chosen), "chance": round(mean, 4), "right": right})
    return found


def _chance(pair: Pair) -> float:
    return float(torch.sigmoid(torch.tensor(abs(pair.difference), dtype=torch.float64)))


def export(trainer: RewardTrainer, folder: Path, target: Path) -> None:
    """Write what the app ships: adapter, head, how well it does on held-out prompts, how it was made, and the log."""
    model, held_out = trainer.model, trainer.held_out
    tuned = [
        one.sequence(trainer.template, number)
        for one in held_out
        for number, answer in enumerate(one.answers)
        if answer.source == SFT
    ]
    model.head.calibrate(model.scores(tuned))
    trainer.stages.export(STAGE, target)
    model.head.save(target)
    pairs = judged_pairs(model, trainer.template, held_out)
    quality = {
        "held_out_prompts": len(held_out),
        "loss": mean_loss(pairs),
        "accuracy": dict(shares(pairs)),
        "pairs": {name: len(group) for name, group in groups(pairs).items()},
        "calibration": calibration(pairs),
        "mean": float(model.head.mean),
        "deviation": float(model.head.deviation),
    }
    (target / REWARD).write_text(json.dumps(quality, indent=1) + "\n", encoding="utf-8")
    shutil.copy(folder / LOG, target / LOG)
    saved = load_checkpoint(folder, trainer.stages.device)
    about = {
        "stage": STAGE,
        "prompts": len(trainer.learnt),
        "pairs": sum(len(one.pairs()) for one in trainer.learnt),
        "steps": trainer.step,
        "hours": round(saved["hours"], 2) if saved else 0.0,
        "hardware": hardware(trainer.stages.device),
        "recipe": asdict(trainer.recipe),
    }
    write_about(target, about)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m genai_demo.training.reward",
        description="Train the reward model on the rankings. Run the same command again to go on after a stop.",
        epilog="%(prog)s runs/reward --export assets/rlhf/reward",
    )
    recipe = Recipe()
    add = parser.add_argument
    add_run_arguments(parser)
    add("--sft", type=Path, default=FOLDER / SFT, help="the tuned model to begin with (default: the shipped one)")
    add("--rankings", type=Path, default=RANKINGS, help="default: those of the project")
    add("--epochs", type=int, default=recipe.epochs, help="passes over the rankings (default: %(default)s)")
    add("--batch", type=int, default=recipe.batch, help="prompts a step (default: %(default)s)")
    add("--learning-rate", type=float, default=recipe.learning_rate, help="AdamW's highest (default: %(default)s)")
    add("--fold", type=int, choices=range(FOLDS), default=0, help="which fifth is held out (default: %(default)s)")
    add("--seed", type=int, default=recipe.seed, help="of batches and dropout (default: %(default)s)")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    """Train, or go on training, as the command line says."""
    arguments = _arguments(words)
    torch.set_num_threads(arguments.threads)
    device = choose_device(arguments.device)
    network, template = load_base(arguments.model, device)
    stages = Stages(network)
    stages.read(SFT, arguments.sft)
    recipe = Recipe(
        epochs=arguments.epochs,
        batch=arguments.batch,
        learning_rate=arguments.learning_rate,
        fold=arguments.fold,
        seed=arguments.seed,
    )
    trainer = RewardTrainer(stages, template, load_ratings(arguments.rankings), recipe)
    done = train(trainer, arguments.folder, device, Limits(arguments.minutes, arguments.checkpoint_minutes))
    if done and arguments.export:
        export(trainer, arguments.folder, arguments.export)


if __name__ == "__main__":
    main()
