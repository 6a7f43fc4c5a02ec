"""Words on two axes of one's own, each from a word to its opposite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...models.word_vectors import TableOrigin, WordVectors, unit_length
from .errors import SamePoles, TooManyWords
from .maps import MAX_MAP_WORDS, Point, coordinates_of
from .neighbours import cosine, rows_of, spelled


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
    ends = np.stack([rows_of(vectors, pair) for pair in poles])  # (axis, end, dimensions)
    directions = unit_length(ends[:, 1] - ends[:, 0])
    middles = ends.mean(axis=1)
    shown = list(dict.fromkeys([*poles[0], *poles[1], *spelled(vectors, words)]))
    rows = rows_of(vectors, shown)
    places = np.stack([(rows - middle) @ axis for middle, axis in zip(middles, directions, strict=True)], axis=1)
    return OwnAxes(
        (poles[0], poles[1]),
        tuple(Point(word, coordinates_of(place), False) for word, place in zip(shown, places, strict=True)),
        cosine(directions[0], directions[1]),
        vectors.origin,
    )
