"""A page that has lost its program: nothing passes for an answer, nothing is lost, and all goes on by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from connection import LOST, Slow, shows_bars_of, type_prompt, wait_for_loss, wait_for_return, wait_until_written
from playwright.sync_api import Page, Route
from visiting import Visit

from genai_demo.models.language import LanguageModel


def cut(page: Page, how: str, routes: str = "**/gradio_api/**") -> Callable[[], None]:
    """Cut the page off in one of several ways; returns what undoes it."""
    answers: dict[str, Callable[[Route], None]] = {
        "bad gateway": lambda route: route.fulfill(status=502, body="<h1>502 Bad Gateway</h1>"),
        "refused": lambda route: route.abort("connectionrefused"),
        "login page": lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Welcome</h1>"),
    }
    if how == "offline":
        page.context.set_offline(True)
        return lambda: page.context.set_offline(False)
    page.route(routes, answers[how])
    return lambda: page.unroute(routes)


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", ["bad gateway", "refused", "login page", "offline"])
def test_an_unanswered_question_greys_the_figures_and_is_asked_again(
    guest: Visit, tiny: LanguageModel, how: str
) -> None:
    page = guest.open("predict")
    page.evaluate("window.sameVisit = true")
    mend = cut(page, how)
    type_prompt(guest, "the cat sat")
    wait_for_loss(guest)
    guest.page.wait_for_selector(".gx-current:visible .gx-stale")
    assert LOST in guest.find("[role=alert]").inner_text()
    assert not guest.find(".gx-provenance").is_visible()
    assert guest.find(".gx-split").first.evaluate("(one) => +getComputedStyle(one).opacity") < 0.5
    page.wait_for_timeout(1_500)  # it asks again meanwhile, in vain
    assert LOST in guest.find("[role=alert]").inner_text()
    mend()
    wait_for_return(guest)
    assert not guest.find("[role=alert]").is_visible()
    assert guest.find("textarea").first.input_value() == "the cat sat"
    assert shows_bars_of(guest, tiny, "the cat sat")
    assert page.evaluate("window.sameVisit")  # nothing was reloaded


def test_only_the_newest_of_several_lost_questions_is_asked_again(guest: Visit, tiny: LanguageModel) -> None:
    page = guest.open("predict")
    mend = cut(page, "refused")
    for prompt in ("the", "the cat", "the cat sat on"):
        type_prompt(guest, prompt)
        page.wait_for_timeout(400)
    before = len(guest.requests)
    mend()
    wait_for_return(guest)
    assert shows_bars_of(guest, tiny, "the cat sat on")
    asked = [url for url in guest.requests[before:] if "component_server" in url]
    assert len(asked) <= 2  # the question, and how the model is


def test_a_glitch_of_one_question_is_made_good_without_a_loss(guest: Visit, tiny: LanguageModel) -> None:
    page = guest.open("predict")
    page.route("**/component_server/**", lambda route: route.fulfill(status=502), times=1)
    type_prompt(guest, "the cat")
    wait_for_loss(guest)
    wait_for_return(guest)
    assert shows_bars_of(guest, tiny, "the cat")


def test_a_lost_first_look_at_the_model_does_not_leave_the_page_recorded(guest: Visit) -> None:
    mend = cut(guest.page, "bad gateway", "**/component_server/**")
    guest.page.goto(f"{guest.address}/?tab=next-word&scene=predict")
    wait_for_loss(guest)
    assert guest.find(".gx-kind.gx-recorded").is_visible()
    mend()
    guest.page.wait_for_selector(".gx-current:visible .gx-kind.gx-real", timeout=15_000)
    wait_for_return(guest)


def test_an_answer_that_is_an_error_is_no_lost_connection(guest: Visit, tiny: LanguageModel) -> None:
    page = guest.open("predict")
    page.route("**/component_server/**", lambda route: route.fulfill(status=500, body="Internal Server Error"))
    type_prompt(guest, "the cat")
    page.wait_for_selector(".gx-current:visible .gx-stale")
    assert "Something went wrong" in guest.find("[role=alert]").inner_text()
    assert "ready" in page.locator(".gx-status").inner_text()
    page.unroute("**/component_server/**")
    type_prompt(guest, "the cat sat")
    guest.settle()
    assert shows_bars_of(guest, tiny, "the cat sat")


def test_three_dimensions_that_could_not_be_fetched_are_fetched_later(guest: Visit) -> None:
    page = guest.open("map")
    page.route("**/plotly.min.js", lambda route: route.abort(), times=1)
    guest.find("button:text-is('3-D')").click()
    page.wait_for_selector(".gx-current:visible .gx-stale")
    assert LOST in guest.find("[role=alert]").inner_text()
    page.wait_for_function("document.querySelector('.gx-space-frame').data?.length", timeout=20_000)
    assert not guest.find("[role=alert]").is_visible()


def test_a_connected_page_that_rests_asks_for_nothing(guest: Visit) -> None:
    guest.open("predict")
    guest.page.wait_for_timeout(1_000)
    before = len(guest.requests)
    guest.page.wait_for_timeout(4_000)
    assert guest.requests[before:] == []


def test_going_offline_is_noticed_before_anything_is_asked(guest: Visit) -> None:
    page = guest.open("predict")
    page.context.set_offline(True)
    wait_for_loss(guest)
    assert not guest.find("[role=alert]").is_visible()  # the figures are still those of the prompt
    page.context.set_offline(False)
    wait_for_return(guest)


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────


def written(visitor: Visit) -> int:
    return visitor.find(".gx-word").count()


def test_a_run_that_breaks_off_ends_and_leaves_what_has_arrived(guest: Visit, slow: Slow) -> None:
    page = guest.open("repeat")
    wait_until_written(guest)
    page.get_by_role("button", name="Start again").click()
    wait_until_written(guest)
    slow(0.1)
    page.get_by_role("button", name="Write 40").click()
    page.wait_for_function("document.querySelectorAll('.gx-current .gx-word').length >= 2")
    page.context.set_offline(True)
    wait_for_loss(guest)
    page.wait_for_function("document.querySelector('.gx-current .gx-halt').getAttribute('aria-disabled') === 'true'")
    assert LOST in guest.find("[role=alert]").inner_text()
    count = written(guest)
    assert 2 <= count < 40
    assert f"{count} tokens so far" in guest.find(".gx-written + [role=status]").inner_text()
    slow(0)
    page.context.set_offline(False)
    wait_for_return(guest)
    assert not guest.find("[role=alert]").is_visible()
    assert written(guest) == count
    page.get_by_role("button", name="Write 1 token").click()
    wait_until_written(guest)
    assert written(guest) == count + 1


def test_a_run_that_could_not_begin_leaves_what_was_there_and_its_question_is_asked_again(guest: Visit) -> None:
    page = guest.open("repeat")
    wait_until_written(guest)
    before = written(guest)
    mend = cut(page, "bad gateway")
    type_prompt(guest, "the cat")
    wait_for_loss(guest)
    assert written(guest) == before
    assert not guest.find(".gx-provenance").is_visible()
    mend()
    wait_for_return(guest)
    wait_until_written(guest)
    assert guest.find(".gx-prompt-text").inner_text() == "the cat"
    assert written(guest) == 0
    assert not guest.find("[role=alert]").is_visible()
