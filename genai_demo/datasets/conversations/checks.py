"""Instructions that a program can verify, such as "in exactly three bullet points", and simple facts.

A check is a small JSON object: `{"type": "bullets", "count": 3}`. `CHECKS` lists the types and what each needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .wording import words

Check = Mapping[str, Any]

BULLET = re.compile(r"^\s*[-*•]\s+\S")
NUMBERED = re.compile(r"^\s*(\d+)[.)]\s+\S")
NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*\.?")


def satisfies(check: Check, answer: str) -> bool:
    """Whether `answer` does what `check` asks for.

    >>> satisfies({"type": "max_words", "count": 3}, "Two words.")
    True

    Raises:
        ValueError: the check is of an unknown type, or lacks one of its values.
    """
    validate(check)
    verify, _ = CHECKS[check["type"]]
    return verify(check, answer.strip())


def validate(check: Check) -> None:
    """Raise ValueError unless `check` is one of `CHECKS` with all of its values."""
    name = check.get("type")
    if name not in CHECKS:
        raise ValueError(f"unknown check {name!r}, known are: {', '.join(CHECKS)}")
    needed = CHECKS[name][1]
    if not any(key in check for key in needed):
        raise ValueError(f"check {name!r} needs {' or '.join(needed)}")


def mentions(facts: Sequence[str], answer: str) -> bool:
    """Whether `answer` contains one of the lower-case `facts` as whole words: `12` is not in `112`.

    >>> mentions(["eight", "8"], "It has 8 legs.")
    True
    """
    return any(re.search(rf"(?<![\w.]){re.escape(fact)}(?!\w)", answer.lower()) for fact in facts)


def count_sentences(text: str) -> int:
    """How many sentences `text` has; what follows the last full stop counts as one.

    >>> count_sentences("It costs 2.50 euros. Really!")
    2
    """
    parts = re.split(r"(?<=[.!?])[\"')]*(?:\s+|$)", text.strip())
    return sum(bool(words(part)) for part in parts)


def _lines(answer: str) -> list[str]:
    return [line for line in answer.splitlines() if line.strip()]


def _bullets(check: Check, answer: str) -> bool:
    return sum(bool(BULLET.match(line)) for line in _lines(answer)) == check["count"]


def _numbered(check: Check, answer: str) -> bool:
    numbers = [int(match[1]) for line in _lines(answer) if (match := NUMBERED.match(line))]
    return numbers == list(range(1, check["count"] + 1))


def _sentences(check: Check, answer: str) -> bool:
    found = count_sentences(answer)
    return found == check["count"] if "count" in check else 1 <= found <= check["max"]


def _words(check: Check, answer: str) -> bool:
    return len(words(answer)) == check["count"]


def _max_words(check: Check, answer: str) -> bool:
    return 1 <= len(words(answer)) <= check["count"]


def _line_count(check: Check, answer: str) -> bool:
    return len(_lines(answer)) == check["count"]


def _contains(check: Check, answer: str) -> bool:
    return all(mentions([word.lower()], answer) for word in check["words"])


def _starts_with(check: Check, answer: str) -> bool:
    return answer.lstrip("\"'").lower().startswith(check["text"].lower())


def _ends_with(check: Check, answer: str) -> bool:
    return answer.rstrip("\"'").lower().endswith(check["text"].lower())


def _one_of(check: Check, answer: str) -> bool:
    return " ".join(words(answer)) in check["answers"]


def _uppercase(_: Check, answer: str) -> bool:
    return answer.isupper()


def _lowercase(_: Check, answer: str) -> bool:
    return answer.islower()


def _number_only(_: Check, answer: str) -> bool:
    return NUMBER.fullmatch(answer) is not None


CHECKS: dict[str, tuple[Callable[[Check, str], bool], tuple[str, ...]]] = {
    "bullets": (_bullets, ("count",)),
    "numbered": (_numbered, ("count",)),
    "lines": (_line_count, ("count",)),
    "sentences": (_sentences, ("count", "max")),
    "words": (_words, ("count",)),
    "max_words": (_max_words, ("count",)),
    "contains": (_contains, ("words",)),
    "starts_with": (_starts_with, ("text",)),
    "ends_with": (_ends_with, ("text",)),
    "one_of": (_one_of, ("answers",)),
    "uppercase": (_uppercase, ("type",)),
    "lowercase": (_lowercase, ("type",)),
    "number_only": (_number_only, ("type",)),
}
