"""Models of the program's own cache that a disk has damaged: they are noticed, and converted anew."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from genai_demo.models import cache as cache_module
from genai_demo.models import foreign, loading
from genai_demo.models.cache import CHECKSUMS
from genai_demo.models.errors import DamagedCache, DamagedInMemory, DiskFull
from genai_demo.models.loading import language_loader, load_model, prepare
from tests.models.wheels import IDS, WHEEL_ENTRY

pytestmark = pytest.mark.usefixtures("cache")


def flip(file: Path) -> None:
    """Change one bit in the middle, as a dying disk does: size and time stay what they were."""
    before = file.stat()
    with file.open("r+b") as opened:
        opened.seek(before.st_size // 2)
        byte = opened.read(1)[0]
        opened.seek(-1, 1)
        opened.write(bytes([byte ^ 0x40]))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


CACHE_DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "cut off": lambda file: os.truncate(file, file.stat().st_size // 2),
    "no JSON": lambda file: file.write_bytes(b"{" * file.stat().st_size),
    "one bit": flip,
}


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("damage", CACHE_DAMAGES.values(), ids=CACHE_DAMAGES)
def test_a_damaged_model_of_our_own_cache_is_converted_anew(convert, tiny, name, damage):
    damage(Path(prepare(WHEEL_ENTRY)) / name)
    model = load_model(WHEEL_ENTRY, device="cpu")
    torch.testing.assert_close(model.next_logits(IDS), tiny.next_logits(IDS), atol=1e-5, rtol=1e-4)
    assert model.encode("the cat") == tiny.encode("the cat")
    assert len(convert) == 2


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("damage", [b"", b"{", b"[]"])
def test_one_that_was_made_before_there_were_checksums_is_converted_anew_if_it_cannot_be_read(
    convert, tiny, name, damage, caplog
):
    folder = Path(prepare(WHEEL_ENTRY))
    (folder / CHECKSUMS).unlink()
    (folder / name).write_bytes(damage)
    model = load_model(WHEEL_ENTRY, device="cpu")
    torch.testing.assert_close(model.next_logits(IDS), tiny.next_logits(IDS), atol=1e-5, rtol=1e-4)
    assert len(convert) == 2
    assert "converted anew" in caplog.text


@pytest.mark.usefixtures("package")
def test_too_little_memory_is_no_damage(convert, monkeypatch):
    prepare(WHEEL_ENTRY)

    def too_large(*_args, **_options):
        raise RuntimeError("not enough memory")

    monkeypatch.setattr(foreign.AutoModelForCausalLM, "from_pretrained", too_large)
    with pytest.raises(RuntimeError, match="memory"):
        load_model(WHEEL_ENTRY, device="cpu")
    assert len(convert) == 1


@pytest.mark.usefixtures("package", "convert")
def test_one_that_may_not_be_written_to_is_said_to_be_damaged(monkeypatch):
    folder = Path(prepare(WHEEL_ENTRY))
    (folder / CHECKSUMS).unlink()
    (folder / "config.json").write_bytes(b"{")

    def denied(_):
        raise DamagedCache(path=folder, variable="GENAI_DEMO_CACHE")

    monkeypatch.setattr(loading, "give_up", denied)
    with pytest.raises(DamagedCache):
        load_model(WHEEL_ENTRY, device="cpu")


@pytest.mark.usefixtures("package")
def test_bytes_that_a_disk_lost_unnoticed_are_found_right_after_the_start(convert, monkeypatch):
    monkeypatch.setattr(cache_module, "SMALL", 1_000)  # the tiny weights count as large
    flip(Path(prepare(WHEEL_ENTRY)) / "model.safetensors")
    failed = threading.Event()
    loader = language_loader(WHEEL_ENTRY, "cpu")
    loader.watch(lambda status: failed.set() if status.error else None)
    loader.start()
    assert failed.wait(60)
    with pytest.raises(DamagedInMemory):
        loader.model(60)
    assert not loader.status.ready
    load_model(WHEEL_ENTRY, device="cpu")
    assert len(convert) == 2


@pytest.mark.usefixtures("package", "convert")
def test_a_whole_model_stays_ready_after_it_has_been_checked(monkeypatch):
    checked = threading.Event()
    real = loading.is_whole
    monkeypatch.setattr(loading, "is_whole", lambda folder: real(folder) and not checked.set())
    loader = language_loader(WHEEL_ENTRY, "cpu")
    assert loader.model(60) is loader.model()
    assert checked.wait(60)
    assert loader.status.ready


@pytest.mark.usefixtures("package")
def test_a_disk_that_runs_full_while_weights_are_converted_is_said_and_leaves_nothing(monkeypatch, cache):
    def runs_full(_gguf_path, target, _report):
        (target / "model.safetensors").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(loading, "convert_gguf", runs_full)
    with pytest.raises(DiskFull):
        prepare(WHEEL_ENTRY)
    assert not [path for path in cache.iterdir() if path.is_dir()]
