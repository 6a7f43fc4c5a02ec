"""When tables of word vectors are loaded: once, from a cache that may be damaged, or from a file at the start."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genai_demo.models.catalogue import ModelEntry, Wheel, find_vectors
from genai_demo.models.errors import ModelLoading
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader
from genai_demo.models.word_vectors import found_in_file, input_table, table_loader, vectors_loader
from genai_demo.models.word_vectors import loader as loader_module
from genai_demo.models.word_vectors.errors import DamagedVectorFile
from genai_demo.models.word_vectors.loader import load_table

PINNED = ModelEntry("pinned", "Pinned", "base", Wheel("none", "none==1", "ab" * 32), 1, "none", 0)


@pytest.fixture
def counted(monkeypatch) -> list[int]:
    """Counts how often a table is extracted."""
    calls: list[int] = []
    real_extract = input_table.extract_table

    def extract(model):
        calls.append(1)
        return real_extract(model)

    for module in (loader_module, input_table):
        monkeypatch.setattr(module, "extract_table", extract)
    monkeypatch.setattr(loader_module, "TABLE_BYTES", 1)
    return calls


def test_the_table_of_pinned_weights_is_extracted_once_into_the_cache(tiny, tmp_path, counted):
    first = load_table(tiny, PINNED, tmp_path)
    again = load_table(tiny, PINNED, tmp_path)
    assert len(counted) == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["pinned-abababababab-words-v2"]
    assert np.array_equal(first.unit, again.unit)


def damaged_npy(folder: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    rows = np.load(folder / "unit.npy")
    np.save(folder / "unit.npy", change(rows))


DAMAGE = {
    "words.json is missing": lambda folder: (folder / "words.json").unlink(),
    "the folder is empty": lambda folder: [file.unlink() for file in folder.iterdir()],
    "unit.npy is cut off": lambda folder: (folder / "unit.npy").write_bytes((folder / "unit.npy").read_bytes()[:900]),
    "unit.npy is empty": lambda folder: (folder / "unit.npy").write_bytes(b""),
    "mean.npy is garbage": lambda folder: (folder / "mean.npy").write_bytes(b"garbage" * 50),
    "words.json is no JSON": lambda folder: (folder / "words.json").write_bytes(b"\xff["),
    "words.json is shorter": lambda folder: (folder / "words.json").write_text(
        json.dumps(json.loads((folder / "words.json").read_text())[1:])
    ),
    "words.json is another list": lambda folder: (folder / "words.json").write_text(
        json.dumps(json.loads((folder / "words.json").read_text())[::-1])
    ),
    "rows are no numbers": lambda folder: damaged_npy(folder, lambda rows: rows * np.nan),
    "rows are too short": lambda folder: damaged_npy(folder, lambda rows: rows[:, 1:]),
    "one bit is wrong": lambda folder: damaged_npy(folder, lambda rows: np.vstack([-rows[:1], rows[1:]])),
    "the checksums are garbage": lambda folder: (folder / "checksums.json").write_text("{"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_table_in_the_cache_is_made_anew(tiny, tmp_path, counted, damage, caplog):
    expected = load_table(tiny, PINNED, tmp_path)
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    unit = np.array(expected.unit)
    DAMAGE[damage](folder)
    with caplog.at_level(logging.CRITICAL):
        mended = load_table(tiny, PINNED, tmp_path)
        again = load_table(tiny, PINNED, tmp_path)
    for vectors in (mended, again):
        assert vectors.words == expected.words
        assert np.array_equal(vectors.unit, unit)
    assert len(counted) == 2


def test_a_cache_that_damages_whatever_is_written_costs_time_and_nothing_else(tiny, tmp_path, monkeypatch, counted):
    monkeypatch.setattr(loader_module, "save_table", lambda _, folder: (folder / "words.json").write_text("[]"))
    vectors = load_table(tiny, PINNED, tmp_path)
    assert vectors.spelling("CAT") == "cat"
    assert len(counted) == 3


def test_weights_that_may_change_are_read_anew(tiny, entry, tmp_path, counted):
    for _ in range(2):
        load_table(tiny, entry, tmp_path)
    assert len(counted) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("counted")
def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(tiny, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    vectors = load_table(tiny, PINNED, blocked / "cache")
    assert vectors.spelling("CAT") == "cat"


def test_many_visitors_at_once_share_one_table(tiny, tmp_path, counted):
    source = table_loader(Loader.of(tiny, "Pinned"), PINNED, tmp_path)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(source.model(60))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
    assert len(counted) == 1


@pytest.fixture
def unasked() -> Loader[LanguageModel]:
    """The loader of a language model that nobody should ask for."""
    return Loader("Pinned", lambda _: pytest.fail("the language model is not needed"))


def test_the_input_table_follows_its_language_model(tiny, tmp_path, counted):
    there, waiting = threading.Event(), threading.Event()

    def load(report):
        report("converting", 0.4)
        waiting.set()
        assert there.wait(60)
        return tiny

    language = Loader("Pinned", load)
    source = table_loader(language, PINNED, tmp_path)
    source.start()
    assert waiting.wait(60)
    with pytest.raises(ModelLoading) as caught:
        source.model()
    assert caught.value.facts == {"title": "Pinned", "percent": 40, "stage": "converting"}
    assert source.loaded is None
    there.set()
    assert source.model(60).spelling("CAT") == "cat"
    assert len(counted) == 1
    assert found_in_file(source) is None


def test_a_file_is_there_before_anybody_asks(text_file, unasked):
    source = vectors_loader(find_vectors(str(text_file)), unasked, PINNED)
    found = found_in_file(source)
    assert (found.rows, found.words, found.not_words, found.again) == (7, 4, 2, 1)
    text_file.unlink()
    assert source.loaded.spelling("PARIS") == "Paris"
    assert source.model() is source.loaded


def test_a_file_that_cannot_be_read_is_reported_at_once(tmp_path, unasked):
    path = tmp_path / "notes.txt"
    path.write_text("no vectors here")
    with pytest.raises(DamagedVectorFile):
        vectors_loader(find_vectors(str(path)), unasked, PINNED)
