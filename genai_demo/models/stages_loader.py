"""Loading the stages of the last tab: adapters of this project, or siblings of the base that were published whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..shipped import damaged
from .catalogue import ModelEntry
from .language import LanguageModel
from .loader import Loader, Report
from .loading import language_loader
from .siblings import SiblingModels
from .stages import BASE, FOLDER, StagedModel, TunedModel

SHIPPED = ("sft", "rlhf")  # in the order of the page
REWARD = "reward"  # the folder of the reward model's head, which reads the base's states
TITLE = "The tuned model"  # while it is loading
NAMES = "stages"  # what the loader knows before anything is loaded: the names of the stages, the base first


def adapters_loader(language: Loader[LanguageModel], folder: Path = FOLDER) -> Loader[StagedModel]:
    """The loader of the adapters in `folder`, on the one copy of the base."""

    def load(report: Report) -> StagedModel:
        report("loading", 0.1)
        return load_adapters(language.model(), folder)

    return Loader(TITLE, load, needs=(language,), retries=True, known={NAMES: (BASE, *_folders(folder))})


def load_adapters(base: LanguageModel, folder: Path = FOLDER) -> TunedModel:
    """The stages of which there are adapters in `folder`, and the reward model, if it lies there too.

    Raises:
        DamagedClone, DamagedModelFolder: there is no adapter, or it cannot be read.
    """
    folders = _folders(folder)
    if not folders:
        raise damaged(folder)
    reward = folder / REWARD
    return TunedModel(base, folders, reward if reward.is_dir() else None)


def _folders(folder: Path) -> dict[str, Path]:
    return {stage: folder / stage for stage in SHIPPED if (folder / stage).is_dir()}


def siblings_loader(
    language: Loader[LanguageModel], siblings: Mapping[str, ModelEntry], device: str = "auto"
) -> Loader[StagedModel]:
    """The loader of whole models to set beside the base, by stage: they come one after the other."""
    family = {BASE: language}
    for stage, entry in siblings.items():
        family[stage] = language_loader(entry, device, needs=tuple(family.values()), turns=language.turns)
    return family_loader(family)


def family_loader(family: Mapping[str, Loader[LanguageModel]]) -> Loader[StagedModel]:
    """The loader of models of one family, by stage, the base first."""

    def load(_: Report) -> StagedModel:
        return SiblingModels({stage: loader.model() for stage, loader in family.items()})

    return Loader(TITLE, load, needs=tuple(family.values()), retries=True, known={NAMES: tuple(family)})


def stage_names(loader: Loader[StagedModel]) -> list[str]:
    """The stages that there will be, before anything is loaded."""
    return list(loader.known[NAMES] if loader.loaded is None else loader.loaded.stages)
