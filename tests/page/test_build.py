"""The page that all tabs share."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from genai_demo.asks import Ask, Feature, Local
from genai_demo.errors import DemoError
from genai_demo.features.next_word.feature import FEATURE
from genai_demo.models.errors import MissingModelPackage
from genai_demo.models.loading import ModelLoader
from genai_demo.page.asking import page_function
from genai_demo.page.build import launch_options, status_payload
from genai_demo.page.messages import sentence


@dataclass(frozen=True)
class Nothing:
    """There is nothing to say."""


def asked_of(loader, answer):
    """The function for the browser whose answer is `answer(model, Nothing())`."""
    feature = Feature("idea", "language", (Ask(Nothing, answer),), {}, lambda _: {})
    return page_function(Local([(feature, loader)]), "idea", answer.__name__)


def test_style_and_scripts_are_two_elements_that_no_text_can_close():
    head = launch_options((FEATURE,))["head"]
    tags = re.findall(r"</?(?:style|script)[^>]*>", head, re.IGNORECASE)
    assert tags == ["<style>", "</style>", "<script>", "</script>"]
    assert head.startswith("<style>")
    assert head.endswith("</script>")


def test_the_page_names_no_other_host():
    head = launch_options((FEATURE,))["head"]
    addresses = set(re.findall(r"(?:https?:)?//[\w-]+\.[\w.-]+", head))
    assert addresses <= {"http://www.w3.org"}  # the name of SVG, which nobody asks
    assert not re.search(r"@import|url\((?!['\"]?data:)", head)


def test_the_status_says_how_far_the_model_is(loader, entry):
    assert status_payload(loader) == {"sentence": "Tiny is ready", "fraction": 1.0, "ready": True, "failed": False}
    waiting = status_payload(ModelLoader(entry))
    assert (waiting["fraction"], waiting["ready"], waiting["failed"]) == (0.0, False, False)
    assert "0 %" in waiting["sentence"]


def test_a_failed_load_is_said_in_a_sentence(entry):
    error = MissingModelPackage(package="weights==1.0")
    loader = ModelLoader(entry)
    loader._started.acquire()
    loader._finish(error=error)
    status = status_payload(loader)
    assert (status["sentence"], status["ready"], status["failed"]) == (sentence(error), False, True)
    assert asked_of(loader, lambda _model, _asked: {})({}) == {
        "error": sentence(error),
        "key": "missing_model_package",
        "facts": {"package": "weights==1.0"},
        "loading": False,
        "offers": {},
    }


def test_an_answer_gets_the_model_and_keeps_its_name(loader, tiny):
    def ask(model, _asked):
        return {"same": model is tiny}

    answer = asked_of(loader, ask)
    assert answer({}) == {"same": True}
    assert answer.__name__ == "ask"


def test_a_loading_model_is_said_to_be_loading(entry):
    loader = ModelLoader(entry)
    loader._started.acquire()  # somebody has begun
    answer = asked_of(loader, lambda _model, _asked: pytest.fail("there is no model"))({})
    assert answer["loading"] is True
    assert "Tiny is still loading" in answer["error"]


def test_a_mistake_of_ours_is_a_sentence_for_the_visitor_and_a_log_for_us(loader, caplog):
    def mistaken(_model, _request):
        raise ZeroDivisionError("secret")

    answer = asked_of(loader, mistaken)({})
    assert answer == {"error": sentence(DemoError()), "key": "unknown", "facts": {}, "loading": False, "offers": {}}
    assert "secret" in caplog.text
