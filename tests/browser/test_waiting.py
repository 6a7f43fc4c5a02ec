"""A page that waits for an answer says so, and dims what no longer belongs to the prompt."""

from __future__ import annotations

import pytest
from connection import Slow, type_prompt, wait_until_written
from playwright.sync_api import Browser
from visiting import Visit, serve, visit

from genai_demo.models.drawing_model import DrawingModel
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader
from genai_demo.models.stages import StagedModel
from genai_demo.page import asking


def opacity(visitor: Visit, selector: str) -> float:
    return visitor.find(selector).first.evaluate("(one) => +getComputedStyle(one).opacity")


@pytest.mark.parametrize("scene", ["predict", "sample", "repeat"])
def test_a_long_wait_is_said_and_dims_the_figures_of_the_earlier_prompt(visitor: Visit, slow: Slow, scene: str) -> None:
    page = visitor.open(scene)
    if scene == "repeat":
        wait_until_written(visitor)
    notice = visitor.find(".gx-wait")
    slow(3.5)
    type_prompt(visitor, f"the cat in {scene}")  # a prompt that the model does not remember
    page.wait_for_timeout(1_000)
    assert opacity(visitor, ".gx-bars") < 0.5
    assert opacity(visitor, ".gx-provenance") < 0.5
    assert opacity(visitor, "textarea") == 1
    assert notice.inner_text().strip() == ""
    page.wait_for_timeout(1_800)
    assert "Waiting for the answer" in notice.inner_text()
    assert "2 s so far" in notice.inner_text()
    slow(0)
    visitor.settle(4_000)
    assert notice.inner_text().strip() == ""
    assert opacity(visitor, ".gx-bars") == 1


def test_a_wait_in_the_queue_names_the_place(
    browser: Browser,
    loader: Loader[LanguageModel],
    pictures: Loader[DrawingModel],
    stages: Loader[StagedModel],
    slow: Slow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "VISITORS_AT_ONCE", 1)
    url, stop = serve(loader, pictures, stages=stages)
    guests = [visit(browser, url) for _ in range(3)]
    for guest in guests:
        guest.open("repeat")
        wait_until_written(guest)
    slow(0.2)
    for guest in guests:
        guest.page.get_by_role("button", name="Write 40").click()
        guest.page.wait_for_timeout(300)
    for place, guest in ((1, guests[1]), (2, guests[2])):
        guest.page.wait_for_function("document.querySelector('.gx-current .gx-wait').textContent.trim()")
        assert f"in the queue, at place {place}" in guest.find(".gx-wait").inner_text()
    slow(0)
    for guest in guests:
        wait_until_written(guest)
        assert guest.find(".gx-wait").inner_text().strip() == ""
        guest.page.context.close()
        assert guest.complaints == []
    stop()


def test_what_is_computed_anew_unchanged_is_not_dimmed(visitor: Visit, slow: Slow) -> None:
    slow(1)
    visitor.page.goto(f"{visitor.address}/?tab=next-word&scene=predict")
    visitor.page.wait_for_selector(".gx-current:visible .gx-waiting")
    assert visitor.page.locator(".gx-dimmed:visible").count() == 0
    visitor.wait_for_live()
