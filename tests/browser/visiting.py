"""How tests serve the page and visit it; every request and console message of a visit is kept."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page

from genai_demo.models.loading import ModelLoader
from genai_demo.next_token.tab import tab
from genai_demo.ui.page import build_page, launch_options

SIZES = ((1280, 720), (1024, 768), (390, 844))
SCENES = ("tokens", "predict", "sample", "repeat", "focus")


def serve(loader: ModelLoader) -> tuple[str, Callable[[], None]]:
    """Start the page; returns its address and how to stop it."""
    tabs = (tab(),)
    demo = build_page(loader, tabs, notices="Built on <tiny> `${notices}`")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(tabs))
    return address.rstrip("/"), demo.close


@dataclass
class Visit:
    """One visitor's page, and all that it asked for or complained about."""

    page: Page
    address: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, scene: str) -> Page:
        """Show a scene, and wait until the live model has answered."""
        self.page.goto(f"{self.address}/?tab=next-word&scene={scene}")
        self.page.wait_for_selector(".gx-current .gx-kind.gx-real", timeout=30_000)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until no answer is outstanding."""
        self.page.wait_for_timeout(400)
        self.page.wait_for_function("!document.querySelector('.gx-current .gx-waiting')")
        self.page.wait_for_timeout(150)


def visit(browser: Browser, address: str, size: tuple[int, int] = SIZES[0], scheme: str = "light") -> Visit:
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme).new_page()
    kept = Visit(page, address)
    page.on("request", lambda request: kept.requests.append(request.url))
    page.on("console", lambda message: kept.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: kept.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (kept.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    return kept
