"""A picture becomes noise, and the network says what the noise is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...checks import MAX_SEED, require_whole
from ...errors import InvalidParameter
from .denoiser import Denoiser, Floats, as_array, as_batch
from .schedulers import clean_and_noise


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
    noise = as_array(torch.randn((channels, height, width), generator=torch.Generator().manual_seed(int(seed))))
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
    x = as_batch(noised.x_t)
    output = model.predict(x, noised.timestep, [model.encode(prompt)])
    clean, noise = clean_and_noise(model.prediction_type, output, x, model.alpha_bars[noised.timestep].float())
    guess, x0_guess = as_array(noise[0]), as_array(clean[0])
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


def decibels(ratio: float) -> float:
    """10 log₁₀ of a ratio of powers."""
    return 10 * math.log10(ratio)


def _root_mean_square(numbers: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(numbers, dtype=np.float64))))
