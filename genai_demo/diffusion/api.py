"""The two endpoints of the Denoising tab, for gradio_client and for other programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gradio.events import api

from ..errors import DemoError
from ..models.picture_generator import PictureLoader
from ..ui.page import VISITORS_AT_ONCE, WAIT_SECONDS, answer_or_message, or_message
from . import backend, upload, view
from .requests import decoded


def publish(loader: PictureLoader) -> None:
    """Add the endpoints to the page that is being built."""

    def denoise(
        prompt: str,
        seed: int = 0,
        steps: int = 25,
        guidance_scale: float = 4.0,
        sampler: str = "ddim",
        negative_prompt: str = "",
    ) -> Iterator[dict[str, Any]]:
        """Draw `prompt`, the newest step streamed as it is made; the last value holds the picture and its steps.

        Of a model that denoises latents, the steps are previews; the picture is decoded in full.
        """
        try:
            model = loader.model(WAIT_SECONDS)
            run = backend.denoise(model, prompt, seed, steps, guidance_scale, sampler, negative_prompt)
            wanted = set(view.kept_indices(int(steps)))
            kept = []
            for step in run:
                shown = backend.pictured(model, step, last=step.index + 1 == int(steps))
                yield view.newest_json(prompt, int(seed), sampler, int(steps), shown)
                if step.index in wanted:
                    kept.append(shown)
            yield view.run_json(prompt, int(seed), sampler, kept)
        except DemoError as error:
            raise or_message(error) from error

    def add_noise(image: str, timestep: int, seed: int = 0) -> dict[str, Any]:
        """A picture (data URI) cropped, shrunk and noised: x_t = signal_weight · x0 + noise_weight · noise."""

        def work() -> dict[str, Any]:
            model = loader.model(WAIT_SECONDS)
            x0 = upload.read_picture(decoded(image), model.shape[1])
            return view.added_noise_json(backend.add_noise(model.alpha_bars, x0, timestep, seed))

        return answer_or_message(work)

    for endpoint in (denoise, add_noise):
        api(endpoint, api_name=endpoint.__name__, concurrency_limit=VISITORS_AT_ONCE)
