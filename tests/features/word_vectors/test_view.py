"""What is drawn and what the API returns: plain JSON in exactly the promised shapes."""

from __future__ import annotations

import json

import pytest

from genai_demo.features.word_vectors import backend, feature, view
from tests.asking import Asking
from tests.features.word_vectors.conftest import LATIN

requests = Asking(feature.FEATURE)

REFERENCE = LATIN[:12]
NIECE = "niece − female + male"


def test_neighbours_as_the_api_returns_them(vectors):
    result = view.neighbours_json(backend.neighbours(vectors, "Niece", 3))
    assert list(result) == ["word", "neighbours"]
    assert result["word"] == "niece"
    assert [list(one) for one in result["neighbours"]] == [["word", "similarity"]] * 3


def test_arithmetic_as_the_api_returns_it(vectors):
    result = view.arithmetic_json(backend.arithmetic(vectors, NIECE, REFERENCE, 4), 4)
    assert list(result) == ["terms", "neighbours", "best", "points", "explained_variance"]
    assert result["terms"] == [
        {"word": "niece", "weight": 1.0},
        {"word": "female", "weight": -1.0},
        {"word": "male", "weight": 1.0},
    ]
    assert [list(one) for one in result["neighbours"]] == [["word", "similarity", "is_input"]] * 4
    assert [list(one) for one in result["points"]] == [["word", "x", "y"]] * len(REFERENCE)
    assert result["best"] == "nephew"
    assert len(result["explained_variance"]) == 2
    assert json.loads(json.dumps(result)) == result


@pytest.mark.parametrize(("dimensions", "names"), [(2, ["word", "x", "y"]), (3, ["word", "x", "y", "z"])])
def test_a_map_as_the_api_returns_it(vectors, dimensions, names):
    result = view.map_json(backend.word_map(vectors, REFERENCE, dimensions))
    assert list(result) == ["points", "explained_variance"]
    assert [list(one) for one in result["points"]] == [names] * len(REFERENCE)
    assert json.loads(json.dumps(result)) == result


PAYLOADS = {
    "numbers": (requests.compare_words, {"words": ["niece", "nephew"]}),
    "map": (requests.show_map, {"words": REFERENCE}),
    "arithmetic": (requests.work_out, {"formula": NIECE, "reference": REFERENCE}),
    "axes": (requests.place_words, {"horizontal": ["female", "male"], "vertical": ["young", "old"], "words": ["cat"]}),
}


@pytest.mark.parametrize("scene", PAYLOADS)
def test_every_payload_is_plain_json_and_says_what_computed_it(vectors, scene):
    answer, request = PAYLOADS[scene]
    payload = answer(vectors, request)
    assert set(json.loads(json.dumps(payload, allow_nan=False))) == set(payload)
    assert payload["provenance"] == {
        "kind": "real",
        "model": "tiny",
        "title": "a tiny table",
        "weights": "full precision",
        "device": "cpu",
        "dtype": "float32",
        "words": 0,
        "dimensions": 12,
        "inside_model": True,
    }


def test_what_is_drawn_is_what_was_computed_to_four_digits(vectors):
    payload = requests.work_out(vectors, {"formula": NIECE, "reference": REFERENCE})
    result = backend.arithmetic(vectors, NIECE, REFERENCE)
    for drawn, step in zip(payload["steps"], result.steps, strict=True):
        assert (drawn["x"], drawn["y"], drawn["length"]) == pytest.approx((*step.coordinates, step.length), abs=6e-5)
    for drawn, one in zip(payload["neighbours"], result.neighbours, strict=True):
        assert drawn["word"] == one.neighbour.word
        assert drawn["similarity"] == pytest.approx(one.neighbour.similarity, abs=6e-5)
        assert drawn["map_distance"] == pytest.approx(one.map_distance, abs=6e-5)
    compared = requests.compare_words(vectors, {"words": ["niece", "nephew"]})
    numbers = [word["numbers"] for word in compared["words"]]
    products = sum(one * other for one, other in zip(*numbers, strict=True))
    assert products == pytest.approx(compared["cosine"], abs=1e-3)  # the page lets the visitor add these up


def test_a_map_asks_again_with_the_words_that_it_was_fitted_to(vectors):
    first = requests.show_map(vectors, {"words": REFERENCE})
    assert first["fitted"] == REFERENCE
    assert len(first["explained_variance"]) == 3
    more = requests.show_map(vectors, {"words": [*REFERENCE, "pizza"], "fitted": first["fitted"]})
    assert more["fitted"] == REFERENCE
    assert more["points"][: len(REFERENCE)] == first["points"]
    assert [point["word"] for point in more["points"] if not point["fitted"]] == ["pizza"]


def test_three_words_make_a_map_in_two_dimensions(vectors):
    payload = requests.show_map(vectors, {"words": ["cat", "dog", "cow"]})
    assert len(payload["explained_variance"]) == 2
    assert "z" not in payload["points"][0]


def test_a_game_keeps_the_answers_beside_the_options(vectors, monkeypatch):
    formulas, groups = (NIECE, "king − man + woman", "cat + dog", "red + green"), (("cat", "dog", "horse", "pizza"),)
    monkeypatch.setattr(feature, "bank_for", lambda _: (formulas, groups))
    payload = requests.deal_game(vectors, {"seed": 4})
    assert json.loads(json.dumps(payload)) == payload
    assert payload["seed"] == 4
    assert {one["formula"]: one["answer"] for one in payload["sums"]}[NIECE] == "nephew"
    assert all(one["answer"] in one["options"] for one in (*payload["sums"], *payload["odd_ones"]))
