"""Answers that come in many parts: a scene's JavaScript triggers an event with a request, and may halt it any time.

(Gradio's own `cancels` cannot tell a run that is to end from the one that takes its place.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import gradio as gr

from .page import VISITORS_AT_ONCE, Loader, Model, answering, explained
from .request import Json
from .scene import recorded, scene, stepper
from .texts import load_texts

REMEMBERED_HALTS = 1_000


def add_scenes(
    tab: str,
    package: str,
    loader: Loader[Model],
    asks: Mapping[str, Sequence[Callable[[Model, Json], Json]]],
    events: Mapping[str, tuple[str, Callable[[Model, Json], Iterator[Json]]]],
    settings: Mapping[str, Any],
) -> None:
    """Add a tab's stepper and its scenes, each opening on its recorded example.

    Args:
        tab: the tab's name.
        package: holds its texts.
        loader: of the model that answers.
        asks: scene → what its JavaScript may ask, in the order of the walk.
        events: scene → the event that it triggers, and what answers it in parts.
        settings: what the JavaScript of all its scenes needs to know.
    """
    texts = load_texts(package)
    stepper(tab, {name: texts[name]["title"] for name in asks}, texts["stepper"])
    streams = Streams()
    for name, answers in asks.items():
        may_ask: list[Callable[[Json], Json]] = [answering(loader, answer) for answer in answers]
        labels, opening = {**texts["common"], **texts[name]}, recorded(tab, name)
        if name not in events:
            scene(tab, name, labels, opening, may_ask, settings=settings)
            continue
        event, answer = events[name]
        made = scene(tab, name, labels, opening, [*may_ask, streams.halt], (event,), settings)
        streams.listen(made, event, loader, answer)


class Streams:
    """The runs of one tab. Each request names its own `run`; the browser drops what belongs to another.

    `halt` is a function for the browser: {run} is no longer wanted.
    """

    def __init__(self) -> None:
        halted: deque[str] = deque(maxlen=REMEMBERED_HALTS)

        def halt(request: Json) -> Json:
            halted.append(str(request.get("run"))[:40])
            return {}

        self._halted = halted
        self.halt = halt  # a plain function: Gradio marks what the browser may call

    def listen(
        self,
        component: gr.HTML,
        event: str,
        loader: Loader[Model],
        answer: Callable[[Model, Json], Iterator[Json]],
    ) -> None:
        """Stream the payloads of `answer(model, request)` to `component` whenever its JavaScript triggers `event`.

        Each payload carries `request`, in which `run` stands; an error is explained as one more payload.
        """

        def respond(event: gr.EventData) -> Iterator[Json]:
            request = event._data if isinstance(event._data, dict) else {}
            try:
                for payload in answer(loader.model(), request):
                    if request.get("run") in self._halted:
                        return
                    yield payload
            except Exception as error:
                yield {**explained(error), "request": {"run": request.get("run")}}

        respond.__name__ = event
        getattr(component, event)(
            respond,
            outputs=component,
            show_progress="hidden",
            trigger_mode="multiple",
            concurrency_limit=VISITORS_AT_ONCE,
            api_visibility="private",
        )
