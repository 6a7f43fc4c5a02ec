"""The computation behind the Denoising tab: noise becomes a picture, step by step, and nothing of it is hidden.

The model is an argument, whatever it predicts; every function returns frozen results, which the page draws, the API
returns and the tests compare. With α = √ᾱ and σ = √(1−ᾱ):

    x_t = α x0 + σ ε                      the forward process (Ho et al. 2020, "DDPM", eq. 4): arithmetic, not learned
    x̂0 = (x_t − σ ε̂) / α                 the clean picture that a noise guess implies (DDPM, eq. 15)
    ε̃ = ε_∅ + s (ε_c − ε_∅)              classifier-free guidance (Ho & Salimans 2022, eq. 6, with s = 1 + w)
    SNR = ᾱ / (1 − ᾱ)                     the signal-to-noise ratio; 10 log₁₀ SNR in decibels

Pictures and noise are float32 arrays of shape (height, width, channels); clean pictures lie in [−1, 1]. A model may
denoise latents instead: then "picture" means latents in all that follows, until `pictured` makes pictures of them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...checks import MAX_SEED, require_number, require_whole
from ...errors import InvalidParameter
from .schedulers import Chain, as_prediction, clean_and_noise, require_steps

Floats = NDArray[np.float32]

MAX_GUIDANCE = 30.0
MAX_LANES = 8  # pictures that are drawn side by side
STEP_COUNTS = (1, 2, 4, 8, 16, 32, 64)


class Denoiser(Protocol):
    """What this backend needs of a model. `C` below stands for whatever `encode` returns."""

    @property
    def alpha_bars(self) -> Tensor:
        """ᾱ of every noise level, nearly clean first, float64, shape (levels,)."""
        ...

    @property
    def prediction_type(self) -> str:
        """What the network says: "sample" (x̂0), "epsilon" or "v_prediction"."""
        ...

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of what is denoised."""
        ...

    @property
    def clips(self) -> bool:
        """Whether clean pictures lie in [−1, 1], so that x̂0 is clipped to it. Latents have no such limits."""
        ...

    def encode(self, prompt: str) -> Any:
        """What the network is told of a prompt, C; of "", which says nothing, too."""
        ...

    def predict(self, x: Tensor, timestep: int, conditionings: Sequence[Any]) -> Tensor:
        """What the network says of the noisy pictures `x` (B, channels, height, width), with one C for each of them.

        It comes back on the CPU, as float32, in the same shape.
        """
        ...


class Reader(Denoiser, Protocol):
    """A model that shows where it reads its prompt."""

    def words(self, prompt: str) -> list[tuple[str, list[int]]]:
        """The words of a prompt, and the places of their tokens."""
        ...

    def attention(self, x: Tensor, timestep: int, conditionings: Sequence[Any]) -> Tensor:
        """Shares (B, tokens, height, width) that at every place sum to 1; arguments as for `predict`."""
        ...


class Screen(Protocol):
    """How what is denoised becomes pictures, and back; for a model of pixels, all three do nothing."""

    def preview(self, x: Tensor) -> Tensor:
        """Pictures that `x` comes to, cheaply: (B, 3, height, width), in [−1, 1] as far as they are pictures."""
        ...

    def decode(self, x: Tensor) -> Tensor:
        """The pictures that `x` stands for, (B, 3, side, side)."""
        ...

    def encode_picture(self, pictures: Tensor) -> Tensor:
        """Pictures in the space that is denoised."""
        ...


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


@dataclass(frozen=True)
class Noised:
    """A picture with noise added: x_t = signal_weight · x0 + noise_weight · noise."""

    timestep: int
    alpha_bar: float
    snr: float
    snr_db: float
    signal_weight: float
    noise_weight: float
    x0: Floats
    noise: Floats
    x_t: Floats


@dataclass(frozen=True)
class NoiseGuess:
    """What the network takes for noise in a picture whose noise is known.

    guess: ε̂. difference: ε̂ − ε. x0_guess: the clean picture that ε̂ implies, before clipping.
    noise_error, picture_error: root mean squares of ε̂ − ε and x̂0 − x0. As x̂0 − x0 = −(σ/α)(ε̂ − ε), the second is
    the first times `factor` = σ/α.
    """

    prompt: str
    noised: Noised
    guess: Floats
    difference: Floats
    x0_guess: Floats
    noise_error: float
    picture_error: float
    factor: float


@dataclass(frozen=True)
class Lane:
    """One of several pictures drawn from the same noise. `steps`: those that were asked for."""

    wish: Wish
    picture: Floats
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class WordMap:
    """Where a word is read. attention: its share at each place, (height, width), coarser than the picture."""

    text: str
    attention: Floats

    @property
    def share(self) -> float:
        """Its mean share of the attention."""
        return float(self.attention.mean())


@dataclass(frozen=True)
class Reading:
    """A finished picture, and where the network read each word of its prompt; the shares of all words sum to 1."""

    prompt: str
    picture: Floats
    words: tuple[WordMap, ...]


@dataclass(frozen=True)
class Drawing:
    """A finished picture and what it took. `seconds` is the time of the whole run, everything included."""

    sampler: str
    steps: int
    seconds: float
    picture: Floats


# ── noise becomes a picture ──────────────────────────────────────────────────────────────────────────────────


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
    runs = _denoise_together(model, [Wish(prompt, guidance_scale, negative_prompt)], seed, steps, sampler)
    return (lanes[0] for lanes in runs)


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
    for lanes in _denoise_together(model, wishes, seed, steps, sampler):
        pictures = [step.x_next for step in lanes]
        if lanes[0].index in keep:
            for steps_of_lane, step in zip(kept, lanes, strict=True):
                steps_of_lane.append(step)
    return tuple(
        Lane(wish, picture, tuple(chosen)) for wish, picture, chosen in zip(wishes, pictures, kept, strict=True)
    )


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
                *_, (last,) = _denoise_together(model, [wish], seed, steps, sampler)
                yield Drawing(sampler, steps, time.perf_counter() - began, last.x_next)

    return drawings()


def _denoise_together(
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
        return None if output is None else _array(clean_and_noise(model.prediction_type, output, x, alpha_bar)[1])

    snr = float(alpha_bar / (1 - alpha_bar))
    return Step(
        index=index,
        timestep=chain.timesteps[index],
        alpha_bar=float(alpha_bar),
        snr=snr,
        snr_db=decibels(snr),
        x_t=_array(x),
        noise_with_prompt=noise_in(said[0]),
        noise_without_prompt=noise_in(said[1]),
        noise=_array(noise),
        x0=_array(x0),
        clipped=float(clipped),
        x_next=_array(x_next),
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


# ── where words are read ─────────────────────────────────────────────────────────────────────────────────────


def read_words(
    model: Reader, prompt: str, seed: int = 0, steps: int = 25, guidance_scale: float = 4.0, sampler: str = "ddim"
) -> Reading:
    """Draw `prompt`, and note at every step where the network reads each of its words.

    The mean over all steps, as in Tang et al. 2022 ("What the DAAM", arXiv:2210.04885). Attention says where a word was
    looked up, not that it caused what is there. Arguments and errors as for `denoise`.
    """
    told, total, picture = model.encode(prompt), torch.zeros(()), None
    for step in denoise(model, prompt, seed, steps, guidance_scale, sampler):
        total = total + model.attention(_batch(step.x_t), step.timestep, [told])[0]
        picture = step.x_next
    assert picture is not None  # a run has a step at least
    shares = total / int(steps)
    words = [WordMap(text, shares[places].sum(0).numpy()) for text, places in model.words(prompt)]
    return Reading(prompt, picture, tuple(words))


# ── a picture becomes noise ──────────────────────────────────────────────────────────────────────────────────


def add_noise(alpha_bars: Tensor, x0: Floats, timestep: int, seed: int = 0) -> Noised:
    """Noise a picture in one go: x_t = √ᾱ x0 + √(1−ᾱ) ε (DDPM, eq. 4). No network takes part.

    Args:
        alpha_bars: ᾱ of every noise level, shape (levels,).
        x0: a clean picture in [−1, 1], float32, shape (height, width, channels).
        timestep: which level, from 0 (nearly clean).
        seed: of the noise; the same as that of a run gives the noise that the run begins with.

    Raises:
        InvalidParameter: the timestep or the seed.
    """
    require_whole("timestep", timestep, 0, len(alpha_bars) - 1)
    require_whole("seed", seed, 0, MAX_SEED)
    height, width, channels = x0.shape
    noise = _array(torch.randn((channels, height, width), generator=torch.Generator().manual_seed(int(seed))))
    alpha_bar = float(alpha_bars[int(timestep)])
    alpha, sigma = math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar)
    snr = alpha_bar / (1 - alpha_bar)
    x_t = (alpha * x0 + sigma * noise).astype(np.float32)
    return Noised(int(timestep), alpha_bar, snr, decibels(snr), alpha, sigma, x0, noise, x_t)


def guess_noise(model: Denoiser, x0: Floats, prompt: str, timestep: int, seed: int = 0) -> NoiseGuess:
    """Add noise to a picture and let the network, told `prompt`, say what the noise is. No guidance.

    Raises:
        InvalidParameter: the timestep, the seed, or a picture of another size than the model's.
    """
    channels, height, width = model.shape
    if x0.shape != (height, width, channels):
        raise InvalidParameter(name="the picture", value=x0.shape, allowed=f"{height} × {width} × {channels} numbers")
    noised = add_noise(model.alpha_bars, x0, timestep, seed)
    x = _batch(noised.x_t)
    output = model.predict(x, noised.timestep, [model.encode(prompt)])
    clean, noise = clean_and_noise(model.prediction_type, output, x, model.alpha_bars[noised.timestep].float())
    guess, x0_guess = _array(noise[0]), _array(clean[0])
    return NoiseGuess(
        prompt=prompt,
        noised=noised,
        guess=guess,
        difference=guess - noised.noise,
        x0_guess=x0_guess,
        noise_error=_root_mean_square(guess - noised.noise),
        picture_error=_root_mean_square(x0_guess - x0),
        factor=noised.noise_weight / noised.signal_weight,
    )


# ── latents become pictures ──────────────────────────────────────────────────────────────────────────────────


def pictured(model: Screen, step: Step, *, last: bool) -> Step:
    """The same step with previews of x_t and x0 in their place; x_next is decoded in full if it is the `last` one.

    Noise stays as it is: that of latents is no picture.
    """
    x_next = decoded(model, step.x_next) if last else _previewed(model, step.x_next)
    return replace(step, x_t=_previewed(model, step.x_t), x0=_previewed(model, step.x0), x_next=x_next)


def pictured_guess(model: Screen, guess: NoiseGuess) -> NoiseGuess:
    """The same guess with previews of the three pictures in their place. The errors remain those of the latents."""
    noised = replace(guess.noised, x0=_previewed(model, guess.noised.x0), x_t=_previewed(model, guess.noised.x_t))
    return replace(guess, noised=noised, x0_guess=_previewed(model, guess.x0_guess))


def decoded(model: Screen, x: Floats) -> Floats:
    """The picture that `x` stands for, (side, side, 3)."""
    return _array(model.decode(_batch(x))[0])


def as_x0(model: Screen, picture: Floats) -> Floats:
    """A picture (side, side, 3) in the space that the model denoises."""
    return _array(model.encode_picture(_batch(picture))[0])


def _previewed(model: Screen, x: Floats) -> Floats:
    return _array(model.preview(_batch(x))[0])


def decibels(ratio: float) -> float:
    """10 log₁₀ of a ratio of powers."""
    return 10 * math.log10(ratio)


def _root_mean_square(numbers: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(numbers, dtype=np.float64))))


def _array(x: Tensor) -> Floats:
    """(channels, height, width) → float32 (height, width, channels)."""
    return np.ascontiguousarray(x.float().numpy().transpose(1, 2, 0))


def _batch(x: Floats) -> Tensor:
    """(height, width, channels) → (1, channels, height, width)."""
    return torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[None]
