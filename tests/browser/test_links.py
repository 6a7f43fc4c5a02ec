"""Links: what a visitor has chosen stands in the address, and an address opens the same screen, for every scene."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page
from visiting import SCENES, TAB_OF, Visit

from genai_demo.page.scene import recorded

SAMPLED = (Path(__file__).parents[1] / "web" / "sampled.js").read_text(encoding="utf-8")
ROUNDS = 200
ALL = [scene for scenes in SCENES.values() for scene in scenes]
TOOLS = """async (source) => {
  const file = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const [[address], tools] = await Promise.all([gxModules("#page/address.js"), import(file)]);
  window.gxTest = { address, ...tools };
}"""
ASKED = """async ([module, id]) => {
  const [{ asks }] = await gxModules(module), scene = document.querySelector(id).genaiScene;
  return asks(gxTest.address.defaults(scene.fields), scene, scene.recorded);
}"""
IS_WRITTEN = """(written) => {
  const query = new URLSearchParams(location.search);
  return Object.entries(written).every(([key, text]) => query.get(key) === text);
}"""


def node(scene: str) -> str:
    return f"#scene-{TAB_OF[scene]}-{scene} .gx-scene"


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page with all tabs made, and the tools of these tests."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    for tab, scenes in SCENES.items():
        page.locator(f"#tab-{tab}-button").click()
        for scene in scenes:
            page.wait_for_function("(id) => document.querySelector(id)?.genaiScene", arg=node(scene))
    page.evaluate(TOOLS, SAMPLED)
    yield page
    context.close()


def of(page: Page, scene: str, call: str) -> Any:
    """What one of the tools makes of a scene's fields."""
    tell = f"({{ address, ...tools }}, {{ fields }}) => tools.{call}"
    return page.evaluate(f"(id) => ({tell})(gxTest, document.querySelector(id).genaiScene)", node(scene))


@pytest.mark.parametrize("scene", ALL)
def test_the_address_of_any_state_gives_it_back(page: Page, scene: str) -> None:
    assert of(page, scene, f"lostOnTheWay(address, fields, '{TAB_OF[scene]}', '{scene}', {ROUNDS})") == []


@pytest.mark.parametrize("scene", ALL)
def test_nonsense_in_an_address_falls_back_to_what_the_scene_opens_with(page: Page, scene: str) -> None:
    assert of(page, scene, "believed(address, fields)") == []


@pytest.mark.parametrize("scene", ALL)
def test_a_scene_opens_with_the_questions_that_were_recorded(page: Page, scene: str) -> None:
    feature = TAB_OF[scene].replace("-", "_")
    asked = page.evaluate(ASKED, [f"#features/{feature}/web/{scene}.js", node(scene)])
    openings = recorded(feature, scene)
    assert openings
    for key, opening in openings.items():
        assert asked[key] == [opening["ask"], opening["values"]], key


@pytest.mark.parametrize("scene", ALL)
def test_a_link_opens_the_screen_that_it_describes(page: Page, calm: Visit, scene: str) -> None:
    state, written = of(page, scene, "otherState(address, fields, 9)")
    calm.page.goto(f"{calm.address}/?{urlencode({'tab': TAB_OF[scene], 'scene': scene, **written})}")
    calm.wait_for_live()
    opened = calm.page.evaluate("(id) => document.querySelector(id).genaiScene.state", node(scene))
    assert {key: opened[key] for key in written} == {key: state[key] for key in written}
    calm.page.wait_for_function(IS_WRITTEN, arg=written)
