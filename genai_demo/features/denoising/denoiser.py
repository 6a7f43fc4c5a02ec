"""What the Denoising tab needs of a model, and the two forms in which pictures are held.

A model may denoise latents instead of pictures: then "picture" means latents, until `latents` makes pictures of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float32]


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


def as_array(x: Tensor) -> Floats:
    """(channels, height, width) → float32 (height, width, channels)."""
    return np.ascontiguousarray(x.float().numpy().transpose(1, 2, 0))


def as_batch(x: Floats) -> Tensor:
    """(height, width, channels) → (1, channels, height, width)."""
    return torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[None]
