"""What the page may call: functions and runs answer in JSON whatever they are given, and say what was wrong."""

from __future__ import annotations

import pytest

from genai_demo.asks import Local
from genai_demo.features.next_word.feature import FEATURE
from genai_demo.page.asking import Runs, page_function


@pytest.fixture
def answerer(loader) -> Local:
    """This process, with the tiny model."""
    return Local([(FEATURE, loader)])


@pytest.fixture
def runs(answerer) -> Runs:
    """The runs of the Next-word tab."""
    return Runs(answerer, FEATURE.name)


def test_each_part_of_a_run_says_whose_it_is(runs):
    parts = list(runs.parts("write", {"run": "7-1", "prompt": "the", "chosen": [9], "max_new_tokens": 2}))
    assert [part["request"] for part in parts] == [{"run": "7-1"}] * 3


def test_a_halted_run_ends_before_its_next_part(runs):
    parts = runs.parts("write", {"run": "7-1", "prompt": "the"})
    next(parts)
    assert runs.halt({"run": "7-1"}) == {}
    assert list(parts) == []
    assert len(list(runs.parts("write", {"run": "7-2", "prompt": "the", "max_new_tokens": 3}))) == 4


@pytest.mark.parametrize("values", [None, 5, "run", [1], {}, {"prompt": "a"}, {"run": 5}, {"run": "x" * 81}])
def test_a_run_without_a_name_is_refused_in_words_and_not_echoed(runs, values):
    (part,) = runs.parts("write", values)
    assert "run" in part["error"]
    assert part["request"] == {"run": None}
    assert "run" in runs.halt(values)["error"] if values != {"prompt": "a"} else True


def test_a_refused_run_says_whose_it_was(runs):
    (part,) = runs.parts("write", {"run": "7-1", "prompt": 5})
    assert "prompt" in part["error"]
    assert part["request"] == {"run": "7-1"}


@pytest.mark.parametrize("values", [None, 5, "prompt", [1], {"prompt": None}, {"prompt": "a", "colour": "red"}])
def test_a_question_that_means_nothing_gets_a_sentence_that_names_the_field(answerer, values):
    answer = page_function(answerer, FEATURE.name, "predict_next")(values)
    assert set(answer) == {"error", "key", "facts", "loading", "offers"}
    assert (answer["key"], answer["facts"]["name"] in answer["error"]) == ("invalid_parameter", True)
    assert any(name in answer["error"] for name in ("prompt", "colour"))


def test_an_unknown_question_lists_the_known_ones(answerer):
    answer = page_function(answerer, FEATURE.name, "guess_everything")({})
    assert "predict_next" in answer["error"]
    assert FEATURE.name in page_function(answerer, "horoscope", "ask")({})["error"]


def test_what_makes_no_sense_is_refused_before_a_model_is_waited_for():
    class NeverReady:
        def model(self, _wait_seconds: float = 0.0) -> None:
            raise AssertionError("nobody should have asked")

    answerer = Local([(FEATURE, NeverReady())])
    assert "prompt" in page_function(answerer, FEATURE.name, "predict_next")({"prompt": 5})["error"]
