"""Files of word vectors, row by row: the text and binary formats of word2vec and GloVe, packed or not.

Text has a line a word, `cat 0.1 −0.2 …`, after a first line `words dimensions` (word2vec) or without one (GloVe). The
last numbers of a line are the vector and all before them the word, for some files have words with spaces. In word2vec's
binary format each word is followed by a space and its numbers as float32, little-endian.
"""

from __future__ import annotations

import bz2
import gzip
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .errors import BrokenVectorLine, DamagedVectorFile, VectorFileEndsEarly

LONGEST_LINE = 1 << 20  # bytes
LONGEST_KEY = 1_000  # bytes
SAMPLE = 1_000  # lines that tell how many numbers a row has
CHUNK = 1 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Entries:
    """What stands in a file. rows: each key with its numbers as they stand there; `numbers` makes an array of them."""

    dimensions: int
    rows: Iterator[tuple[str, Any]]
    numbers: Callable[[Any], np.ndarray]


def open_unpacked(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked if it is packed by gzip or bzip2: its first bytes tell, whatever its name."""
    with path.open("rb") as file:
        start = file.read(3)
    if start.startswith(b"\x1f\x8b"):
        return io.BufferedReader(gzip.open(path))
    if start == b"BZh":
        return io.BufferedReader(bz2.open(path))
    return path.open("rb")


def read_entries(file: BinaryIO, path: Path) -> Entries:
    """The entries of `file`, an open file of text or of word2vec's binary format; `path` is its name in errors.

    Raises:
        DamagedVectorFile: it is neither. Its kinds are raised also while the rows are read.
    """
    first = file.readline(LONGEST_LINE).removeprefix(BYTE_ORDER_MARK)
    header = first.split()
    if len(header) != 2 or not all(field.isdigit() for field in header):
        return _text(chain([first], _lines(file)), path)
    count, dimensions = map(int, header)
    if not dimensions:
        raise DamagedVectorFile(path=path)
    second = file.readline(LONGEST_LINE)
    if _ends_in_numbers(second, dimensions) or _looks_like_text(second):
        return _text(chain([second], _lines(file)), path, count, dimensions)
    return Entries(dimensions, _binary_rows(file, second, path, count, dimensions), _from_binary)


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        yield line


def _text(lines: Iterator[bytes], path: Path, count: int | None = None, dimensions: int = 0) -> Entries:
    """`count` and `dimensions`: what the first line says, if it does; else a row is as long as most of the first."""
    sample = list(islice(lines, SAMPLE))
    if count is None:
        lengths = Counter(length for length in map(_trailing_numbers, sample) if length)
        if not lengths:
            raise DamagedVectorFile(path=path)
        ((dimensions, _),) = lengths.most_common(1)

    def from_text(raw: tuple[int, list[bytes]]) -> np.ndarray:
        number, fields = raw
        try:
            return np.array([float(field) for field in fields], np.float32)
        except ValueError as error:
            raise BrokenVectorLine(path=path, line=number, dimensions=dimensions) from error

    return Entries(dimensions, _text_rows(chain(sample, lines), path, count, dimensions), from_text)


def _text_rows(
    lines: Iterator[bytes], path: Path, count: int | None, dimensions: int
) -> Iterator[tuple[str, tuple[int, list[bytes]]]]:
    found = 0
    for number, line in enumerate(lines, 1 if count is None else 2):
        word, *fields = line.rsplit(None, dimensions) or [b""]
        if not word and not fields:
            continue  # an empty line
        if len(fields) == dimensions - 1 and _is_number(word):  # numbers alone: their word was a space
            word, fields = b"", [word, *fields]
        if len(fields) != dimensions:
            raise BrokenVectorLine(path=path, line=number, dimensions=dimensions)
        found += 1
        yield word.strip().decode("utf-8", "replace"), (number, fields)
    if count is not None and found < count:
        raise VectorFileEndsEarly(path=path, promised=count, found=found)


def _trailing_numbers(line: bytes) -> int:
    """How many numbers the line ends with, after its first field."""
    length = 0
    for field in reversed(line.split()[1:]):
        if not _is_number(field):
            break
        length += 1
    return length


def _ends_in_numbers(line: bytes, count: int) -> bool:
    return _trailing_numbers(line) >= count


def _looks_like_text(line: bytes) -> bool:
    try:
        return not any(character < " " and character not in "\t\r\n" for character in line.decode())
    except UnicodeDecodeError:
        return False


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# ── word2vec's binary format ─────────────────────────────────────────────────────────────────────────────────


def _binary_rows(file: BinaryIO, buffer: bytes, path: Path, count: int, dimensions: int) -> Iterator[tuple[str, bytes]]:
    """`buffer`: what has been read already. Some writers end each row with a newline."""
    size, at = 4 * dimensions, 0
    for found in range(count):
        if len(buffer) - at < LONGEST_KEY + size:
            buffer, at = buffer[at:] + file.read(max(CHUNK, size)), 0
        space = buffer.find(b" ", at, at + LONGEST_KEY)
        end = space + 1 + size
        if space < 0 or end > len(buffer):
            raise VectorFileEndsEarly(path=path, promised=count, found=found)
        yield buffer[at:space].strip().decode("utf-8", "replace"), buffer[space + 1 : end]
        at = end


def _from_binary(raw: bytes) -> np.ndarray:
    return np.frombuffer(raw, "<f4")
