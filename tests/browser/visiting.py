"""How tests serve the page and visit it; every request and console message of a visit is kept."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from planted import planted_loader
from playwright.sync_api import Browser, Locator, Page

from genai_demo.features.denoising.feature import FEATURE as DENOISING_FEATURE
from genai_demo.features.next_word.feature import FEATURE as NEXT_WORD_FEATURE
from genai_demo.features.rlhf.feature import FEATURE as RLHF_FEATURE
from genai_demo.features.word_vectors.feature import FEATURE as WORD_VECTORS_FEATURE
from genai_demo.models.drawing_model import DrawingModel
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader
from genai_demo.models.stages import StagedModel
from genai_demo.models.stages_loader import adapters_loader
from genai_demo.models.word_vectors import WordVectors
from genai_demo.page.build import build_page, launch_options

SIZES = ((1280, 720), (1024, 768), (390, 844))
NEXT_WORD, WORD_VECTORS, DENOISING, RLHF = "next-word", "word-vectors", "denoising", "rlhf"
SCENES = {
    NEXT_WORD: ("tokens", "predict", "sample", "repeat", "focus"),
    WORD_VECTORS: ("numbers", "map", "arithmetic", "axes", "play"),
    DENOISING: ("destroy", "guess", "steps", "steer", "counts"),
    RLHF: ("compare", "changed", "recipe", "rater"),
}
TAB_OF = {scene: tab for tab, scenes in SCENES.items() for scene in scenes}
SHOWN = ".gx-current:visible"  # each tab has a current scene; that of the open tab is visible


def serve(
    loader: Loader[LanguageModel],
    pictures: Loader[DrawingModel],
    vectors: Loader[WordVectors] | None = None,
    stages: Loader[StagedModel] | None = None,
    notices: str = "Built on <tiny> `${notices}`",
    **launch: object,
) -> tuple[str, Callable[[], None]]:
    """Start the page, with the planted table unless `vectors` are given; returns its address and how to stop it.

    `launch` is handed on to Gradio.
    """
    sources = (
        (NEXT_WORD_FEATURE, loader),
        (WORD_VECTORS_FEATURE, vectors or planted_loader(loader)),
        (DENOISING_FEATURE, pictures),
        (RLHF_FEATURE, stages or adapters_loader(loader)),
    )
    options = launch_options([feature for feature, _ in sources])
    demo = build_page(loader, sources, notices)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **options, **launch)
    return address.rstrip("/"), demo.close


@dataclass
class Visit:
    """One visitor's page, and all that it asked for or complained about."""

    page: Page
    address: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, scene: str) -> Page:
        """Load the page at a scene, and wait until the live model has answered."""
        self.page.goto(f"{self.address}/?tab={TAB_OF[scene]}&scene={scene}")
        return self.wait_for_live()

    def go_to(self, scene: str) -> Page:
        """Show a scene by clicking its tab and its step, and wait until the live model has answered."""
        tab = self.page.locator(f"#tab-{TAB_OF[scene]}-button")
        if tab.get_attribute("aria-selected") != "true":
            tab.click()
        self.page.locator(f".gx-stepper:visible [data-scene={scene}]").click()
        return self.wait_for_live()

    def wait_for_live(self) -> Page:
        two_models_writing = 90_000  # 120 tokens each on two shared cores, the slowest opening that there is
        live = f"{SHOWN} .gx-scene:not(.gx-stale) .gx-kind.gx-real"  # it may stand in a part that is not open
        self.page.wait_for_selector(live, state="attached", timeout=two_models_writing)
        self.settle()
        return self.page

    def settle(self, milliseconds: int = 340) -> None:
        """Wait until what was typed has been asked, and no answer is outstanding."""
        self.page.wait_for_timeout(milliseconds)
        self.page.wait_for_function(
            "![...document.querySelectorAll('.gx-current .gx-waiting')].some((one) => one.offsetParent)"
        )
        self.page.wait_for_timeout(120)

    def find(self, selector: str) -> Locator:
        """Elements of the scene that is shown."""
        return self.page.locator(SHOWN).locator(selector)

    @contextmanager
    def no_request(self) -> Iterator[None]:
        """What happens meanwhile happens in the browser."""
        before = len(self.requests)
        yield
        self.page.wait_for_timeout(300)
        assert self.requests[before:] == []

    @contextmanager
    def answer(self) -> Iterator[None]:
        """Wait for the answer to what is asked meanwhile, also if typing delays the question."""
        with self.page.expect_response("**/component_server/", timeout=15_000):
            yield
        self.settle(80)


def visit(
    browser: Browser, address: str, size: tuple[int, int] = SIZES[0], scheme: str = "light", calm: bool = False
) -> Visit:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce" if calm else "no-preference",
    )
    page = context.new_page()
    kept = Visit(page, address)
    page.on("request", lambda request: kept.requests.append(request.url))
    page.on("console", lambda message: kept.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: kept.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (kept.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    return kept
