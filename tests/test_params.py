"""Reading what was asked: what fits arrives as it was meant, what does not is refused by name."""

from __future__ import annotations

import json
import math
from dataclasses import MISSING, dataclass
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Le
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.errors import DemoError, InvalidParameter, UnreadableText
from genai_demo.params import ListOf, Seed, TopP, Whole, allowed, plain_fields, read


@dataclass(frozen=True)
class Wish:
    """Something of each kind."""

    prompt: str
    steps: Annotated[int, Whole(1, 50)] = 25
    scale: Annotated[float, Ge(0), Le(30)] = 4.0
    top_p: TopP = 1.0
    words: Annotated[tuple[str, ...], ListOf(3)] = ()
    pair: Annotated[tuple[str, ...], ListOf(2, least=2)] = ("a", "b")
    sampler: Literal["ddim", "ddpm"] = "ddim"
    orders: Annotated[tuple[Annotated[tuple[Annotated[int, Whole(0, 9)], ...], ListOf(4)], ...], ListOf(5)] = ()
    same: bool = False
    seed: Seed = 0


def test_what_fits_arrives_as_it_was_meant():
    asked = read(Wish, {"prompt": "a cat", "steps": 30.0, "scale": 3, "words": ["x"], "orders": [[1, 2], [3]]})
    assert asked == Wish("a cat", 30, 3.0, words=("x",), orders=((1, 2), (3,)))
    assert isinstance(asked.steps, int)
    assert isinstance(asked.scale, float)


def test_a_field_without_a_default_must_be_there():
    with pytest.raises(InvalidParameter) as caught:
        read(Wish, {})
    assert caught.value.facts == {"name": "prompt", "value": "missing", "allowed": "a text"}


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("prompt", 5, "a text"),
        ("prompt", None, "a text"),
        ("steps", 0, "a whole number from 1 to 50"),
        ("steps", 51, "a whole number from 1 to 50"),
        ("steps", 2.5, "a whole number from 1 to 50"),
        ("steps", "25", "a whole number from 1 to 50"),
        ("steps", True, "a whole number from 1 to 50"),
        ("steps", 10**400, "a whole number from 1 to 50"),
        ("scale", math.nan, "a number from 0 to 30"),
        ("scale", math.inf, "a number from 0 to 30"),
        ("scale", "4", "a number from 0 to 30"),
        ("top_p", 0, "a number above 0, at most 1"),
        ("words", "cat", "a list of up to 3 texts"),
        ("words", ["a", 5], "a list of up to 3 texts"),
        ("words", ["a"] * 4, "a list of up to 3 texts"),
        ("words", {"a": 1}, "a list of up to 3 texts"),
        ("pair", ["a"], "a list of 2 texts"),
        ("sampler", "dpm", "one of ddim, ddpm"),
        ("orders", [[1], 2], "a list of up to 5 lists"),
        ("orders", [[10]], "a list of up to 5 lists"),
        ("same", 1, "true or false"),
        ("same", "yes", "true or false"),
        ("seed", -1, "a whole number from 0 to 9007199254740991"),
        ("colour", "red", "one of prompt, steps, scale, top_p, words, pair, sampler, orders, same, seed"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(name, value, rule):
    with pytest.raises(InvalidParameter) as caught:
        read(Wish, {"prompt": "a", name: value})
    assert (caught.value.facts["name"], caught.value.facts["allowed"]) == (name, rule)


@pytest.mark.parametrize("values", [None, 5, "prompt", ["prompt"], True])
def test_a_question_that_is_no_object_is_told_what_it_lacks(values):
    with pytest.raises(InvalidParameter) as caught:
        read(Wish, values)
    assert "prompt, steps" in caught.value.facts["allowed"]


def test_half_a_character_is_no_text():
    for values in ({"prompt": "a\ud800"}, {"prompt": "a", "words": ["\udfff"]}):
        with pytest.raises(UnreadableText):
            read(Wish, values)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*Wish.__dataclass_fields__, "other"]), json_values, max_size=5) | json_values)
def test_anything_at_all_is_read_or_refused_in_words(values):
    refused, asked = None, None
    try:
        asked = read(Wish, values)
    except DemoError as error:
        refused = error
    if refused is None:
        assert read(Wish, json.loads(json.dumps(asked.__dict__))) == asked
    else:
        assert isinstance(refused, UnreadableText) or refused.facts["allowed"]


def test_other_programs_are_told_types_and_defaults():
    told = {name: (kind, default) for name, kind, default in plain_fields(Wish)}
    assert told["prompt"] == (str, MISSING)
    assert told["steps"] == (int, 25)
    assert told["scale"] == (float, 4.0)
    assert told["words"] == (list[str], [])
    assert told["same"] == (bool, False)


def test_a_rule_is_said_in_words():
    assert allowed(Annotated[int, Whole(1, 1_000)]) == "a whole number from 1 to 1000"
