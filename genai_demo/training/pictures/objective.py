"""What the network is asked to make small, and how fast it learns."""

from __future__ import annotations

import math

from torch import Tensor

from ...models.picture import PictureModel, alpha_bars
from ...models.text_encoder import TextStates


def diffusion_loss(
    model: PictureModel, pictures: Tensor, text: TextStates, timesteps: Tensor, noise: Tensor, snr_cap: float
) -> tuple[Tensor, Tensor]:
    """The weighted squared error of x̂0, and the plain one of each picture (B,).

    An error in x0 weighs SNR + 1 in v (Salimans & Ho 2022); the weight is capped, so that nearly clean pictures, whose
    finest details cost the network most, do not take all its attention (min-SNR-γ, Hang et al. 2023, section 3.4).

    Args:
        model: predicts x0.
        pictures: clean ones in [-1, 1], (B, 3, side, side).
        text: their prompts.
        timesteps: a noise level for each, (B,), integers.
        noise: standard normal, shaped like the pictures.
        snr_cap: γ.
    """
    bars = alpha_bars(model.config).to(pictures.device)[timesteps]
    snr = bars / (1 - bars)
    signal, spread = bars.sqrt().float(), (1 - bars).sqrt().float()
    noisy = signal[:, None, None, None] * pictures + spread[:, None, None, None] * noise
    error = (model(noisy, timesteps, text).float() - pictures).square().mean(dim=(1, 2, 3))
    return ((snr.clamp(max=snr_cap) + 1).float() * error).mean(), error.detach()


def learning_rate_factor(pictures: int, warmup: int, total: int | None, cooldown: int) -> float:
    """Rises over `warmup` pictures, then stays; over the last `cooldown` of `total` it falls to zero (1 − √x)."""
    factor = min(1.0, (pictures + 1) / max(1, warmup))
    if total is not None and cooldown and pictures > total - cooldown:
        factor *= 1 - math.sqrt(min(1.0, (pictures - (total - cooldown)) / cooldown))
    return factor
