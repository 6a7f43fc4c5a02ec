"""A small table of word vectors, as gensim holds it, and what is read from a file of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from genai_demo.models.catalogue import find_vectors
from genai_demo.models.word_vectors import WordVectors, centred
from genai_demo.models.word_vectors.from_file import Report, read_vectors

WORDS = ["cat", "dog", "Paris", "naïve", "x1", "New_York", "Dog"]
ROWS = np.random.default_rng(2).normal(size=(len(WORDS), 8)).astype(np.float32)


def keyed() -> KeyedVectors:
    """gensim's own object with our rows."""
    vectors = KeyedVectors(ROWS.shape[1])
    vectors.add_vectors(WORDS, ROWS)
    return vectors


def read(path: Path) -> tuple[WordVectors, Report]:
    return read_vectors(find_vectors(str(path)))


def from_text(folder: Path, content: str | bytes) -> tuple[WordVectors, Report]:
    path = folder / "vectors.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path)


def check(vectors: WordVectors, rows: dict[str, list[float]]) -> None:
    """The table holds these words in this order, with these raw rows."""
    assert vectors.words == tuple(rows)
    unit, _ = centred(np.array(list(rows.values()), np.float32))
    assert vectors.unit == pytest.approx(unit, abs=1e-5)
