"""The page with the real model: every scene, and the exactness of the sliders over 262,144 tokens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from test_next_token import check_against_warpers, finish_writing, random_settings
from visiting import SCENES, serve, visit

from genai_demo.models.catalogue import DEFAULT_MODEL, find_model
from genai_demo.models.language import LanguageModel
from genai_demo.models.loading import ModelLoader

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def real_address(real: LanguageModel) -> Iterator[str]:
    url, stop = serve(ModelLoader.of(real, find_model(DEFAULT_MODEL)))
    yield url
    stop()


def test_every_scene_answers_live(browser: Browser, real_address: str) -> None:
    guest = visit(browser, real_address)
    page = guest.open(SCENES[0])
    for scene in SCENES:
        page.locator(f".gx-stepper [data-scene={scene}]").click()
        page.wait_for_selector(".gx-current .gx-kind.gx-real", timeout=30_000)
        assert "Gemma 3 270M base" in page.locator(".gx-current .gx-provenance").inner_text()
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
