"""Step 2 of 3, the reward model: `python -m genai_demo.training.rlhf.reward --help`.

The base model reads a prompt and an answer, and a scalar head in place of the 262,144 logits learns from rankings what
a reader likes. For a prompt x and two answers of which the reader put y_w before y_l, the loss is (Ouyang et al. 2022,
arXiv:2203.02155, equation 1, after Bradley & Terry 1952)

    loss(θ) = − 1 / (K choose 2) · Σ log σ(r_θ(x, y_w) − r_θ(x, y_l))

over all pairs of the K answers to that prompt. Answers that the reader finds equally good make no pair.

Only the head learns: a few hundred pairs teach an adapter of millions of weights the pairs themselves, and nothing
about others. (An adapter that began as the tuned model's put unseen pairs of tuned answers in order no better than a
coin.) So the model's last state is computed once for every answer, and the rest is logistic regression, which has one
solution. That also makes the honest measure cheap: each fifth of the prompts is judged by a head that has learned from
the other four.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import layer_norm, logsigmoid
from tqdm import tqdm

from ...datasets.conversations.rankings import RANKINGS, Rating, load_ratings
from ...datasets.conversations.wording import words as words_of
from ...datasets.records import LOG
from ...models.chat import ChatTemplate, LabelledIds
from ...models.reward import RewardHead, fit_bradley_terry
from ..options import Option, read_command
from ..runs import Stopwatch, write_log, write_record
from .adapters import BASE, Base, Stages, write_notice
from .conversation import rated_sequence
from .likelihood import batch_of, last_states
from .sft import STAGE as SFT

STAGE = "reward"
REWARD = "reward.json"
SOFTNESS = 10.0
FOLDS = 5
SHARES = (0.1, 0.25, 0.5, 0.75)  # of the prompts to learn from, beside all: would more rankings help?
ROWS = 24  # answers read at once
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

PairPlaces = list[tuple[int, int]]  # (better, worse), places among all answers


@dataclass(frozen=True)
class Pair:
    """Two answers to one prompt that the reader put in order, and by how much the model agrees."""

    kind: str  # "sft_sft", "base_sft" or "base_base": who wrote them
    worse_is_longer: bool  # in words
    difference: float  # of the scores, better minus worse: right when positive


@dataclass(frozen=True)
class Ranked:
    """Prompts whose answers have been put in order. `states` of all answers, (A, width), prompt after prompt."""

    ratings: tuple[Rating, ...]
    states: Tensor

    def pairs(self, numbers: Sequence[int]) -> list[PairPlaces]:
        """For each prompt of these numbers its pairs, as places in `states`; prompts without a pair are left out."""
        starts = [0, *accumulate(len(one.answers) for one in self.ratings)]
        found = (
            [(starts[number] + better, starts[number] + worse) for better, worse in self.ratings[number].pairs()]
            for number in numbers
        )
        return [of_prompt for of_prompt in found if of_prompt]

    def answers_by(self, source: str) -> Tensor:
        """Whether each answer was written by `source`: (A,), booleans."""
        return torch.tensor([answer.source == source for one in self.ratings for answer in one.answers])


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


def fit(states: Tensor, pairs: Sequence[PairPlaces], softness: float = SOFTNESS) -> RewardHead:
    """The head that minimises the loss above with a penalty on large weights.

    Each feature is first divided by its spread, so that the penalty does not favour the loud ones; that is then taken
    into the head's weights. Every prompt counts the same, however many pairs it has.

    Args:
        states: of all answers, (A, width).
        pairs: for each prompt its (better, worse) places in `states`; at least one.
        softness: C of `fit_bradley_terry`, for features of length about 1.
    """
    features = layer_norm(states.double(), states.shape[-1:])
    scale = features.std(0).clamp(min=1e-6) * features.shape[-1] ** 0.5
    better, worse = torch.tensor([pair for of_prompt in pairs for pair in of_prompt]).T
    weights = np.array([1 / len(of_prompt) for of_prompt in pairs for _ in of_prompt])
    differences = ((features[better] - features[worse]) / scale).numpy()
    solution = fit_bradley_terry(differences, softness, weights / weights.mean())
    head = RewardHead(states.shape[-1])
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(solution) / scale)
    return head


class RewardModel:
    """Scores answers: the base model, without any adapter, and a head."""

    def __init__(self, stages: Stages, head: RewardHead) -> None:
        self.stages, self.head = stages, head.requires_grad_(False)

    @classmethod
    def read(cls, stages: Stages, folder: Path) -> RewardModel:
        """The reward model that `export` wrote."""
        return cls(stages, RewardHead.load(folder, stages.device))

    def scores(self, sequences: Sequence[LabelledIds]) -> Tensor:
        """Scores without a unit, (B,): for differences."""
        return self.head.scores(states_of(self.stages, sequences))

    def rewards(self, sequences: Sequence[LabelledIds]) -> Tensor:
        """Rewards in standard deviations of tuned answers, (B,)."""
        rewards: Tensor = self.head(states_of(self.stages, sequences))
        return rewards


@torch.no_grad()
def states_of(stages: Stages, sequences: Sequence[LabelledIds], *, progress: bool = False) -> Tensor:
    """What a head reads: the base model's last state of each conversation, (B, width)."""
    order = sorted(range(len(sequences)), key=lambda index: len(sequences[index].ids))
    parts = [order[start : start + ROWS] for start in range(0, len(order), ROWS)]
    found = []
    with stages.through(BASE):
        for part in tqdm(parts, desc="answers", unit="batch", disable=not progress):
            batch = batch_of([sequences[index] for index in part], stages.device)
            found.append(last_states(stages.network, batch))
    return torch.cat(found)[torch.tensor(order, device=stages.device).argsort()]


# ── how well it does ─────────────────────────────────────────────────────────────────────────────────────────


def folds_of(ratings: Sequence[Rating]) -> list[int]:
    """Which fifth each prompt belongs to: dealt out in turn, kind by kind."""
    counts: dict[str, int] = {}
    folds = []
    for one in ratings:
        place = counts.get(one.kind, 0)
        counts[one.kind] = place + 1
        folds.append(place % FOLDS)
    return folds


def cross_validate(ranked: Ranked, softness: float, share: float = 1.0) -> tuple[Tensor, float]:
    """Judge every answer by a head that has learned nothing from its prompt.

    Args:
        ranked: all prompts.
        softness: as in `fit`.
        share: of the other prompts to learn from, evenly spread.

    Returns:
        scores of all answers, (A,), and the mean loss on what the five heads had learned from.
    """
    folds = folds_of(ranked.ratings)
    counts = [len(one.answers) for one in ranked.ratings]
    fold_of_answer = torch.tensor([fold for fold, count in zip(folds, counts, strict=True) for _ in range(count)])
    scores, losses = torch.zeros(len(fold_of_answer)), []
    for fold in range(FOLDS):
        others = [number for number, its in enumerate(folds) if its != fold]
        kept = max(1, round(share * len(others)))
        pairs = ranked.pairs([others[place * len(others) // kept] for place in range(kept)])
        all_scores = fit(ranked.states, pairs, softness).scores(ranked.states).detach()
        losses.append(bradley_terry_loss(all_scores, pairs).item())
        scores = torch.where(fold_of_answer == fold, all_scores, scores)
    return scores, sum(losses) / FOLDS


def judged_pairs(ratings: Sequence[Rating], scores: Tensor) -> list[Pair]:
    """What a model that gave these scores, (A,), to all answers thinks of every pair that the reader put in order."""
    found, start = [], 0
    for one in ratings:
        of_prompt = scores[start : start + len(one.answers)].tolist()
        start += len(one.answers)
        for better, worse in one.pairs():
            pair = one.answers[better], one.answers[worse]
            kind = "_".join(sorted(answer.source for answer in pair))
            lengths = [len(words_of(answer.text)) for answer in pair]
            found.append(Pair(kind, lengths[1] > lengths[0], of_prompt[better] - of_prompt[worse]))
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


# ── what is shipped ──────────────────────────────────────────────────────────────────────────────────────────


def learning_curve(ranked: Ranked, scores: Tensor, loss: float, softness: float) -> Iterator[dict[str, Any]]:
    """How well held-out pairs are judged after so many prompts: one line for each of `SHARES`, and one for all.

    Args:
        ranked: all prompts.
        scores: of all answers, (A,), and `loss`: what `cross_validate` returned for all prompts.
        softness: as in `fit`.
    """
    found = {share: cross_validate(ranked, softness, share) for share in SHARES} | {1.0: (scores, loss)}
    for share, (judged, learned_loss) in found.items():
        pairs = judged_pairs(ranked.ratings, judged)
        prompts = round(share * len(ranked.ratings) * (FOLDS - 1) / FOLDS)
        held_out = {f"held_out_{name}": value for name, value in shares(pairs)}
        yield {"step": prompts, "loss": learned_loss, "held_out_loss": mean_loss(pairs), **held_out}


def export(ranked: Ranked, softness: float, target: Path) -> dict[str, Any]:
    """Write what the app ships: a head that has learned from all rankings, and how well the five others did.

    The rewards' zero and unit are mean and standard deviation of the tuned model's answers, each scored by the one of
    the five heads that had not learned from it. The log is the `learning_curve`.

    Returns:
        the figures of `REWARD`.
    """
    head = fit(ranked.states, ranked.pairs(range(len(ranked.ratings))), softness)
    scores, loss = cross_validate(ranked, softness)
    head.calibrate(scores[ranked.answers_by(SFT)])
    target.mkdir(parents=True, exist_ok=True)
    head.save(target)
    write_notice(target, "a linear head (reward)")
    pairs = judged_pairs(ranked.ratings, scores)
    quality = {
        "prompts": len(ranked.ratings),
        "folds": FOLDS,
        "softness": softness,
        "loss": mean_loss(pairs),
        "accuracy": dict(shares(pairs)),
        "pairs": {name: len(group) for name, group in groups(pairs).items()},
        "calibration": calibration(pairs),
        "mean": float(head.mean),
        "deviation": float(head.deviation),
    }
    (target / REWARD).write_text(json.dumps(quality, indent=1) + "\n", encoding="utf-8")
    (target / LOG).unlink(missing_ok=True)
    for line in learning_curve(ranked, scores, loss, softness):
        write_log(target, line)
    return quality


def read_answers(stages: Stages, template: ChatTemplate, ratings: Sequence[Rating]) -> Ranked:
    """The ranked ones of `ratings`, with the base model's state of each answer."""
    ranked = tuple(one for one in ratings if one.ranking is not None)
    sequences = [rated_sequence(template, one, number) for one in ranked for number in range(len(one.answers))]
    return Ranked(ranked, states_of(stages, sequences, progress=True).float().cpu())


@dataclass(frozen=True)
class Recipe:
    """How to fit."""

    softness: Annotated[float, Option("how far one pair may move the head")] = SOFTNESS
    folds: int = FOLDS


@dataclass(frozen=True)
class Command:
    """What can be said on the command line."""

    folder: Annotated[Path, Option("for the head, its figures and its learning curve; the app's is assets/rlhf/reward")]
    rankings: Annotated[Path, Option("default: those of the project")] = RANKINGS
    recipe: Recipe = field(default_factory=Recipe)
    base: Base = field(default_factory=Base)


def main(words: Sequence[str] | None = None) -> None:
    """Read, fit, measure and write, as the command line says."""
    command = read_command(
        Command,
        words,
        prog="python -m genai_demo.training.rlhf.reward",
        description="Fit the reward model to the rankings: minutes on a processor, nearly all of them for reading the "
        "answers. The same rankings always give the same head, so there is nothing to go on with after a stop.",
    )
    clock = Stopwatch()
    stages, template = command.base.load()
    ranked = read_answers(stages, template, load_ratings(command.rankings))
    quality = export(ranked, command.recipe.softness, command.folder)
    facts = {"stage": STAGE, "prompts": quality["prompts"], "pairs": quality["pairs"]["all"]}
    write_record(command.folder, facts, command.recipe, clock, stages.device)
    print(json.dumps({name: quality[name] for name in ("accuracy", "pairs", "loss")}, indent=1))


if __name__ == "__main__":
    main()
