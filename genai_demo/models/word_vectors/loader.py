"""The page's word vectors: made ready once, by whoever asks first; a file is read as soon as it is chosen."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Protocol

from ..cache import build_once, cache_folder, give_up, is_whole
from ..catalogue import DEFAULT_VECTORS, InputTable, ModelEntry, VectorEntry, Wheel, find_vectors
from ..errors import UnusableCache
from ..language import LanguageModel
from .from_file import Report, read_vectors
from .input_table import UnsoundTable, extract_table, of_language_model, save_table
from .table import WordVectors

logger = logging.getLogger(__name__)

TABLE_VERSION = 2  # raise it when another table would be extracted
TABLE_BYTES = 400_000_000  # what the default model's table takes, with room to spare


class LanguageModelLoader(Protocol):
    """What `VectorsLoader` needs of a `ModelLoader`."""

    entry: ModelEntry

    def model(self, wait_seconds: float = 0.0) -> LanguageModel:
        """The model, as soon as it is there."""
        ...


class VectorsLoader:
    """The page's word vectors, loaded once."""

    def __init__(self, language: LanguageModelLoader, cache: Path | None = None) -> None:
        self._language = language
        self._cache = cache
        self._lock = Lock()
        self._vectors: WordVectors | None = None
        self.entry = find_vectors(DEFAULT_VECTORS)

    def choose(self, entry: VectorEntry) -> Report | None:
        """Use `entry` instead; only before anybody has asked. A file or a collection is read now.

        Returns:
            What was found in the file; None for the input table, which waits for its language model.

        Raises:
            DemoError: as `read_vectors`.
        """
        self._vectors, report = (None, None) if isinstance(entry.source, InputTable) else read_vectors(entry)
        self.entry = entry
        return report

    @property
    def from_file(self) -> WordVectors | None:
        """The vectors, if they came from a file or a collection: then they are there before the page is built."""
        return None if isinstance(self.entry.source, InputTable) else self._vectors

    def model(self, wait_seconds: float = 0.0) -> WordVectors:
        """The vectors; the input table waits for its language model, up to `wait_seconds`.

        Raises:
            ModelLoading: the language model is still on its way. DemoError: loading failed, with the reason.
        """
        language = None if self._vectors else self._language.model(wait_seconds)
        with self._lock:
            if self._vectors is None and language is not None:
                self._vectors = self._of(language)
        assert self._vectors is not None
        return self._vectors

    def _of(self, language: LanguageModel) -> WordVectors:
        """The input table: of pinned weights, which can be recognised again, from the cache, where it is kept."""
        source = self._language.entry.source
        if not isinstance(source, Wheel):
            return of_language_model(language)
        name = f"{self._language.entry.name}-{source.sha256[:12]}-words-v{TABLE_VERSION}"
        try:
            for _ in range(2):
                folder = build_once(
                    name,
                    lambda folder: save_table(extract_table(language), folder),
                    TABLE_BYTES,
                    self._cache or cache_folder(),
                )
                with suppress(UnsoundTable):
                    if is_whole(folder, adopt=False):
                        return of_language_model(language, folder)
                logger.warning("The table of words in %s is damaged: it is made anew.", folder)
                give_up(folder)
        except UnusableCache:
            pass
        return of_language_model(language)  # slower to start, and nothing else
