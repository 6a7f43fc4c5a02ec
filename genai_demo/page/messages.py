"""The sentence for each of our errors, for the page, the API and the terminal alike."""

from __future__ import annotations

from ..errors import DemoError
from .texts import load_texts

LONGEST_FACT = 400  # characters

_TEXTS = load_texts("genai_demo.page")


def sentence(error: DemoError) -> str:
    """What went wrong and what to do about it, in plain words."""
    facts = {name: _short(value) for name, value in error.facts.items()}
    if "stage" in facts:
        facts["stage"] = stage_name(str(facts["stage"]))
    return str(_TEXTS["errors"][error.key]).format(**facts)


def stage_name(stage: str) -> str:
    """What a loading model is doing, in plain words."""
    return str(_TEXTS["stages"][stage])


def terminal_line(key: str, **facts: object) -> str:
    """What the terminal says at `key` of [terminal], with its blanks filled in."""
    return str(_TEXTS["terminal"][key]).format(**{name: _short(value) for name, value in facts.items()})


def _short(value: object) -> str:
    """Numbers with thousands separators, lists with commas; of a visitor's own text no more than makes it known."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**12:
        return f"{value:,}"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ", ".join(value) or "none"
    try:
        text = str(value).encode(errors="replace").decode()  # half characters become "?"
    except ValueError:  # a number of more digits than Python is willing to write
        text = "such a number"
    return text if len(text) <= LONGEST_FACT else text[:LONGEST_FACT] + "…"
