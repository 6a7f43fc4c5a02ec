"""What every model that draws has in common, whatever it draws in: one door, a memory of prompts, pictures to show.

A model draws in a space of its own: the pixels of the picture themselves, or latents, from which a decoder makes the
picture. `preview`, `decode` and `encode_picture` lead from that space to pictures and back; in pixels, they do nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor

from .errors import OutOfDeviceMemory
from .language import Origin, require_readable

MAX_CHARACTERS = 1_000  # of a prompt
REMEMBERED_PROMPTS = 64  # from 25 KB each to 300 KB

Result = TypeVar("Result")


@dataclass(frozen=True)
class PictureOrigin(Origin):
    """Which model drew a picture.

    parameters: how many numbers it has learned. side: pixels of a picture. space: what it draws in.
    """

    parameters: int
    side: int
    space: Literal["pixels", "latent"]


class DrawingModel(ABC):
    """What the denoising backend calls a denoiser.

    Every pass goes through one worker thread, first come, first served, one step at a time, so that several visitors
    interleave and no two passes ever run at once.

    Attributes:
        prediction_type: what the network says: "sample", "epsilon" or "v_prediction".
        clips: whether clean pictures lie in [−1, 1].
        objects: how many kinds of objects of this project's drawings it was trained on; None for other people's models.
        alpha_bars: ᾱ of every noise level, nearly clean first, float64, shape (levels,).
        shape: channels, height and width of what is denoised.
    """

    prediction_type: str
    clips: bool
    objects: int | None
    alpha_bars: Tensor
    shape: tuple[int, int, int]

    def __init__(self, name: str, device: torch.device) -> None:
        self._device = device
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"model-{name}")
        self._remembered: OrderedDict[str, Any] = OrderedDict()
        self._remembered_lock = Lock()

    @property
    @abstractmethod
    def origin(self) -> PictureOrigin:
        """What to write under a picture that this model drew."""

    def encode(self, prompt: str) -> Any:
        """What the network is told of one prompt, on the CPU. Recent prompts are remembered.

        Raises:
            UnreadableText: it is no text of whole characters. TextTooLong: the encoder would not read all of it.
        """
        require_readable(prompt, MAX_CHARACTERS)
        with self._remembered_lock:
            if prompt in self._remembered:
                self._remembered.move_to_end(prompt)
                return self._remembered[prompt]
        told = self._run(partial(self._encode, prompt))
        with self._remembered_lock:
            self._remembered[prompt] = told
            while len(self._remembered) > REMEMBERED_PROMPTS:
                self._remembered.popitem(last=False)
        return told

    def predict(self, x: Tensor, timestep: int, conditionings: Sequence[Any]) -> Tensor:
        """What the network says of `x`, unclipped: float32, on the CPU, in the shape of `x`.

        Args:
            x: noisy pictures or latents, float32, (B, channels, height, width).
            timestep: their noise level, from 0.
            conditionings: one prompt for each of them, from `encode`.
        """
        return self._run(partial(self._forward, x, timestep, conditionings))

    def words(self, prompt: str) -> list[tuple[str, list[int]]]:  # noqa: ARG002 - for those that do
        """The words of a prompt and the places of their tokens in `attention`; none if the model does not show it."""
        return []

    def attention(self, x: Tensor, timestep: int, conditionings: Sequence[Any]) -> Tensor:
        """Where each token is read: shares (B, tokens, height, width), on the CPU. Arguments as for `predict`.

        Raises:
            NotImplementedError: the model does not show it.
        """
        raise NotImplementedError

    def preview(self, x: Tensor) -> Tensor:
        """Pictures (B, 3, height, width) in [−1, 1] that `x` comes to, at little cost."""
        return x

    def decode(self, x: Tensor) -> Tensor:
        """The pictures (B, 3, side, side) in [−1, 1] that `x` stands for."""
        return x

    def encode_picture(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, side, side) in [−1, 1] in the space that the model draws in: the way back from `decode`."""
        return pictures

    @abstractmethod
    def _encode(self, prompt: str) -> Any:
        """Only the worker calls this."""

    @abstractmethod
    def _forward(self, x: Tensor, timestep: int, conditionings: Sequence[Any]) -> Tensor:
        """Only the worker calls this."""

    @abstractmethod
    def _move_to_cpu(self) -> None:
        """The graphics card has no room for the network."""

    def _run(self, work: Callable[[], Result]) -> Result:
        """Do `work` in the worker, wait for it and return its result."""
        return self._worker.submit(self._guarded, work).result()

    def _guarded(self, work: Callable[[], Result]) -> Result:
        try:
            with torch.inference_mode():
                return work()
        except torch.OutOfMemoryError as error:
            self._move_to_cpu()
            self._device = torch.device("cpu")
            raise OutOfDeviceMemory() from error
