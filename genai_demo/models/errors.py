"""Why a model cannot be found, read, kept or asked. The sentences stand in `page/texts`."""

from __future__ import annotations

from pathlib import Path

from ..errors import BadRequest, Unavailable

# ── what was asked of a model ────────────────────────────────────────────────────────────────────────────────


class NothingToRead(BadRequest):
    """An empty text, for the model called `title`: its texts begin with no token of their own."""

    title: str


class NoRowForTurns(BadRequest):
    """The table of the model called `title` has no row for `token`, by which turns of a conversation are told apart."""

    title: str
    token: str


class DifferentTokens(BadRequest):
    """The models called `one` and `other` cut texts into different tokens: neither can score the other's."""

    one: str
    other: str


# ── names, folders and devices ───────────────────────────────────────────────────────────────────────────────


class UnknownVectors(BadRequest):
    """`name` is neither in the catalogue of vectors nor a file; `choices` are the names that exist."""

    name: str
    choices: str


class UnknownPictures(BadRequest):
    """`name` is neither in the catalogue of picture models nor a diffusers folder; `choices` are the names."""

    name: str
    choices: str


class NoSuchModel(BadRequest):
    """Family: there is no language model by this name or at this place."""


class UnknownModel(NoSuchModel):
    """`name` is neither in the catalogue nor a folder; `choices` are the names that exist."""

    name: str
    choices: str


class NoModelFolder(NoSuchModel):
    """The folder at `path` exists and holds no transformers model; `choices` are the names that are known."""

    path: Path
    choices: str


class AdapterFolder(NoSuchModel):
    """The folder at `path` holds an adapter, a small addition to the model `base`, and no whole model."""

    path: Path
    base: str


class PictureFolder(NoSuchModel):
    """The folder at `path` holds a picture model of the diffusers library."""

    path: Path


class UnknownDevice(BadRequest):
    """`name` cannot be used on this machine; `choices` can."""

    name: str
    choices: str


# ── loading ──────────────────────────────────────────────────────────────────────────────────────────────────


class ModelLoading(Unavailable):
    """The model called `title` is on its way: `percent` of the work is done, and `stage` (see [stages]) goes on."""

    title: str
    percent: int
    stage: str


class MissingModelPackage(Unavailable):
    """The pip `package` that carries the weights is not installed, or is incomplete."""

    package: str


class CorruptedModelFile(Unavailable):
    """The weights at `path`, from the pip `requirement`, are not what their checksum promises, or no model."""

    path: str
    requirement: str


class DamagedInMemory(Unavailable):
    """The converted model called `title` turned out to be damaged after it had been loaded."""

    title: str


class ModelDownloadFailed(Unavailable):
    """`model` could not be fetched from the Hugging Face Hub."""

    model: str


# ── what others have saved ───────────────────────────────────────────────────────────────────────────────────


class PickledWeights(Unavailable):
    """The weights at `path` are Python pickles, which can hold programs: they are not opened."""

    path: Path


class IncompleteWeights(Unavailable):
    """The folder at `path` lacks weights, such as `missing`, without which a model's figures would be random."""

    path: Path | str
    missing: str


class UnsupportedModel(Unavailable):
    """The model at `path` is of a `kind` that does not write text from left to right, or is not known here."""

    path: Path | str
    kind: str


class CompressedWeights(Unavailable):
    """The weights at `path` are compressed by a `method` that cannot be read here."""

    path: Path
    method: str


class NeedsOwnCode(Unavailable):
    """The model at `path` comes with a program of its own, which is not run."""

    path: Path


class NoFastTokenizer(Unavailable):
    """The model at `path` has no tokenizer of the fast kind."""

    path: Path | str


class ForeignTokenizer(Unavailable):
    """The tokenizer at `path` has words with numbers beyond the `rows` of its model's table, up to `tokens`."""

    path: Path | str
    tokens: int
    rows: int


# ── tuned models ─────────────────────────────────────────────────────────────────────────────────────────────


class NoTunedStages(Unavailable):
    """The model called `title` has no tuned stages: those that are shipped belong to another one."""

    title: str


class NoChatTemplate(Unavailable):
    """The model called `title` does not say how a conversation is written for it."""

    title: str


class UnusableChatTemplate(NoChatTemplate):
    """The chat template of the model called `title` does not write down a single question, once and as it is."""


# ── picture models ───────────────────────────────────────────────────────────────────────────────────────────


class UnsupportedPipeline(Unavailable):
    """The diffusers folder at `path` holds a `kind` of pipeline that is not of Stable Diffusion's class."""

    path: Path | str
    kind: str


class NoSafetensors(Unavailable):
    """The diffusers folder at `path` holds weights in other files than safetensors only, which are not read."""

    path: Path


class PictureDownloadFailed(Unavailable):
    """The picture model `model` could not be fetched from the Hugging Face Hub."""

    model: str


# ── the cache of converted models ────────────────────────────────────────────────────────────────────────────


class UnusableCache(Unavailable):
    """Family: a converted model cannot be kept or read; the environment `variable` names another folder."""

    variable: str


class NoCacheSpace(UnusableCache):
    """`folder` cannot take the `needed_mb` megabytes of the converted model: `free_mb` are free."""

    folder: Path
    needed_mb: int
    free_mb: int


class DiskFull(UnusableCache):
    """The disk of `folder` ran full, or a quota was used up, while the `needed_mb` megabytes were being written."""

    folder: Path
    needed_mb: int


class CacheNotWritable(UnusableCache):
    """`folder` cannot be written to."""

    folder: Path


class CacheNotReadable(UnusableCache):
    """`folder` holds files that this account may not read."""

    folder: Path


class DamagedCache(UnusableCache):
    """What was converted into `path` is damaged, and this account may not write there to make it anew."""

    path: Path
