"""The Next-word tab: its five scenes, what they may ask, and its endpoints."""

from __future__ import annotations

from ..models.loading import ModelLoader
from ..ui.page import Tab, answering
from ..ui.scene import recorded, scene, stepper
from ..ui.streaming import Streams
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


def build(loader: ModelLoader) -> None:
    """Add the scenes to the tab that is being built."""
    texts = load_texts(PACKAGE)
    stepper(NAME, {name: texts[name]["title"] for name in ASKS}, texts["stepper"])
    streams = Streams()
    scenes = {}
    for name, answers in ASKS.items():
        asks = [answering(loader, answer) for answer in answers]
        labels = {**texts["common"], **texts[name]}
        asks += [streams.halt] if name in EVENTS else []
        scenes[name] = scene(NAME, name, labels, recorded(NAME, name), asks, EVENTS.get(name, ()))
    streams.listen(scenes["repeat"], "write", loader, requests.write_on)
    publish(loader)


def tab() -> Tab:
    """How the page is told about this tab."""
    title: str = load_texts(PACKAGE)["title"]
    return Tab(NAME, title, PACKAGE, build)
