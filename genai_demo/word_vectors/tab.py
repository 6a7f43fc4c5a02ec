"""The Word-vectors tab: its five scenes, what they may ask, and its endpoints."""

from __future__ import annotations

from ..models.loading import ModelLoader
from ..models.word_vectors import VectorsLoader
from ..ui.page import Tab, answering
from ..ui.plotly import serve_plotly
from ..ui.scene import recorded, scene, stepper
from ..ui.texts import load_texts
from . import requests
from .api import publish

NAME = "word-vectors"
PACKAGE = "genai_demo.word_vectors"
ASKS = {
    "numbers": requests.compare_words,
    "map": requests.show_map,
    "arithmetic": requests.work_out,
    "axes": requests.place_words,
    "play": requests.deal_game,
}


def tab(vectors: VectorsLoader | None = None) -> Tab:
    """How the page is told about this tab. `vectors`: where they come from, if not from the page's own model."""

    def build(loader: ModelLoader) -> None:
        """Add the scenes to the tab that is being built."""
        source = vectors or VectorsLoader(loader)
        texts = load_texts(PACKAGE)
        stepper(NAME, {name: texts[name]["title"] for name in ASKS}, texts["stepper"])
        for name, answer in ASKS.items():
            labels = {**texts["common"], **texts[name]}
            settings = {"plotly": serve_plotly()} if name == "map" else {}
            scene(NAME, name, labels, recorded(NAME, name), [answering(source, answer)], settings=settings)
        publish(source)

    title: str = load_texts(PACKAGE)["title"]
    return Tab(NAME, title, PACKAGE, build)
