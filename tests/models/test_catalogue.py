"""The models known by name, and those in a folder."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from genai_demo.models.catalogue import (
    CATALOGUE,
    DEFAULT_MODEL,
    DEFAULT_PICTURES,
    PICTURES,
    Folder,
    Hub,
    Shipped,
    Wheel,
    available_models,
    available_pictures,
    find_model,
    find_pictures,
)
from genai_demo.models.errors import NoModelFolder, UnknownModel, UnknownPictures


def test_every_name_finds_its_entry_and_the_default_comes_first():
    assert available_models()[0] == DEFAULT_MODEL
    assert len(set(available_models())) == len(CATALOGUE)
    assert tuple(find_model(name) for name in available_models()) == CATALOGUE


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_an_entry_is_complete_and_cannot_be_changed(entry):
    assert entry.title
    assert entry.licence
    assert entry.megabytes > 0
    assert entry.context_limit > 0
    match entry.source:
        case Wheel(package, requirement, sha256):
            assert re.fullmatch(r"[0-9a-f]{64}", sha256)
            assert requirement.replace("-", "_").startswith(f"{package}==")
        case Hub(repository):
            assert re.fullmatch(r"[\w.-]+/[\w.-]+", repository)
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.name = "other"


def test_the_default_is_in_the_requirements():
    source = find_model(DEFAULT_MODEL).source
    assert isinstance(source, Wheel)
    requirements = (Path(__file__).parents[2] / "requirements.txt").read_text(encoding="utf-8")
    assert source.requirement in requirements.splitlines()


def test_a_folder_with_a_configuration_is_a_model(tmp_path):
    folder = tmp_path / "my-model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(bytes(3_000_000))
    entry = find_model(str(folder))
    assert (entry.name, entry.source, entry.megabytes) == ("my-model", Folder(folder), 3)


def test_the_folder_one_stands_in_has_a_name_too(tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    entry = find_model(".")
    assert entry.source == Folder(tmp_path.resolve())
    assert entry.name == entry.title == tmp_path.name


@pytest.mark.parametrize("name", ["gpt-5", "", "Gemma-3-270M", "no/such/folder", "\0", "<script>"])
def test_an_unknown_name_lists_the_choices(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownModel) as caught:
        find_model(name)
    assert caught.value.facts["name"] == name
    assert caught.value.facts["choices"].split(", ") == list(available_models())


def test_a_folder_without_a_configuration_is_no_model(tmp_path):
    with pytest.raises(NoModelFolder):
        find_model(str(tmp_path))


# ── picture models ───────────────────────────────────────────────────────────────────────────────────────────


def test_every_picture_model_is_found_by_its_name_and_the_shipped_one_comes_first():
    assert available_pictures()[0] == DEFAULT_PICTURES
    assert tuple(find_pictures(name) for name in available_pictures()) == PICTURES
    assert isinstance(find_pictures(DEFAULT_PICTURES).source, Shipped)
    assert find_pictures("sd-turbo").source == Hub("stabilityai/sd-turbo")
    assert all(entry.title and entry.licence and entry.megabytes > 0 for entry in PICTURES)


def test_a_folder_of_diffusers_is_a_picture_model(tmp_path):
    folder = tmp_path / "mine"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(bytes(2_000_000))
    entry = find_pictures(str(folder))
    assert (entry.name, entry.source, entry.megabytes) == ("mine", Folder(folder), 2)


@pytest.mark.parametrize("name", ["dall-e", "", "SD-Turbo", "no/such/folder", "\0"])
def test_an_unknown_picture_model_lists_the_choices(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownPictures) as caught:
        find_pictures(name)
    assert caught.value.facts["choices"].split(", ") == list(available_pictures())
