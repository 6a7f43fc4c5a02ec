"""The input table of a language model as word vectors, and the copy of it that is kept in the cache."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..language import LanguageModel
from .errors import NoWordsInModel
from .table import Pieces, Table, TableOrigin, WordVectors, table_of, usable
from .words import is_word, one_row_per_word

ROWS_AT_ONCE = 16_384


class UnsoundTable(Exception):
    """What was saved is no table."""


def of_language_model(model: LanguageModel, folder: Path | None = None) -> WordVectors:
    """The input table of a language model: its tokens of one leading space and letters.

    Args:
        model: whose table; it also cuts the words that have no row of their own.
        folder: where the table was saved by `save_table`, if it was.

    Raises:
        NoWordsInModel: its vocabulary has no such tokens. UnsoundTable: what was saved is damaged.
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


def extract_table(model: LanguageModel) -> Table:
    """The words of a language model's input table. Rows that only fill the table up (zero, not finite) are left out.

    Raises:
        NoWordsInModel: no token is one leading space and letters.
    """
    texts = [model.text(token_id) for token_id in range(model.vocabulary_size)]
    spaced = [token_id for token_id, text in enumerate(texts) if text.startswith(" ") and is_word(text[1:])]
    trained = [token_id for token_id, keep in zip(spaced, _usable_rows(model, spaced), strict=True) if keep]
    ids = [trained[index] for index in one_row_per_word(texts[token_id][1:] for token_id in trained)]
    table = table_of([texts[token_id][1:] for token_id in ids], model.input_rows(ids))
    if not table.words:
        raise NoWordsInModel(title=model.origin.title)
    return table


def _usable_rows(model: LanguageModel, ids: list[int]) -> list[bool]:
    parts = (ids[start : start + ROWS_AT_ONCE] for start in range(0, len(ids), ROWS_AT_ONCE))
    return [keep for part in parts for keep in usable(model.input_rows(part)).tolist()]


# ── the copy in the cache ────────────────────────────────────────────────────────────────────────────────────


def save_table(table: Table, folder: Path) -> None:
    """Write a table for `read_table`."""
    (folder / "words.json").write_text(json.dumps(table.words, ensure_ascii=False), encoding="utf-8")
    np.save(folder / "unit.npy", table.unit)
    np.save(folder / "mean.npy", table.mean)


def read_table(folder: Path) -> Table:
    """A saved table; its rows are read from the file when they are needed.

    Raises:
        UnsoundTable: a file is missing, or no table.
    """
    try:
        words: list[str] = json.loads((folder / "words.json").read_text(encoding="utf-8"))
        table = Table(words, np.load(folder / "unit.npy", mmap_mode="r"), np.load(folder / "mean.npy"))
    except (OSError, ValueError, EOFError) as error:
        raise UnsoundTable(folder) from error
    return table
