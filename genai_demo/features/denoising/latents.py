"""Latents become pictures, and pictures latents; for a model of pixels nothing changes."""

from __future__ import annotations

from dataclasses import replace

from .denoiser import Floats, Screen, as_array, as_batch
from .noise import NoiseGuess
from .steps import Step


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
    return as_array(model.decode(as_batch(x))[0])


def as_x0(model: Screen, picture: Floats) -> Floats:
    """A picture (side, side, 3) in the space that the model denoises."""
    return as_array(model.encode_picture(as_batch(picture))[0])


def _previewed(model: Screen, x: Floats) -> Floats:
    return as_array(model.preview(as_batch(x))[0])
