"""The same picture in fewer or more steps."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .denoiser import Denoiser, Floats
from .schedulers import require_steps
from .steps import Wish, denoise_together

STEP_COUNTS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Drawing:
    """A finished picture and what it took. `seconds` is the time of the whole run, everything included."""

    sampler: str
    steps: int
    seconds: float
    picture: Floats


def step_counts(
    model: Denoiser,
    prompt: str,
    seed: int = 0,
    guidance_scale: float = 4.0,
    samplers: Sequence[str] = ("ddim", "dpm++"),
    counts: Sequence[int] = STEP_COUNTS,
) -> Iterator[Drawing]:
    """The same picture in fewer or more steps, from the same noise: one `Drawing` for every sampler and count."""
    for sampler in samplers:
        for steps in counts:
            require_steps(sampler, steps, len(model.alpha_bars))
    wish = Wish(prompt, guidance_scale)

    def drawings() -> Iterator[Drawing]:
        for sampler in samplers:
            for steps in counts:
                began = time.perf_counter()
                *_, (last,) = denoise_together(model, [wish], seed, steps, sampler)
                yield Drawing(sampler, steps, time.perf_counter() - began, last.x_next)

    return drawings()
