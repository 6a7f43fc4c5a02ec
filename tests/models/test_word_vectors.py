"""Tables of word vectors: which words they have, look-up, files, and when they are loaded."""

from __future__ import annotations

import builtins
import logging
import threading
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.errors import (
    DamagedVectorFile,
    MissingVectorReader,
    ModelLoading,
    NotAWord,
    TextTooLong,
    UnknownVectors,
    UnknownWord,
    VectorDownloadFailed,
    WordNotInTable,
)
from genai_demo.models import word_vectors
from genai_demo.models.catalogue import VECTORS, ModelEntry, Wheel, available_vectors, find_vectors
from genai_demo.models.loading import ModelLoader
from genai_demo.models.word_vectors import (
    VectorsLoader,
    centred,
    extract_table,
    load_vectors,
    of_language_model,
    one_entry_per_word,
    read_table,
    save_table,
)

WORDS = ["cat", "dog", "Paris", "naïve", "x1", "New_York", "Dog"]
ROWS = np.random.default_rng(2).normal(size=(len(WORDS), 8)).astype(np.float32)


# ── which words a table has ──────────────────────────────────────────────────────────────────────────────────


def kept(spellings: list[str]) -> list[str]:
    return [spellings[index] for index in one_entry_per_word(spellings)]


def test_a_word_in_several_spellings_is_one_entry_the_lowercase_one():
    assert kept(["Japan", "JAPAN", "japan", "cat"]) == ["japan", "cat"]
    assert kept(["JAPAN", "Japan"]) == ["Japan"]
    assert kept(["jApan", "JAPAN"]) == ["jApan"]
    assert kept(["x1", "don't", "", " cat", "cat\n", "3"]) == []


def test_words_of_a_to_z_come_first_in_their_order():
    assert kept(["дом", "cat", "naïve", "dog"]) == ["cat", "dog", "дом", "naïve"]


def test_the_way_an_accent_is_composed_makes_no_second_word():
    composed, decomposed = "é", "e\u0301"
    assert kept([f"caf{composed}", f"caf{decomposed}".upper()]) == [f"caf{composed}"]


@given(st.lists(st.text(st.sampled_from("abAB1ёЁ"), max_size=3), max_size=12))
def test_every_word_has_exactly_one_entry_ignoring_case(spellings):
    found = kept(spellings)
    assert sorted(word.lower() for word in found) == sorted({word.lower() for word in spellings if word.isalpha()})
    for word in found:
        rivals = [other for other in spellings if other.lower() == word.lower()]
        assert word == word.lower() or word.lower() not in rivals


def test_rows_are_centred_and_then_scaled_to_length_one():
    unit, mean = centred(ROWS)
    assert mean == pytest.approx(ROWS.mean(axis=0), abs=1e-6)
    assert np.linalg.norm(unit, axis=1) == pytest.approx(np.ones(len(ROWS)), abs=1e-6)
    expected = ROWS[3] - ROWS.mean(axis=0)
    assert unit[3] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert centred(np.zeros((2, 3), np.float32))[0] == pytest.approx(np.zeros((2, 3)))


# ── the input table of a language model ──────────────────────────────────────────────────────────────────────


def test_the_input_table_has_the_tokens_of_one_space_and_letters(tiny):
    vectors = of_language_model(tiny)
    assert set(vectors.words) >= {"the", "cat", "sat", "on", "a", "phone"}
    assert "for" not in vectors.words  # a token, but without a leading space
    assert vectors.latin_count == len(vectors.words)
    assert vectors.origin.inside_model
    assert (vectors.origin.words, vectors.origin.dimensions) == vectors.unit.shape


def test_its_rows_are_those_that_the_network_reads(tiny, network):
    vectors = of_language_model(tiny)
    (token,) = tiny.encode(" cat")
    weights = network.get_input_embeddings().weight.detach().numpy()
    ids = [tiny.encode(f" {word}")[0].id for word in vectors.words]
    expected = weights[token.id] - weights[ids].mean(axis=0)
    assert vectors.vector("cat") == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)


def test_a_word_of_several_tokens_names_its_pieces_and_their_mean_can_be_taken(tiny, network):
    vectors = of_language_model(tiny)
    with pytest.raises(UnknownWord) as caught:
        vectors.vector("thecat")
    tokens = tiny.encode(" thecat")
    assert caught.value.facts["pieces"] == [token.text.strip() for token in tokens]
    weights = network.get_input_embeddings().weight.detach().numpy()
    ids = [tiny.encode(f" {word}")[0].id for word in vectors.words]
    expected = weights[[token.id for token in tokens]].mean(axis=0) - weights[ids].mean(axis=0)
    assert vectors.vector("~thecat") == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)
    assert vectors.spelling(" ~thecat ") == "~thecat"


def test_a_saved_table_is_the_same_table(tiny, tmp_path):
    table = extract_table(tiny)
    save_table(table, tmp_path)
    words, unit, mean = read_table(tmp_path)
    assert words == table[0]
    assert np.array_equal(unit, table[1])
    assert np.array_equal(mean, table[2])
    assert of_language_model(tiny, tmp_path).words == of_language_model(tiny).words


# ── look-up ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def text_file(tmp_path_factory) -> Path:
    """A file of vectors in word2vec's text format."""
    path = tmp_path_factory.mktemp("vectors") / "tiny.txt"
    keyed().save_word2vec_format(str(path))
    return path


def keyed() -> KeyedVectors:
    """gensim's own object with our rows."""
    vectors = KeyedVectors(ROWS.shape[1])
    vectors.add_vectors(WORDS, ROWS)
    return vectors


@pytest.fixture(scope="module")
def from_file(text_file):
    return load_vectors(find_vectors(str(text_file)))


@pytest.mark.parametrize("typed", ["paris", "PARIS", " Paris\n", "Paris"])
def test_look_up_ignores_case_and_spaces(from_file, typed):
    assert from_file.spelling(typed) == "Paris"
    assert np.array_equal(from_file.vector(typed), from_file.unit[from_file.row("Paris")])


def test_look_up_ignores_how_accents_are_composed(from_file):
    assert from_file.spelling("nai\u0308ve") == "naïve"


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("", NotAWord),
        ("42", NotAWord),
        ("🙂", NotAWord),
        ("~", NotAWord),
        ("a" * 41, TextTooLong),
        ("a" * 10_000, TextTooLong),
    ],
)
def test_what_is_no_word_is_refused(from_file, tiny, word, error):
    for vectors in (from_file, of_language_model(tiny)):
        with pytest.raises(error):
            vectors.vector(word)


@pytest.mark.parametrize(
    ("typed", "spellings"), [("cats", ["cat"]), ("dgo", ["dog"]), ("parisian", []), ("zebra", []), ("naive", ["naïve"])]
)
def test_the_nearest_spellings_are_named(from_file, typed, spellings):
    with pytest.raises(WordNotInTable) as caught:
        from_file.vector(typed)
    assert caught.value.facts["spellings"] == spellings


def test_nearest_gives_all_rows_if_more_are_asked_for(from_file):
    vector = from_file.vector("cat")
    everything = from_file.nearest(7 * vector, 1_000)
    expected = sorted(enumerate(from_file.unit @ vector), key=lambda item: -item[1])
    assert [row for row, _ in everything] == [row for row, _ in expected]
    assert [cosine for _, cosine in everything] == pytest.approx([float(cosine) for _, cosine in expected], abs=1e-6)
    assert {row for row, _ in from_file.nearest(vector, 1_000, latin_only=True)} == set(range(from_file.latin_count))


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────


def write_glove(path: Path) -> None:
    lines = [" ".join([word, *(f"{number:.6f}" for number in row)]) for word, row in zip(WORDS, ROWS, strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


FORMATS = {
    "word2vec text": lambda path: keyed().save_word2vec_format(str(path)),
    "word2vec binary": lambda path: keyed().save_word2vec_format(str(path), binary=True),
    "GloVe": write_glove,
    "KeyedVectors": lambda path: keyed().save(str(path)),
}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_gives_the_same_table(format_, tmp_path):
    path = tmp_path / "vectors.any"
    FORMATS[format_](path)
    vectors = load_vectors(find_vectors(str(path)))
    assert vectors.words == ("cat", "dog", "Paris", "naïve")
    unit, _ = centred(ROWS[[0, 1, 2, 3]])
    assert vectors.unit == pytest.approx(unit, abs=1e-5)
    assert not vectors.origin.inside_model
    assert vectors.origin.model == "vectors.any"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04not a pickle",
        b"3 8\ncat 1 2",
        b"cat one two three\n",
        b"\xff\xfe\x00" * 50,
        b"cat 1 2 3\ndog 1 2\n",
    ],
)
def test_a_damaged_file_is_named(content, tmp_path, caplog):
    path = tmp_path / "damaged.bin"
    path.write_bytes(content)
    with caplog.at_level(logging.CRITICAL), pytest.raises(DamagedVectorFile) as caught:
        load_vectors(find_vectors(str(path)))
    assert caught.value.facts["path"] == path


def test_without_gensim_a_file_cannot_be_read_and_the_error_says_what_to_install(text_file, monkeypatch):
    real_import = builtins.__import__

    def without_gensim(name, *args, **named):
        if name.startswith("gensim"):
            raise ImportError(name)
        return real_import(name, *args, **named)

    monkeypatch.setattr(builtins, "__import__", without_gensim)
    with pytest.raises(MissingVectorReader) as caught:
        load_vectors(find_vectors(str(text_file)))
    assert caught.value.facts["package"] == "gensim"


def test_a_collection_that_cannot_be_reached_is_named(monkeypatch, caplog):
    import gensim.downloader

    def offline(name):
        raise OSError(f"no network for {name}")

    monkeypatch.setattr(gensim.downloader, "load", offline)
    with caplog.at_level(logging.CRITICAL), pytest.raises(VectorDownloadFailed) as caught:
        load_vectors(find_vectors("glove-wiki-gigaword-50"))
    assert caught.value.facts["name"] == "glove-wiki-gigaword-50"


def test_a_collection_is_read_as_a_file_is(monkeypatch):
    import gensim.downloader

    monkeypatch.setattr(gensim.downloader, "load", lambda name: keyed() if name == "glove-wiki-gigaword-50" else None)
    assert load_vectors(find_vectors("glove-wiki-gigaword-50")).words == ("cat", "dog", "Paris", "naïve")


# ── the catalogue ────────────────────────────────────────────────────────────────────────────────────────────


def test_every_name_finds_its_vectors_and_the_input_table_comes_first(tmp_path):
    assert available_vectors()[0] == "input-table"
    assert tuple(find_vectors(name) for name in available_vectors()) == VECTORS
    for name in ("no-such-vectors", str(tmp_path), "\0"):
        with pytest.raises(UnknownVectors) as caught:
            find_vectors(name)
        assert "input-table" in caught.value.facts["choices"]


# ── loading ──────────────────────────────────────────────────────────────────────────────────────────────────

PINNED = ModelEntry("pinned", "Pinned", "base", Wheel("none", "none==1", "ab" * 32), 1, "none", 0)


@pytest.fixture
def counted(monkeypatch) -> list[int]:
    """Counts how often a table is extracted."""
    calls: list[int] = []
    real_extract = word_vectors.extract_table

    def extract(model):
        calls.append(1)
        return real_extract(model)

    monkeypatch.setattr(word_vectors, "extract_table", extract)
    monkeypatch.setattr(word_vectors, "TABLE_BYTES", 1)
    return calls


def test_the_table_of_pinned_weights_is_extracted_once_into_the_cache(tiny, tmp_path, counted):
    first = VectorsLoader(ModelLoader.of(tiny, PINNED), tmp_path).model()
    again = VectorsLoader(ModelLoader.of(tiny, PINNED), tmp_path).model()
    assert len(counted) == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["pinned-abababababab-words-v1"]
    assert np.array_equal(first.unit, again.unit)


def test_weights_that_may_change_are_read_anew(loader, tmp_path, counted):
    for _ in range(2):
        VectorsLoader(loader, tmp_path).model()
    assert len(counted) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("counted")
def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(tiny, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    vectors = VectorsLoader(ModelLoader.of(tiny, PINNED), blocked / "cache").model()
    assert vectors.spelling("CAT") == "cat"


def test_many_visitors_at_once_share_one_table(tiny, tmp_path, counted):
    source = VectorsLoader(ModelLoader.of(tiny, PINNED), tmp_path)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(source.model())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
    assert len(counted) == 1


class StillLoading:
    """A language model that is on its way."""

    entry = PINNED

    def model(self, wait_seconds: float = 0.0):
        raise ModelLoading(title="Pinned", seconds=wait_seconds)


def test_the_input_table_waits_for_its_model_but_a_file_does_not(text_file):
    source = VectorsLoader(StillLoading())
    with pytest.raises(ModelLoading):
        source.model()
    source.choose(find_vectors(str(text_file)))
    assert source.model().spelling("PARIS") == "Paris"
