"""Reading what the browser sent: one JSON object, of which nothing is certain."""

from __future__ import annotations

from typing import Any

from ..errors import InvalidParameter

Json = dict[str, Any]


def text_field(request: Json, name: str) -> str:
    """The text called `name`; empty if there is none.

    Raises:
        InvalidParameter: it is something else.
    """
    value = request.get(name, "")
    if not isinstance(value, str):
        raise InvalidParameter(name=name, value="this", allowed="a text")
    return value


def texts_field(request: Json, name: str) -> list[str]:
    """The list of words called `name`; empty if there is none.

    Raises:
        InvalidParameter: it is something else.
    """
    values = request.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InvalidParameter(name=name, value="this", allowed="a list of words")
    return values
