"""The three endpoints of the Word-vectors tab, for gradio_client and for other programs."""

from __future__ import annotations

from typing import Any

from gradio.events import api

from ..models.word_vectors import VectorsLoader
from ..ui.page import VISITORS_AT_ONCE, WAIT_SECONDS, answer_or_message
from . import backend, view
from .examples import texts_for


def publish(loader: VectorsLoader) -> None:
    """Add the endpoints to the page that is being built."""
    reference = texts_for(loader.from_file)["common"]["themes"][0]["words"]

    def word_neighbours(word: str, count: int = 10) -> dict[str, Any]:
        """The words whose vectors have the largest cosine with that of `word`."""

        def work() -> dict[str, Any]:
            return view.neighbours_json(backend.neighbours(loader.model(WAIT_SECONDS), word, count))

        return answer_or_message(work)

    def word_arithmetic(formula: str, count: int = 10) -> dict[str, Any]:
        """The words nearest to a sum such as `niece - female + male`, and a map fitted to family words and its own."""

        def work() -> dict[str, Any]:
            result = backend.arithmetic(loader.model(WAIT_SECONDS), formula, reference, count)
            return view.arithmetic_json(result, count)

        return answer_or_message(work)

    def word_map(words: list[str], dimensions: int = 2) -> dict[str, Any]:
        """The principal components of the vectors of `words`, in 2 or 3 dimensions."""

        def work() -> dict[str, Any]:
            return view.map_json(backend.word_map(loader.model(WAIT_SECONDS), words, dimensions))

        return answer_or_message(work)

    for endpoint in (word_neighbours, word_arithmetic, word_map):
        api(endpoint, api_name=endpoint.__name__, concurrency_limit=VISITORS_AT_ONCE)
