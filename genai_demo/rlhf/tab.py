"""The Base-vs-RLHF tab: its scenes, what they may ask, and its endpoints."""

from __future__ import annotations

from ..models.loading import ModelLoader
from ..models.stages_loader import StagesLoader
from ..ui.page import Tab
from ..ui.streaming import add_scenes
from ..ui.texts import load_texts
from . import requests
from .api import publish
from .openings import MARKED_TOKENS
from .rater import MAX_RATED

NAME = "rlhf"
PACKAGE = "genai_demo.rlhf"
ASKS = {
    "compare": (requests.list_stages,),
    "changed": (requests.list_stages,),
    "recipe": (requests.tell_ranking,),
    "rater": (requests.learn_taste,),
}
EVENTS = {
    "compare": ("compare", requests.compare),
    "changed": ("mark", requests.mark_changed),
    "rater": ("sample", requests.sample_answers),
}


def tab(stages: StagesLoader) -> Tab:
    """How the page is told about this tab. `stages`: the tuned stages of the page's language model."""

    def build(_: ModelLoader) -> None:
        """Add the scenes to the tab that is being built."""
        settings = {"stages": stages.names, "recorded_tokens": MARKED_TOKENS, "most_rated": MAX_RATED}
        add_scenes(NAME, PACKAGE, stages, ASKS, EVENTS, settings)
        publish(stages)

    title: str = load_texts(PACKAGE)["title"]
    return Tab(NAME, title, PACKAGE, build)
