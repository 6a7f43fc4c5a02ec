"""Noise becomes a picture, step by step, and nothing of it is hidden."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...checks import MAX_SEED, require_number, require_whole
from .denoiser import Denoiser, Floats, as_array
from .noise import decibels
from .schedulers import Chain, as_prediction, clean_and_noise, require_steps

MAX_GUIDANCE = 30.0


@dataclass(frozen=True)
class Wish:
    """What one picture is guided by. Scale 0 ignores the prompt, 1 is the plain conditional model."""

    prompt: str
    guidance_scale: float = 4.0
    negative_prompt: str = ""

    def __post_init__(self) -> None:
        require_number("guidance_scale", self.guidance_scale, 0, MAX_GUIDANCE)


@dataclass(frozen=True)
class Step:
    """One step of a run: what the network was given, what it said, and where that led.

    index: from 0. timestep: the noise level, of `alpha_bar`; snr and snr_db follow from it.
    x_t: the noisy picture.
    noise_with_prompt, noise_without_prompt: ε_c and ε_∅ (for the negative prompt, if there is one), as the network said
        them. One of them is None where guidance needs but the other: at scale 1 and 0, and when both would be the same.
    x0: the clean picture that the guided prediction implies, *after* clipping to [−1, 1] where the model clips.
    noise: the guided noise that belongs to that x0, which is what the scheduler uses: x_t = α x0 + σ noise.
    clipped: the share of the numbers of x0 that lay outside [−1, 1]; 0 for a model that does not clip.
    x_next: the picture after the step; after the last one, the finished picture.
    """

    index: int
    timestep: int
    alpha_bar: float
    snr: float
    snr_db: float
    x_t: Floats
    noise_with_prompt: Floats | None
    noise_without_prompt: Floats | None
    noise: Floats
    x0: Floats
    clipped: float
    x_next: Floats


def denoise(
    model: Denoiser,
    prompt: str,
    seed: int = 0,
    steps: int = 25,
    guidance_scale: float = 4.0,
    sampler: str = "ddim",
    negative_prompt: str = "",
) -> Generator[Step, None, None]:
    """Draw `prompt`, one `Step` at a time. Closing the generator ends the run before its next step.

    Args:
        model: what predicts.
        prompt: what to draw; an empty one leaves it to the model.
        seed: of the noise; the same seed gives the same picture.
        steps: 1 to 250, for `ddpm` to 1,000.
        guidance_scale: 0 to 30.
        sampler: one of `SAMPLERS`.
        negative_prompt: what to steer away from, in the place of the empty prompt ∅.

    Raises:
        InvalidParameter: a number out of range, an unknown sampler. Whatever `model.encode` raises.
    """
    runs = denoise_together(model, [Wish(prompt, guidance_scale, negative_prompt)], seed, steps, sampler)
    return (lanes[0] for lanes in runs)


def denoise_together(
    model: Denoiser, wishes: Sequence[Wish], seed: int, steps: int, sampler: str
) -> Generator[list[Step], None, None]:
    """The loop. Every item holds the same step of every wish. Refuses what it cannot do before it begins."""
    require_whole("seed", seed, 0, MAX_SEED)
    require_steps(sampler, steps, len(model.alpha_bars))
    guides = [Guide(model, wish) for wish in wishes]
    return _steps(model, guides, int(seed), Chain(sampler, int(steps), model.alpha_bars, model.prediction_type))


def _steps(model: Denoiser, guides: Sequence[Guide], seed: int, chain: Chain) -> Generator[list[Step], None, None]:
    generators = [torch.Generator().manual_seed(seed) for _ in guides]  # each lane draws the same noise
    state = chain.begin(torch.stack([torch.randn(model.shape, generator=one) for one in generators]))
    for index, timestep in enumerate(chain.timesteps):
        x, alpha_bar = chain.x(index, state), chain.alpha_bars[index]
        said = _ask(model, x, timestep, guides)
        guided = torch.stack([guide.combine(*answers) for guide, answers in zip(guides, said, strict=True)])
        x0, noise = clean_and_noise(model.prediction_type, guided, x, alpha_bar)
        outside = (x0.abs() > 1).flatten(1).float().mean(1) if model.clips else torch.zeros(len(guides))
        if model.clips:
            guided = as_prediction(model.prediction_type, x0.clamp(-1, 1), x, alpha_bar)
            x0, noise = clean_and_noise(model.prediction_type, guided, x, alpha_bar)
        state = chain.step(index, guided, state, generators)
        x_next = chain.x(index + 1, state)
        yield [
            _step(model, chain, index, x[lane], said[lane], noise[lane], x0[lane], outside[lane], x_next[lane])
            for lane in range(len(guides))
        ]


def _step(
    model: Denoiser,
    chain: Chain,
    index: int,
    x: Tensor,
    said: tuple[Tensor | None, Tensor | None],
    noise: Tensor,
    x0: Tensor,
    clipped: Tensor,
    x_next: Tensor,
) -> Step:
    alpha_bar = chain.alpha_bars[index]

    def noise_in(output: Tensor | None) -> Floats | None:
        return None if output is None else as_array(clean_and_noise(model.prediction_type, output, x, alpha_bar)[1])

    snr = float(alpha_bar / (1 - alpha_bar))
    return Step(
        index=index,
        timestep=chain.timesteps[index],
        alpha_bar=float(alpha_bar),
        snr=snr,
        snr_db=decibels(snr),
        x_t=as_array(x),
        noise_with_prompt=noise_in(said[0]),
        noise_without_prompt=noise_in(said[1]),
        noise=as_array(noise),
        x0=as_array(x0),
        clipped=float(clipped),
        x_next=as_array(x_next),
    )


class Guide:
    """A wish as the network is told of it. `told` and `untold` are None where guidance needs but the other one."""

    def __init__(self, model: Denoiser, wish: Wish) -> None:
        self.scale = float(wish.guidance_scale)
        same = wish.prompt == wish.negative_prompt
        self.told = model.encode(wish.prompt) if self.scale != 0 or same else None
        self.untold = model.encode(wish.negative_prompt) if self.scale != 1 and not same else None

    @property
    def conditionings(self) -> list[Any]:
        """What the network has to be told, one pass each."""
        return [one for one in (self.told, self.untold) if one is not None]

    def combine(self, told: Tensor | None, untold: Tensor | None) -> Tensor:
        """ε̃ = ε_∅ + s (ε_c − ε_∅). x̂0 and v depend on ε in a straight line, so the same holds for them."""
        if told is None or untold is None:
            output = told if untold is None else untold
            assert output is not None
            return output
        return untold + self.scale * (told - untold)


def _ask(
    model: Denoiser, x: Tensor, timestep: int, guides: Sequence[Guide]
) -> list[tuple[Tensor | None, Tensor | None]]:
    """What the network says of each lane of `x` with its prompt and without, in one pass."""
    rows = [lane for lane, guide in enumerate(guides) for _ in guide.conditionings]
    outputs = iter(model.predict(x[rows], timestep, [one for guide in guides for one in guide.conditionings]))
    return [
        (None if guide.told is None else next(outputs), None if guide.untold is None else next(outputs))
        for guide in guides
    ]
