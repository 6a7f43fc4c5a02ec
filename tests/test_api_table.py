"""The README's table of endpoints: what is published, and what really comes back."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from genai_demo.asks import Ask
from genai_demo.editions.api_table import BEGIN, END, README, api_table, public_asks, with_table
from genai_demo.features import load_features
from genai_demo.models.loader import Loader
from genai_demo.models.settings import Models
from genai_demo.params import read
from tests.features.denoising.test_upload import file, halves
from tests.features.word_vectors.conftest import table

FEATURES = load_features()
LOADERS = {ask.name: feature.loader for feature in FEATURES for ask in public_asks([feature])}
PICTURE = "data:image/png;base64," + b64encode(file(halves())).decode()
ASKED: dict[str, dict[str, Any]] = {
    "next_token": {"prompt": "the cat"},
    "generate": {"prompt": "the cat", "max_new_tokens": 3},
    "tokenize": {"text": "the cat"},
    "surprise": {"text": "the cat"},
    "word_neighbours": {"word": "niece"},
    "word_arithmetic": {"formula": "niece − female + male"},
    "word_map": {"words": ["niece", "cat", "dog"]},
    "denoise": {"prompt": "a red cat", "steps": 2},
    "add_noise": {"image": PICTURE, "timestep": 500},
    "compare": {"prompt": "the cat", "max_new_tokens": 3},
    "score": {"prompt": "the cat", "answer": "sat"},
    "stages": {},
}


@pytest.fixture(scope="module")
def models(tiny, generator, tuned) -> Models:
    done = {"language": tiny, "vectors": table(), "stages": tuned, "pictures": generator}
    return Models(**{name: Loader.of(model, name) for name, model in done.items()})


def parts(ask: Ask[Any], models: Models) -> list[dict[str, Any]]:
    """What an endpoint answers on the tiny models."""
    return list(ask.parts(LOADERS[ask.name](models).model(), read(ask.params, ASKED[ask.name])))


def objects(value: object) -> Iterator[list[str]]:
    """The fields of every object inside an answer."""
    if isinstance(value, dict):
        yield list(value)
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(one)


def test_the_readme_has_exactly_the_table_that_is_made_from_the_asks():
    text = README.read_text(encoding="utf-8")
    assert with_table(text, api_table(FEATURES)) == text


@pytest.mark.parametrize("ask", list(public_asks(FEATURES)), ids=lambda ask: ask.name)
def test_an_endpoint_returns_the_fields_that_the_table_names(ask, models):
    *_, last = answered = parts(ask, models)
    assert list(last) == list(ask.returns)
    inside = [set(fields) for fields in objects(answered)]
    for named in re.findall(r"\{([^}]*)\}", ask.remark):
        assert set(named.split(", ")) in inside


def test_the_table_replaces_what_stands_between_its_comments_and_nothing_else():
    text = f"before\n{BEGIN}old\n{END}after\n"
    assert with_table(text, "new\n") == f"before\n{BEGIN}new\n{END}after\n"
    with pytest.raises(ValueError, match="endpoints"):
        with_table(f"{END}{BEGIN}", "new\n")
