"""The idea that CONTRIBUTING.md adds as an example, made from its text and asked on the tiny model."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from genai_demo.page.messages import explanation
from genai_demo.page.texts import load_texts
from tests.idea import FILES, PACKAGE, example


@pytest.fixture
def idea(tmp_path: Path) -> Iterator[ModuleType]:
    with example(tmp_path) as module:
        yield module


def test_the_example_has_the_rooms_of_every_feature():
    assert set(FILES) == {"backend.py", "errors.py", "feature.py", "texts/en.toml", "view.py", "web/price.js"}


def test_the_example_answers_on_the_tiny_model(idea, tiny):
    answer = idea.FEATURE.ask("token_price").whole(tiny, text="the cat")
    assert list(answer) == list(idea.FEATURE.ask("token_price").returns)
    assert answer["tokens"] == len(tiny.encode("the cat"))
    assert answer["tokens_per_character"] * answer["characters"] == pytest.approx(answer["tokens"])
    assert set(idea.openings(tiny)) == set(idea.FEATURE.scenes)


def test_the_examples_own_error_has_its_sentence_at_home(idea, tiny):
    errors = importlib.import_module(f"{PACKAGE}.errors")
    with pytest.raises(errors.NothingToPay) as caught:
        idea.FEATURE.ask("token_price").whole(tiny, text="")
    told = explanation(caught.value)
    assert (told["key"], told["error"]) == ("nothing_to_pay", load_texts(PACKAGE)["errors"]["nothing_to_pay"])


def test_its_scene_asks_what_was_recorded(idea, tiny):
    opening = idea.openings(tiny)["price"]["price"]
    assert (opening.ask, opening.values) == (
        "token_price",
        {"text": load_texts(PACKAGE)["price"]["presets"][0]["label"]},
    )
    assert opening.answer["provenance"]["kind"] == "real"
