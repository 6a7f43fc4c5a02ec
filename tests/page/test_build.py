"""The page that all tabs share."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from genai_demo import application
from genai_demo.asks import Ask, Feature, Local
from genai_demo.errors import DemoError
from genai_demo.features.denoising.feature import FEATURE as DENOISING
from genai_demo.features.next_word.feature import FEATURE as NEXT_WORD
from genai_demo.features.rlhf.feature import FEATURE as RLHF
from genai_demo.models.errors import MissingModelPackage
from genai_demo.models.loader import Loader
from genai_demo.page.asking import page_function
from genai_demo.page.build import launch_options, status_payload
from genai_demo.page.messages import sentence


@dataclass(frozen=True)
class Nothing:
    """There is nothing to say."""


def asked_of(loader, answer):
    """The function for the browser whose answer is `answer(model, Nothing())`."""
    feature = Feature("idea", lambda models: models.language, (Ask(Nothing, answer),), {}, lambda _: {})
    return page_function(Local([(feature, loader)]), "idea", answer.__name__)


def test_no_text_can_close_the_elements_that_hold_styles_words_and_scripts():
    head = launch_options((NEXT_WORD,))["head"]
    tags = re.findall(r"</?(?:style|script)[^>]*>", head, re.IGNORECASE)
    data = [f'<script type="application/json" id="{name}">' for name in ("gx-words", "gx-modules")]
    closed = "</script>"
    assert tags == ["<style>", "</style>", data[0], closed, data[1], closed, "<script>", closed]
    assert head.startswith("<style>")
    assert head.endswith("</script>")


def test_scripts_arrive_as_they_were_written():
    head = launch_options((NEXT_WORD,))["head"]
    (text,) = re.findall(r'id="gx-modules">(.*?)</script>', head, re.DOTALL)
    modules = json.loads(text)
    for name, file in (
        ("#page/plaintext.js", "page/web/plaintext.js"),
        ("#features/next_word/web/predict.js", "features/next_word/web/predict.js"),
    ):
        assert modules[name] == (Path(application.__file__).parent / file).read_text(encoding="utf-8")


def test_the_page_names_no_other_host():
    head = launch_options((NEXT_WORD,))["head"]
    addresses = set(re.findall(r"(?:https?:)?//[\w-]+\.[\w.-]+", head))
    assert addresses <= {"http://www.w3.org"}  # the name of SVG, which nobody asks
    assert not re.search(r"@import|url\((?!['\"]?data:)", head)


@pytest.fixture
def held() -> Iterator[Loader[str]]:
    """A loader that is in the middle of its work until the test is over."""
    begun, over = threading.Event(), threading.Event()

    def load(report):
        report("converting", 0.4)
        begun.set()
        assert over.wait(60)
        return "a model"

    loader = Loader("Slow", load)
    loader.start()
    assert begun.wait(60)
    yield loader
    over.set()


@pytest.fixture
def failed() -> Loader[str]:
    """A loader that has failed."""

    def load(_report):
        raise MissingModelPackage(package="weights==1.0")

    loader = Loader("Broken", load)
    with pytest.raises(MissingModelPackage):
        loader.model(60)
    return loader


REASON = sentence(MissingModelPackage(package="weights==1.0"))


def test_the_status_says_how_far_the_language_model_is(loader, held, failed):
    bar = {"sentence": "Tiny is ready", "fraction": 1.0, "ready": True, "failed": False, "features": {}}
    assert status_payload(loader) == bar
    waiting = status_payload(held)
    assert (waiting["fraction"], waiting["ready"], waiting["failed"]) == (0.4, False, False)
    assert "40 %" in waiting["sentence"]
    broken = status_payload(failed)
    assert (broken["sentence"], broken["ready"], broken["failed"]) == (REASON, False, True)


def test_each_idea_has_the_state_of_its_own_model(loader, held, failed):
    sources = ((NEXT_WORD, loader), (DENOISING, failed), (RLHF, held))
    status = status_payload(loader, sources)
    assert status["features"] == {
        "next-word": {"ready": True, "failed": False, "sentence": "Tiny is ready"},
        "denoising": {"ready": False, "failed": True, "sentence": REASON},
        "rlhf": {"ready": False, "failed": False, "sentence": status_payload(held)["sentence"]},
    }
    assert (status["ready"], status["failed"]) == (True, False)
    assert status["sentence"] == "Tiny is ready · Still loading: Slow · Could not be loaded: Broken"


def test_a_language_model_that_failed_is_the_reason_for_all_that_need_it_and_for_nobody_else(failed):
    stages = Loader("Stages", lambda _: "never", needs=(failed,))
    pictures = Loader.of("a model", "Pictures")
    status = status_payload(failed, ((NEXT_WORD, failed), (DENOISING, pictures), (RLHF, stages)))
    assert (status["sentence"], status["ready"], status["failed"]) == (REASON, False, True)
    why = {"ready": False, "failed": True, "sentence": REASON}
    there = {"ready": True, "failed": False, "sentence": "Pictures is ready"}
    assert status["features"] == {"next-word": why, "denoising": there, "rlhf": why}


def test_what_waits_for_the_language_model_is_not_named_twice(held):
    stages = Loader("Stages", lambda _: "a model", needs=(held,))
    status = status_payload(held, ((NEXT_WORD, held), (RLHF, stages)))
    assert status["sentence"].count("Slow") == 1
    assert "Stages" not in status["sentence"]
    assert status["features"]["rlhf"] == status["features"]["next-word"]


@pytest.mark.parametrize("broken", ["language", "pictures"])
def test_one_model_that_fails_leaves_the_other_ideas_to_answer(broken, failed, tiny, generator):
    language = failed if broken == "language" else Loader.of(tiny, "Tiny")
    pictures = failed if broken == "pictures" else Loader.of(generator, "Tiny pictures")
    answerer = Local(((NEXT_WORD, language), (DENOISING, pictures)))
    asked = {
        "language": page_function(answerer, "next_word", "tokenize_text")({"text": "the cat"}),
        "pictures": page_function(answerer, "denoising", "forward_process")({}),
    }
    assert asked.pop(broken)["error"] == REASON
    (answer,) = asked.values()
    assert "error" not in answer


def test_a_failed_load_is_said_in_a_sentence(failed):
    assert asked_of(failed, lambda _model, _asked: {})({}) == {
        "error": REASON,
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


def test_a_loading_model_is_said_to_be_loading(held):
    answer = asked_of(held, lambda _model, _asked: pytest.fail("there is no model"))({})
    assert answer["loading"] is True
    assert "Slow is still loading" in answer["error"]


def test_a_mistake_of_ours_is_a_sentence_for_the_visitor_and_a_log_for_us(loader, caplog):
    def mistaken(_model, _request):
        raise ZeroDivisionError("secret")

    answer = asked_of(loader, mistaken)({})
    assert answer == {"error": sentence(DemoError()), "key": "unknown", "facts": {}, "loading": False, "offers": {}}
    assert "secret" in caplog.text
