"""The page with the real model: every scene, and the exactness of the sliders over 262,144 tokens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from test_next_word import check_against_warpers, finish_writing, random_settings
from visiting import DENOISING, TAB_OF, serve, visit

from genai_demo.models.catalogue import DEFAULT_MODEL, DEFAULT_PICTURES, find_model, find_pictures
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader
from genai_demo.models.picture_generator import picture_loader
from genai_demo.models.word_vectors import table_loader

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def real_address(real: LanguageModel) -> Iterator[str]:
    entry = find_model(DEFAULT_MODEL)
    loader = Loader.of(real, entry.title)
    url, stop = serve(loader, picture_loader(find_pictures(DEFAULT_PICTURES)), table_loader(loader, entry))
    yield url
    stop()


def test_every_scene_answers_live(browser: Browser, real_address: str) -> None:
    guest = visit(browser, real_address)
    page = guest.open("tokens")
    for scene in TAB_OF:
        guest.go_to(scene)
        source = "this project's own picture model" if TAB_OF[scene] == DENOISING else "Gemma 3 270M base"
        assert source in guest.find(".gx-provenance").inner_text()
        if scene == "repeat":
            finish_writing(page)
    page.context.close()
    assert guest.complaints == []


def test_the_sliders_equal_the_warpers_over_the_whole_vocabulary(
    browser: Browser, real_address: str, real: LanguageModel
) -> None:
    guest = visit(browser, real_address)
    page = guest.open("sample")
    page.wait_for_timeout(1_000)
    guest.settle()
    logits = real.next_logits([token.id for token in real.encode_prompt("I picked up my phone to")])
    check_against_warpers(page, logits, random_settings(60))
    page.context.close()
    assert guest.complaints == []


def test_niece_without_female_with_male_is_nephew(browser: Browser, real_address: str) -> None:
    guest = visit(browser, real_address)
    page = guest.open("arithmetic")
    guest.find("textarea").fill("king")
    guest.settle()
    with guest.answer():
        guest.find("textarea").fill("niece − female + male")
    expect(guest.find(".gx-terms strong")).to_have_text("= nephew", timeout=10_000)
    expect(guest.find(".gx-point.gx-answer")).to_have_attribute("data-word", "nephew")
    assert "nephew" in guest.find(".gx-bars li:visible .gx-bar-label").all_inner_texts()
    page.context.close()
    assert guest.complaints == []
