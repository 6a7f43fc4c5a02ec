"""Two games: guess where a sum lands, and which word does not belong."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import InvalidParameter
from ...models.word_vectors import TableOrigin, WordVectors
from .formula import parse_formula
from .neighbours import Neighbour, nearest, rows_of, spelled


@dataclass(frozen=True)
class SumRound:
    """Guess where a formula lands. options: shuffled; answer: the nearest word that is no input."""

    formula: str
    options: tuple[str, ...]
    answer: str
    neighbours: tuple[Neighbour, ...]


@dataclass(frozen=True)
class OddRound:
    """Guess which word does not belong. closeness: the mean cosine of each word with the others, in their order."""

    options: tuple[str, ...]
    answer: str
    closeness: tuple[float, ...]


@dataclass(frozen=True)
class Game:
    """All rounds of a game, none twice."""

    sums: tuple[SumRound, ...]
    odd_ones: tuple[OddRound, ...]
    origin: TableOrigin


def deal_game(vectors: WordVectors, formulas: Sequence[str], groups: Sequence[Sequence[str]], seed: int = 0) -> Game:
    """Put `formulas` and `groups` into the order of `seed`, and let the vectors answer them.

    Args:
        vectors: the table.
        formulas: of the first game.
        groups: sets of three or more words, of the second game.
        seed: a whole number; the same seed deals the same game.

    Raises:
        InvalidParameter: the seed. Those of `arithmetic`: a formula or a word without an answer.
    """
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**53:
        raise InvalidParameter(name="seed", value=seed, allowed=f"a whole number from 0 to {2**53 - 1:,}")
    order = random.Random(seed)
    landings = {formula: _landing(vectors, formula) for formula in formulas}
    sums = [_sum_round(formula, landings, order) for formula in order.sample(list(formulas), len(formulas))]
    odd_ones = [_odd_round(vectors, group, order) for group in order.sample(list(groups), len(groups))]
    return Game(tuple(sums), tuple(odd_ones), vectors.origin)


@dataclass(frozen=True)
class _Landing:
    """words: the nearest that are no inputs, in the table's usual letters: what a class may be asked to guess."""

    inputs: frozenset[str]
    found: tuple[Neighbour, ...]
    words: tuple[str, ...]


def _landing(vectors: WordVectors, formula: str) -> _Landing:
    terms = parse_formula(formula)
    inputs = [vectors.spelling(term.word) for term in terms]
    total = np.array([term.weight for term in terms], np.float32) @ rows_of(vectors, inputs)
    found = tuple(nearest(vectors, total, 5, inputs))
    words = tuple(one.word for one in found if not one.is_input and (one.latin or not vectors.mostly_latin))
    return _Landing(frozenset(inputs), found, words)


def _sum_round(formula: str, landings: dict[str, _Landing], order: random.Random) -> SumRound:
    """Wrong options: one more word from around the landing point, and two where other formulas land."""
    here = landings[formula]
    answer, *near = here.words
    elsewhere = [landing.words[0] for other, landing in landings.items() if other != formula]
    wrong = [*near[-1:], *order.sample(elsewhere, len(elsewhere))]
    options = [answer, *dict.fromkeys(word for word in wrong if word != answer and word not in here.inputs)][:4]
    return SumRound(formula, tuple(order.sample(options, len(options))), answer, here.found)


def _odd_round(vectors: WordVectors, group: Sequence[str], order: random.Random) -> OddRound:
    words = order.sample(spelled(vectors, group), len(group))
    rows = rows_of(vectors, words).astype(np.float64)
    cosines = rows @ rows.T
    closeness = (cosines.sum(axis=1) - 1) / (len(words) - 1)
    return OddRound(tuple(words), words[int(closeness.argmin())], tuple(float(mean) for mean in closeness))
