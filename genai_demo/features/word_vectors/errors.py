"""Which formulas, lists and axes the Word-vectors tab cannot make sense of, and which tables are too small for it."""

from __future__ import annotations

from ...errors import BadRequest
from ...models.word_vectors.errors import DamagedVectorFile


class EmptyFormula(BadRequest):
    """There is no term to add."""


class UnreadableFormula(BadRequest):
    """The formula breaks off or has no sense at `part`."""

    part: str


class OnlyMinusTerms(BadRequest):
    """A sum without a plus term starts from nowhere."""


class SumIsZero(BadRequest):
    """All terms cancel out: no direction is left that could point to a word."""


class TooManyWords(BadRequest):
    """`count` words or terms were given where `limit` can be shown."""

    count: int
    limit: int


class TooFewWords(BadRequest):
    """A map in `dimensions` directions needs `needed` different words; `count` were given."""

    count: int
    dimensions: int
    needed: int


class SamePoles(BadRequest):
    """An axis needs two different words; both ends of it are `word`."""

    word: str


class TooFewWordsInFile(DamagedVectorFile):
    """The file at `path` holds `count` words; the scenes need `needed`."""

    count: int
    needed: int
