"""Files and collections of word vectors as gensim writes them: every format is read, and nothing in them is run."""

from __future__ import annotations

import bz2
import gzip
import logging
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText, Word2Vec

from genai_demo.models.catalogue import find_vectors
from genai_demo.models.word_vectors import load_vectors
from genai_demo.models.word_vectors.errors import (
    DamagedVectorFile,
    MissingVectorPart,
    MissingVectorReader,
    VectorDownloadFailed,
)
from genai_demo.page.messages import sentence
from tests.models.vectors import ROWS, WORDS, check, keyed, read

SENTENCES = [["Katze", "Hund", "Maus"], ["Hund", "Haus", "Katze"], ["Haus", "Baum", "Maus"]] * 20
SMALL = {"vector_size": 8, "min_count": 1, "seed": 1, "workers": 1, "epochs": 1}


# ── as gensim writes them ────────────────────────────────────────────────────────────────────────────────────


def packed(write: Callable[[Path], object], pack=gzip.compress) -> Callable[[Path], object]:
    """The same file, packed afterwards: its name does not say so."""

    def write_packed(path: Path) -> None:
        write(path)
        path.write_bytes(pack(path.read_bytes()))

    return write_packed


def text(path: Path) -> None:
    keyed().save_word2vec_format(str(path))


def binary(path: Path) -> None:
    keyed().save_word2vec_format(str(path), binary=True)


def glove(path: Path) -> None:
    keyed().save_word2vec_format(str(path), write_header=False)


def old_binary(path: Path) -> None:
    """As the C program writes it: a newline after each row."""
    rows = [word.encode() + b" " + row.tobytes() + b"\n" for word, row in zip(WORDS, ROWS, strict=True)]
    path.write_bytes(f"{len(WORDS)} 8\n".encode() + b"".join(rows))


FORMATS = {
    "word2vec text": text,
    "word2vec text, packed": packed(text),
    "word2vec binary": binary,
    "word2vec binary, packed": packed(binary),
    "word2vec binary by the C program": old_binary,
    "GloVe": glove,
    "GloVe, packed": packed(glove, bz2.compress),
    "KeyedVectors": lambda path: keyed().save(str(path)),
    "KeyedVectors, packed": packed(lambda path: keyed().save(str(path))),
    "KeyedVectors in two files": lambda path: keyed().save(str(path), separately=["vectors"]),
    "KeyedVectors of older Pythons": lambda path: keyed().save(str(path), pickle_protocol=2),
}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_gives_the_same_table(format_, tmp_path):
    path = tmp_path / "vectors.any"
    FORMATS[format_](path)
    vectors, report = read(path)
    check(vectors, dict(zip(WORDS[:4], ROWS[:4].tolist(), strict=True)))
    assert not vectors.origin.inside_model
    assert (vectors.origin.model, vectors.origin.words, vectors.origin.dimensions) == ("vectors.any", 4, 8)
    assert (report.rows, report.words, report.not_words, report.again, report.without_direction) == (7, 4, 2, 1, 0)
    assert report.keys == tuple(WORDS[:5])
    assert load_vectors(find_vectors(str(path))).words == vectors.words


@pytest.mark.parametrize("kind", [Word2Vec, FastText])
@pytest.mark.parametrize("part", ["whole", "wv"])
@pytest.mark.parametrize("options", [{}, {"sep_limit": 0}], ids=["one file", "several files"])
@pytest.mark.parametrize("name", ["saved.model", "saved.model.gz"])
def test_what_gensim_trained_and_saved_is_read_as_gensim_reads_it(kind, part, options, name, tmp_path):
    trained = kind(SENTENCES, **SMALL, **({"bucket": 50} if kind is FastText else {}))
    (trained if part == "whole" else trained.wv).save(str(tmp_path / name), **options)
    assert (len(list(tmp_path.iterdir())) > 1) == bool(options)
    vectors, _ = read(tmp_path / name)
    check(vectors, {word: trained.wv[word].tolist() for word in trained.wv.index_to_key})


def test_a_part_that_gensim_stored_beside_the_file_is_missed_by_its_name(tmp_path):
    path = tmp_path / "saved.kv"
    keyed().save(str(path), separately=["vectors"])
    (tmp_path / "saved.kv.vectors.npy").unlink()
    with pytest.raises(MissingVectorPart) as caught:
        read(path)
    assert "saved.kv.vectors.npy" in sentence(caught.value)


def test_pieces_of_fasttext_need_gensim_and_the_error_says_what_to_install(tmp_path, without_gensim):
    FastText(SENTENCES, **SMALL, bucket=50).save(str(tmp_path / "saved"))
    without_gensim()
    with pytest.raises(MissingVectorReader) as caught:
        read(tmp_path / "saved")
    assert caught.value.facts["package"] == "gensim"


def test_all_other_formats_need_no_gensim(tmp_path, without_gensim):
    for number, write in enumerate(FORMATS.values()):
        write(tmp_path / f"{number}")
    without_gensim()
    for number in range(len(FORMATS)):
        assert len(read(tmp_path / f"{number}")[0].words) == 4


# ── nothing of a pickle is run ───────────────────────────────────────────────────────────────────────────────


class Trap:
    """An object that runs something when it is unpickled."""

    def __init__(self, work: Callable[..., object], *values: object) -> None:
        self._call = work, values

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_cannot_run_anything(tmp_path, protocol):
    sprung = tmp_path / "sprung"
    keep = tmp_path / "keep"
    keep.write_text("still here")
    traps = [
        Trap(os.system, f"touch {sprung}"),
        Trap(exec, f"open({str(sprung)!r}, 'w')"),
        Trap(eval, f"open({str(sprung)!r}, 'w')"),
        Trap(shutil.rmtree, str(keep)),
        Trap(os.remove, str(keep)),
        Trap(np.save, str(sprung), np.zeros(3)),
        Trap(getattr, "cat", "upper"),
    ]
    path = tmp_path / "trap.model"
    for trap in traps:
        path.write_bytes(pickle.dumps(trap, protocol))
        with pytest.raises(DamagedVectorFile):
            read(path)
    vectors = keyed()
    vectors.extra = traps
    path.write_bytes(pickle.dumps(vectors, protocol))
    assert read(path)[0].words == ("cat", "dog", "Paris", "naïve")
    assert keep.read_text() == "still here"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["keep", "trap.model"]


def test_an_array_beside_a_pickle_cannot_run_anything_either(tmp_path):
    path = tmp_path / "saved.kv"
    keyed().save(str(path), separately=["vectors"])
    sprung = tmp_path / "sprung"
    trap = np.array([[Trap(os.system, f"touch {sprung}")]], dtype=object)
    np.save(tmp_path / "saved.kv.vectors.npy", trap, allow_pickle=True)
    with pytest.raises(DamagedVectorFile):
        read(path)
    assert not sprung.exists()


# ── the collection ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_collection_needs_gensim_and_the_error_says_what_to_install(without_gensim):
    without_gensim()
    with pytest.raises(MissingVectorReader) as caught:
        load_vectors(find_vectors("glove-wiki-gigaword-50"))
    assert caught.value.facts["package"] == "gensim"


def test_a_collection_that_cannot_be_reached_is_named(monkeypatch, caplog):
    import gensim.downloader

    def offline(name, return_path):
        raise OSError(f"no network for {name}: {return_path}")

    monkeypatch.setattr(gensim.downloader, "load", offline)
    with caplog.at_level(logging.CRITICAL), pytest.raises(VectorDownloadFailed) as caught:
        load_vectors(find_vectors("glove-wiki-gigaword-50"))
    assert caught.value.facts["name"] == "glove-wiki-gigaword-50"


def test_of_a_collection_the_file_is_read_and_none_of_its_code_is_run(monkeypatch, tmp_path):
    import gensim.downloader

    path = tmp_path / "glove-wiki-gigaword-50.gz"
    text(path)  # which packs it, for its name

    def fetch(name, return_path=False):
        assert return_path, "otherwise gensim imports a module that it has downloaded"
        return str(path) if name == "glove-wiki-gigaword-50" else None

    monkeypatch.setattr(gensim.downloader, "load", fetch)
    vectors = load_vectors(find_vectors("glove-wiki-gigaword-50"))
    assert vectors.words == ("cat", "dog", "Paris", "naïve")
    assert vectors.origin.title == "GloVe 6B, 50 numbers"
