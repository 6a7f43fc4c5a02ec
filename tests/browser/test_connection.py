"""A page that has lost its program: nothing passes for an answer, nothing is lost, and all goes on by itself."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, Route
from transformers import Gemma3ForCausalLM
from visiting import Visit, serve, visit

from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.features.next_word import backend
from genai_demo.models.drawing_model import DrawingModel
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader
from genai_demo.models.stages import StagedModel
from genai_demo.page import asking
from tests.conftest import sentencepiece_tokenizer

ROOT = Path(__file__).parents[2]
LOST, NO_CONNECTION = "cannot reach its program", "No connection to the program"
BROWSERS_OWN = "Failed to load resource"  # the browser says so of each request that fails
Slow = Callable[[float], None]


@pytest.fixture
def guest(browser: Browser, address: str) -> Iterator[Visit]:
    """A visitor whose network may fail; of that alone the console may speak."""
    kept = visit(browser, address)
    yield kept
    kept.page.context.close()
    assert [one for one in kept.complaints if BROWSERS_OWN not in one] == []


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    """Let every pass of the tiny model take so many seconds more."""
    read = TorchEngine.read
    return lambda seconds: monkeypatch.setattr(
        TorchEngine, "read", lambda engine, rows: (time.sleep(seconds), read(engine, rows))[1]
    )


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


def type_prompt(visitor: Visit, text: str) -> None:
    visitor.find("textarea").first.fill(text)


def wait_for_loss(visitor: Visit) -> None:
    visitor.page.wait_for_function(
        "(words) => document.querySelector('.gx-status')?.textContent.includes(words)", arg=NO_CONNECTION
    )


def wait_for_return(visitor: Visit) -> None:
    visitor.page.wait_for_selector(".gx-status.gx-ready", timeout=15_000)
    visitor.page.wait_for_selector(".gx-current:visible .gx-scene:not(.gx-stale)", timeout=15_000)
    visitor.settle()


def shows_bars_of(visitor: Visit, tiny: LanguageModel, prompt: str) -> bool:
    expected = [f"{100 * one.probability:.1f}%" for one in backend.next_token(tiny, prompt, count=3).candidates]
    return visitor.find(".gx-bar-number").all_inner_texts()[:3] == expected


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


def wait_until_written(visitor: Visit) -> None:
    visitor.page.wait_for_function(
        """() => {
          const scene = document.querySelector("#scene-next-word-repeat .gx-scene").genaiScene;
          const halt = scene.node.querySelector(".gx-halt");
          return scene.progress("writing").live && halt.getAttribute("aria-disabled") === "true";
        }""",
        timeout=30_000,
    )
    visitor.settle()


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


# ── a program that ends and is started again ─────────────────────────────────────────────────────────────────


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_program_that_is_started_again_is_found_again(
    browser: Browser, network: Gemma3ForCausalLM, tmp_path: Path
) -> None:
    network.save_pretrained(tmp_path / "tiny")
    sentencepiece_tokenizer().save_pretrained(tmp_path / "tiny")
    port = free_port()
    environment = {**os.environ, "GENAI_DEMO_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "app.py", "--model", str(tmp_path / "tiny"), "--host", "127.0.0.1", "--port", str(port)]

    def start() -> subprocess.Popen[bytes]:
        started = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(240):
            try:
                urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
                return started
            except OSError:
                time.sleep(0.5)
        raise TimeoutError("the program does not start")

    program = start()
    guest = visit(browser, f"http://127.0.0.1:{port}")
    try:
        page = guest.open("predict")
        page.evaluate("window.sameVisit = true")
        program.kill()
        program.wait()
        type_prompt(guest, "the cat sat")
        wait_for_loss(guest)
        assert LOST in guest.find("[role=alert]").inner_text()
        program = start()
        page.wait_for_selector(".gx-status.gx-ready", timeout=60_000)
        page.wait_for_selector(".gx-current:visible .gx-scene:not(.gx-stale)", timeout=30_000)
        guest.settle()
        assert guest.find("textarea").first.input_value() == "the cat sat"
        tiny = LanguageModel(TorchEngine(network), sentencepiece_tokenizer(), name="tiny")
        assert shows_bars_of(guest, tiny, "the cat sat")
        assert page.evaluate("window.sameVisit")
    finally:
        page.context.close()
        program.kill()
        program.wait()
    assert [one for one in guest.complaints if BROWSERS_OWN not in one] == []


def test_another_program_in_its_place_is_loaded_and_what_was_typed_is_kept(
    browser: Browser,
    loader: Loader[LanguageModel],
    pictures: Loader[DrawingModel],
    stages: Loader[StagedModel],
    tiny: LanguageModel,
) -> None:
    port = free_port()
    url, stop = serve(loader, pictures, stages=stages, server_port=port)
    guest = visit(browser, url)
    page = guest.open("predict")
    page.evaluate("window.sameVisit = true")
    stop()
    type_prompt(guest, "the cat sat")
    wait_for_loss(guest)
    _, stop = serve(loader, pictures, stages=stages, server_port=port, notices="Another one")
    page.wait_for_function("!window.sameVisit", timeout=30_000)
    guest.wait_for_live()
    wait_for_return(guest)
    assert guest.find("textarea").first.input_value() == "the cat sat"
    assert shows_bars_of(guest, tiny, "the cat sat")
    page.context.close()
    stop()


def test_a_reload_keeps_what_was_typed_and_a_new_visit_begins_afresh(guest: Visit, tiny: LanguageModel) -> None:
    page = guest.open("focus")
    guest.find("textarea").nth(1).fill("the cat")
    guest.settle()
    guest.go_to("predict")
    type_prompt(guest, "the cat sat")
    page.get_by_label("How likely is").fill("on")
    guest.settle()
    page.reload()
    guest.wait_for_live()
    assert guest.find("textarea").first.input_value() == "the cat sat"
    assert page.get_by_label("How likely is").input_value() == "on"
    assert shows_bars_of(guest, tiny, "the cat sat")
    guest.go_to("focus")
    assert guest.find("textarea").nth(1).input_value() == "the cat"
    page.goto("about:blank")
    guest.open("predict")
    assert guest.find("textarea").first.input_value() == "I picked up my phone to"


def test_a_reload_during_a_run_is_quiet(visitor: Visit, slow: Slow, capfd: pytest.CaptureFixture[str]) -> None:
    page = visitor.open("repeat")
    wait_until_written(visitor)
    slow(0.1)
    for _ in range(2):
        page.get_by_role("button", name="Write 40").click()
        page.wait_for_timeout(700)
        capfd.readouterr()
        page.reload()
        visitor.wait_for_live()
        wait_until_written(visitor)
    said = capfd.readouterr()
    assert "Error" not in said.out + said.err
    assert visitor.complaints == []


# ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────


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
