"""Models for the tests: one whose every answer is known in closed form, and a tiny random network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from genai_demo.features.denoising.schedulers import as_prediction
from genai_demo.models.picture import PictureModelConfig, alpha_bars


@dataclass
class Gaussian:
    """The best possible denoiser of pictures whose numbers come from N(mean, spread²), for each prompt another mean.

    The posterior of x0 given x = α x0 + σ ε is a Gaussian around E[x0 | x] = m + α s² (x − α m) / (α² s² + σ²).
    """

    prediction_type: str = "sample"
    spread: float = 0.5  # about that of real pictures
    means: dict[str, float] = field(default_factory=lambda: {"": 0.0, "bright": 0.4, "dark": -0.3})
    shape: tuple[int, int, int] = (3, 96, 96)
    clips: bool = False
    alpha_bars: Tensor = field(default_factory=lambda: alpha_bars(PictureModelConfig()))
    calls: list[tuple[int, int]] = field(default_factory=list)

    def encode(self, prompt: str) -> float:
        return self.means[prompt]

    def predict(self, x: Tensor, timestep: int, conditionings: Sequence[float]) -> Tensor:
        self.calls.append((timestep, len(x)))
        alpha_bar = self.alpha_bars[timestep]
        alpha, variance = alpha_bar**0.5, self.spread**2
        mean = torch.tensor(conditionings).reshape(-1, 1, 1, 1).double()
        x = x.double()
        x0 = mean + alpha * variance * (x - alpha * mean) / (alpha_bar * variance + 1 - alpha_bar)
        return as_prediction(self.prediction_type, x0, x, alpha_bar).float()
