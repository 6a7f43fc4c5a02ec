"""Files that come with the program: what is said if one is missing or damaged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from genai_demo import shipped
from genai_demo.datasets.drawings.sprites import Sprites
from genai_demo.errors import DamagedClone, DamagedModelFolder
from genai_demo.features.rlhf.story import read_rankings
from genai_demo.models.loader import Loader
from genai_demo.models.picture import load_picture_model
from genai_demo.models.picture_generator import load_picture_generator, trained_objects
from genai_demo.models.stages_loader import adapters_loader, load_adapters, stage_names
from genai_demo.page import scene
from genai_demo.page.messages import sentence

ROOT = Path(__file__).parents[1]


@pytest.fixture
def clone(tmp_path, monkeypatch) -> Path:
    """A copy of the program's folder without most of it."""
    monkeypatch.setattr(shipped, "ROOT", tmp_path)
    return tmp_path


def copied(clone: Path, folder: str) -> Path:
    return Path(shutil.copytree(ROOT / folder, clone / folder))


def assert_named(error: DamagedClone, path: str) -> None:
    assert error.facts == {"path": path}
    assert sentence(error).endswith(f"git checkout -- {path}")


@pytest.mark.parametrize("damage", ["missing", "empty", "cut off"])
@pytest.mark.parametrize("name", ["config.json", "weights-1-of-*.safetensors"])
def test_a_damaged_picture_model_is_brought_back_by_git(clone, name, damage):
    folder = copied(clone, "assets/picture_model")
    (file,) = folder.glob(name)
    data = file.read_bytes()
    file.unlink() if damage == "missing" else file.write_bytes(data[: len(data) // 2] if damage == "cut off" else b"")
    with pytest.raises(DamagedClone) as caught:
        load_picture_model(folder)
    assert_named(caught.value, "assets/picture_model")


def test_a_picture_model_without_its_record_is_brought_back_by_git(clone):
    folder = clone / "assets" / "picture_model"
    with pytest.raises(DamagedClone) as caught:
        trained_objects(folder)
    assert_named(caught.value, "assets/picture_model")
    with pytest.raises(DamagedClone):
        load_picture_generator("cpu", folder)


def test_without_any_adapter_they_are_brought_back_by_git(clone, tuned):
    stages = adapters_loader(Loader.of(tuned.base, "Tiny"), clone / "assets" / "rlhf")
    assert stage_names(stages) == ["base"]
    for _ in range(2):
        with pytest.raises(DamagedClone) as caught:
            stages.model(60)
        assert_named(caught.value, "assets/rlhf")


def test_a_damaged_adapter_is_brought_back_by_git(clone, tuned, adapter_folders):
    folder = clone / "assets" / "rlhf"
    shutil.copytree(adapter_folders["sft"], folder / "sft")
    (folder / "sft" / "adapter_config.json").write_text("[]")
    with pytest.raises(DamagedClone) as caught:
        load_adapters(tuned.base, folder)
    assert_named(caught.value, "assets/rlhf/sft")


@pytest.mark.parametrize("text", [None, "", "{", "[]x", "3"])
def test_a_damaged_recorded_example_is_brought_back_by_git(clone, monkeypatch, text):
    monkeypatch.setattr(scene, "RECORDED", clone / "recorded")
    (clone / "recorded" / "tab").mkdir(parents=True)
    if text is not None:
        (clone / "recorded" / "tab" / "scene.json").write_text(text)
    with pytest.raises(DamagedClone) as caught:
        scene.recorded("tab", "scene")
    assert_named(caught.value, "recorded/tab/scene.json")


def test_damaged_drawings_and_rankings_are_brought_back_by_git(clone):
    with pytest.raises(DamagedClone) as caught:
        Sprites.load(clone / "assets" / "sprites")
    assert_named(caught.value, "assets/sprites")
    (clone / "rankings.jsonl").write_text("{")
    with pytest.raises(DamagedClone) as caught:
        read_rankings(clone)
    assert_named(caught.value, "rankings.jsonl")


def test_a_folder_from_elsewhere_is_copied_again(tmp_path):
    with pytest.raises(DamagedModelFolder) as caught:
        load_picture_model(tmp_path)
    assert type(caught.value) is DamagedModelFolder
    assert "copy or download it again" in sentence(caught.value)


@pytest.mark.parametrize("missing", ["assets/recorded/next_word/tokens.json", "NOTICE"])
def test_a_program_that_lost_a_file_says_so_in_one_sentence(tmp_path, missing):
    for name in ("app.py", "NOTICE", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "genai_demo", tmp_path / "genai_demo", ignore=shutil.ignore_patterns("__pycache__"))
    copied(tmp_path, "assets/recorded")
    shutil.copy(ROOT / "assets" / "GEMMA_TERMS.md", tmp_path / "assets")
    (tmp_path / missing).unlink()
    done = subprocess.run([sys.executable, "app.py", "--list-models"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"git checkout -- {missing}")
