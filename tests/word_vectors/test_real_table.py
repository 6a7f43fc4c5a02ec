"""What the real table says: pinned, so that a change of weights or of the rules is noticed."""

from __future__ import annotations

import json
import re
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from genai_demo.models.catalogue import DEFAULT_MODEL, find_model
from genai_demo.models.language import LanguageModel
from genai_demo.models.loading import ModelLoader
from genai_demo.models.word_vectors import VectorsLoader, WordVectors, centred, of_language_model
from genai_demo.ui.scene import recorded
from genai_demo.ui.texts import load_texts
from genai_demo.word_vectors import backend
from genai_demo.word_vectors.feature import openings
from genai_demo.word_vectors.formula import parse_formula

pytestmark = pytest.mark.model

TEXTS = load_texts("genai_demo.word_vectors")
THEMES = {theme["label"]: theme["words"] for theme in TEXTS["common"]["themes"]}


@pytest.fixture(scope="module")
def table(real: LanguageModel) -> WordVectors:
    return of_language_model(real)


def best(table: WordVectors, formula: str) -> str:
    return backend.arithmetic(table, formula, THEMES["Family"]).best


def test_what_the_page_says_of_cosines_is_what_the_table_says(table):
    story = " ".join(TEXTS["numbers"]["story"])
    said = re.search(r"hot and cold .* cosine is (\d\.\d+)", story)
    assert said
    assert f"{table.vector('hot') @ table.vector('cold'):.2f}" == said[1]
    opposites = [
        ("good", "bad"),
        ("up", "down"),
        ("young", "old"),
        ("rich", "poor"),
        ("tame", "wild"),
        ("black", "white"),
    ]
    assert min(float(table.vector(one) @ table.vector(other)) for one, other in opposites) > 0.2
    first, second = np.random.default_rng(0).integers(len(table.words), size=(2, 20_000))
    at_random = np.sum(table.unit[first] * table.unit[second], axis=1)
    assert abs(at_random.mean()) < 0.02
    assert (at_random < -0.3).mean() < 0.001  # “far below 0 is rare”


def test_the_table_is_as_large_as_the_readme_says(table):
    assert len(table.words) == 93_462
    assert table.latin_count == 65_769
    assert table.dimensions == 640
    assert table.unit.dtype == np.float32


@pytest.mark.parametrize(
    ("formula", "answer"),
    [
        ("niece − female + male", "nephew"),
        ("king − man + woman", "queen"),
        ("aunt − female + male", "uncle"),
        ("waitress − woman + man", "waiter"),
        ("sushi − Japan + Italy", "pizza"),
        ("walked − walk + go", "went"),
    ],
)
def test_the_famous_sums_land_where_they_should(table, formula, answer):
    assert best(table, formula) == answer


def test_the_typed_word_is_nearer_than_the_answer_and_stays_in_the_list(table):
    result = backend.arithmetic(table, "niece − female + male", THEMES["Family"])
    first, second = (one.neighbour for one in result.neighbours[:2])
    assert (first.word, first.is_input, second.word) == ("niece", True, "nephew")
    assert (first.similarity, second.similarity) == pytest.approx((0.83, 0.75), abs=0.01)
    assert result.parallelogram.cosine == pytest.approx(0.23, abs=0.02)


def test_the_sums_that_fail_fail_as_the_page_says(table):
    assert best(table, "two + two") != "four"
    assert best(table, "Paris − France + Italy") not in ("Rome", "rome")
    assert best(table, "monday − tuesday + friday") != "thursday"
    assert best(table, "doctor − man + woman") != "doctor"
    assert backend.arithmetic(table, "doctor − man + woman", []).neighbours[0].neighbour.word == "doctor"


def test_with_the_rows_of_capitalised_tokens_paris_leads_to_rome(real):
    texts = {index: real.text(index) for index in range(real.vocabulary_size)}
    ids = [index for index, text in texts.items() if text.startswith(" ") and text[1:].isalpha() and text.isascii()]
    unit, _ = centred(real.input_rows(ids))
    row = {texts[index][1:]: number for number, index in enumerate(ids)}
    cosines = unit @ (unit[row["Paris"]] - unit[row["France"]] + unit[row["Italy"]])
    ranked = (texts[ids[number]][1:] for number in np.argsort(-cosines))
    assert next(word for word in ranked if word.lower() not in ("paris", "france", "italy")) == "Rome"


def test_all_words_that_the_page_mentions_have_a_vector(table):
    words = [*chain.from_iterable(THEMES.values())]
    words += chain.from_iterable(preset["words"] for preset in TEXTS["numbers"]["presets"])
    words += chain.from_iterable(TEXTS["bank"]["groups"])
    for preset in TEXTS["axes"]["presets"]:
        words += [*preset["horizontal"], *preset["vertical"], *preset["words"]]
    for one in (*TEXTS["arithmetic"]["presets"], *TEXTS["arithmetic"]["failures"]):
        assert one["theme"] in THEMES
        words += [term.word for term in parse_formula(one["formula"])]
    words += [term.word for formula in TEXTS["bank"]["formulas"] for term in parse_formula(formula)]
    assert [word for word in words if table.row(word) is None] == []


def test_the_map_of_the_family_separates_the_sexes_along_its_second_axis(table):
    places = {point.word: point.coordinates for point in backend.word_map(table, THEMES["Family"]).points}
    women, men = THEMES["Family"][::2], THEMES["Family"][1::2]
    right = sum(places[woman][1] > places[man][1] for woman, man in zip(women, men, strict=True))
    assert max(right, len(women) - right) >= 0.9 * len(women)


def test_recorded_openings_are_what_the_table_computes(table):
    for scene, payload in openings(table).items():
        kept = recorded("word-vectors", scene)
        assert kept["provenance"]["kind"] == "recorded"
        expected = {name: value for name, value in payload.items() if name != "provenance"}
        assert json.loads(json.dumps(expected)) == {name: value for name, value in kept.items() if name != "provenance"}


def test_the_cached_table_is_the_extracted_one(table, real, tmp_path: Path):
    source = VectorsLoader(ModelLoader.of(real, find_model(DEFAULT_MODEL)), tmp_path)
    assert np.array_equal(source.model().unit, table.unit)
    assert source.model().words == table.words
