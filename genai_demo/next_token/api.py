"""The four endpoints of the Next-word tab, for gradio_client and for other programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gradio.events import api

from ..errors import DemoError
from ..models.loading import ModelLoader
from ..models.sampling import SamplingSettings
from ..ui.page import VISITORS_AT_ONCE, WAIT_SECONDS, answer_or_message, or_message
from . import backend, view


def publish(loader: ModelLoader) -> None:
    """Add the endpoints to the page that is being built."""

    def next_token(
        prompt: str,
        temperature: float = 1.0,
        top_p: float = 1.0,
        top_k: int = 0,
        count: int = 50,
        watch: list[str] = [],  # noqa: B006 - the signature is what gradio_client reads; it is never changed
    ) -> dict[str, Any]:
        """The probabilities of the token that follows `prompt`."""

        def work() -> dict[str, Any]:
            settings = SamplingSettings(temperature, top_p, top_k)
            result = backend.next_token(loader.model(WAIT_SECONDS), prompt, settings, count, watch)
            return view.next_token_json(result)

        return answer_or_message(work)

    def generate(
        prompt: str,
        temperature: float = 1.0,
        top_p: float = 1.0,
        top_k: int = 0,
        seed: int = 0,
        max_new_tokens: int = 60,
    ) -> Iterator[dict[str, Any]]:
        """A continuation of `prompt`, streamed token by token; the last value is complete."""
        try:
            settings = SamplingSettings(temperature, top_p, top_k)
            model = loader.model(WAIT_SECONDS)
            for step in backend.generate(model, prompt, settings, seed, max_new_tokens):
                yield view.generation_json(step)
        except DemoError as error:
            raise or_message(error) from error

    def tokenize(text: str) -> dict[str, Any]:
        """The tokens that the model reads for `text`."""
        return answer_or_message(lambda: view.tokenization_json(backend.tokenize(loader.model(WAIT_SECONDS), text)))

    def surprise(text: str) -> dict[str, Any]:
        """−log₂ p of each token of `text`, their mean, and the perplexity."""
        return answer_or_message(lambda: view.surprise_json(backend.surprise(loader.model(WAIT_SECONDS), text)))

    for endpoint in (next_token, generate, tokenize, surprise):
        api(endpoint, api_name=endpoint.__name__, concurrency_limit=VISITORS_AT_ONCE)
