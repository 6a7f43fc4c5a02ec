"""The page that all tabs share."""

from __future__ import annotations

import re

import pytest

from genai_demo.errors import DemoError, MissingModelPackage
from genai_demo.models.loading import ModelLoader
from genai_demo.next_token.tab import tab
from genai_demo.ui.messages import sentence
from genai_demo.ui.page import answering, launch_options, status_payload


def test_style_and_scripts_are_two_elements_that_no_text_can_close():
    head = launch_options((tab(),))["head"]
    tags = re.findall(r"</?(?:style|script)[^>]*>", head, re.IGNORECASE)
    assert tags == ["<style>", "</style>", "<script>", "</script>"]
    assert head.startswith("<style>")
    assert head.endswith("</script>")


def test_the_page_names_no_other_host():
    head = launch_options((tab(),))["head"]
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
    assert answering(loader, lambda _model, _request: {})({}) == {
        "error": sentence(error),
        "loading": False,
        "offers": {},
    }


def test_an_answer_gets_the_model_and_keeps_its_name(loader, tiny):
    def ask(model, request):
        return {"same": model is tiny, **request}

    answer = answering(loader, ask)
    assert answer({"a": 1}) == {"same": True, "a": 1}
    assert answer.__name__ == "ask"


def test_a_loading_model_is_said_to_be_loading(entry):
    loader = ModelLoader(entry)
    loader._started.acquire()  # somebody has begun
    answer = answering(loader, lambda _model, _request: pytest.fail("there is no model"))({})
    assert answer["loading"] is True
    assert "Tiny is still loading" in answer["error"]


def test_a_mistake_of_ours_is_a_sentence_for_the_visitor_and_a_log_for_us(loader, caplog):
    def mistaken(_model, _request):
        raise ZeroDivisionError("secret")

    answer = answering(loader, mistaken)({})
    assert answer == {"error": sentence(DemoError())}
    assert "secret" in caplog.text
