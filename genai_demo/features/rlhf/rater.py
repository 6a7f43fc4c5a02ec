"""The visitor as the rater: a reward head of their own, learned from the orders they put answers in.

It is the reward model in small: each answer is described by the writing model's state after its last token, and a
linear head learns from pairs, one answer better than the other (`models.reward`). Choosing the best of several new
answers by that head is best-of-n (Stiennon et al. 2020), the plainest way of using a reward.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from torch.nn.functional import layer_norm

from ...checks import require_whole
from ...models.language import Origin
from ...models.reward import Array, fit_bradley_terry
from ...models.sampling import SamplingSettings
from ...models.stages import BASE, StagedModel, StagedText
from .backend import Reply, scorable_rooms, write

MAX_ANSWERS = 4
VARIED = SamplingSettings(temperature=1.0, top_p=0.95)  # answers that all say the same leave nothing to prefer
SOFTNESS = 10.0  # C of Bradley and Terry's loss: with it a dozen pairs move the head, and none alone decides
MAX_RATED = 200

LIST_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)

TRAITS: dict[str, Callable[[str], float]] = {
    "long": lambda text: len(text.split()),
    "lists": lambda text: len(LIST_ITEM.findall(text)),
    "questions": lambda text: text.count("?"),
    "exclamations": lambda text: text.count("!"),
    "numbers": lambda text: sum(word.strip(".,%€$").isdigit() for word in text.split()),
    "first_person": lambda text: sum(word.strip(".,'’").lower() in ("i", "i'm", "me", "my") for word in text.split()),
}


@dataclass(frozen=True, eq=False)
class Rated:
    """An answer that may be put in an order. features: the state after its last token, (width,), of length about 1."""

    reply: Reply
    features: Array


@dataclass(frozen=True)
class Answers:
    """Answers of one stage to one prompt; `rated` when all have ended."""

    origin: Origin
    prompt: str
    replies: tuple[Reply, ...]
    rated: tuple[Rated, ...] = ()


@dataclass(frozen=True)
class Trait:
    """How a visible trait of the answers goes with their scores: Pearson's correlation, from -1 to 1."""

    name: str
    correlation: float


@dataclass(frozen=True)
class Taste:
    """A visitor's reward head and what it says.

    scores: of all answers, mean 0 and standard deviation 1, as a reward has no unit. agreement: the share of the
    visitor's own pairs that the head puts in their order. traits: strongest first.
    """

    scores: tuple[float, ...]
    pairs: int
    agreement: float
    traits: tuple[Trait, ...]


def sample(
    model: StagedModel, prompt: str, stage: str, count: int = MAX_ANSWERS, seed: int = 0, max_new_tokens: int = 60
) -> Iterator[Answers]:
    """`count` answers to one prompt, written side by side; the last value describes each for `learn`.

    Raises:
        InvalidParameter: an unknown stage, or a value out of range. TextTooLong, UnreadableText: the prompt.
    """
    model.require_stage("stage", stage)
    require_whole("count", count, 2, MAX_ANSWERS)
    number = int(count)
    read = model.prompt(prompt, stage, as_turn=stage != BASE)
    seeds = [int(seed) + place for place in range(number)] if isinstance(seed, (int, float)) else [seed]
    rooms = scorable_rooms(model, prompt, [stage], [read]) * number
    for replies in write(model, [stage] * number, [read] * number, VARIED, seeds, max_new_tokens, rooms):
        yield Answers(model.origin, prompt, replies)
    asked = model.prompt(prompt, stage, as_turn=True).ids
    states = model.last_states([StagedText(stage, (*asked, *reply.ids)) for reply in replies])
    features = layer_norm(states, states.shape[-1:]).double().numpy() / np.sqrt(states.shape[-1])
    rated = tuple(Rated(reply, row) for reply, row in zip(replies, features, strict=True))
    yield Answers(model.origin, prompt, replies, rated)


def pairs_of(ranking: Sequence[int]) -> list[tuple[int, int]]:
    """All (better, worse) of answers listed best first.

    >>> pairs_of((2, 0, 1))
    [(2, 0), (2, 1), (0, 1)]
    """
    return list(combinations(ranking, 2))


def learn(texts: Sequence[str], features: Array, pairs: Sequence[tuple[int, int]]) -> Taste:
    """The reward head that goes best with the visitor's pairs, and what it makes of all answers.

    Args:
        texts: of A answers.
        features: of the same answers, (A, width).
        pairs: (better, worse), places in `texts`; at least one.
    """
    better, worse = (features[list(side)] for side in zip(*pairs, strict=True))
    scores = features @ fit_bradley_terry(better - worse, SOFTNESS)
    deviation = scores.std()
    scaled = (scores - scores.mean()) / (deviation if deviation > 0 else 1.0)
    agreement = float(np.mean([scaled[first] > scaled[second] for first, second in pairs]))
    return Taste(tuple(scaled.tolist()), len(pairs), agreement, _traits(texts, scaled))


def _traits(texts: Sequence[str], scores: Array) -> tuple[Trait, ...]:
    found = []
    for name, count in TRAITS.items():
        values = np.array([count(text) for text in texts], dtype=np.float64)
        if values.std() > 0 and scores.std() > 0:
            found.append(Trait(name, float(np.corrcoef(values, scores)[0, 1])))
    return tuple(sorted(found, key=lambda trait: -abs(trait.correlation)))
