"""Links into the Denoising tab: the same screen, also after Back, answers of what the link says, and nonsense told."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect
from test_denoising import TEXTS, caption, pixels, sources
from visiting import DENOISING, SCENES, Visit

from genai_demo.features.denoising.feature import FEATURE
from genai_demo.features.denoising.samples import sample_pictures
from genai_demo.models.picture_generator import PictureGenerator
from genai_demo.page.texts import load_texts
from genai_demo.params import read

PROMPT, CAT = "a blue cat & a star", sample_pictures(64)[1].prompt
SAID = {"prompt": PROMPT, "seed": "5"}
LINKS = {
    "destroy": {"picture": CAT, "t": "700", "seed": "5"},
    "guess": {"picture": CAT, "prompt": PROMPT, "t": "300"},
    "steps": {**SAID, "steps": "10", "sampler": "euler", "guidance": "7", "at": "3"},
    "steer": {**SAID, "left": "a red star", "right": "a cat", "row": "words"},
    "counts": {**SAID, "first": "euler", "second": "dpm++"},
}
NONSENSE = {"destroy": "t", "guess": "picture", "steps": "at", "steer": "row", "counts": "first"}
SCREEN = """(work) => [
  work.innerText.replace(/\\s+/g, " "),
  ...[...work.querySelectorAll("input:not([type=file]), select")].map((one) => one.value),
  ...[...work.querySelectorAll("img")].map((one) => one.src),
  ...[...work.querySelectorAll("canvas")].map((one) => one.toDataURL()),
]"""


def screen(page: Page) -> list[str]:
    """All that a visitor sees in the scene that is shown."""
    return page.locator(".gx-current:visible .gx-work").evaluate(SCREEN)


def opened(visitor: Visit, scene: str) -> Page:
    visitor.page.goto(f"{visitor.address}/?{urlencode({'tab': DENOISING, 'scene': scene, **LINKS[scene]})}")
    visitor.wait_for_live()
    if scene == "counts":
        expect(visitor.find(".gx-count-row figcaption")).to_have_count(14, timeout=20_000)
    if scene in ("steps", "counts"):  # runs, of which parts are shown before their end
        expect(visitor.find("[role=status]").first).not_to_contain_text(TEXTS["common"]["drawing"], timeout=20_000)
    return visitor.page


@pytest.mark.parametrize("scene", LINKS)
def test_a_link_opens_the_same_screen_also_after_back(visitor: Visit, scene: str) -> None:
    page = opened(visitor, scene)
    seen = screen(page)
    query = "Object.fromEntries(new URLSearchParams(location.search))"
    assert page.evaluate(query) == {"tab": DENOISING, "scene": scene, **LINKS[scene]}
    visitor.go_to(next(other for other in SCENES[DENOISING] if other != scene))
    page.go_back()
    visitor.wait_for_live()
    assert screen(page) == seen
    page.go_forward()
    page.go_back()
    visitor.wait_for_live()
    assert page.evaluate(query) == {"tab": DENOISING, "scene": scene, **LINKS[scene]}


@pytest.mark.parametrize("scene", NONSENSE)
def test_nonsense_in_a_link_is_told_and_the_rest_of_it_counts(visitor: Visit, scene: str) -> None:
    wrong = NONSENSE[scene]
    query = {"tab": DENOISING, "scene": scene, **LINKS[scene], wrong: "<img src=x onerror=alert(1)>"}
    visitor.page.goto(f"{visitor.address}/?{urlencode(query)}")
    visitor.wait_for_live()
    expect(visitor.find(".gx-message.gx-note")).to_have_text(load_texts("genai_demo.page")["ui"]["link_in_part"])
    state = visitor.find(".gx-scene").evaluate("(node) => node.genaiScene.state")
    initial = visitor.find(".gx-scene").evaluate("(node) => node.genaiScene.fields")[wrong]["initial"]
    expected = {name: text for name, text in LINKS[scene].items() if name != wrong}
    assert {name: str(state[name]) for name in expected} == expected
    assert state[wrong] == initial


def asked(generator: PictureGenerator, ask: str, **values: object) -> list[dict]:
    """All parts of the answer that the page was to get."""
    question = FEATURE.ask(ask)
    return list(question.parts(generator, read(question.params, values)))


def test_the_guess_of_a_link_is_that_of_its_picture_its_words_and_its_step(
    visitor: Visit, generator: PictureGenerator
) -> None:
    opened(visitor, "guess")
    pictures = asked(generator, "samples")[0]["pictures"]
    (answer,) = asked(generator, "guess_noise", image=pictures[1]["image"], prompt=PROMPT, timestep=299, seed=1)
    names = ("x_t", "noise", "guess", "difference", "x0_guess", "x0")
    assert sources(visitor, ".gx-gallery") == [answer[name] for name in names]


def test_the_step_of_a_link_is_that_of_its_run(visitor: Visit, generator: PictureGenerator) -> None:
    opened(visitor, "steps")
    values = {"prompt": PROMPT, "seed": 5, "steps": 10, "sampler": "euler", "guidance_scale": 7.0}
    step = asked(generator, "draw", **values)[2]["step"]
    assert visitor.find("output").nth(1).inner_text() == "3 of 10"
    assert sources(visitor, ".gx-three") == [step["x_t"], step["x0"], step["noise"]]
    assert PROMPT in visitor.find("[role=status]").first.inner_text()


def test_the_words_of_a_link_are_drawn_from_its_seed(visitor: Visit, generator: PictureGenerator) -> None:
    opened(visitor, "steer")
    assert visitor.find(".gx-gallery").nth(1).locator("figcaption").all_inner_texts() == [
        TEXTS["steer"]["nothing"],
        "a",
        "a red",
        "a red star",
    ]
    (answer,) = asked(generator, "steer_by_prompt", prompts=["", "a", "a red", "a red star"], seed=5)
    shown = [image.get_attribute("src") for image in visitor.find(".gx-gallery").nth(1).locator("img").all()]
    for source, one in zip(shown, answer["pictures"], strict=True):
        assert abs(pixels(source) - pixels(one["image"])).max() <= 2


def test_the_rows_of_a_link_are_those_of_its_samplers(visitor: Visit, generator: PictureGenerator) -> None:
    opened(visitor, "counts")
    assert visitor.find(".gx-count-row h3").all_inner_texts() == ["euler", "dpm++"]
    counts = asked(generator, "count_steps", prompt=PROMPT, seed=5, samplers=["euler", "dpm++"])
    assert sources(visitor, ".gx-count-row") == [one["image"] for one in counts]


def test_the_sum_of_a_link_has_its_weights(visitor: Visit, generator: PictureGenerator) -> None:
    opened(visitor, "destroy")
    alpha_bar = float(generator.alpha_bars[699])
    assert caption(visitor, 0) == f"{alpha_bar**0.5:.2f} × the picture"
    assert caption(visitor, 1) == f"{(1 - alpha_bar) ** 0.5:.2f} × noise"
