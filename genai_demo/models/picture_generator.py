"""The picture model and the encoder of its prompts, behind one door.

Every pass goes through one worker thread, first come, first served, one step at a time, so that several visitors
interleave and no two passes ever run at once.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TypeVar

import torch
from torch import Tensor

from ..errors import DamagedModelFolder, OutOfDeviceMemory, TextTooLong
from .device import choose_device
from .language import Origin, require_readable
from .picture import FOLDER, PictureModel, alpha_bars, load_picture_model, parameter_count
from .text_encoder import MAX_TOKENS, TextEncoder, TextStates

NAME = "pictures"
TRAINING = "training.json"  # how the weights were made
TITLE = "this project's own picture model"
MAX_CHARACTERS = 1_000  # of a prompt
PROMPT_TOKENS = MAX_TOKENS - 3  # [CLS] and [SEP] are the encoder's own; one stays free, so that no prompt is cut off
REMEMBERED_PROMPTS = 64  # about 25 KB each

Result = TypeVar("Result")


@dataclass(frozen=True)
class PictureOrigin(Origin):
    """Which model drew a picture. parameters: how many numbers it has learned; side: pixels of a picture."""

    parameters: int
    side: int


class PictureGenerator:
    """What the denoising backend calls a denoiser: it predicts the clean picture (`prediction_type` "sample").

    Args:
        model: predicts; it stays where it is and is set to evaluation.
        encoder: reads the prompts, on the same device or another.
        objects: how many kinds of objects the model was trained on; it has never seen those that come after them in
            the list of drawings.
    """

    prediction_type = "sample"
    clips = False  # clipping what strong guidance overshoots makes backgrounds change their colour

    def __init__(self, model: PictureModel, encoder: TextEncoder, objects: int) -> None:
        self.objects = objects
        self._model = model.eval().requires_grad_(False)
        self._encoder = encoder
        self._device = next(model.parameters()).device
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"model-{NAME}")
        self._remembered: OrderedDict[str, TextStates] = OrderedDict()
        self._remembered_lock = Lock()
        self.alpha_bars = alpha_bars(model.config)
        self.shape = (3, model.config.side, model.config.side)

    @property
    def origin(self) -> PictureOrigin:
        """What to write under a picture that this model drew."""
        return PictureOrigin(
            model=NAME,
            title=TITLE,
            weights="half precision",
            device=self._device.type,
            dtype="float32",
            parameters=parameter_count(self._model.parameters()),
            side=self._model.config.side,
        )

    def encode(self, prompt: str) -> TextStates:
        """The vectors of one prompt, on the CPU. Recent prompts are remembered.

        Raises:
            UnreadableText: it is no text of whole characters. TextTooLong: the encoder would not read all of it.
        """
        require_readable(prompt, MAX_CHARACTERS)
        with self._remembered_lock:
            if prompt in self._remembered:
                self._remembered.move_to_end(prompt)
                return self._remembered[prompt]
        self._require_short(prompt)
        states = self._run(lambda: self._encoder.encode([prompt]).to("cpu"))
        with self._remembered_lock:
            self._remembered[prompt] = states
            while len(self._remembered) > REMEMBERED_PROMPTS:
                self._remembered.popitem(last=False)
        return states

    def predict(self, x: Tensor, timestep: int, conditionings: Sequence[TextStates]) -> Tensor:
        """The clean pictures x̂0 that the network sees in `x`, unclipped: float32, on the CPU, (B, 3, side, side).

        Args:
            x: noisy pictures, float32, (B, 3, side, side).
            timestep: their noise level, from 0.
            conditionings: one prompt for each of them, from `encode`.
        """
        return self._run(partial(self._forward, x, timestep, TextStates.stack(conditionings)))

    def _forward(self, x: Tensor, timestep: int, text: TextStates) -> Tensor:
        """Only the worker calls this."""
        output: Tensor = self._model(x.to(self._device), timestep, text.to(self._device))
        return output.float().cpu()

    def _require_short(self, prompt: str) -> None:
        """The encoder cuts words into pieces one by one, so they can be counted one by one, before it cuts the text."""
        tokens = sum(len(self._encoder.tokens(word)) - 2 for word in prompt.split())
        if tokens > PROMPT_TOKENS:
            raise TextTooLong(length=tokens, limit=PROMPT_TOKENS, unit="tokens")

    def _run(self, work: Callable[[], Result]) -> Result:
        """Do `work` in the worker, wait for it and return its result."""
        return self._worker.submit(self._guarded, work).result()

    def _guarded(self, work: Callable[[], Result]) -> Result:
        try:
            with torch.inference_mode():
                return work()
        except torch.OutOfMemoryError as error:
            self._model.to("cpu")
            self._device = torch.device("cpu")
            raise OutOfDeviceMemory() from error


def load_picture_generator(device: str = "auto", folder: Path = FOLDER) -> PictureGenerator:
    """The picture model in `folder` and its encoder, ready to use.

    Raises:
        DamagedModelFolder: the weights. MissingModelPackage, CorruptedModelFile: the encoder's.
        UnknownDevice: this machine has no such device.
    """
    chosen = choose_device(device)
    return PictureGenerator(load_picture_model(folder, chosen), TextEncoder.load(), trained_objects(folder))


def trained_objects(folder: Path) -> int:
    """How many kinds of objects the weights in `folder` were trained on, by the record of their training.

    Raises:
        DamagedModelFolder: the record is missing or broken.
    """
    try:
        record = json.loads((folder / TRAINING).read_text(encoding="utf-8"))
        return int(record["recipe"]["rung"]["objects"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DamagedModelFolder(path=folder) from error


class PictureLoader:
    """The page's picture model, loaded once, by whoever asks first; the others wait the few seconds that it takes."""

    def __init__(self, device: str = "auto", folder: Path = FOLDER) -> None:
        self._device, self._folder = device, folder
        self._lock = Lock()
        self._generator: PictureGenerator | None = None

    @classmethod
    def of(cls, generator: PictureGenerator) -> PictureLoader:
        """A loader that is already done (tests, notebooks)."""
        loader = cls()
        loader._generator = generator
        return loader

    def choose(self, device: str) -> None:
        """Load on `device` instead; only before anybody has asked."""
        self._device = device

    def model(self, wait_seconds: float = 0.0) -> PictureGenerator:  # noqa: ARG002 - as every loader is asked
        """The model.

        Raises:
            DemoError: loading failed, with the reason; the next to ask tries again.
        """
        with self._lock:
            if self._generator is None:
                self._generator = load_picture_generator(self._device, self._folder)
        return self._generator
