"""Loading the stages of the last tab: adapters of this project, or siblings of the base that were published whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Protocol

from ..shipped import damaged
from .language import LanguageModel
from .siblings import SiblingModels
from .stages import BASE, FOLDER, StagedModel, TunedModel

SHIPPED = ("sft", "rlhf")  # in the order of the page
REWARD = "reward"  # the folder of the reward model's head, which reads the base's states


class LanguageModelLoader(Protocol):
    """What `StagesLoader` needs of a `ModelLoader`."""

    def model(self, wait_seconds: float = 0.0) -> LanguageModel:
        """The model, as soon as it is there."""
        ...


class StagesLoader:
    """The tuned stages of the page's language model, read by whoever asks first."""

    def __init__(self, language: LanguageModelLoader, folder: Path = FOLDER) -> None:
        self._language, self._folder = language, folder
        self._lock = Lock()
        self._tuned: StagedModel | None = None
        self._siblings: dict[str, LanguageModelLoader] = {}

    @classmethod
    def of(cls, model: StagedModel) -> StagesLoader:
        """A loader that is already done (tests, notebooks)."""
        loader = cls(None)  # type: ignore[arg-type]
        loader._tuned = model
        return loader

    @property
    def names(self) -> list[str]:
        """The stages that there will be, before anything is loaded."""
        if self._tuned is not None:
            return list(self._tuned.stages)
        return [BASE, *(self._siblings or self._folders)]

    @property
    def _folders(self) -> dict[str, Path]:
        return {stage: self._folder / stage for stage in SHIPPED if (self._folder / stage).is_dir()}

    def choose(self, siblings: Mapping[str, LanguageModelLoader]) -> None:
        """Compare with whole models instead of adapters, by stage; only before anything is loaded."""
        self._siblings = dict(siblings)

    def model(self, wait_seconds: float = 0.0) -> StagedModel:
        """The stages; they wait for their base, and for its siblings, up to `wait_seconds` each.

        Raises:
            ModelLoading: one of them is still on its way. DemoError: loading failed, with the reason.
            DamagedClone, DamagedModelFolder: there is no adapter.
        """
        if self._tuned is not None:
            return self._tuned
        base = self._language.model(wait_seconds)
        siblings = {stage: loader.model(wait_seconds) for stage, loader in self._siblings.items()}
        with self._lock:
            if self._tuned is None and siblings:
                self._tuned = SiblingModels({BASE: base, **siblings})
            elif self._tuned is None:
                if not self._folders:
                    raise damaged(self._folder)
                reward = self._folder / REWARD
                self._tuned = TunedModel(base, self._folders, reward if reward.is_dir() else None)
        return self._tuned
