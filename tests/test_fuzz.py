"""Thousands of malformed calls: whatever is asked, the answer is JSON or a sentence that says what was wrong.

`python -m pytest -m soak`: over every page function, every run and every endpoint of the whole app, on tiny models.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import MISSING
from typing import Any

import gradio as gr
import pytest

from genai_demo.asks import Feature, Local
from genai_demo.errors import DemoError
from genai_demo.features.denoising.feature import FEATURE as DENOISING
from genai_demo.features.next_word.feature import FEATURE as NEXT_WORD
from genai_demo.features.rlhf.feature import FEATURE as RLHF
from genai_demo.features.word_vectors.feature import FEATURE as WORD_VECTORS
from genai_demo.models.loader import Loader
from genai_demo.models.picture_generator import PictureGenerator
from genai_demo.models.stages import TunedModel
from genai_demo.page.asking import Runs, _endpoint, page_function
from genai_demo.page.messages import sentence
from genai_demo.params import plain_fields
from tests.browser.planted import planted_table

CALLS = 6_000
PARTS = 3  # of a stream that are looked at
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, 2, 3, -1, 25.0, 0.5, 1e308, -1e308, float("nan"), float("inf"), 2**53, 10**30, "", " ",
    "a", "the cat", "cat − dog", "king - man + woman", "ddim", "base", "rlhf", "\ud800", "\0", "<b>${x}</b>", "ขอ é",
    "x" * 21_000, [], {}, [None], [[]], ["cat"], ["cat", "dog"], ["cat", 5], [0.5], [[0, 1]], [1e400], {"a": 1},
)  # fmt: skip


@pytest.fixture(scope="module")
def answerer(loader, generator: PictureGenerator, tuned: TunedModel) -> Local:
    """This process with tiny models for all four ideas."""
    words, pictures, stages = (Loader.of(model, "Tiny") for model in (planted_table(), generator, tuned))
    return Local([(NEXT_WORD, loader), (WORD_VECTORS, words), (DENOISING, pictures), (RLHF, stages)])


def requests(feature: Feature[Any], dice: random.Random) -> Iterator[tuple[str, Any]]:
    """(ask, values) without end: mostly objects with some of the right fields, sometimes anything."""
    while True:
        ask = dice.choice(feature.asks)
        values: Any = {
            name: sensible(kind, default) if dice.random() < 0.75 else dice.choice(VALUES)
            for name, kind, default in plain_fields(ask.params)
            if dice.random() < 0.95
        }
        if dice.random() < 0.1:
            values[dice.choice(["run", "colour", ""])] = dice.choice(VALUES)
        yield ask.name, dice.choice(VALUES) if dice.random() < 0.1 else cheap(values)


def sensible(kind: Any, default: object) -> Any:
    """A value that could be meant."""
    return (
        {str: "the cat", int: 3, float: 1.0, bool: False}.get(kind, ["cat", "dog"]) if default is MISSING else default
    )


def cheap(values: dict[str, Any]) -> dict[str, Any]:
    """The same with few steps: what is asked for rightly is not to take minutes."""
    return values | {name: 3 for name in ("steps", "max_new_tokens") if values.get(name) in (25, 60, 80, 120)}


def require_answer(answer: dict[str, Any]) -> None:
    json.dumps(answer)
    if "error" in answer:
        assert isinstance(answer["error"], str)
        assert len(answer["error"]) > 20
        assert answer["error"] != sentence(DemoError()), "an error that nobody foresaw"
        assert "Traceback" not in answer["error"]


def ask_as_page(answerer: Local, feature: Feature[Any], ask: str, values: Any) -> None:
    """As a scene's script asks."""
    if not feature.ask(ask).streams:
        require_answer(page_function(answerer, feature.name, ask)(values))
        return
    run = Runs(answerer, feature.name).parts(ask, {**values, "run": "1"} if isinstance(values, dict) else values)
    for _, part in zip(range(PARTS), run, strict=False):
        require_answer(part)
    run.close()


def ask_as_program(answerer: Local, feature: Feature[Any], ask: str, values: Any) -> None:
    """As another program asks, with values in the order of the fields."""
    question = feature.ask(ask)
    call: Callable[..., Any] = _endpoint(answerer, feature.name, question)
    given = list(values.values()) if isinstance(values, dict) else [values]
    try:
        parts = call(*given) if question.streams else iter([call(*given)])
        for _, part in zip(range(PARTS), parts, strict=False):
            require_answer(part)
    except gr.Error as error:
        require_answer({"error": str(error.message)})


@pytest.mark.soak
@pytest.mark.parametrize("feature", [NEXT_WORD, WORD_VECTORS, DENOISING, RLHF], ids=lambda feature: feature.name)
@pytest.mark.parametrize("how", [ask_as_page, ask_as_program])
def test_every_call_is_answered_with_json_or_a_sentence(answerer, feature, how, caplog):
    dice = random.Random(f"{feature.name} {how.__name__}")
    with caplog.at_level(logging.ERROR):
        for _, (ask, values) in zip(range(CALLS // 8), requests(feature, dice), strict=False):
            how(answerer, feature, ask, values)
    assert not caplog.records
