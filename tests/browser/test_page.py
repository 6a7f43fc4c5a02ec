"""What every scene owes its visitors: it opens, fits, asks nobody else, and can be driven by keyboard."""

from __future__ import annotations

from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from visiting import SCENES, SIZES, Visit, serve, visit

from genai_demo.errors import MissingModelPackage
from genai_demo.models.loading import LoadStatus, ModelLoader

MODES = ("light", "dark", "projector")


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("mode", MODES)
def test_a_scene_fits_every_screen_is_accessible_and_asks_nobody_else(
    browser: Browser, address: str, scene: str, mode: str
) -> None:
    guest = visit(browser, address, scheme="dark" if mode == "dark" else "light")
    page = guest.open(scene)
    if mode == "projector":
        page.locator("#gx-projector").click()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(100)
        too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert too_wide <= 0, f"{scene} is {too_wide} pixels too wide at {width} × {height}"
    page.set_viewport_size({"width": 1280, "height": 720})
    page.wait_for_timeout(600)
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).response["violations"]
    assert [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found] == []
    hosts = {urlparse(url).hostname for url in guest.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlparse(address).hostname}
    assert guest.complaints == []
    page.context.close()


def test_projector_type_is_at_least_24_pixels(visitor: Visit) -> None:
    page = visitor.open("predict")
    page.keyboard.press("p")
    for selector in (".gx-bar-label", ".gx-bar-number", ".gx-story p", ".gx-step-title", "h2", "textarea"):
        size = page.evaluate(
            "(selector) => parseFloat(getComputedStyle(document.querySelector(`.gx-current ${selector}, .gx-stepper "
            "${selector}`)).fontSize)",
            selector,
        )
        assert size >= 24, selector


def test_page_keys_walk_through_the_scenes_but_not_from_a_text_box(visitor: Visit) -> None:
    page = visitor.open("predict")
    current = page.locator(".gx-stepper [aria-current=step]")
    page.locator("h1").click()
    page.keyboard.press("PageDown")
    assert current.get_attribute("data-scene") == "sample"
    assert "scene=sample" in page.url
    page.keyboard.press("PageUp")
    page.locator(".gx-current textarea").first.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("p")
    assert current.get_attribute("data-scene") == "predict"
    assert "gx-projector" not in (page.locator("body").get_attribute("class") or "")


def test_arrows_belong_to_the_stepper_only_while_it_has_the_focus(visitor: Visit) -> None:
    page = visitor.open("sample")
    current = page.locator(".gx-stepper [aria-current=step]")
    slider = page.locator(".gx-current input[type=range]").first
    before = slider.input_value()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert int(slider.input_value()) == int(before) + 1
    assert current.get_attribute("data-scene") == "sample"
    current.focus()
    page.keyboard.press("ArrowRight")
    assert current.get_attribute("data-scene") == "repeat"
    page.keyboard.press("ArrowLeft")
    assert current.get_attribute("data-scene") == "sample"


def test_only_the_tabs_are_tabs(visitor: Visit) -> None:
    page = visitor.open("tokens")
    assert page.locator("[role=tab]").all_inner_texts() == ["Next word"]
    assert page.locator("nav.gx-stepper button").count() == len(SCENES)


def test_recorded_examples_stand_until_the_model_is_ready(
    browser: Browser, loader: ModelLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = ModelLoader(loader.entry)
    monkeypatch.setattr(waiting, "start", lambda: None)
    waiting._status = LoadStatus("Tiny", "converting", 0.4, ready=False)
    url, stop = serve(waiting)
    guest = visit(browser, url)
    page = guest.page
    page.goto(f"{url}/?tab=next-word&scene=predict")
    page.wait_for_selector(".gx-current .gx-kind.gx-recorded")
    assert "call" in page.locator(".gx-current .gx-bar-label").first.inner_text()
    assert "40 %" in page.locator(".gx-status").inner_text()
    page.locator(".gx-current textarea").fill("the cat")
    page.wait_for_selector(".gx-current .gx-message.gx-note:visible")
    waiting._finish(model=loader.model())
    page.wait_for_selector(".gx-current .gx-kind.gx-real", timeout=10_000)
    assert "ready" in page.locator(".gx-status").inner_text()
    assert page.locator(".gx-current textarea").input_value() == "the cat"
    page.context.close()
    stop()
    assert guest.complaints == []


def test_a_model_that_cannot_be_loaded_is_explained(
    browser: Browser, loader: ModelLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = ModelLoader(loader.entry)
    monkeypatch.setattr(broken, "start", lambda: None)
    broken._finish(error=MissingModelPackage(package="some-model==1.0"))
    url, stop = serve(broken)
    guest = visit(browser, url)
    guest.page.goto(f"{url}/?tab=next-word&scene=predict")
    guest.page.wait_for_selector(".gx-status.gx-error")
    assert "pip install some-model==1.0" in guest.page.locator(".gx-status").inner_text()
    guest.page.wait_for_selector(".gx-current .gx-kind.gx-recorded")
    guest.page.context.close()
    stop()
    assert guest.complaints == []
