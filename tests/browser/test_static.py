"""A scene as one file: opened from a disk, without any program, its recorded answers are all there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from genai_demo.editions.static import static_scene
from genai_demo.features.next_word.feature import FEATURE
from genai_demo.page.scene import recorded
from genai_demo.page.texts import load_texts


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    (tmp_path / "predict.html").write_text(static_scene(FEATURE, "predict"), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
    page.goto((tmp_path / "predict.html").as_uri())
    page.wait_for_selector(".gx-kind.gx-recorded")
    yield page
    assert problems == []
    context.close()


def test_its_figures_are_the_recorded_ones_and_say_so(page: Page) -> None:
    answer = recorded("next_word", "predict")["next"]["answer"]
    labels = [label.strip().replace("␣", " ") for label in page.locator(".gx-bar-label").all_inner_texts()]
    assert [text.strip() for text in labels[:10]] == [one["text"].strip() for one in answer["candidates"][:10]]
    numbers = page.locator(".gx-bar-number").all_inner_texts()
    assert numbers[0] == f"{100 * answer['candidates'][0]['probability']:.1f}%"
    said = page.locator(".gx-provenance").inner_text()
    assert answer["provenance"]["recorded_on"] in said
    assert load_texts("genai_demo.page")["ui"]["provenance"]["takes_over"] not in said


def test_what_only_changes_the_view_works_as_ever(page: Page) -> None:
    page.get_by_role("button", name="50 tokens").click()
    assert page.locator(".gx-bar:visible").count() == 51
    page.get_by_label("Zoom in").check()
    assert page.locator(".gx-axis").inner_text().split()[-1] == "20%"
    assert page.locator(".gx-message:visible").count() == 0


def test_a_question_that_was_not_recorded_leaves_what_is_there_and_says_why(page: Page) -> None:
    page.locator("textarea").fill("Something that nobody recorded")
    page.wait_for_selector(".gx-message:visible")
    assert page.locator(".gx-message:visible").inner_text() == load_texts("genai_demo.page")["ui"]["not_recorded"]
    assert page.locator(".gx-stale").count() == 1
    page.get_by_role("button", name="My phone").click()
    page.wait_for_selector(".gx-message", state="hidden")
    assert page.locator(".gx-stale").count() == 0
