"""Which models the page shows: what was asked for, and the loaders that come of it."""

from __future__ import annotations

from dataclasses import dataclass

from .catalogue import (
    DEFAULT_MODEL,
    DEFAULT_PICTURES,
    DEFAULT_VECTORS,
    find_model,
    find_pictures,
    find_siblings,
    find_vectors,
)
from .device import choose_device
from .drawing_model import DrawingModel
from .language import LanguageModel
from .loader import Loader, Turns
from .loading import language_loader
from .picture_generator import picture_loader
from .stages import StagedModel
from .stages_loader import adapters_loader, siblings_loader
from .word_vectors import WordVectors, vectors_loader


@dataclass(frozen=True)
class Settings:
    """What was asked for, each by a name of the catalogue or the path of a folder or file.

    tuned: the model to set beside `model`; None for what was published as such, or this project's own adapters.
    device: "auto", "cuda", "mps" or "cpu".
    """

    model: str = DEFAULT_MODEL
    tuned: str | None = None
    vectors: str = DEFAULT_VECTORS
    pictures: str = DEFAULT_PICTURES
    device: str = "auto"


@dataclass(frozen=True)
class Models:
    """The loaders of what all ideas may use, in the order in which they load."""

    language: Loader[LanguageModel]
    vectors: Loader[WordVectors]
    stages: Loader[StagedModel]
    pictures: Loader[DrawingModel]


def choose_models(settings: Settings) -> Models:
    """The loaders of the chosen models. Nothing is loaded yet, but for word vectors from a file.

    Raises:
        DemoError: a name that nobody knows, a device that is not there, or files that cannot be read.
    """
    entry = find_model(settings.model)
    siblings = find_siblings(entry, settings.tuned)
    table, drawn = find_vectors(settings.vectors), find_pictures(settings.pictures)
    choose_device(settings.device)
    turns = Turns()
    pictures = picture_loader(drawn, settings.device, turns=turns)
    language = language_loader(entry, settings.device, turns=turns)
    stages = siblings_loader(language, siblings, settings.device) if siblings else adapters_loader(language)
    return Models(language, vectors_loader(table, language, entry), stages, pictures)
