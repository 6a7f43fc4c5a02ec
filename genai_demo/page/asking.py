"""How the page and other programs ask: each question as a function for the browser, as an event, as an endpoint.

(Gradio's own `cancels` cannot tell a run that is to end from the one that takes its place: so a scene's script names
its runs, and says which of them it no longer wants.)
"""

from __future__ import annotations

import inspect
import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import MISSING
from typing import Any

import gradio as gr
from gradio.events import api

from ..asks import Answerer, Ask, Feature, Json
from ..errors import DemoError, InvalidParameter
from ..models.errors import ModelLoading
from ..params import plain_fields
from .messages import explanation

logger = logging.getLogger(__name__)

WAIT_SECONDS = 60.0  # of a call to the API for a loading model, before saying how far it is
VISITORS_AT_ONCE = 16  # of each endpoint; they interleave at the model's one door
REMEMBERED_HALTS = 1_000
LONGEST_RUN = 80  # characters of the name of a run

PageFunction = Callable[[Any], Json]


def page_function(answerer: Answerer, feature: str, ask: str) -> PageFunction:
    """A function for the browser: one JSON object for another; our errors come as sentences.

    It never waits for a loading model: the page says how far it is and asks again by itself.
    """

    def respond(values: Any) -> Json:
        *_, last = answerer.answer(feature, ask, values)
        return last

    return in_words(respond, ask)


def in_words(work: PageFunction, name: str) -> PageFunction:
    """`work` under the name by which the browser calls it; whatever it raises is explained instead."""

    def respond(values: Any) -> Json:
        try:
            return work(values)
        except Exception as error:
            return explained(error)

    respond.__name__ = name
    return respond


def explained(error: Exception) -> Json:
    """What the browser is told of an error, see `explanation`; `loading`: the model may answer in a moment.

    Of a mistake of ours it learns no more than that there was one: the terminal has the details.
    """
    if not isinstance(error, DemoError):
        logger.error("A question could not be answered.", exc_info=error)
        error = DemoError()
    return explanation(error) | {"loading": isinstance(error, ModelLoading)}


class Runs:
    """The answers in parts that the scenes of one tab are being given. Each request names its own `run`.

    `halt` is a function for the browser: {run} is no longer wanted.
    """

    def __init__(self, answerer: Answerer, feature: str) -> None:
        self._answerer, self._feature = answerer, feature
        self._halted: deque[str] = deque(maxlen=REMEMBERED_HALTS)
        self.halt = in_words(self._halt, "halt")

    def listen(self, component: gr.HTML, ask: str) -> None:
        """Stream the parts of the answer to `component` whenever its script triggers an event called `ask`.

        Each part carries `request`, in which `run` stands; an error is explained as one more part.
        """

        def respond(event: gr.EventData) -> Iterator[Json]:
            yield from self.parts(ask, event._data)

        respond.__name__ = ask
        getattr(component, ask)(
            respond,
            outputs=component,
            show_progress="hidden",
            trigger_mode="multiple",
            concurrency_limit=VISITORS_AT_ONCE,
            api_name=f"page_{self._feature}_{ask}",
            api_visibility="private",
        )

    def parts(self, ask: str, values: Any) -> Iterator[Json]:
        """The parts of the answer to one request of the browser, until it is halted."""
        run: str | None = None
        try:
            run, asked = _taken_apart(values)
            for payload in self._answerer.answer(self._feature, ask, asked):
                if run in self._halted:
                    return
                yield {**payload, "request": {**payload.get("request", {}), "run": run}}
        except Exception as error:
            yield {**explained(error), "request": {"run": run}}

    def _halt(self, values: Any) -> Json:
        run, _ = _taken_apart(values)
        self._halted.append(run)
        return {}


def _taken_apart(values: Any) -> tuple[str, Json]:
    """The name of a run, and the rest of its request."""
    asked = dict(values) if isinstance(values, dict) else {}
    run = asked.pop("run", None)
    if not isinstance(run, str) or len(run) > LONGEST_RUN:
        raise InvalidParameter(name="run", value="this", allowed=f"a name of up to {LONGEST_RUN} characters")
    return run, asked


def publish(answerer: Answerer, feature: Feature[Any]) -> None:
    """Add the endpoints of a feature to the page that is being built, for gradio_client and for other programs."""
    for ask in feature.asks:
        if ask.public:
            api(_endpoint(answerer, feature.name, ask), api_name=ask.name, concurrency_limit=VISITORS_AT_ONCE)


def _endpoint(answerer: Answerer, feature: str, ask: Ask[Any]) -> Callable[..., Any]:
    """A function with the parameters of `ask`: Gradio reads its signature, and takes a generator for a stream."""
    known = list(plain_fields(ask.params))

    def parts(*given: Any) -> Iterator[Json]:
        values = dict(zip((name for name, _, _ in known), given, strict=False))
        try:
            yield from answerer.answer(feature, ask.name, values, WAIT_SECONDS)
        except Exception as error:
            raise gr.Error(explained(error)["error"], print_exception=False) from error

    def whole(*given: Any) -> Json:
        *_, last = parts(*given)
        return last

    endpoint: Any = parts if ask.streams else whole
    kind, no_default = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
    returned = Iterator[dict[str, Any]] if ask.streams else dict[str, Any]
    endpoint.__name__, endpoint.__doc__ = ask.name, ask.answer.__doc__
    endpoint.__annotations__ = {**{name: type_ for name, type_, _ in known}, "return": returned}
    endpoint.__signature__ = inspect.Signature(
        [
            inspect.Parameter(name, kind, default=no_default if default is MISSING else default, annotation=type_)
            for name, type_, default in known
        ],
        return_annotation=returned,
    )
    return endpoint
