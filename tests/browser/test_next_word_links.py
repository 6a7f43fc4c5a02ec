"""Links into the Next-word tab: the same screen, also after Back, and nonsense told."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect
from test_next_word import finish_writing, written_ids
from visiting import Visit

from genai_demo.features.next_word import backend
from genai_demo.models.language import LanguageModel
from genai_demo.models.sampling import SamplingSettings, draw, uniform_number
from genai_demo.page.texts import load_texts

HOSTILE = "<img src=x onerror=alert(1)> ${alert(2)} {{alert(3)}} `+alert(4)+` \u202eright to left\u0007"

SETTINGS = {"temperature": "1.2", "top_k": "40", "top_p": "0.9", "seed": "5"}
LINKS = {
    "tokens": {"text": " cats & dogs"},
    "predict": {"prompt": "the cat sat", "word": "on", "guess": "mat", "more": "true", "zoom": "true"},
    "sample": {"prompt": "the cat", **SETTINGS, "drawn": "101", "zoom": "true", "more": "true"},
    "repeat": {
        "prompt": "the cat",
        **SETTINGS,
        "kept": "11,12,13",
        "picked": "1",
        "write": "4",
        "with_temperature": "0",
        "at": "1",
        "zoom": "true",
    },
    "focus": {"left": "the", "right": "the cat", "sentence": "the cat sat"},
}


def screen(page: Page) -> list[str]:
    """All that a visitor reads in the scene that is shown, and what its controls say."""
    return page.locator(".gx-current:visible .gx-work").evaluate(
        """(work) => {
          const controls = [...work.querySelectorAll("input, textarea, [aria-pressed]")];
          const said = controls.map((one) => one.getAttribute("aria-pressed") ?? `${one.value} ${one.checked}`);
          return [work.innerText.replace(/\\s+/g, " "), ...said];
        }"""
    )


@pytest.mark.parametrize("scene", LINKS)
def test_a_link_opens_the_same_screen_also_after_back(visitor: Visit, scene: str) -> None:
    page, link = visitor.page, urlencode({"tab": "next-word", "scene": scene, **LINKS[scene]})
    page.goto(f"{visitor.address}/?{link}")
    visitor.wait_for_live()
    if scene == "repeat":
        finish_writing(page)
    visitor.settle()
    opened = screen(page)
    texts = [text for name, text in LINKS[scene].items() if name in ("text", "prompt", "left", "right", "sentence")]
    assert [box.input_value() for box in visitor.find("textarea").all()] == texts
    assert {name: page.evaluate(f"new URLSearchParams(location.search).get('{name}')") for name in LINKS[scene]} == (
        LINKS[scene]
    )
    visitor.go_to("tokens" if scene != "tokens" else "predict")
    page.go_back()
    visitor.wait_for_live()
    assert screen(page) == opened
    page.reload()
    visitor.wait_for_live()
    visitor.settle(800)
    assert screen(page) == opened


def test_the_answers_that_a_link_opens_are_those_of_its_values(visitor: Visit, tiny: LanguageModel) -> None:
    settings, then = SamplingSettings(1.2, 0.9, 40), SamplingSettings(0, 0.9, 40)
    page = visitor.page
    page.goto(f"{visitor.address}/?{urlencode({'tab': 'next-word', 'scene': 'repeat', **LINKS['repeat']})}")
    visitor.wait_for_live()
    finish_writing(page)
    *_, text = backend.generate(tiny, "the cat", then, seed=5, max_new_tokens=4, chosen=[11, 12, 13])
    assert written_ids(page) == [11, 12, 13, *(token.id for token in text.tokens)]
    assert visitor.find(".gx-word").nth(1).get_attribute("aria-pressed") == "true"
    assert "gx-chosen" in (visitor.find(".gx-word").nth(1).get_attribute("class") or "")
    assert "Token 2" in visitor.find("h3").nth(1).inner_text()
    visitor.find(".gx-word").nth(1).click()
    (upcoming,) = backend.generate(tiny, "the cat", settings, 5, 0, written_ids(page))
    expected = [f"{100 * bar.sampling_probability:.1f}%" for bar in upcoming.upcoming[:10] if bar.kept]
    assert visitor.find(".gx-bar-number").all_inner_texts()[: len(expected)] == expected


def test_draws_that_a_link_names_are_those_of_its_seed(visitor: Visit, tiny: LanguageModel) -> None:
    page = visitor.page
    page.goto(f"{visitor.address}/?{urlencode({'tab': 'next-word', 'scene': 'sample', **LINKS['sample']})}")
    visitor.wait_for_live()
    logits = tiny.next_logits([token.id for token in tiny.encode_prompt("the cat")])
    drawn = draw(logits, SamplingSettings(1.2, 0.9, 40), uniform_number(5, 100))
    assert visitor.find(".gx-draw").inner_text().startswith("Draw 101:")
    text = tiny.text(drawn, after=[token.id for token in tiny.encode_prompt("the cat")])
    assert visitor.find(".gx-draw .gx-chip").inner_text().replace("␣", " ") == text
    counts = [text for text in visitor.find(".gx-bar-count").all_inner_texts() if text]
    assert sum(int(text.removeprefix("×")) for text in counts) == 101
    visitor.find(".gx-sliders input").first.press("ArrowRight")
    assert [text for text in visitor.find(".gx-bar-count").all_inner_texts() if text] == []


@pytest.mark.parametrize("scene", ["predict", "sample", "repeat"])
def test_a_link_with_nonsense_opens_what_the_scene_opens_with_and_says_so(visitor: Visit, scene: str) -> None:
    nonsense = {"zoom": HOSTILE, "temperature": "9", "kept": "1,-2", "write": "1e9", "drawn": "NaN", "at": "<b>"}
    page = visitor.page
    page.goto(f"{visitor.address}/?{urlencode({'tab': 'next-word', 'scene': scene, **nonsense})}")
    visitor.wait_for_live()
    expect(visitor.find(".gx-message.gx-note").first).to_have_text(load_texts("genai_demo.page")["ui"]["link_in_part"])
    assert visitor.find("textarea").first.input_value() == "I picked up my phone to"
    assert not visitor.find(".gx-switch input").first.is_checked()
