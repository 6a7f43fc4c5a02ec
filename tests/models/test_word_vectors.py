"""Tables of word vectors: which words they have, look-up, and the input table of a language model."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.errors import TextTooLong
from genai_demo.models.catalogue import VECTORS, available_vectors, find_vectors
from genai_demo.models.errors import UnknownVectors
from genai_demo.models.language import LanguageModel
from genai_demo.models.word_vectors import centred, load_vectors, of_language_model
from genai_demo.models.word_vectors.errors import NotAWord, NoWordsInModel, TokenIsNoWord, UnknownWord, WordNotInTable
from genai_demo.models.word_vectors.input_table import extract_table, read_table, save_table
from genai_demo.models.word_vectors.table import table_of
from genai_demo.models.word_vectors.words import is_word, one_row_per_word, word_key
from tests.models.vectors import ROWS

# ── which words a table has ──────────────────────────────────────────────────────────────────────────────────


def kept(spellings: list[str]) -> list[str]:
    return [spellings[index] for index in one_row_per_word(spellings)]


@pytest.mark.parametrize("word", ["cat", "naïve", "nai\u0308ve", "में", "राजा", "ที่", "இந்த", "姪", "größe", "ёж"])
def test_a_word_is_letters_with_their_marks(word):
    assert is_word(word)
    assert kept([word]) == [word]


@pytest.mark.parametrize(
    "text", ["", " cat", "cat\n", "x1", "don't", "3", "New_York", "\u0308", "ि", "🙂", "a b", "\ufffd"]
)
def test_what_holds_anything_else_is_no_word(text):
    assert not is_word(text)
    assert kept([text]) == []


def test_a_word_in_several_spellings_is_one_row_that_of_the_first_which_is_the_most_frequent():
    assert kept(["Japan", "JAPAN", "japan", "cat"]) == ["Japan", "cat"]
    assert kept(["jApan", "JAPAN"]) == ["jApan"]
    assert kept(["paris", "Paris"]) == ["paris"]


def test_words_of_a_to_z_come_first_in_their_order():
    assert kept(["дом", "cat", "naïve", "dog"]) == ["cat", "dog", "дом", "naïve"]


def test_the_way_an_accent_is_composed_makes_no_second_word():
    composed, decomposed = "é", "e\u0301"
    assert kept([f"caf{composed}", f"caf{decomposed}".upper()]) == [f"caf{composed}"]
    assert kept([f"caf{decomposed}", f"caf{composed}"]) == [f"caf{decomposed}"]


@given(st.lists(st.text(st.sampled_from("abAB1ёЁ\u0308ि"), max_size=3), max_size=12))
def test_every_word_has_exactly_one_row_that_of_its_first_spelling(spellings):
    found = kept(spellings)
    keys = [word_key(word) for word in spellings if is_word(word)]
    assert sorted(map(word_key, found)) == sorted(set(keys))
    for word in found:
        assert next(other for other in spellings if is_word(other) and word_key(other) == word_key(word)) == word


def test_rows_are_centred_and_then_scaled_to_length_one():
    unit, mean = centred(ROWS)
    assert mean == pytest.approx(ROWS.mean(axis=0), abs=1e-6)
    assert np.linalg.norm(unit, axis=1) == pytest.approx(np.ones(len(ROWS)), abs=1e-6)
    expected = ROWS[3] - ROWS.mean(axis=0)
    assert unit[3] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert centred(np.zeros((2, 3), np.float32))[0] == pytest.approx(np.zeros((2, 3)))
    huge, _ = centred(ROWS * np.float32(1e30))  # their squares are larger than float32 can hold
    assert huge == pytest.approx(unit, abs=1e-5)


def test_a_word_whose_row_is_the_mean_of_all_is_left_out_for_it_points_nowhere():
    rows = np.array([[1, 0], [-1, 2], [0, 1], [0, 1]], np.float32)
    table = table_of(["one", "two", "mean", "again"], rows)
    assert table.words == ["one", "two"]
    assert np.linalg.norm(table.unit, axis=1) == pytest.approx([1, 1])
    assert table_of(["one", "two"], np.full((2, 3), 0.1, np.float32)).words == []


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


def with_words(network, words: list[str], rows: np.ndarray) -> LanguageModel:
    """The tiny network with a vocabulary of words, whose rows are `rows`; the last ids belong to no token."""
    other = deepcopy(network)
    tokens = ["<pad>", "<eos>", "<bos>", *(f"▁{word}" for word in words)]
    tokenizer = Tokenizer(WordLevel({token: index for index, token in enumerate(tokens)}, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    with torch.no_grad():
        other.get_input_embeddings().weight[3 : 3 + len(words)] = torch.tensor(rows)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>")
    return LanguageModel(TorchEngine(other), fast, name="words", title="Words")


def test_rows_that_only_fill_the_table_up_are_no_words(network):
    words = ["cat", "zero", "Dog", "nan", "dog", "inf", "में"]
    rows = np.random.default_rng(3).normal(size=(len(words), 32)).astype(np.float32)
    rows[1], rows[2], rows[3, 4], rows[5, 0] = 0, 0, np.nan, np.inf
    vectors = of_language_model(with_words(network, words, rows))
    assert vectors.words == ("cat", "dog", "में")
    assert np.isfinite(vectors.unit).all()
    assert vectors.unit == pytest.approx(centred(rows[[0, 4, 6]])[0], abs=1e-5)


def test_a_model_without_words_says_so(network):
    rows = np.ones((2, 32), np.float32)
    with pytest.raises(NoWordsInModel) as caught:
        of_language_model(with_words(network, ["1", "2"], rows))
    assert caught.value.facts == {"title": "Words"}


def test_a_token_that_is_no_word_of_letters_is_not_said_to_be_cut_into_pieces(network):
    rows = np.random.default_rng(4).normal(size=(4, 32)).astype(np.float32)
    vectors = of_language_model(with_words(network, ["cat", "dog", "3D", "hat"], rows))
    with pytest.raises(TokenIsNoWord) as caught:
        vectors.vector("3D")
    assert caught.value.offers == {"3D": ["~3D"]}
    expected = rows[2] - rows[[0, 1, 3]].mean(axis=0)
    assert vectors.vector("~3D") == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)


def test_a_saved_table_is_the_same_table(tiny, tmp_path):
    table = extract_table(tiny)
    save_table(table, tmp_path)
    words, unit, mean = read_table(tmp_path)
    assert words == table[0]
    assert np.array_equal(unit, table[1])
    assert np.array_equal(mean, table[2])
    assert of_language_model(tiny, tmp_path).words == of_language_model(tiny).words


# ── look-up ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
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


# ── the catalogue ────────────────────────────────────────────────────────────────────────────────────────────


def test_every_name_finds_its_vectors_and_the_input_table_comes_first(tmp_path):
    assert available_vectors()[0] == "input-table"
    assert tuple(find_vectors(name) for name in available_vectors()) == VECTORS
    for name in ("no-such-vectors", str(tmp_path), "\0"):
        with pytest.raises(UnknownVectors) as caught:
            find_vectors(name)
        assert "input-table" in caught.value.facts["choices"]
