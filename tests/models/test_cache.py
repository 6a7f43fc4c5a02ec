"""What is made once stays whole, whoever is killed and however many come at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from genai_demo.errors import CacheNotWritable, NoCacheSpace
from genai_demo.models.cache import CACHE_VARIABLE, build_once, cache_folder

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
    return {file.name: file.read_text() for file in folder.iterdir()}


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

    with pytest.raises((CacheNotWritable, NoCacheSpace)) as caught:
        build_once("model", refuse, 0, tmp_path)
    assert caught.value.facts["folder"] == tmp_path
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_the_environment_chooses_the_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv(CACHE_VARIABLE, "~/somewhere")
    assert cache_folder() == Path.home() / "somewhere"
    monkeypatch.delenv(CACHE_VARIABLE)
    assert cache_folder().is_absolute()
    assert "genai-demo" in cache_folder().parts
