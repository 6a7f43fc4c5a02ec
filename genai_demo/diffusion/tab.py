"""The Denoising tab: its five scenes, what they may ask, and its endpoints."""

from __future__ import annotations

from ..models.loading import ModelLoader
from ..models.picture_generator import PictureLoader
from ..ui.page import Tab
from ..ui.streaming import add_scenes
from ..ui.texts import load_texts
from . import requests
from .api import publish
from .schedulers import MAX_STEPS

NAME = "denoising"
PACKAGE = "genai_demo.diffusion"
ASKS = {
    "destroy": (requests.forward_process,),
    "guess": (requests.guess_noise,),
    "steps": (requests.save_gif, requests.decode_step),
    "steer": (requests.steer_by_guidance, requests.steer_by_prompt, requests.read_words),
    "counts": (requests.steer_by_prompt,),
}
EVENTS = {"steps": ("draw", requests.draw), "counts": ("count", requests.count_steps)}


def tab(generator: PictureLoader | None = None) -> Tab:
    """How the page is told about this tab. `generator`: what draws, if not the picture model that is shipped."""
    source = generator or PictureLoader()

    def build(_: ModelLoader) -> None:
        """Add the scenes to the tab that is being built."""
        settings = {"samplers": MAX_STEPS}
        add_scenes(NAME, PACKAGE, source, ASKS, EVENTS, settings)
        publish(source)

    title: str = load_texts(PACKAGE)["title"]
    return Tab(NAME, title, PACKAGE, build)
