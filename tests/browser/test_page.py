"""What every scene owes its visitors: it opens, fits, asks nobody else, and can be driven by keyboard."""

from __future__ import annotations

import threading
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from visiting import NEXT_WORD, SCENES, SIZES, TAB_OF, WORD_VECTORS, Visit, serve, visit

from genai_demo.models.drawing_model import DrawingModel
from genai_demo.models.errors import MissingModelPackage
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader, Report

TYPE = (
    "li:not(.gx-rest) .gx-bar-label",
    ".gx-bar-number",
    ".gx-point text",
    ".gx-term",
    ".gx-option",
    ".gx-story p",
    "h2",
    "textarea",
)
# Words that are wider than the box which hides the rest of them, or that leave their picture.
CUT_OFF = """() => {
  const scene = [...document.querySelectorAll(".gx-current")].find((one) => one.offsetParent);
  const words = (node) => [...node.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim());
  const seen = (node) => node.getClientRects().length && getComputedStyle(node).visibility === "visible";
  const hides = (node) => ["hidden", "clip"].includes(getComputedStyle(node).overflowX);
  const written = [...scene.querySelectorAll("*:not(svg *)")].filter((node) => words(node) && seen(node));
  const boxed = written.filter((node) => {
    for (let box = node; box !== scene; box = box.parentElement)
      if (hides(box) && (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1)) return true;
    return false;
  });
  const drawn = [...scene.querySelectorAll("svg.gx-plane text")].filter(seen).filter((node) => {
    const text = node.getBoundingClientRect(), frame = node.ownerSVGElement.getBoundingClientRect();
    const across = text.left < frame.left - 1 || text.right > frame.right + 1;
    return across || text.top < frame.top - 1 || text.bottom > frame.bottom + 1;
  });
  return [...boxed, ...drawn].map((node) => node.textContent);
}"""


@pytest.mark.parametrize("scene", TAB_OF)
def test_a_scene_fits_every_screen_is_accessible_and_asks_nobody_else(visitor: Visit, scene: str) -> None:
    page = visitor.open(scene)
    for mode in ("light", "dark", "projector"):
        if mode != "light":
            page.locator(f"#gx-{mode}").click()
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(100)
            where = f"{scene}, {mode}, {width} × {height}"
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, where
            assert page.evaluate(CUT_OFF) == [], where
        page.set_viewport_size({"width": 1280, "height": 720})
        page.wait_for_timeout(500)
        if mode == "projector":
            page.locator("#gx-dark").click()
            page.wait_for_timeout(300)
        assert violations(page) == [], mode
    hosts = {urlparse(url).hostname for url in visitor.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlparse(visitor.address).hostname}


def violations(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).response["violations"]
    return [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found]


def test_who_prefers_dark_gets_dark(browser: Browser, address: str) -> None:
    guest = visit(browser, address, scheme="dark")
    page = guest.open("arithmetic")
    assert page.locator("#gx-dark").get_attribute("aria-pressed") == "true"
    assert violations(page) == []
    page.context.close()
    assert guest.complaints == []


@pytest.mark.parametrize("scene", ["predict", "map", "arithmetic", "play"])
def test_projector_type_is_at_least_24_pixels(visitor: Visit, scene: str) -> None:
    page = visitor.open(scene)
    page.keyboard.press("p")
    if scene == "play":
        page.keyboard.press("1")
    visitor.settle()
    sizes = page.evaluate(
        """(selectors) => selectors.flatMap((selector) => [...document.querySelectorAll(selector)])
          .filter((one) => one.getClientRects().length)
          .map((one) => [parseFloat(getComputedStyle(one).fontSize), one.outerHTML.slice(0, 120)])""",
        [f".gx-current {part}" for part in TYPE] + [".gx-stepper .gx-step-title"],
    )
    assert len(sizes) > 10
    assert [what for size, what in sizes if size < 24] == []


@pytest.mark.parametrize("typed", ["tokens", "map", "steps", "compare"])  # scenes with a text box, one of each tab
def test_page_keys_walk_through_the_scenes_but_not_from_a_text_box(visitor: Visit, typed: str) -> None:
    tab = TAB_OF[typed]
    following = SCENES[tab][SCENES[tab].index(typed) + 1]
    page = visitor.open(typed)
    page.locator("h1").click()
    page.keyboard.press("PageDown")
    assert current_scene(visitor) == following
    assert f"tab={tab}&scene={following}" in page.url
    page.keyboard.press("PageUp")
    assert current_scene(visitor) == typed
    visitor.find("textarea, input[type=text]").first.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("p")
    assert current_scene(visitor) == typed
    assert "gx-projector" not in (page.locator("body").get_attribute("class") or "")


@pytest.mark.parametrize("tab", SCENES)
def test_arrows_walk_along_the_stepper_while_it_has_the_focus(visitor: Visit, tab: str) -> None:
    page = visitor.open(SCENES[tab][0])
    page.locator(".gx-stepper:visible [aria-current=step]").focus()
    walked = [current_scene(visitor)]
    for _ in SCENES[tab]:
        page.keyboard.press("ArrowRight")
        walked.append(current_scene(visitor))
        visitor.wait_for_live()
    assert walked == [*SCENES[tab], SCENES[tab][-1]]
    page.keyboard.press("ArrowLeft")
    assert current_scene(visitor) == SCENES[tab][-2]


def current_scene(visitor: Visit) -> str | None:
    """The scene that the stepper names, and the page shows."""
    name = visitor.page.locator(".gx-stepper:visible [aria-current=step]").get_attribute("data-scene")
    shell = visitor.page.locator("[id^=scene-]:visible").get_attribute("id") or ""
    return name if shell.endswith(f"-{name}") else None


def test_arrows_move_a_slider_that_has_the_focus(visitor: Visit) -> None:
    page = visitor.open("sample")
    slider = visitor.find("input[type=range]").first
    before = slider.input_value()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert int(slider.input_value()) == int(before) + 1
    assert current_scene(visitor) == "sample"


def test_arrows_move_over_a_map_that_has_the_focus(visitor: Visit) -> None:
    page = visitor.open("map")
    visitor.find("svg.gx-plane").focus()
    page.keyboard.press("ArrowRight")
    assert visitor.find(".gx-point.gx-selected").count() == 1
    assert current_scene(visitor) == "map"


@pytest.mark.parametrize(
    ("scene", "control", "then"),
    [
        ("predict", "button:text-is('Remove the space')", "button, .gx-key"),  # goes with what it removes
        ("predict", ".gx-key >> nth=0", ".gx-key:first-child"),  # new keys take the place of the old ones
        ("sample", "button:text-is('Append it')", "button, input"),
        ("map", ".gx-words button >> nth=0", ".gx-words li:first-child button"),
        ("arithmetic", "button:text-is('Back')", "button"),  # cannot be pressed at the first step
        ("arithmetic", ".gx-term >> nth=1", "li:nth-child(2) > .gx-term"),
    ],
)
def test_a_control_that_goes_away_leaves_the_keyboard_where_it_was(
    calm: Visit, scene: str, control: str, then: str
) -> None:
    page = calm.open(scene)
    if "Remove" in control:
        calm.find("textarea").first.fill("The cat ")
        calm.settle()
    if scene == "sample":
        calm.find("button:text-is('Draw a word')").click()
    if scene == "map":
        calm.find("summary").click()
    calm.find(control).focus()
    for _ in range(4):
        page.keyboard.press("Enter")
        calm.settle()
        assert page.evaluate(
            "(then) => document.activeElement.matches(then) && document.activeElement.closest('.gx-current')", then
        )


def test_a_visitor_who_has_left_a_control_is_not_fetched_back(calm: Visit) -> None:
    page = calm.open("predict")
    calm.find(".gx-key").first.focus()
    page.locator("h1").click()
    calm.find("textarea").first.evaluate("(box) => { box.value = 'Hello'; box.dispatchEvent(new Event('input')); }")
    calm.settle()
    assert page.evaluate("document.activeElement === document.body")


def test_the_last_round_of_a_game_keeps_the_keyboard(calm: Visit) -> None:
    page = calm.open("play")
    while True:
        calm.find(".gx-option").first.focus()
        page.keyboard.press("Enter")
        if not calm.find("button:text-is('Next round')").is_visible():
            break
        page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('.gx-quiz') !== null")


def test_only_the_tabs_are_tabs(visitor: Visit) -> None:
    page = visitor.open("tokens")
    assert page.get_by_role("tab").all_inner_texts() == ["Next word", "Word vectors", "Denoising", "Base vs RLHF"]
    for tab in SCENES:
        visitor.go_to(SCENES[tab][0])
        steps = page.locator("nav.gx-stepper:visible button")
        assert [one.get_attribute("data-scene") for one in steps.all()] == list(SCENES[tab])


def test_a_tab_keeps_its_scene_while_the_other_is_shown(visitor: Visit) -> None:
    visitor.open("sample")
    visitor.go_to("axes")
    visitor.page.locator(f"#tab-{NEXT_WORD}-button").click()
    visitor.wait_for_live()
    assert current_scene(visitor) == "sample"
    visitor.page.wait_for_url(f"**tab={NEXT_WORD}&scene=sample")
    visitor.page.locator(f"#tab-{WORD_VECTORS}-button").click()
    visitor.wait_for_live()
    assert current_scene(visitor) == "axes"


def test_recorded_examples_stand_until_the_model_is_ready(
    browser: Browser, tiny: LanguageModel, pictures: Loader[DrawingModel]
) -> None:
    arrived = threading.Event()

    def load(report: Report) -> LanguageModel:
        report("converting", 0.4)
        arrived.wait()
        return tiny

    url, stop = serve(Loader("Tiny", load), pictures)
    guest = visit(browser, url)
    page = guest.page
    page.goto(f"{url}/?tab=next-word&scene=predict")
    page.wait_for_selector(".gx-current .gx-kind.gx-recorded")
    assert "call" in page.locator(".gx-current .gx-bar-label").first.inner_text()
    assert "40 %" in page.locator(".gx-status").inner_text()
    page.locator(".gx-current textarea").fill("the cat")
    page.wait_for_selector(".gx-current .gx-message.gx-note:visible")
    arrived.set()
    page.wait_for_selector(".gx-current .gx-kind.gx-real", timeout=10_000)
    assert "ready" in page.locator(".gx-status").inner_text()
    assert page.locator(".gx-current textarea").input_value() == "the cat"
    page.context.close()
    stop()
    assert guest.complaints == []


def test_a_model_that_cannot_be_loaded_is_explained(browser: Browser, pictures: Loader[DrawingModel]) -> None:
    def load(_: Report) -> LanguageModel:
        raise MissingModelPackage(package="some-model==1.0")

    url, stop = serve(Loader("Tiny", load), pictures)
    guest = visit(browser, url)
    guest.page.goto(f"{url}/?tab=next-word&scene=predict")
    guest.page.wait_for_selector(".gx-status.gx-error")
    assert "pip install some-model==1.0" in guest.page.locator(".gx-status").inner_text()
    guest.page.wait_for_selector(".gx-current .gx-kind.gx-recorded")
    guest.page.context.close()
    stop()
    assert guest.complaints == []
