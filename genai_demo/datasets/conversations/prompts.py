"""Prompts without answers, in three sets that share none: to rank answers, to practise, to be measured on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .checks import Check, validate
from .demonstrations import FOLDER, KINDS, TOPICS, require

PROMPTS = FOLDER / "prompts.json"
PROMPT_SETS = ("reward", "rl", "evaluation")


@dataclass(frozen=True)
class Prompt:
    """A prompt without an answer; `facts` and `check` say how an answer can be verified, where it can."""

    id: str
    kind: str
    prompt: str
    topic: str = ""
    facts: tuple[str, ...] = ()
    check: Check | None = None


def load_prompts(path: Path = PROMPTS) -> dict[str, tuple[Prompt, ...]]:
    """The prompts in `path` by the name of their set: `reward`, `rl` and `evaluation`.

    Raises:
        ValueError: a set is missing, or an entry is not a prompt; the message names the entry.
    """
    sets = json.loads(path.read_text(encoding="utf-8"))
    if tuple(sets) != PROMPT_SETS:
        raise ValueError(f"{path.name}: expected the sets {', '.join(PROMPT_SETS)}")
    return {name: tuple(_prompt(row, f"{path.name}, {name}") for row in rows) for name, rows in sets.items()}


def _prompt(row: Mapping[str, Any], place: str) -> Prompt:
    try:
        one = Prompt(
            row["id"],
            row["kind"],
            row["prompt"],
            topic=row.get("topic", ""),
            facts=tuple(row.get("facts", ())),
            check=row.get("check"),
        )
        require(one.kind, KINDS, "kind")
        require(one.topic, TOPICS, "topic")
        if not one.prompt.strip():
            raise ValueError("an empty prompt")
        if any(fact != fact.lower() for fact in one.facts):
            raise ValueError("facts are in lower case")
        if one.check is not None:
            validate(one.check)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{place}, {row.get('id', 'an entry without id')}: {error}") from error
    return one
