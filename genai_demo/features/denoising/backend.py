"""The computation behind the Denoising tab: noise becomes a picture, step by step, and nothing of it is hidden.

The model is an argument, whatever it predicts; every function returns frozen results, which the page draws, the API
returns and the tests compare. Each subject has a room of its own. With α = √ᾱ and σ = √(1−ᾱ):

    x_t = α x0 + σ ε                      the forward process (Ho et al. 2020, "DDPM", eq. 4): arithmetic, not learned
    x̂0 = (x_t − σ ε̂) / α                 the clean picture that a noise guess implies (DDPM, eq. 15)
    ε̃ = ε_∅ + s (ε_c − ε_∅)              classifier-free guidance (Ho & Salimans 2022, eq. 6, with s = 1 + w)
    SNR = ᾱ / (1 − ᾱ)                     the signal-to-noise ratio; 10 log₁₀ SNR in decibels

Pictures and noise are float32 arrays of shape (height, width, channels); clean pictures lie in [−1, 1]. A model may
denoise latents instead: then "picture" means latents in all that follows, until `latents` makes pictures of them.
"""

from __future__ import annotations

from .counts import step_counts
from .latents import as_x0, decoded, pictured, pictured_guess
from .noise import add_noise, guess_noise
from .reading import read_words
from .steering import steer
from .steps import denoise

__all__ = [
    "add_noise",
    "as_x0",
    "decoded",
    "denoise",
    "guess_noise",
    "pictured",
    "pictured_guess",
    "read_words",
    "steer",
    "step_counts",
]
