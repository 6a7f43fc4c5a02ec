"""The project's own picture model and the encoder of its prompts, behind one door; and the loader of the page's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from ..errors import TextTooLong
from ..shipped import reading
from .catalogue import DEFAULT_PICTURES, Folder, Hub, PictureEntry, Shipped, find_pictures
from .device import choose_device
from .drawing_model import DrawingModel, PictureOrigin
from .latent_generator import load_latent_generator, require_readable
from .loader import Loader, Report, Turns
from .picture import FOLDER, PictureModel, alpha_bars, load_picture_model, parameter_count
from .text_encoder import MAX_TOKENS, TextEncoder, TextStates

NAME = DEFAULT_PICTURES
SHIPPED_TITLE = "The picture model"  # while it is loading
TRAINING = "training.json"  # how the weights were made
PROMPT_TOKENS = MAX_TOKENS - 3  # [CLS] and [SEP] are the encoder's own; one stays free, so that no prompt is cut off


class PictureGenerator(DrawingModel):
    """It works on pixels and predicts the clean picture (`prediction_type` "sample").

    Args:
        model: predicts; it stays where it is and is set to evaluation.
        encoder: reads the prompts, on the same device or another.
        objects: how many kinds of objects the model was trained on; it has never seen those that come after them in
            the list of drawings.
    """

    prediction_type = "sample"
    clips = False  # clipping what strong guidance overshoots makes backgrounds change their colour

    def __init__(self, model: PictureModel, encoder: TextEncoder, objects: int) -> None:
        super().__init__(NAME, next(model.parameters()).device)
        self.objects = objects
        self._model = model.eval().requires_grad_(False)
        self._encoder = encoder
        self.alpha_bars = alpha_bars(model.config)
        self.shape = (3, model.config.side, model.config.side)

    @property
    def origin(self) -> PictureOrigin:
        """What to write under a picture that this model drew."""
        entry = find_pictures(NAME)
        return PictureOrigin(
            model=NAME,
            title=entry.title,
            weights=entry.weights,
            device=self._device.type,
            dtype="float32",
            parameters=parameter_count(self._model.parameters()),
            side=self._model.config.side,
            space="pixels",
        )

    def words(self, prompt: str) -> list[tuple[str, list[int]]]:
        """The words of a prompt and the places of their tokens, with the marks that begin and end every prompt."""
        return self._encoder.words(prompt)

    def attention(self, x: Tensor, timestep: int, conditionings: Sequence[TextStates]) -> Tensor:
        """Where each token is read: shares (B, tokens, height, width), on the CPU."""

        def look() -> Tensor:
            text = TextStates.stack(conditionings).to(self._device)
            return self._model.attention(x.to(self._device), timestep, text).float().cpu()

        return self._run(look)

    def _encode(self, prompt: str) -> TextStates:
        """The vectors of a prompt. Its words are cut into pieces one by one, so that a long text is refused early."""
        tokens = sum(len(self._encoder.tokens(word)) - 2 for word in prompt.split())
        if tokens > PROMPT_TOKENS:
            raise TextTooLong(length=tokens, limit=PROMPT_TOKENS, unit="tokens")
        return self._encoder.encode([prompt]).to("cpu")

    def _forward(self, x: Tensor, timestep: int, conditionings: Sequence[TextStates]) -> Tensor:
        text = TextStates.stack(conditionings).to(self._device)
        output: Tensor = self._model(x.to(self._device), timestep, text)
        return output.float().cpu()

    def _move_to_cpu(self) -> None:
        self._model.to("cpu")


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
    with reading(folder):
        record = json.loads((folder / TRAINING).read_text(encoding="utf-8"))
        return int(record["recipe"]["rung"]["objects"])


def picture_loader(
    entry: PictureEntry, device: str = "auto", *, folder: Path = FOLDER, turns: Turns | None = None
) -> Loader[DrawingModel]:
    """The loader of the page's picture model. What is wrong with a folder, and can be seen at a glance, is said now.

    Args:
        entry: which one.
        device: as for `choose_device`.
        folder: of the model that comes with the program, if it is that.
        turns: see `Loader`.

    Raises:
        UnsupportedPipeline, DamagedModelFolder, NoSafetensors: the folder of `entry`.
    """
    if isinstance(entry.source, Folder):
        require_readable(entry.source.path)
    shipped, far = isinstance(entry.source, Shipped), isinstance(entry.source, Hub)

    def load(report: Report) -> DrawingModel:
        report("downloading" if far else "loading", 0.1)
        return load_picture_generator(device, folder) if shipped else load_latent_generator(entry, device)

    return Loader(SHIPPED_TITLE if shipped else entry.title, load, turns=turns, downloads=far, retries=True)
