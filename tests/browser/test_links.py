"""Links: what a visitor has chosen stands in the address, and an address opens the same screen, for every scene."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page
from visiting import SCENES, TAB_OF, Visit

SAMPLED = (Path(__file__).parents[1] / "web" / "sampled.js").read_text(encoding="utf-8")
ROUNDS = 200
ALL = [scene for scenes in SCENES.values() for scene in scenes]

# What a scene is in Node and here: its module, with what it is given.
SCENE = "document.querySelector('#scene-{tab}-{scene} .gx-scene').genaiScene"
TOOLS = """async () => {
  const file = URL.createObjectURL(new Blob([SAMPLED], { type: "text/javascript" }));
  const [[address, fields], sampled] = await Promise.all([gxModules("#page/address.js", "#page/fields.js"), import(file)]);
  window.gxTest = { address, fields, ...sampled };
}"""
ROUND_TRIPS = """([tab, name, rounds]) => {
  const { address, dice, sampled } = gxTest, { fields } = SCENE_HERE, roll = dice(11), wrong = [];
  for (let round = 0; round < rounds; round++) {
    const state = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, sampled(field, roll)]));
    const written = address.differences(fields, state);
    const query = new URLSearchParams(address.placed(new URLSearchParams(), tab, name, written));
    const back = address.restored(fields, query);
    for (const [key, field] of Object.entries(fields)) {
      const isThere = key in written || field.local || JSON.stringify(state[key]) === JSON.stringify(field.initial);
      if (!field.allows(state[key])) wrong.push([key, "not allowed", state[key]]);
      if (isThere && !field.local && JSON.stringify(back.state[key]) !== JSON.stringify(state[key]))
        wrong.push([key, state[key], back.state[key]]);
    }
    if (back.refused.length) wrong.push(back.refused);
  }
  return wrong;
}"""
NONSENSE = """([tab, name]) => {
  const { address, nonsense } = gxTest, { fields } = SCENE_HERE, wrong = [];
  for (const [key, field] of Object.entries(fields)) {
    for (const written of nonsense(field)) {
      const { state, refused } = address.restored(fields, new URLSearchParams([[key, written]]));
      if (refused.join() !== key) wrong.push([key, written, refused]);
      if (JSON.stringify(state) !== JSON.stringify(address.defaults(fields))) wrong.push([key, written, state]);
    }
  }
  return wrong;
}"""
A_STATE = """([seed]) => {
  const { address, dice, sampled } = gxTest, { fields } = SCENE_HERE, roll = dice(seed), state = address.defaults(fields);
  for (const [key, field] of Object.entries(fields))
    if (["stop", "choice", "flag"].includes(field.kind)) state[key] = sampled(field, roll);
  return [state, address.differences(fields, state)];
}"""


@pytest.fixture(scope="module")
def page(browser: Any, address: str) -> Iterator[Page]:
    """A page with all tabs made, and the tools of these tests."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    for tab, scenes in SCENES.items():
        page.locator(f"#tab-{tab}-button").click()
        for scene in scenes:
            page.wait_for_function(f"{SCENE.format(tab=tab, scene=scene)} !== undefined")
    page.evaluate(TOOLS.replace("SAMPLED", json.dumps(SAMPLED)))
    yield page
    context.close()


def of(page: Page, scene: str, code: str, *arguments: object) -> Any:
    return page.evaluate(code.replace("SCENE_HERE", SCENE.format(tab=TAB_OF[scene], scene=scene)), list(arguments))


@pytest.mark.parametrize("scene", ALL)
def test_the_address_of_any_state_gives_it_back(page: Page, scene: str) -> None:
    assert of(page, scene, ROUND_TRIPS, TAB_OF[scene], scene, ROUNDS) == []


@pytest.mark.parametrize("scene", ALL)
def test_nonsense_in_an_address_falls_back_to_what_the_scene_opens_with(page: Page, scene: str) -> None:
    assert of(page, scene, NONSENSE, TAB_OF[scene], scene) == []


@pytest.mark.parametrize("scene", ALL)
def test_a_scene_opens_with_the_questions_that_were_recorded(page: Page, scene: str) -> None:
    recorded = Path(__file__).parents[2] / "assets" / "recorded" / TAB_OF[scene].replace("-", "_") / f"{scene}.json"
    openings = json.loads(recorded.read_text(encoding="utf-8"))
    module = f"#features/{TAB_OF[scene].replace('-', '_')}/web/{scene}.js"
    asked = of(
        page,
        scene,
        "async ([name]) => { const [{ asks }] = await gxModules(name), scene = SCENE_HERE;"
        " return asks(gxTest.address.defaults(scene.fields), scene, scene.recorded); }",
        module,
    )
    for key, opening in openings.items():
        assert asked[key] == [opening["ask"], opening["values"]], key


@pytest.mark.parametrize("scene", ALL)
def test_a_link_opens_the_screen_that_it_describes(page: Page, calm: Visit, scene: str) -> None:
    state, written = of(page, scene, A_STATE, 5)
    calm.page.goto(f"{calm.address}/?{urlencode({'tab': TAB_OF[scene], 'scene': scene, **written})}")
    calm.wait_for_live()
    here = SCENE.format(tab=TAB_OF[scene], scene=scene)
    opened = calm.page.evaluate(f"{here}.state")
    assert {key: opened[key] for key in written} == {key: state[key] for key in written}
    calm.page.wait_for_function(
        "(written) => Object.entries(written).every(([key, text]) => new URLSearchParams(location.search).get(key) === text)",
        arg=written,
    )
