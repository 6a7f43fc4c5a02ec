"""Words on a map: their principal components. A map is a shadow, and says how much it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.decomposition import PCA

from ...errors import InvalidParameter
from ...models.word_vectors import TableOrigin, WordVectors
from .errors import TooFewWords, TooManyWords
from .neighbours import Neighbour, rows_of, spelled

MAX_MAP_WORDS = 80


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
    shown = spelled(vectors, words)
    basis = spelled(vectors, fitted) or shown
    projection = fit_projection(rows_of(vectors, basis), dimensions)
    rows = rows_of(vectors, shown)
    points = tuple(
        Point(word, tuple(float(number) for number in place), word in basis)
        for word, place in zip(shown, projection.points(rows), strict=True)
    )
    return WordMap(
        points, projection.explained_variance, _neighbours_of_each(vectors, shown, rows, count), vectors.origin
    )


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


def coordinates_of(place: np.ndarray) -> tuple[float, ...]:
    """A place on a map, shape (map dimensions,), as plain numbers."""
    return tuple(float(number) for number in place)
