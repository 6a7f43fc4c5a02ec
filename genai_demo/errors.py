"""What can go wrong in a way that the visitor can do something about.

An error carries facts, not sentences: its `key` names the sentence, under [errors] in the texts of its home, and its
facts fill the blanks, so that the page, the API and the terminal say the same thing, in any language. Here stand the
kinds that many rooms raise; those of one feature stand in that feature's `errors.py`, those of the models in
`models/errors.py`, those of the page in `page/errors.py`.

A kind says its facts once, as typed fields:

    class TooSlow(BadRequest):
        '''The answer took `seconds`.'''

        seconds: float

Then `TooSlow(seconds=3.0)` is an error whose key is "too_slow", and mypy finds a fact that is missing or of another
type. A kind without a sentence is a family: it is caught and never raised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, ClassVar, dataclass_transform


@dataclass_transform(kw_only_default=True, eq_default=False, frozen_default=True)
class DemoError(Exception):
    """Base of all our errors. Each kind is made a dataclass, whose fields are the facts that its sentence mentions.

    Type checkers take them for frozen. At run time they are not: Python writes the traceback into an error.
    """

    key: ClassVar[str] = "unknown"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.key = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        dataclass(kw_only=True, eq=False)(cls)

    @property
    def facts(self) -> dict[str, Any]:
        """What the sentence mentions, by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)} if is_dataclass(self) else {}

    @property
    def offers(self) -> dict[str, list[str]]:
        """What the page may offer instead, by a click: a part of the visitor's text → what could take its place."""
        return {}

    def __str__(self) -> str:
        return f"{self.key}: {self.facts}" if self.facts else self.key


# ── the request ──────────────────────────────────────────────────────────────────────────────────────────────


class BadRequest(DemoError):
    """Family: the request itself cannot be answered; another one can."""


class TextTooLong(BadRequest):
    """`length` and `limit`, both in `unit` ("tokens" or "characters")."""

    length: int
    limit: int
    unit: str


class UnreadableText(BadRequest):
    """The text holds half a character (a lone surrogate), or is no text at all."""


class InvalidParameter(BadRequest):
    """`name`, the `value` given and what is `allowed`."""

    name: str
    value: object
    allowed: str


class UnknownAsk(BadRequest):
    """Nothing is asked by this `name`; `choices` are the names that exist."""

    name: str
    choices: str


# ── the model ────────────────────────────────────────────────────────────────────────────────────────────────


class Unavailable(DemoError):
    """Family: no model can answer, now or at all."""


class ModelUnavailable(Unavailable):
    """The model called `title` did not load."""

    title: str


class OutOfDeviceMemory(Unavailable):
    """The graphics card ran out of memory; the model has moved to the processor."""


class DamagedModelFolder(Unavailable):
    """The transformers folder at `path` cannot be read as a model."""

    path: Path | str


class DamagedClone(DamagedModelFolder):
    """The file or folder at `path`, which comes with the program, is missing or damaged."""
