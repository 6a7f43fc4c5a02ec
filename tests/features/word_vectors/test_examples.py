"""What the scenes offer for vectors from a file: only what these have, and it can all be answered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genai_demo.features.word_vectors import backend, feature
from genai_demo.features.word_vectors.errors import TooFewWordsInFile
from genai_demo.features.word_vectors.examples import FEWEST, bank_for, texts_for
from genai_demo.features.word_vectors.feature import openings
from genai_demo.features.word_vectors.formula import parse_formula
from genai_demo.models.catalogue import find_vectors
from genai_demo.models.word_vectors import WordVectors, centred, load_vectors
from genai_demo.page.texts import load_texts
from tests.asking import Asking
from tests.features.word_vectors.conftest import ORIGIN, table

requests = Asking(feature.FEATURE)

TEXTS = load_texts("genai_demo.features.word_vectors")
SYLLABLES = {
    "German": ("haus", "bäum", "weg", "lich", "keit", "größ"),
    "Hindi": ("रा", "जा", "में", "की", "लो", "ग"),
    "Thai": ("ที่", "นา", "ใน", "กา", "รำ", "ซู"),
    "Chinese": ("中", "国", "人", "大", "小", "水"),
}


def words_of(language: str, count: int) -> list[str]:
    """Made-up words of two to four syllables."""
    rng = np.random.default_rng(len(language))
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(rng.choice(SYLLABLES[language], rng.integers(2, 5)))] = None
    return list(found)


def from_words(words: list[str], dimensions: int = 10) -> WordVectors:
    """A table as one from a file: groups of ten words are alike."""
    rng = np.random.default_rng(7)
    groups = rng.normal(size=(len(words) // 10 + 1, dimensions))
    rows = np.stack([groups[index // 10] + 0.5 * rng.normal(size=dimensions) for index in range(len(words))])
    unit, mean = centred(rows.astype(np.float32))
    ordered = sorted(range(len(words)), key=lambda index: not (words[index].isascii() and words[index].isalpha()))
    origin = replace(
        ORIGIN, model="file", title="file.vec", words=len(words), dimensions=dimensions, inside_model=False
    )
    return WordVectors([words[index] for index in ordered], unit[ordered], mean, origin)


def english() -> list[str]:
    """Words of the texts, some of them left out."""
    words = [word for theme in TEXTS["common"]["themes"] for word in theme["words"]]
    words += [term.word for formula in TEXTS["bank"]["formulas"] for term in parse_formula(formula)]
    words += [word for group in TEXTS["bank"]["groups"] for word in group] + ["young", "old"]
    return list(dict.fromkeys(word.lower() for word in words if word not in ("niece", "Paris", "cat", "sushi")))


TABLES = {
    **{language: from_words(words_of(language, 300)) for language in SYLLABLES},
    "few words": from_words(words_of("German", FEWEST)),
    "two numbers": from_words(words_of("Hindi", 60), dimensions=2),
    "both alphabets": from_words(words_of("German", 200)[:20] + words_of("Thai", 40)),
    "English": from_words(english(), dimensions=40),
}


@pytest.mark.parametrize("name", TABLES)
def test_all_that_is_offered_can_be_answered(name):
    vectors = TABLES[name]
    texts = texts_for(vectors)
    themes = {theme["label"]: theme["words"] for theme in texts["common"]["themes"]}
    assert themes
    assert texts["numbers"]["presets"]
    assert texts["axes"]["presets"]
    assert texts["arithmetic"]["presets"]
    for words in themes.values():
        assert len(requests.show_map(vectors, {"words": words})["points"]) == len(words) >= 8
    for pair in texts["numbers"]["presets"]:
        requests.compare_words(vectors, {"words": pair["words"]})
    for one in texts["arithmetic"]["presets"]:
        requests.work_out(vectors, {"formula": one["formula"], "reference": themes[one["theme"]]})
    for one in texts["axes"]["presets"]:
        requests.place_words(vectors, {name: one[name] for name in ("horizontal", "vertical", "words")})
        assert len({*one["horizontal"], *one["vertical"]}) == 4
        assert not {*one["horizontal"], *one["vertical"]} & set(one["words"])


@pytest.mark.parametrize("name", TABLES)
def test_the_scenes_open_on_words_of_the_table(name):
    vectors = TABLES[name]
    opened = openings(vectors)
    assert set(opened) == set(feature.FEATURE.scenes)
    answers = {key: opening.answer for openings_ in opened.values() for key, opening in openings_.items()}
    for answer in answers.values():
        json.dumps(answer, allow_nan=False)
        assert answer["provenance"]["kind"] == "real"
        assert answer["provenance"]["title"] == "file.vec"
        assert "refused" not in answer
    shown = {point["word"] for point in answers["map"]["points"]} | {word["word"] for word in answers["pair"]["words"]}
    assert shown <= set(vectors.words)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_game_can_be_dealt(name, seed):
    game = backend.deal_game(TABLES[name], *bank_for(TABLES[name]), seed)
    assert len(game.sums) >= 6
    assert len(game.odd_ones) >= 3
    for one in (*game.sums, *game.odd_ones):
        assert 3 <= len(set(one.options)) == len(one.options) <= 4
        assert one.answer in one.options
        assert set(one.options) <= set(TABLES[name].words)


def test_examples_that_the_table_lacks_are_not_offered():
    texts = texts_for(TABLES["English"])
    assert {theme["label"] for theme in texts["common"]["themes"]} == {
        theme["label"] for theme in TEXTS["common"]["themes"]
    }
    assert "niece" not in texts["common"]["themes"][0]["words"]
    assert [one["label"] for one in texts["arithmetic"]["presets"]] == [
        one["label"]
        for one in TEXTS["arithmetic"]["presets"] + TEXTS["arithmetic"]["failures"]
        if {term.word.lower() for term in parse_formula(one["formula"])} <= set(english())
    ]
    assert len(texts["arithmetic"]["presets"]) == 4


def test_nothing_is_promised_that_only_the_default_table_keeps():
    for vectors in TABLES.values():
        texts = texts_for(vectors)
        assert texts["arithmetic"]["failures"] == []
        assert texts["arithmetic"]["examples_work"] == TEXTS["other_table"]["examples"]
        assert not any("why" in one for one in texts["arithmetic"]["presets"])
        assert "multilingual" not in " ".join(texts["numbers"]["story"])
        assert "model" not in " ".join([texts["numbers"]["claim"], *texts["numbers"]["story"]])
        assert len(" ".join([texts["numbers"]["claim"], *texts["numbers"]["story"]]).split()) <= 120


def test_a_models_own_table_is_shown_as_the_texts_say(vectors):
    assert texts_for(None) == texts_for(vectors) == TEXTS


def test_games_for_a_model_that_lacks_words_are_dealt_all_the_same():
    for vectors in (table(), table(cut=None)):
        game = backend.deal_game(vectors, *bank_for(vectors), 3)
        assert {word for one in game.sums for word in one.options} <= set(vectors.words)


def test_a_table_with_too_few_words_is_refused_with_the_number(tmp_path: Path):
    path = tmp_path / "few.vec"
    path.write_text("".join(f"{word} {index} {index**2}\n" for index, word in enumerate(words_of("Hindi", 20), 1)))
    vectors = load_vectors(find_vectors(str(path)))
    with pytest.raises(TooFewWordsInFile) as caught:
        openings(vectors)
    assert caught.value.facts == {"path": "few.vec", "count": 20, "needed": FEWEST}
