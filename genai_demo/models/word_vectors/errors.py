"""Why a word has no vector, and why a table of them cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...errors import BadRequest, Unavailable

# ── a word ───────────────────────────────────────────────────────────────────────────────────────────────────


class NotAWord(BadRequest):
    """`word` holds no letter at all."""

    word: str


class NoVector(BadRequest):
    """Family: the table has no row for `word`; `spellings` are the nearest that it has."""

    word: str
    spellings: Sequence[str]

    @property
    def offers(self) -> dict[str, list[str]]:
        """The nearest spellings."""
        return {self.word: list(self.spellings)}


class WordNotInTable(NoVector):
    """The vectors' file, of `count` words, does not hold `word`."""

    count: int


class TokenIsNoWord(NoVector):
    """`word` is a single token, but not one of letters."""

    @property
    def offers(self) -> dict[str, list[str]]:
        """The nearest spellings, and the row of the token itself."""
        return {self.word: [*self.spellings, f"~{self.word}"]}


class UnknownWord(NoVector):
    """`word` is no single token, so it has no single vector; its `pieces` are what to try instead."""

    pieces: Sequence[str]

    @property
    def offers(self) -> dict[str, list[str]]:
        """The nearest spellings, and the mean of the pieces."""
        return {self.word: [*self.spellings, f"~{self.word}"]}


# ── a table ──────────────────────────────────────────────────────────────────────────────────────────────────


class DamagedVectorFile(Unavailable):
    """The file of word vectors at `path` cannot be read."""

    path: Path | str


class BrokenVectorLine(DamagedVectorFile):
    """Line number `line` of the text at `path` does not end in `dimensions` numbers."""

    line: int
    dimensions: int


class VectorFileEndsEarly(DamagedVectorFile):
    """The first line of the file at `path` promises `promised` words, and only `found` are there."""

    promised: int
    found: int


class MissingVectorPart(DamagedVectorFile):
    """The file at `path` is one of several; that called `part` does not lie beside it."""

    part: str


class NoWordsInFile(DamagedVectorFile):
    """Of the `rows` in the file at `path` fewer than two are words with a vector; `keys` are the first of them.

    `not_words` are no words of letters, `without_direction` have a row that is zero or not finite.
    """

    rows: int
    not_words: int
    without_direction: int
    keys: Sequence[str]


class NoWordsInModel(Unavailable):
    """The vocabulary of the model called `title` has no tokens that are words."""

    title: str


class VectorDownloadFailed(Unavailable):
    """The word vectors called `name` could not be fetched."""

    name: str


class MissingVectorReader(Unavailable):
    """The pip `package` that reads files of word vectors is not installed."""

    package: str
