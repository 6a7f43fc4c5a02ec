"""A table of random vectors, in which one analogy is planted: small enough to compute everything by hand."""

from __future__ import annotations

import numpy as np
import pytest

from genai_demo.models.word_vectors import Pieces, TableOrigin, WordVectors, centred

DIMENSIONS = 12
LATIN = """
    niece nephew aunt uncle female male king queen woman man cat dog horse cow pig Japan Italy sushi pizza one two
    three young old red green blue walk walked go went happy sad
""".split()  # noqa: SIM905
OTHER = ["племянница", "größe", "姪"]
ORIGIN = TableOrigin("tiny", "a tiny table", "full precision", "cpu", "float32", 0, DIMENSIONS, inside_model=True)


def raw_rows(seed: int = 5) -> np.ndarray:
    """Random rows, but nephew − niece = male − female, nearly."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(len(LATIN) + len(OTHER), DIMENSIONS))
    row = {word: index for index, word in enumerate(LATIN)}
    raw[row["male"]] = raw[row["female"]] + 0.7 * rng.normal(size=DIMENSIONS)
    raw[row["nephew"]] = raw[row["niece"]] + raw[row["male"]] - raw[row["female"]] + 0.05 * rng.normal(size=DIMENSIONS)
    raw[len(LATIN)] = raw[row["niece"]] + 0.1 * rng.normal(size=DIMENSIONS)  # a niece in other letters
    return raw.astype(np.float32)


def cut(word: str) -> Pieces:
    """Three letters a piece, each with a row of its own."""
    texts = tuple(word[start : start + 3] for start in range(0, len(word), 3))
    rows = [np.random.default_rng([ord(letter) for letter in text]).normal(size=DIMENSIONS) for text in texts]
    return Pieces(texts, np.array(rows, np.float32))


def table(**changes: object) -> WordVectors:
    """The table, in which words of other letters come last."""
    unit, mean = centred(raw_rows())
    return WordVectors(**{"words": LATIN + OTHER, "unit": unit, "mean": mean, "origin": ORIGIN, "cut": cut} | changes)


@pytest.fixture(scope="session")
def vectors() -> WordVectors:
    """A table that can cut the words it does not have."""
    return table()


@pytest.fixture(scope="session")
def without_pieces() -> WordVectors:
    """A table like one from a file: it cannot cut anything."""
    return table(cut=None)
