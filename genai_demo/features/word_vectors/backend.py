"""Geometry of word vectors: neighbours, sums, a map by principal components, axes of one's own, and two games.

All similarities are cosines over all dimensions; maps are shadows, and say how much they keep.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.decomposition import PCA

from ...errors import InvalidParameter
from ...models.word_vectors import TableOrigin, WordVectors, unit_length
from .errors import SamePoles, SumIsZero, TooFewWords, TooManyWords
from .formula import Term, parse_formula

MAX_NEIGHBOURS = 100
MAX_MAP_WORDS = 80
ZERO_LENGTH = 1e-5  # of a sum of unit vectors: nothing but rounding is left


# ── words and their neighbours ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Neighbour:
    """A word of the table and its cosine with what was asked about. `latin`: written with a–z only."""

    word: str
    similarity: float
    is_input: bool
    latin: bool


@dataclass(frozen=True)
class Neighbours:
    """The words nearest to one word, which itself (cosine 1) is left out."""

    word: str
    neighbours: tuple[Neighbour, ...]
    origin: TableOrigin


def neighbours(vectors: WordVectors, word: str, count: int = 10) -> Neighbours:
    """The `count` words whose vectors have the largest cosine with that of `word`.

    Raises:
        UnknownWord, WordNotInTable, NotAWord, TextTooLong: no vector. InvalidParameter: `count` is not 1 to 100.
    """
    spelling = vectors.spelling(word)
    found = _nearest(vectors, vectors.vector(word), _require_count(count), inputs=[spelling])
    return Neighbours(spelling, tuple(one for one in found if not one.is_input)[:count], vectors.origin)


def _nearest(vectors: WordVectors, vector: np.ndarray, count: int, inputs: Sequence[str]) -> list[Neighbour]:
    """The nearest words, best first: enough for `count` that are no inputs, of all words and also of those in a–z."""
    enough = count + len(set(inputs))
    rows = dict(vectors.nearest(vector, enough)) | dict(vectors.nearest(vector, enough, latin_only=True))
    return [
        Neighbour(vectors.words[row], cosine, vectors.words[row] in inputs, latin=row < vectors.latin_count)
        for row, cosine in sorted(rows.items(), key=lambda item: -item[1])
    ]


def _require_count(count: int) -> int:
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MAX_NEIGHBOURS:
        raise InvalidParameter(name="count", value=count, allowed=f"a whole number from 1 to {MAX_NEIGHBOURS}")
    return count


@dataclass(frozen=True)
class Comparison:
    """Two words number by number. numbers: float32, shape (2, dimensions); cosine: the sum of their products."""

    words: tuple[str, str]
    numbers: np.ndarray
    cosine: float
    neighbours: tuple[tuple[Neighbour, ...], ...]
    origin: TableOrigin


def compare(vectors: WordVectors, first: str, second: str, count: int = 10) -> Comparison:
    """The numbers of two words, their cosine, and the neighbours of each.

    Raises: as `neighbours`.
    """
    words = vectors.spelling(first), vectors.spelling(second)
    numbers = np.stack([vectors.vector(word) for word in words])
    found = tuple(
        tuple(one for one in _nearest(vectors, row, count, [word]) if not one.is_input)
        for word, row in zip(words, numbers, strict=True)
    )
    return Comparison(words, numbers, cosine(numbers[0], numbers[1]), found, vectors.origin)


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """cos θ = a·b / (|a| |b|), in double precision; 0 for a vector of length zero."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths else 0.0


# ── the map: principal components ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Projection:
    """A shadow: where to put a vector of all dimensions on a map of a few.

    mean: shape (dimensions,). axes: orthonormal rows, shape (map dimensions, dimensions). explained_variance: for
    each axis, its share of the variance of the words that the map was fitted to.
    """

    mean: np.ndarray
    axes: np.ndarray
    explained_variance: tuple[float, ...]

    def points(self, rows: np.ndarray) -> np.ndarray:
        """Coordinates of `rows`, shape (n, dimensions) → (n, map dimensions)."""
        coordinates: np.ndarray = (rows - self.mean) @ self.axes.T
        return coordinates


def fit_projection(rows: np.ndarray, dimensions: int) -> Projection:
    """Principal component analysis of `rows`, shape (n, features): the directions in which they differ most.

    Vectors of fewer numbers than the map has directions leave the last ones empty.
    The sign of a component is arbitrary; here its largest loading is positive (Jolliffe 2002, section 2.1).

    Raises:
        TooFewWords: n points span at most n − 1 directions.
    """
    different = len(np.unique(rows, axis=0))
    if different < dimensions + 1:
        raise TooFewWords(count=different, dimensions=dimensions, needed=dimensions + 1)
    possible = min(dimensions, rows.shape[1])
    pca = PCA(n_components=possible, svd_solver="full").fit(rows.astype(np.float64))
    largest = np.abs(pca.components_).argmax(axis=1)
    signs = np.sign(pca.components_[np.arange(possible), largest])
    axes, missing = pca.components_ * signs[:, np.newaxis], dimensions - possible
    shares = [*(float(share) for share in pca.explained_variance_ratio_), *[0.0] * missing]
    return Projection(pca.mean_, np.pad(axes, ((0, missing), (0, 0))), tuple(shares))


@dataclass(frozen=True)
class Point:
    """A word on a map. coordinates: one number for each axis. fitted: the axes were made for it, among others."""

    word: str
    coordinates: tuple[float, ...]
    fitted: bool


@dataclass(frozen=True)
class WordMap:
    """Words on the axes of their own principal components. neighbours: of each word, in all dimensions."""

    points: tuple[Point, ...]
    explained_variance: tuple[float, ...]
    neighbours: tuple[tuple[Neighbour, ...], ...]
    origin: TableOrigin


def word_map(
    vectors: WordVectors, words: Sequence[str], dimensions: int = 2, fitted: Sequence[str] = (), count: int = 0
) -> WordMap:
    """Words on a map. One that is given twice, or in two spellings, appears once.

    Args:
        vectors: the table.
        words: what to show.
        dimensions: of the map, 2 or 3.
        fitted: the words whose principal components are the axes; all, if there are none. So a word can be added
            to a map without moving any other: it is projected.
        count: neighbours to give with each word.

    Raises:
        UnknownWord, WordNotInTable, NotAWord, TextTooLong: of a word. TooManyWords: more than 80.
        TooFewWords: a map in 2 dimensions needs 3 different words, in 3 dimensions 4.
        InvalidParameter: `dimensions`.
    """
    if dimensions not in (2, 3) or isinstance(dimensions, bool):
        raise InvalidParameter(name="dimensions", value=dimensions, allowed="2 or 3")
    for given in (words, fitted):
        if len(given) > MAX_MAP_WORDS:
            raise TooManyWords(count=len(given), limit=MAX_MAP_WORDS)
    shown = _spelled(vectors, words)
    basis = _spelled(vectors, fitted) or shown
    projection = fit_projection(_rows(vectors, basis), dimensions)
    rows = _rows(vectors, shown)
    points = tuple(
        Point(word, tuple(float(number) for number in place), word in basis)
        for word, place in zip(shown, projection.points(rows), strict=True)
    )
    return WordMap(
        points, projection.explained_variance, _neighbours_of_each(vectors, shown, rows, count), vectors.origin
    )


def _spelled(vectors: WordVectors, words: Sequence[str]) -> list[str]:
    """`words` as the table writes them, each once."""
    return list(dict.fromkeys(vectors.spelling(word) for word in words))


def _rows(vectors: WordVectors, words: Sequence[str]) -> np.ndarray:
    """Unit vectors of `words`, float32, shape (words, dimensions)."""
    return np.stack([vectors.vector(word) for word in words]) if words else np.empty((0, vectors.dimensions), "f4")


def _neighbours_of_each(
    vectors: WordVectors, words: Sequence[str], rows: np.ndarray, count: int
) -> tuple[tuple[Neighbour, ...], ...]:
    """For each of `words`, its `count` nearest of all and of a–z: one product of matrices for all of them."""
    if not count:
        return ()
    cosines = torch.from_numpy(rows @ vectors.unit.T)  # (words, table)
    enough = min(count + 1, len(vectors.words))  # the word itself is among them
    of_all, of_latin = (
        torch.topk(part, min(enough, part.shape[1])).indices.tolist()
        for part in (cosines, cosines[:, : vectors.latin_count])
    )
    found = []
    for index, word in enumerate(words):
        rows_near = {*of_all[index], *of_latin[index]} - {vectors.row(word)}
        ranked = sorted(rows_near, key=lambda row: -float(cosines[index, row]))
        found.append(
            tuple(
                Neighbour(vectors.words[row], float(cosines[index, row]), False, row < vectors.latin_count)
                for row in ranked
            )
        )
    return tuple(found)


# ── arithmetic ───────────────────────────────────────────────────────────────────────────────────────────────


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
    _require_count(count)
    if len(reference) > MAX_MAP_WORDS:
        raise TooManyWords(count=len(reference), limit=MAX_MAP_WORDS)
    terms = tuple(Term(vectors.spelling(term.word), term.weight) for term in parse_formula(formula))
    inputs = [term.word for term in terms]
    arrows = np.array([[term.weight] for term in terms], np.float32) * _rows(vectors, inputs)
    sums = arrows.cumsum(axis=0)
    if np.linalg.norm(sums[-1]) < ZERO_LENGTH:
        raise SumIsZero()
    found = _nearest(vectors, sums[-1], count, inputs)
    best = next((one.word for one in found if not one.is_input), None)
    if best is None:  # the formula holds the whole table
        raise TooManyWords(count=len(set(inputs)), limit=len(vectors.words) - 1)
    known = [word for word in reference if vectors.row(word) is not None]
    fitted = list(dict.fromkeys([*_spelled(vectors, known), *inputs]))
    if len(fitted) < 3:
        fitted = list(dict.fromkeys([*fitted, *(one.word for one in found)]))
    rows = _rows(vectors, fitted)
    projection = fit_projection(rows, 2)
    return Arithmetic(
        terms=terms,
        origin_point=_pair(projection.points(np.zeros((1, vectors.dimensions)))[0]),
        steps=tuple(
            Step(_pair(place), float(np.linalg.norm(total)))
            for place, total in zip(projection.points(sums), sums, strict=True)
        ),
        points=tuple(
            Point(word, _pair(place), True) for word, place in zip(fitted, projection.points(rows), strict=True)
        ),
        neighbours=_on_map(vectors, projection, sums[-1], found),
        best=best,
        explained_variance=projection.explained_variance,
        parallelogram=_parallelogram(vectors, terms, best),
        repeated=tuple(dict.fromkeys(word for word in inputs if inputs.count(word) > 1)),
        origin=vectors.origin,
    )


def _pair(place: np.ndarray) -> tuple[float, ...]:
    return tuple(float(number) for number in place)


def _on_map(
    vectors: WordVectors, projection: Projection, total: np.ndarray, found: Sequence[Neighbour]
) -> tuple[NeighbourOnMap, ...]:
    places = projection.points(_rows(vectors, [one.word for one in found]))
    landing = projection.points(total[np.newaxis])[0]
    return tuple(
        NeighbourOnMap(one, _pair(place), float(np.linalg.norm(place - landing)))
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


# ── axes of one's own ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class OwnAxes:
    """Words on two axes, each from one word to its opposite.

    poles: ((left, right), (bottom, top)). points: the poles first. A coordinate is measured along the line from one
    pole to the other, in the unit of the vectors (every word has length 1), from the middle between the two.
    axes_cosine: 0 if the two axes are independent, ±1 if they are the same.
    """

    poles: tuple[tuple[str, str], tuple[str, str]]
    points: tuple[Point, ...]
    axes_cosine: float
    origin: TableOrigin


def own_axes(
    vectors: WordVectors, horizontal: tuple[str, str], vertical: tuple[str, str], words: Sequence[str]
) -> OwnAxes:
    """Scalar projections of `words` on the directions left → right and bottom → top.

    Raises:
        SamePoles: the two ends of an axis are one word. TooManyWords: more than 80.
        UnknownWord, WordNotInTable, NotAWord, TextTooLong: of a word.
    """
    if len(words) > MAX_MAP_WORDS:
        raise TooManyWords(count=len(words), limit=MAX_MAP_WORDS)
    poles = tuple((vectors.spelling(first), vectors.spelling(second)) for first, second in (horizontal, vertical))
    for first, second in poles:
        if first == second:
            raise SamePoles(word=first)
    ends = np.stack([_rows(vectors, pair) for pair in poles])  # (axis, end, dimensions)
    directions = unit_length(ends[:, 1] - ends[:, 0])
    middles = ends.mean(axis=1)
    shown = list(dict.fromkeys([*poles[0], *poles[1], *_spelled(vectors, words)]))
    rows = _rows(vectors, shown)
    places = np.stack([(rows - middle) @ axis for middle, axis in zip(middles, directions, strict=True)], axis=1)
    return OwnAxes(
        (poles[0], poles[1]),
        tuple(Point(word, _pair(place), False) for word, place in zip(shown, places, strict=True)),
        cosine(directions[0], directions[1]),
        vectors.origin,
    )


# ── two games ────────────────────────────────────────────────────────────────────────────────────────────────


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
    total = np.array([term.weight for term in terms], np.float32) @ _rows(vectors, inputs)
    found = tuple(_nearest(vectors, total, 5, inputs))
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
    words = order.sample(_spelled(vectors, group), len(group))
    rows = _rows(vectors, words).astype(np.float64)
    cosines = rows @ rows.T
    closeness = (cosines.sum(axis=1) - 1) / (len(words) - 1)
    return OddRound(tuple(words), words[int(closeness.argmin())], tuple(float(mean) for mean in closeness))
