"""The three endpoints of the Base-vs-RLHF tab, for gradio_client and for other programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gradio.events import api

from ..errors import DemoError
from ..models.sampling import SamplingSettings
from ..models.stages_loader import StagesLoader
from ..ui.page import VISITORS_AT_ONCE, WAIT_SECONDS, answer_or_message, or_message
from . import backend, view


def publish(loader: StagesLoader) -> None:
    """Add the endpoints to the page that is being built."""

    def compare(
        prompt: str,
        left: str = "base",
        right: str = "rlhf",
        temperature: float = 0.7,
        top_p: float = 0.95,
        seed: int = 0,
        max_new_tokens: int = 120,
        same_prompt: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Two stages reply to `prompt`, streamed token by token; the last value holds scores, rewards and KL."""
        try:
            settings = SamplingSettings(temperature, top_p)
            model = loader.model(WAIT_SECONDS)
            for step in backend.compare(model, prompt, left, right, settings, seed, max_new_tokens, same_prompt):
                yield view.comparison_json(step)
        except DemoError as error:
            raise or_message(error) from error

    def score(prompt: str, answer: str) -> dict[str, Any]:
        """What the reward model thinks of a finished answer, in standard deviations from an average one."""
        return answer_or_message(lambda: {"reward": backend.reward(loader.model(WAIT_SECONDS), prompt, answer)})

    def stages() -> dict[str, Any]:
        """The stages that can be compared."""
        return answer_or_message(lambda: {"stages": list(loader.model(WAIT_SECONDS).stages)})

    for endpoint in (compare, score, stages):
        api(endpoint, api_name=endpoint.__name__, concurrency_limit=VISITORS_AT_ONCE)
