"""Several pictures from the same noise, each guided by a wish of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import InvalidParameter
from .denoiser import Denoiser, Floats
from .steps import Step, Wish, denoise_together

MAX_LANES = 8  # pictures that are drawn side by side


@dataclass(frozen=True)
class Lane:
    """One of several pictures drawn from the same noise. `steps`: those that were asked for."""

    wish: Wish
    picture: Floats
    steps: tuple[Step, ...]


def steer(
    model: Denoiser,
    wishes: Sequence[Wish],
    seed: int = 0,
    steps: int = 25,
    sampler: str = "ddim",
    keep: Sequence[int] = (),
) -> tuple[Lane, ...]:
    """One picture for each of `wishes`, all from the same noise; the network sees all of them in one pass a step.

    Args:
        keep: the indices of the steps to return as well.

    Raises:
        InvalidParameter: too many wishes, a number out of range, an unknown sampler.
    """
    if not 1 <= len(wishes) <= MAX_LANES:
        raise InvalidParameter(name="wishes", value=len(wishes), allowed=f"from 1 to {MAX_LANES} pictures")
    kept: list[list[Step]] = [[] for _ in wishes]
    pictures: list[Floats] = []
    for lanes in denoise_together(model, wishes, seed, steps, sampler):
        pictures = [step.x_next for step in lanes]
        if lanes[0].index in keep:
            for steps_of_lane, step in zip(kept, lanes, strict=True):
                steps_of_lane.append(step)
    return tuple(
        Lane(wish, picture, tuple(chosen)) for wish, picture, chosen in zip(wishes, pictures, kept, strict=True)
    )
