"""The program without its command line: settings become loaders, ideas and a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from .asks import Feature, Loader
from .features import load_features
from .models.settings import Models, Settings, choose_models
from .page.build import build_page
from .shipped import ROOT, reading

NOTICES = ("NOTICE", "LICENSE", "assets/GEMMA_TERMS.md")


@dataclass(frozen=True)
class App:
    """page: not yet launched. models: what all ideas may use. sources: each idea with the loader of its model."""

    page: gr.Blocks
    models: Models
    sources: tuple[tuple[Feature[Any], Loader[Any]], ...]

    @property
    def features(self) -> tuple[Feature[Any], ...]:
        """The ideas, in the order of their tabs."""
        return tuple(feature for feature, _ in self.sources)

    @property
    def loaders(self) -> tuple[Loader[Any], ...]:
        """Each once, in the order in which they are to load: the language model first."""
        return tuple(dict.fromkeys((*vars(self.models).values(), *(loader for _, loader in self.sources))))

    def start(self) -> None:
        """Begin to load all models that have not been begun; returns at once."""
        for loader in self.loaders:
            loader.start()


def create_app(settings: Settings = Settings()) -> App:  # noqa: B008 - it is frozen
    """The page and its models as `settings` say. Nothing is loaded yet, but for word vectors from a file.

    Raises:
        DemoError: what was asked for cannot be had, or files of the program itself are missing.
    """
    models = choose_models(settings)
    sources = tuple((feature, feature.loader(models)) for feature in load_features())
    return App(build_page(models.language, sources, notices()), models, sources)


def notices(names: Iterable[str] = NOTICES, root: Path = ROOT) -> str:
    """The licence texts that the footer shows on request.

    Raises:
        DamagedClone: one of the files is missing.
    """
    texts = []
    for name in names:
        with reading(root / name):
            texts.append((root / name).read_text(encoding="utf-8"))
    return "\n\n".join(texts)
