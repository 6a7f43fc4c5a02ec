"""A table of words from a file of vectors or from the gensim-data collection, and what was left out of it."""

from __future__ import annotations

import logging
import zlib
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np

from ...errors import DemoError
from ..catalogue import GensimData, InputTable, VectorEntry, VectorFile
from .errors import DamagedVectorFile, MissingVectorReader, NoWordsInFile, VectorDownloadFailed
from .files import SAMPLE, Entries, open_unpacked, read_entries
from .gensim_files import PICKLES, read_gensim
from .table import TableOrigin, WordVectors, table_of, usable
from .words import bare_word, is_word, marked_key, one_row_per_word, word_key

logger = logging.getLogger(__name__)

EXAMPLES = 5


@dataclass(frozen=True)
class Report:
    """What a file held: `words` became the table, and the others of its `rows` were left out.

    not_words: keys of anything but letters. again: further rows and spellings of words. without_direction: rows that
    are zero, not finite, or no different from the mean of all. keys: the first of the file.
    """

    rows: int
    words: int
    dimensions: int
    not_words: int
    again: int
    without_direction: int
    keys: tuple[str, ...]


def load_vectors(entry: VectorEntry) -> WordVectors:
    """The table that `read_vectors` reads."""
    return read_vectors(entry)[0]


def read_vectors(entry: VectorEntry) -> tuple[WordVectors, Report]:
    """Word vectors from a file or from the gensim-data collection, and what was found there.

    Raises:
        DamagedVectorFile: the file cannot be read; its kinds say where it breaks off.
        NoWordsInFile: fewer than two words in it have a vector.
        MissingVectorReader: gensim is needed and not installed. VectorDownloadFailed: the collection is out of reach.
    """
    match entry.source:
        case VectorFile(path):
            pass
        case GensimData():
            path = _fetch(entry.name)
        case InputTable():
            raise TypeError("the input table comes from a language model: of_language_model")
    try:
        with open_unpacked(path) as file:
            start = file.read(2)
            file.seek(0)
            entries = read_gensim(file, path) if start in PICKLES else read_entries(file, path)
            if entries.dimensions < 2:  # such as a list of words and how often each occurs
                raise DamagedVectorFile(path=path)
            words, rows, report = _collect(entries)
    except DemoError:
        raise
    except (OSError, EOFError, zlib.error) as error:  # also a packed file that breaks off
        raise DamagedVectorFile(path=path) from error
    table = table_of(words, rows)
    lost = len(words) - len(table.words)
    report = replace(report, words=len(table.words), without_direction=report.without_direction + lost)
    if len(table.words) < 2:
        raise NoWordsInFile(
            path=path,
            rows=report.rows,
            not_words=report.not_words,
            without_direction=report.without_direction,
            keys=list(report.keys),
        )
    count, dimensions = table.unit.shape
    origin = TableOrigin(
        entry.name, entry.title, "full precision", "cpu", "float32", count, dimensions, inside_model=False
    )
    return WordVectors(*table, origin), report


def _collect(entries: Entries) -> tuple[list[str], np.ndarray, Report]:
    """The first usable row of each word, those of a–z first, and a report of all that was read."""
    first = list(islice(entries.rows, SAMPLE))
    form = marked_key([key for key, _ in first])
    seen: set[str] = set()
    words: list[str] = []
    numbers = bytearray()
    count = not_words = again = without = 0
    for key, raw in chain(first, entries.rows):
        count += 1
        word = bare_word(key, form)
        if not is_word(word):
            not_words += 1
        elif word_key(word) in seen:
            again += 1
        else:
            with np.errstate(all="ignore"):
                row = entries.numbers(raw)
                if not usable(row[np.newaxis])[0]:
                    without += 1
                    continue
            seen.add(word_key(word))
            words.append(word)
            numbers += row.astype("<f4").tobytes()
    rows = np.frombuffer(numbers, "<f4").reshape(-1, entries.dimensions)
    order = one_row_per_word(words)
    keys = tuple(key for key, _ in first[:EXAMPLES])
    report = Report(count, len(words), entries.dimensions, not_words, again, without, keys)
    return [words[index] for index in order], rows[order], report


def _fetch(name: str) -> Path:
    """Where gensim has put the collection's file called `name`, which it fetches once."""
    try:
        import gensim.downloader  # optional: only those who want the collection need it
    except ImportError as error:
        raise MissingVectorReader(package="gensim") from error
    try:
        return Path(gensim.downloader.load(name, return_path=True))
    except Exception as error:  # no network, no space, a damaged download
        logger.exception("The word vectors %s cannot be fetched.", name)
        raise VectorDownloadFailed(name=name) from error
