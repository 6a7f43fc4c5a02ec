"""A table of words and their unit vectors.

The rows are centred (their common mean is subtracted) and scaled to length 1, so that the cosine of two words is the
sum of the products of their numbers, and no direction that all words share blurs it (Mu & Viswanath 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np
import torch

from ...errors import TextTooLong
from ..language import Origin
from .errors import NotAWord, TokenIsNoWord, UnknownWord, WordNotInTable
from .words import is_latin, word_key

PIECES_MARK = "~"  # "~grandnephew": the mean of the word's pieces instead of a row of the table
LONGEST_WORD = 40  # letters
SPELLINGS = 3


@dataclass(frozen=True)
class Pieces:
    """The tokens that a word is cut into, and their raw rows, float32, shape (pieces, dimensions)."""

    texts: tuple[str, ...]
    rows: np.ndarray


@dataclass(frozen=True)
class TableOrigin(Origin):
    """Which table a figure was computed from. inside_model: it is part of the language model of the other tabs."""

    words: int
    dimensions: int
    inside_model: bool


CutWord = Callable[[str], Pieces]


class WordVectors:
    """Words and their unit vectors.

    Args:
        words: one entry for each word, ignoring case; those written with a–z only come first.
        unit: centred rows of length 1, float32, shape (words, dimensions).
        mean: what was subtracted from every raw row, shape (dimensions,).
        origin: what computed them.
        cut: how to cut a word that has no row into pieces that have one, where the source can.
    """

    def __init__(
        self, words: Sequence[str], unit: np.ndarray, mean: np.ndarray, origin: TableOrigin, cut: CutWord | None = None
    ) -> None:
        self.words = tuple(words)
        self.unit = unit
        self.origin = origin
        self.latin_count = sum(is_latin(word) for word in self.words)
        self._mean = mean
        self._cut = cut
        self.mostly_latin = 2 * self.latin_count >= len(self.words)
        self._row_of = {word_key(word): row for row, word in enumerate(self.words)}

    @property
    def dimensions(self) -> int:
        """How many numbers each word has."""
        return int(self.unit.shape[1])

    @property
    def usual_count(self) -> int:
        """How many words, from the first, are written as most of the table is: those of a–z, or all."""
        return self.latin_count if self.mostly_latin else len(self.words)

    def spelling(self, word: str) -> str:
        """`word` as the table writes it: look-up ignores case. `~word` stands for the mean of the word's pieces.

        Raises:
            TextTooLong: more than 40 letters. NotAWord: no letters.
            UnknownWord, TokenIsNoWord, WordNotInTable: no row; with the nearest spellings.
        """
        plain = word.strip()
        if plain.startswith(PIECES_MARK):
            self._pieces(plain[len(PIECES_MARK) :])
            return plain
        return self.words[self._row(plain)]

    def vector(self, word: str) -> np.ndarray:
        """The unit vector of `word`, float32, shape (dimensions,); of `~word`, that of the mean of its pieces.

        Raises: as `spelling`.
        """
        plain = word.strip()
        if not plain.startswith(PIECES_MARK):
            return self.unit[self._row(plain)]
        centred = self._pieces(plain[len(PIECES_MARK) :]).rows.mean(axis=0) - self._mean
        return unit_length(centred[np.newaxis])[0]

    def row(self, word: str) -> int | None:
        """The row of a word that the table has; None for another, and for the mean of pieces."""
        return self._row_of.get(word_key(word.strip()))

    def nearest(self, vector: np.ndarray, count: int, latin_only: bool = False) -> list[tuple[int, float]]:
        """The rows whose cosine with `vector` is largest: [(row, cosine)], best first, in float32 over all dimensions.

        Args:
            vector: float32, shape (dimensions,), of any length but zero.
            count: how many; all words if there are fewer.
            latin_only: only words written with a–z.
        """
        table = self.unit[: self.latin_count] if latin_only else self.unit
        cosines = torch.from_numpy(table @ (vector / np.linalg.norm(vector)))
        best = torch.topk(cosines, min(count, len(cosines)))
        return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))

    def _row(self, word: str) -> int:
        row = self._row_of.get(word_key(word))
        if row is not None:
            return row
        _require_letters(word)
        spellings = self.spellings_like(word)
        if self._cut is None:
            raise WordNotInTable(word=word, count=len(self.words), spellings=spellings)
        pieces = list(self._cut(word).texts)
        if len(pieces) == 1:  # such as 3D: a token, and so with a row in the model, but no word of letters
            raise TokenIsNoWord(word=word, spellings=spellings)
        raise UnknownWord(word=word, spellings=spellings, pieces=pieces)

    def _pieces(self, word: str) -> Pieces:
        _require_letters(word)
        if self._cut is None:
            raise WordNotInTable(word=PIECES_MARK + word, count=len(self.words), spellings=[])
        return self._cut(word)

    def spellings_like(self, word: str) -> list[str]:
        """The words of the table whose spelling is nearest to `word`, with the same first letter (difflib's ratio)."""
        wanted = word_key(word)
        near = [
            known
            for known in self._row_of
            if known[0] == wanted[0] and abs(len(known) - len(wanted)) <= 2 and known != wanted
        ]
        found = get_close_matches(wanted, near, n=SPELLINGS, cutoff=0.65)
        return [self.words[self._row_of[known]] for known in found]


def _require_letters(word: str) -> None:
    if len(word) > LONGEST_WORD:
        raise TextTooLong(length=len(word), limit=LONGEST_WORD, unit="letters in a word")
    if not any(character.isalpha() for character in word):
        raise NotAWord(word=word)


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────

NO_DIRECTION = 1e-6  # of the mean length: a row so near to the common mean points nowhere once that is subtracted


def row_lengths(rows: np.ndarray) -> np.ndarray:
    """Euclidean lengths of `rows`, shape (n, dimensions) → (n,), summed in float64."""
    lengths: np.ndarray = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    return lengths


def usable(rows: np.ndarray) -> np.ndarray:
    """Which of `rows`, shape (n, dimensions), have a direction: those that are finite and not all zero. Shape (n,)."""
    lengths = row_lengths(rows)
    keep: np.ndarray = (lengths > 0) & (lengths < np.finfo(np.float32).max)
    return keep


def unit_length(rows: np.ndarray) -> np.ndarray:
    """Each row divided by its length; rows of length zero stay zero. Shape (n, dimensions) in and out."""
    lengths = row_lengths(rows)[:, np.newaxis]
    unit: np.ndarray = rows / np.where(lengths == 0, 1, lengths).astype(rows.dtype)
    return unit


def centred(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Raw rows, shape (words, dimensions) → (rows minus their mean, scaled to length 1; the mean), in float32."""
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    return unit_length(rows.astype(np.float32) - mean), mean


class Table(NamedTuple):
    """words: one for each row. unit: centred rows of length 1, float32, shape (words, dimensions). mean: what was
    subtracted from every raw row, shape (dimensions,).
    """

    words: list[str]
    unit: np.ndarray
    mean: np.ndarray


def table_of(words: Sequence[str], rows: np.ndarray) -> Table:
    """A table of raw `rows`, float32, shape (words, dimensions), each of them usable.

    A word whose row is the mean of all of them is left out: without that mean it has no direction.
    """
    unit, mean = centred(rows) if len(words) else (rows, rows.sum(axis=0))
    directed = row_lengths(rows - mean) > NO_DIRECTION * row_lengths(rows).mean() if len(words) else np.empty(0, bool)
    if directed.all():
        return Table(list(words), unit, mean)
    return Table([word for word, kept in zip(words, directed, strict=True) if kept], unit[directed], mean)
