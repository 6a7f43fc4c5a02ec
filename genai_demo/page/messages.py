"""The sentence for each of our errors, for the page, the API and the terminal alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import TypeGuard

from ..asks import Json
from ..errors import DemoError
from .texts import load_texts

LONGEST_FACT = 400  # characters
LONGEST_LIST = 100  # of texts in one fact
LARGEST_WHOLE = 10**12  # that is written out with separators, and sent as a number

PAGE = "genai_demo.page"
FEATURES = "genai_demo.features."

_TEXTS = load_texts(PAGE)


def sentence(error: DemoError) -> str:
    """What went wrong and what to do about it, in plain words."""
    facts = {name: _short(value) for name, value in error.facts.items()}
    if "stage" in facts:
        facts["stage"] = stage_name(str(facts["stage"]))
    return _sentences(_home(error))[error.key].format(**facts)


def explanation(error: DemoError) -> Json:
    """An error as the browser is told of it, in plain JSON.

    error: the sentence. key, facts: what a sentence in another language is made from; long facts are cut, as in the
    sentence. offers: what the page may offer instead.
    """
    facts = {name: _plain(value) for name, value in error.facts.items()}
    return {"error": sentence(error), "key": error.key, "facts": facts, "offers": error.offers}


def stage_name(stage: str) -> str:
    """What a loading model is doing, in plain words."""
    return str(_TEXTS["stages"][stage])


def terminal_line(key: str, **facts: object) -> str:
    """What the terminal says at `key` of [terminal], with its blanks filled in."""
    return str(_TEXTS["terminal"][key]).format(**{name: _short(value) for name, value in facts.items()})


def _home(error: DemoError) -> str:
    """The package whose texts hold the sentence: the feature in which the kind stands, or the page."""
    package = type(error).__module__.rpartition(".")[0]
    return package if package.startswith(FEATURES) else PAGE


@cache
def _sentences(package: str) -> dict[str, str]:
    sentences: dict[str, str] = load_texts(package)["errors"]
    return sentences


def _short(value: object) -> str:
    """Numbers with thousands separators, lists with commas; of a visitor's own text no more than makes it known."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_WHOLE:
        return f"{value:,}"
    if _is_texts(value):
        value = ", ".join(value) or "none"
    try:
        text = str(value).encode(errors="replace").decode()  # half characters become "?"
    except ValueError:  # a number of more digits than Python is willing to write
        text = "such a number"
    return text if len(text) <= LONGEST_FACT else text[:LONGEST_FACT] + "…"


def _plain(value: object) -> object:
    """A fact as JSON has it: what JSON cannot hold (a path, a number without end, half a character) as a text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < LARGEST_WHOLE:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if _is_texts(value):
        return [_short(one) for one in value[:LONGEST_LIST]]
    return _short(value)


def _is_texts(value: object) -> TypeGuard[Sequence[str]]:
    return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)
