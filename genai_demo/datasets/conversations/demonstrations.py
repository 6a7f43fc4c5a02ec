"""The demonstrations that the tuned model learns from: conversations as they should go (assets/rlhf/README.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...models.chat import Message
from .checks import Check, validate

FOLDER = Path(__file__).parents[3] / "assets" / "rlhf"
DEMONSTRATIONS = FOLDER / "demonstrations.jsonl"

KINDS = (
    "question",
    "how_to",
    "writing",
    "list",
    "summary",
    "rewrite",
    "reasoning",
    "conversation",
    "honesty",
    "harmful",
    "harmless_sounding",
    "classification",
    "greeting",
)
SPLITS = ("train", "held_out")
TOPICS = ("", "self_harm")


@dataclass(frozen=True)
class Demonstration:
    """A conversation as it should go. `check`, where there is one, is what the last answer must satisfy."""

    id: str
    kind: str
    split: str
    messages: tuple[Message, ...]
    topic: str = ""
    check: Check | None = None

    @property
    def prompts(self) -> tuple[str, ...]:
        """What the user says, turn by turn."""
        return tuple(message.content for message in self.messages if message.role == "user")

    @property
    def answers(self) -> tuple[str, ...]:
        """What the assistant says, turn by turn."""
        return tuple(message.content for message in self.messages if message.role == "assistant")

    @property
    def text(self) -> str:
        """All turns, one after the other."""
        return "\n".join(message.content for message in self.messages)


def load_demonstrations(path: Path = DEMONSTRATIONS) -> tuple[Demonstration, ...]:
    """The demonstrations in `path`, one JSON object a line.

    Raises:
        ValueError: a line is not a demonstration; the message names the line.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            found.append(_demonstration(json.loads(line)))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error
    return tuple(found)


def _demonstration(row: Mapping[str, Any]) -> Demonstration:
    messages = tuple(Message(message["role"], message["content"]) for message in row["messages"])
    one = Demonstration(
        row["id"], row["kind"], row["split"], messages, topic=row.get("topic", ""), check=row.get("check")
    )
    require(one.kind, KINDS, "kind")
    require(one.split, SPLITS, "split")
    require(one.topic, TOPICS, "topic")
    roles = [message.role for message in messages]
    if not roles or roles != ["user", "assistant"] * (len(roles) // 2):
        raise ValueError("user and assistant must take turns")
    if not all(isinstance(message.content, str) and message.content.strip() for message in messages):
        raise ValueError("an empty message")
    if one.check is not None:
        validate(one.check)
    return one


def require(value: str, choices: Sequence[str], name: str) -> None:
    """Raise ValueError unless `value`, the entry's `name`, is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name} {value!r} is none of {', '.join(choice or 'none' for choice in choices)}")
