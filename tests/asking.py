"""Asking a feature as the page does: by name, with plain JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from genai_demo.asks import Feature
from genai_demo.params import read


class Asking:
    """`Asking(feature).name(model, values)`: the whole answer, or the parts of one that streams, one by one."""

    def __init__(self, feature: Feature[Any]) -> None:
        self._feature = feature

    def __getattr__(self, name: str) -> Callable[[Any, object], Any]:
        question = self._feature.ask(name)

        def asked(model: Any, values: object) -> Any:
            parts = question.parts(model, read(question.params, values))
            return parts if question.streams else next(parts)

        return asked
