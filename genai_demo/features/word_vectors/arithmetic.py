"""Sums of words: where a formula lands, on the way there and on a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...models.word_vectors import TableOrigin, WordVectors, unit_length
from .errors import SumIsZero, TooManyWords
from .formula import Term, parse_formula
from .maps import MAX_MAP_WORDS, Point, Projection, coordinates_of, fit_projection
from .neighbours import Neighbour, cosine, nearest, require_count, rows_of, spelled

ZERO_LENGTH = 1e-5  # of a sum of unit vectors: nothing but rounding is left


@dataclass(frozen=True)
class Step:
    """The sum after one more term: where it is on the map, and how long it is (each word has length 1)."""

    coordinates: tuple[float, ...]
    length: float


@dataclass(frozen=True)
class Parallelogram:
    """For a − b + c with the answer d: the arrows b → c and a → d, and the cosine of the angle between them.

    chance: the root mean square of that cosine for arrows between words taken at random.
    """

    first: tuple[str, str]
    second: tuple[str, str]
    cosine: float
    chance: float


@dataclass(frozen=True)
class NeighbourOnMap:
    """A neighbour of a sum: also where it is on the map, and how far from the sum there."""

    neighbour: Neighbour
    coordinates: tuple[float, ...]
    map_distance: float


@dataclass(frozen=True)
class Arithmetic:
    """A formula, worked out. `steps` has one entry a term; the last one is the landing point, which was ranked.

    origin_point: where the sum begins, the zero vector, is on the map. best: the nearest word that is no input.
    repeated: words that stand in the formula more than once.
    """

    terms: tuple[Term, ...]
    origin_point: tuple[float, ...]
    steps: tuple[Step, ...]
    points: tuple[Point, ...]
    neighbours: tuple[NeighbourOnMap, ...]
    best: str
    explained_variance: tuple[float, ...]
    parallelogram: Parallelogram | None
    repeated: tuple[str, ...]
    origin: TableOrigin


def arithmetic(vectors: WordVectors, formula: str, reference: Sequence[str], count: int = 10) -> Arithmetic:
    """Add up a formula of words and find the words nearest to the sum (Mikolov et al. 2013; 3CosAdd).

    The sum is of unit vectors, as they are ranked. The map is fitted to `reference` and the formula's words: to these
    few alone, it would keep all of the variance by construction. Partial sums, the landing point and its neighbours
    are projected into it.

    Args:
        vectors: the table.
        formula: as `parse_formula` reads it.
        reference: the words that the map is fitted to, together with those of the formula; those that the table does
            not have are left out. If too few are left for a map, the neighbours of the sum join them.
        count: how many words that are no inputs to rank.

    Raises:
        EmptyFormula, UnreadableFormula, OnlyMinusTerms, TooManyWords, SumIsZero: the formula as a whole.
        UnknownWord, WordNotInTable, NotAWord, TextTooLong, InvalidParameter: a part of it, or `count`.
    """
    require_count(count)
    if len(reference) > MAX_MAP_WORDS:
        raise TooManyWords(count=len(reference), limit=MAX_MAP_WORDS)
    terms = tuple(Term(vectors.spelling(term.word), term.weight) for term in parse_formula(formula))
    inputs = [term.word for term in terms]
    arrows = np.array([[term.weight] for term in terms], np.float32) * rows_of(vectors, inputs)
    sums = arrows.cumsum(axis=0)
    if np.linalg.norm(sums[-1]) < ZERO_LENGTH:
        raise SumIsZero()
    found = nearest(vectors, sums[-1], count, inputs)
    best = next((one.word for one in found if not one.is_input), None)
    if best is None:  # the formula holds the whole table
        raise TooManyWords(count=len(set(inputs)), limit=len(vectors.words) - 1)
    known = [word for word in reference if vectors.row(word) is not None]
    fitted = list(dict.fromkeys([*spelled(vectors, known), *inputs]))
    if len(fitted) < 3:
        fitted = list(dict.fromkeys([*fitted, *(one.word for one in found)]))
    rows = rows_of(vectors, fitted)
    projection = fit_projection(rows, 2)
    return Arithmetic(
        terms=terms,
        origin_point=coordinates_of(projection.points(np.zeros((1, vectors.dimensions)))[0]),
        steps=tuple(
            Step(coordinates_of(place), float(np.linalg.norm(total)))
            for place, total in zip(projection.points(sums), sums, strict=True)
        ),
        points=tuple(
            Point(word, coordinates_of(place), True)
            for word, place in zip(fitted, projection.points(rows), strict=True)
        ),
        neighbours=_on_map(vectors, projection, sums[-1], found),
        best=best,
        explained_variance=projection.explained_variance,
        parallelogram=_parallelogram(vectors, terms, best),
        repeated=tuple(dict.fromkeys(word for word in inputs if inputs.count(word) > 1)),
        origin=vectors.origin,
    )


def _on_map(
    vectors: WordVectors, projection: Projection, total: np.ndarray, found: Sequence[Neighbour]
) -> tuple[NeighbourOnMap, ...]:
    places = projection.points(rows_of(vectors, [one.word for one in found]))
    landing = projection.points(total[np.newaxis])[0]
    return tuple(
        NeighbourOnMap(one, coordinates_of(place), float(np.linalg.norm(place - landing)))
        for one, place in zip(found, places, strict=True)
    )


def _parallelogram(vectors: WordVectors, terms: Sequence[Term], best: str) -> Parallelogram | None:
    """Only formulas of the textbook's form a − b + c, of three different words, claim a parallelogram."""
    if [term.weight for term in terms] != [1.0, -1.0, 1.0] or len({term.word for term in terms}) < 3:
        return None
    a, b, c = (term.word for term in terms)
    first = vectors.vector(c) - vectors.vector(b)
    second = vectors.vector(best) - vectors.vector(a)
    return Parallelogram((b, c), (a, best), cosine(first, second), _chance_cosine(vectors))


def _chance_cosine(vectors: WordVectors) -> float:
    """How parallel two arrows between random words are: the root mean square of 500 cosines, from a fixed seed."""
    rows = np.random.default_rng(0).integers(vectors.usual_count, size=(500, 4))
    first, second, third, fourth = (vectors.unit[rows[:, corner]] for corner in range(4))
    cosines = np.sum(unit_length(second - first) * unit_length(fourth - third), axis=1)
    return float(np.sqrt(np.mean(cosines**2)))
