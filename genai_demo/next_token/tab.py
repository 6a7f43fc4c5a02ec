"""The Next-word tab: its five scenes, what they may ask, and its endpoints."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator
from typing import Any

import gradio as gr

from ..models.loading import ModelLoader
from ..ui.page import VISITORS_AT_ONCE, Tab, answering, explained
from ..ui.scene import recorded, scene, stepper
from ..ui.texts import load_texts
from . import requests
from .api import publish

NAME = "next-word"
PACKAGE = "genai_demo.next_token"
ASKS = {
    "tokens": (requests.tokenize_text,),
    "predict": (requests.predict_next,),
    "sample": (requests.predict_for_sliders, requests.slider_stops, requests.name_drawn),
    "repeat": (),
    "focus": (requests.predict_next, requests.measure_surprise),
}
EVENTS = {"repeat": ("write",)}
REMEMBERED_HALTS = 1_000


def build(loader: ModelLoader) -> None:
    """Add the scenes to the tab that is being built."""
    texts = load_texts(PACKAGE)
    stepper(NAME, {name: texts[name]["title"] for name in ASKS}, texts["stepper"])
    halted: deque[str] = deque(maxlen=REMEMBERED_HALTS)  # runs that their visitors have stopped

    def halt_writing(request: dict[str, Any]) -> dict[str, Any]:
        halted.append(str(request.get("run"))[:40])
        return {}

    scenes = {}
    for name, answers in ASKS.items():
        asks = [answering(loader, answer) for answer in answers]
        labels = {**texts["common"], **texts[name]}
        asks += [halt_writing] if name == "repeat" else []
        scenes[name] = scene(NAME, name, labels, recorded(NAME, name), asks, EVENTS.get(name, ()))
    _stream_writing(scenes["repeat"], loader, halted)
    publish(loader)


def _stream_writing(repeat: gr.HTML, loader: ModelLoader, halted: Container[str]) -> None:
    """The Repeat scene's JavaScript triggers `write` with a request, whose `run` it may halt at any time.

    (Gradio's own `cancels` cannot tell a run that is to end from the one that takes its place.)
    """

    def write(event: gr.EventData) -> Iterator[dict[str, Any]]:
        request = event._data if isinstance(event._data, dict) else {}
        try:
            for payload in requests.write_on(loader.model(), request):
                if request.get("run") in halted:
                    return
                yield payload
        except Exception as error:
            yield {**explained(error), "request": {"run": request.get("run")}}

    repeat.write(
        write,
        outputs=repeat,
        show_progress="hidden",
        trigger_mode="multiple",
        concurrency_limit=VISITORS_AT_ONCE,
        api_visibility="private",
    )


def tab() -> Tab:
    """How the page is told about this tab."""
    title: str = load_texts(PACKAGE)["title"]
    return Tab(NAME, title, PACKAGE, build)
