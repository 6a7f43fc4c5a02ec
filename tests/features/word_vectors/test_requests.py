"""What is said to a request from the browser that means nothing."""

from __future__ import annotations

import pytest

from genai_demo.errors import DemoError, InvalidParameter
from genai_demo.features.word_vectors import feature
from genai_demo.models.word_vectors.errors import NotAWord, UnknownWord
from genai_demo.page.asking import explained
from genai_demo.page.messages import sentence
from tests.asking import Asking

requests = Asking(feature.FEATURE)

NOTHING = [{}, {"words": None}, {"words": "cat"}, {"words": [1, 2]}, {"words": [["cat"], {}]}, {"formula": 7}]


@pytest.mark.parametrize("scene", [scene for scene in feature.FEATURE.scenes if scene != "play"])
@pytest.mark.parametrize("request_", NOTHING)
def test_a_request_that_means_nothing_is_refused_with_a_sentence(vectors, scene, request_):
    with pytest.raises(DemoError) as caught:
        getattr(requests, feature.FEATURE.scenes[scene][0])(vectors, request_)
    assert len(sentence(caught.value)) > 20


@pytest.mark.parametrize("seed", [None, "1", 0.5, -1, 2**53, True, [1]])
def test_a_game_needs_a_whole_number_as_its_seed(vectors, seed):
    with pytest.raises(InvalidParameter):
        requests.deal_game(vectors, {"seed": seed})


@pytest.mark.parametrize("words", [[], ["cat"], ["cat", "dog", "cow"]])
def test_a_pair_is_two_words(vectors, words):
    with pytest.raises(InvalidParameter):
        requests.compare_words(vectors, {"words": words})


def test_an_unknown_word_comes_with_what_could_take_its_place(vectors):
    with pytest.raises(UnknownWord) as caught:
        requests.work_out(vectors, {"formula": "Nieces − female", "reference": []})
    answer = explained(caught.value)
    assert answer["offers"] == {"Nieces": ["niece", "~Nieces"]}
    assert "Nieces" in answer["error"]


def test_markup_is_a_word_like_any_other(vectors):
    for words in (["<script>alert(1)</script>", "cat"], ["${x}", "cat"]):
        with pytest.raises(UnknownWord) as caught:
            requests.compare_words(vectors, {"words": words})
        assert words[0] in sentence(caught.value)
    with pytest.raises(NotAWord):
        requests.compare_words(vectors, {"words": ["🙂", "cat"]})


@pytest.mark.parametrize(
    ("ask", "rest"),
    [
        (requests.show_map, {"fitted": ["cat", "dog", "cow"]}),
        (requests.place_words, {"horizontal": ["male", "female"], "vertical": ["old", "young"]}),
    ],
    ids=["map", "axes"],
)
def test_one_unknown_word_among_several_keeps_no_other_out(vectors, ask, rest):
    answer = ask(vectors, rest | {"words": ["cat", "pizza", "Nieces", "~Nieces", "SUSHI", "🙂"]})
    alone = ask(vectors, rest | {"words": ["cat", "pizza", "~Nieces", "sushi"]})
    refused = answer.pop("refused")
    assert answer == alone
    assert "refused" not in alone
    assert refused["words"] == ["Nieces", "🙂"]
    assert refused["offers"] == {"Nieces": ["niece", "~Nieces"]}
    assert "“Nieces”" in refused["error"]
    with pytest.raises(UnknownWord):
        ask(vectors, rest | {"words": ["Nieces", "🙂"]})


def test_the_words_of_a_theme_that_a_table_lacks_are_named_and_the_others_shown(without_pieces):
    answer = requests.show_map(without_pieces, {"words": ["cat", "unicorn", "dog", "cow"], "fitted": []})
    assert [point["word"] for point in answer["points"]] == answer["fitted"] == ["cat", "dog", "cow"]
    assert answer["refused"]["words"] == ["unicorn"]


def test_axes_are_fitted_to_those_of_their_words_that_a_table_has(without_pieces):
    asked = {"words": ["cat", "pizza"], "fitted": ["cat", "unicorn", "dog", "cow"]}
    answer = requests.show_map(without_pieces, asked)
    assert answer == requests.show_map(without_pieces, asked | {"fitted": ["cat", "dog", "cow"]})
    assert answer["fitted"] == ["cat", "dog", "cow"]
