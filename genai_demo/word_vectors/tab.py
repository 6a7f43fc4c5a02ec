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
from .examples import texts_for
from .openings import openings

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
        table = source.from_file
        texts = texts_for(table)
        opened = openings(table) if table else {name: recorded(NAME, name) for name in ASKS}
        alphabets = table is None or 0 < table.latin_count < len(table.words)
        stepper(NAME, {name: texts[name]["title"] for name in ASKS}, texts["stepper"])
        for name, answer in ASKS.items():
            labels = {**texts["common"], **texts[name]}
            settings = {"alphabets": alphabets, **({"plotly": serve_plotly()} if name == "map" else {})}
            scene(NAME, name, labels, opened[name], [answering(source, answer)], settings=settings)
        publish(source)

    title: str = load_texts(PACKAGE)["title"]
    return Tab(NAME, title, PACKAGE, build)
