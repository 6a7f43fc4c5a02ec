"""What is made once stays whole, whoever is killed and however many come at once."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from genai_demo.models import cache as cache_module
from genai_demo.models.cache import (
    CACHE_VARIABLE,
    CHECKSUMS,
    build_once,
    cache_folder,
    give_up,
    is_whole,
    write_whole,
)
from genai_demo.models.errors import (
    CacheNotReadable,
    CacheNotWritable,
    DamagedCache,
    DiskFull,
    NoCacheSpace,
    UnusableCache,
)

ROOT = Path(__file__).parents[2]

# A process that fills the cache: it notes that it has begun, then takes its time.
SLOW_FILL = """
import sys, time
from pathlib import Path
from genai_demo.models.cache import build_once

cache, seconds = Path(sys.argv[1]), float(sys.argv[2])

def fill(folder):
    (folder / "half").write_text("half")
    with (cache / "fills").open("a") as fills:
        fills.write("fill\\n")
    time.sleep(seconds)
    (folder / "weights").write_text("whole")

build_once("model", fill, 0, cache)
"""


def slow_fill(cache: Path, seconds: float) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", SLOW_FILL, str(cache), str(seconds)], cwd=ROOT)


def whole(folder: Path) -> None:
    (folder / "weights").write_text("whole")


def must_not_fill(_: Path) -> None:
    raise AssertionError("filled although it was there")


def content(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir() if file.name != CHECKSUMS}


def test_the_folder_is_filled_once(tmp_path):
    folder = build_once("model", whole, 0, tmp_path)
    assert folder == tmp_path / "model"
    assert content(folder) == {"weights": "whole"}
    assert build_once("model", must_not_fill, 0, tmp_path) == folder


def test_the_cache_folder_is_made_with_its_parents(tmp_path):
    assert build_once("model", whole, 0, tmp_path / "a" / "b").is_dir()


def test_a_failing_fill_leaves_nothing_that_looks_finished(tmp_path):
    def fail(folder: Path) -> None:
        whole(folder)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        build_once("model", fail, 0, tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    assert content(build_once("model", whole, 0, tmp_path)) == {"weights": "whole"}


def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    leftovers = tmp_path / "model.unfinished"
    leftovers.mkdir()
    (leftovers / "half").write_text("half")
    assert content(build_once("model", whole, 0, tmp_path)) == {"weights": "whole"}
    assert not leftovers.exists()


def test_killed_in_the_middle_the_next_start_is_whole(tmp_path):
    process = slow_fill(tmp_path, seconds=60)
    try:
        while not (tmp_path / "fills").exists():
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    assert not (tmp_path / "model").exists()
    assert content(build_once("model", whole, 0, tmp_path)) == {"weights": "whole"}


def test_processes_at_once_fill_once(tmp_path):
    processes = [slow_fill(tmp_path, seconds=0.3) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert (tmp_path / "fills").read_text() == "fill\n"
    assert content(tmp_path / "model") == {"half": "half", "weights": "whole"}


def test_threads_at_once_fill_once(tmp_path):
    fills = []

    def fill(folder: Path) -> None:
        fills.append(folder)
        time.sleep(0.05)
        whole(folder)

    with ThreadPoolExecutor(4) as threads:
        folders = set(threads.map(lambda _: build_once("model", fill, 0, tmp_path), range(4)))
    assert folders == {tmp_path / "model"}
    assert len(fills) == 1


def test_too_little_space_is_said_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=300_000_000))
    with pytest.raises(NoCacheSpace) as caught:
        build_once("model", must_not_fill, 1_500_000_000, tmp_path)
    assert caught.value.facts == {
        "folder": tmp_path,
        "needed_mb": 1_500,
        "free_mb": 300,
        "variable": CACHE_VARIABLE,
    }
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_the_place_of_the_cache_folder_is_named(tmp_path, below):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("I am no folder")
    with pytest.raises(CacheNotWritable) as caught:
        build_once("model", must_not_fill, 0, in_the_way / below)
    assert caught.value.facts["folder"] == in_the_way / below


@pytest.mark.parametrize("error", [PermissionError(13, "denied"), OSError(30, "read-only"), OSError(28, "disk full")])
def test_a_disk_that_refuses_is_named(tmp_path, error):
    def refuse(_: Path) -> None:
        raise error

    with pytest.raises(UnusableCache) as caught:
        build_once("model", refuse, 0, tmp_path)
    assert caught.value.facts["folder"] == tmp_path
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_or_a_quota_that_is_used_up_on_the_way_is_told_from_one_that_may_not_be_written(tmp_path, number):
    def runs_full(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise OSError(number, "full")

    with pytest.raises(DiskFull) as caught:
        build_once("model", runs_full, 5_000_000, tmp_path)
    assert caught.value.facts == {"folder": tmp_path, "needed_mb": 5, "variable": CACHE_VARIABLE}
    assert [path.name for path in tmp_path.iterdir()] == ["model.lock"]


# ── damage ───────────────────────────────────────────────────────────────────────────────────────────────────


def flip(file: Path, *, unnoticed: bool = False) -> None:
    """Change one byte; `unnoticed`, as a dying disk does: the file's time stays what it was."""
    before = file.stat()
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x10
    file.write_bytes(data)
    if unnoticed:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


DAMAGES = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "cut off": lambda file: os.truncate(file, 3),
    "another text of the same length": lambda file: file.write_text("WHOLE"),
    "one bit": flip,
    "one bit, unnoticed": lambda file: flip(file, unnoticed=True),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_damaged_is_made_anew(tmp_path, damage):
    folder = build_once("model", whole, 0, tmp_path)
    damage(folder / "weights")
    assert not is_whole(folder)
    assert content(build_once("model", whole, 0, tmp_path)) == {"weights": "whole"}
    assert is_whole(folder)


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"weights": 1}', b'{"weights": {"size": 5}}', b"\xff"])
def test_damaged_checksums_are_damage_too(tmp_path, note):
    folder = build_once("model", whole, 0, tmp_path)
    (folder / CHECKSUMS).write_bytes(note)
    assert not is_whole(folder)
    build_once("model", whole, 0, tmp_path)
    assert is_whole(folder)


def test_of_a_large_file_a_start_reads_what_has_changed_and_the_check_afterwards_all(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "SMALL", 0)
    folder = build_once("model", whole, 0, tmp_path)
    read = []
    real = cache_module.file_digest
    monkeypatch.setattr(cache_module, "file_digest", lambda file, name: read.append(file.name) or real(file, name))
    assert build_once("model", must_not_fill, 0, tmp_path) == folder
    assert read == []
    os.utime(folder / "weights", ns=(0, 0))  # as a copy of the cache would have
    assert build_once("model", must_not_fill, 0, tmp_path) == folder
    assert len(read) == 1
    assert build_once("model", must_not_fill, 0, tmp_path) == folder
    assert len(read) == 1  # its new time is known
    flip(folder / "weights", unnoticed=True)
    assert build_once("model", must_not_fill, 0, tmp_path) == folder
    assert not is_whole(folder)
    give_up(folder)
    assert content(build_once("model", whole, 0, tmp_path)) == {"weights": "whole"}


def test_what_was_made_before_there_were_checksums_is_taken_as_it_is_and_gets_them(tmp_path):
    folder = build_once("model", whole, 0, tmp_path)
    (folder / CHECKSUMS).unlink()
    assert build_once("model", must_not_fill, 0, tmp_path) == folder
    assert not is_whole(folder, adopt=False)  # nobody knows
    assert is_whole(folder)
    flip(folder / "weights")
    assert not is_whole(folder)


# ── one account makes it, others read it ─────────────────────────────────────────────────────────────────────


def secretive(folder: Path) -> None:
    whole(folder)
    (folder / "weights").chmod(0o600)  # as safetensors writes them


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize(("umask", "file_mode", "folder_mode"), [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700)])
def test_whoever_may_read_the_folder_may_read_its_files(tmp_path, umask, file_mode, folder_mode):
    before = os.umask(umask)
    try:
        folder = build_once("model", secretive, 0, tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == folder_mode
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {file_mode}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_files_that_only_their_owner_could_read_are_opened_at_the_owners_next_start(tmp_path):
    folder = build_once("model", whole, 0, tmp_path)
    folder.chmod(0o755)
    (folder / "weights").chmod(0o600)
    build_once("model", must_not_fill, 0, tmp_path)
    assert stat.S_IMODE((folder / "weights").stat().st_mode) == 0o644


AS_ANOTHER = """
import os, sys
from pathlib import Path
from genai_demo.models.cache import build_once, is_whole
from genai_demo.errors import DemoError

os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    folder = build_once("model", lambda folder: sys.exit("filled"), 0, Path(sys.argv[1]))
    print((folder / "weights").read_text(), is_whole(folder))
except DemoError as error:
    print(type(error).__name__)
"""


@pytest.fixture
def shared(tmp_path):
    """A folder that every account may look into, down from the root."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder.name.startswith(
            ("pytest-", "popen-", "test_", tmp_path.name)
        ):
            folder.chmod(0o755)
    return tmp_path


def as_another(cache: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER, str(cache)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


needs_two_accounts = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another account"
)


@needs_two_accounts
def test_another_account_without_write_permission_reads_what_was_prepared(shared):
    build_once("model", secretive, 0, shared)
    files = sorted(path.name for path in shared.rglob("*"))
    assert as_another(shared) == "whole True"
    assert sorted(path.name for path in shared.rglob("*")) == files


@needs_two_accounts
def test_another_account_that_cannot_read_or_mend_it_is_told_so(shared):
    folder = build_once("model", whole, 0, shared)
    (folder / "weights").chmod(0o600)
    assert as_another(shared) == CacheNotReadable.__name__
    folder.chmod(0o700)
    assert as_another(shared) == CacheNotReadable.__name__
    folder.chmod(0o755)
    (folder / "weights").chmod(0o644)
    flip(folder / "weights")
    assert as_another(shared) == DamagedCache.__name__
    shutil.rmtree(folder)
    assert as_another(shared) == CacheNotWritable.__name__


# ── single files ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    file = tmp_path / "file.json"
    write_whole(file, "first")
    write = Path.write_text

    def runs_full(path, text, **options):
        write(path, text[:2], **options)
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "write_text", runs_full)
    with pytest.raises(OSError, match="full"):
        write_whole(file, "second")
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]
    assert file.read_text() == "first"


def test_the_environment_chooses_the_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv(CACHE_VARIABLE, "~/somewhere")
    assert cache_folder() == Path.home() / "somewhere"
    monkeypatch.delenv(CACHE_VARIABLE)
    assert cache_folder().is_absolute()
    assert "genai-demo" in cache_folder().parts
