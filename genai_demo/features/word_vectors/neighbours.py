"""Words and their neighbours: all similarities are cosines over all dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import InvalidParameter
from ...models.word_vectors import TableOrigin, WordVectors

MAX_NEIGHBOURS = 100


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
    found = nearest(vectors, vectors.vector(word), require_count(count), inputs=[spelling])
    return Neighbours(spelling, tuple(one for one in found if not one.is_input)[:count], vectors.origin)


def nearest(vectors: WordVectors, vector: np.ndarray, count: int, inputs: Sequence[str]) -> list[Neighbour]:
    """The nearest words, best first: enough for `count` that are no inputs, of all words and also of those in a–z."""
    enough = count + len(set(inputs))
    rows = dict(vectors.nearest(vector, enough)) | dict(vectors.nearest(vector, enough, latin_only=True))
    return [
        Neighbour(vectors.words[row], cosine, vectors.words[row] in inputs, latin=row < vectors.latin_count)
        for row, cosine in sorted(rows.items(), key=lambda item: -item[1])
    ]


def require_count(count: int) -> int:
    """`count`, if so many neighbours may be asked for.

    Raises:
        InvalidParameter: it is not 1 to 100.
    """
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
        tuple(one for one in nearest(vectors, row, count, [word]) if not one.is_input)
        for word, row in zip(words, numbers, strict=True)
    )
    return Comparison(words, numbers, cosine(numbers[0], numbers[1]), found, vectors.origin)


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """cos θ = a·b / (|a| |b|), in double precision; 0 for a vector of length zero."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths else 0.0


def spelled(vectors: WordVectors, words: Sequence[str]) -> list[str]:
    """`words` as the table writes them, each once."""
    return list(dict.fromkeys(vectors.spelling(word) for word in words))


def rows_of(vectors: WordVectors, words: Sequence[str]) -> np.ndarray:
    """Unit vectors of `words`, float32, shape (words, dimensions)."""
    return np.stack([vectors.vector(word) for word in words]) if words else np.empty((0, vectors.dimensions), "f4")
