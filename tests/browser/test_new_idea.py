"""The idea that CONTRIBUTING.md adds as an example, as a tab of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from visiting import Visit, visit

from genai_demo.features.next_word.feature import FEATURE as NEXT_WORD
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader
from genai_demo.page.build import build_page, launch_options
from tests.idea import example


@pytest.fixture
def page(browser: Browser, loader: Loader[LanguageModel], tmp_path: Path) -> Iterator[Visit]:
    """A page with the example as its second tab, which opens on what the model computes, as nothing is recorded."""
    with example(tmp_path) as idea:
        feature = replace(idea.FEATURE, opened=lambda loader: idea.openings(loader.model()))
        demo = build_page(loader, ((NEXT_WORD, loader), (feature, loader)), notices="")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            options = launch_options((NEXT_WORD, feature))
            _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **options)
        kept = visit(browser, address.rstrip("/"))
        yield kept
        kept.page.context.close()
        demo.close()
        assert kept.complaints == []


def test_one_folder_is_a_tab_that_answers_refuses_and_can_be_linked_to(page: Visit, tiny: LanguageModel) -> None:
    page.page.goto(f"{page.address}/?tab=token-price&scene=price")
    page.wait_for_live()
    assert page.find("textarea").input_value() == "Good morning!"
    with page.answer():
        page.find("textarea").fill("the cat")
    assert page.find(".gx-big").inner_text() == f"{len(tiny.encode('the cat'))} tokens for 7 characters"
    with page.answer():
        page.find("textarea").fill("")
    assert page.find(".gx-message").inner_text() == "An empty text costs nothing. Please type a sentence."
    page.page.goto(f"{page.address}/?tab=token-price&scene=price&text=the+cat+sat")
    page.wait_for_live()
    assert page.find(".gx-big").inner_text() == f"{len(tiny.encode('the cat sat'))} tokens for 11 characters"
