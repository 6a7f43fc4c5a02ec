"""Where a figure comes from is said where it stands: recorded things as recorded, and nothing is promised in vain."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from planted import planted_loader
from playwright.sync_api import Browser, Route, expect
from test_rlhf import learned
from visiting import RLHF, SHOWN, TAB_OF, Visit, serve, visit

from genai_demo.features.rlhf.feature import FEATURE
from genai_demo.models.drawing_model import DrawingModel
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader, Report
from genai_demo.models.stages import StagedModel, TunedModel
from genai_demo.models.stages_loader import NAMES
from genai_demo.page import build as page_module
from genai_demo.page.scene import recorded
from genai_demo.page.texts import load_texts

UI = load_texts("genai_demo.page")["ui"]
TEXTS = load_texts("genai_demo.features.rlhf")
RECIPE, RATER = TEXTS["recipe"], TEXTS["rater"]
PROMISE = UI["provenance"]["takes_over"]
KINDS = UI["provenance"]["kinds"]


class Late:
    """Stages that are still being fetched when the language model is there, until they have `arrived`."""

    def __init__(self, tuned: TunedModel) -> None:
        self.arrived = threading.Event()
        self._tuned = tuned
        self.loader: Loader[StagedModel] = Loader("Tiny stages", self._load, known={NAMES: tuned.stages})

    def _load(self, report: Report) -> StagedModel:
        report("downloading", 0.5)
        self.arrived.wait()
        return self._tuned


def kinds(visitor: Visit, inside: str = "") -> set[str]:
    return set(visitor.find(f"{inside} .gx-kind:visible").all_inner_texts())


def test_what_training_left_is_recorded_and_only_rewards_are_computed_now(visitor: Visit) -> None:
    visitor.open("recipe")
    for step, real in (("step_1", False), ("step_2", True), ("step_3", False)):
        visitor.find("button").filter(has_text=RECIPE[step]).click()
        assert kinds(visitor) == ({KINDS["real"], KINDS["recorded"]} if real else {KINDS["recorded"]}), step
        charts = visitor.find(".gx-panel:visible").filter(has=visitor.page.locator(".gx-lines"))
        assert charts.count() > 0
        for chart in charts.all():
            assert chart.locator(".gx-kind").all_inner_texts() == [KINDS["recorded"]]
    visitor.find("button").filter(has_text=RECIPE["step_2"]).click()
    line = visitor.find(".gx-soft:visible").filter(has=visitor.page.locator(".gx-real"))
    expect(line).to_contain_text(f"{RECIPE['rewards_line']} {KINDS['real']} by Tiny")


def test_no_scene_promises_a_live_answer_that_is_there(visitor: Visit) -> None:
    visitor.open("tokens")
    for scene in TAB_OF:
        page = visitor.go_to(scene)
        assert PROMISE not in page.locator(SHOWN).inner_text(), scene


PARTS = [("focus", "measure_surprise"), ("steer", "read_words"), ("counts", "steer_by_prompt")]


@pytest.mark.parametrize(("scene", "last"), PARTS)
def test_a_scene_is_computed_now_only_when_all_its_parts_are(visitor: Visit, scene: str, last: str) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if last in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page = visitor.page
    page.route("**/component_server/", hold)
    page.goto(f"{visitor.address}/?tab={TAB_OF[scene]}&scene={scene}")
    while not held:
        page.wait_for_timeout(100)
    page.wait_for_timeout(1_500)
    line = page.locator(f"{SHOWN} .gx-provenance")
    assert line.locator(".gx-recorded").count() == 1
    assert PROMISE in line.inner_text()
    held[0].continue_()
    page.unroute("**/component_server/")
    visitor.wait_for_live()


def opened(browser: Browser, url: str, scene: str) -> Visit:
    guest = visit(browser, url)
    guest.page.goto(f"{url}/?tab={RLHF}&scene={scene}")
    guest.page.wait_for_selector(f"{SHOWN} .gx-recorded")
    return guest


@pytest.fixture
def late(tuned: TunedModel) -> Iterator[Late]:
    made = Late(tuned)
    yield made
    made.arrived.set()  # its thread ends


@pytest.fixture
def url(loader: Loader[LanguageModel], pictures: Loader[DrawingModel], late: Late) -> Iterator[str]:
    found, stop = serve(loader, pictures, stages=late.loader)
    yield found
    stop()


@pytest.mark.parametrize("scene", ["compare", "changed", "recipe", "rater"])
def test_stages_that_come_later_than_their_base_take_over_too(
    browser: Browser, url: str, late: Late, scene: str
) -> None:
    guest = opened(browser, url, scene)
    expect(guest.page.locator(".gx-status")).to_contain_text("Tiny stages")  # is still loading
    late.arrived.set()
    guest.wait_for_live()
    guest.page.context.close()
    assert guest.complaints == []


def test_a_recorded_example_that_was_stopped_promises_nothing(browser: Browser, url: str, late: Late) -> None:
    late.arrived.set()
    guest = visit(browser, url)
    guest.page.route("**/queue/join*", lambda _: None)  # it never gets so far
    guest.page.goto(f"{url}/?tab={RLHF}&scene=compare")
    halt = guest.find("button").get_by_text(TEXTS["common"]["stop"], exact=True)
    expect(halt).to_have_attribute("aria-disabled", "false")
    assert PROMISE in guest.find(".gx-provenance").inner_text()
    halt.click()
    expect(guest.find(".gx-provenance")).to_contain_text(KINDS["recorded"])
    assert PROMISE not in guest.find(".gx-provenance").inner_text()
    guest.page.context.close()


# ── the rater's recorded answers ─────────────────────────────────────────────────────────────────────────────


def test_recorded_answers_can_be_ordered_before_any_model_is_there(browser: Browser, url: str, late: Late) -> None:
    guest = opened(browser, url, "rater")
    page = guest.page
    status, cards = guest.find(".gx-verdict").first, guest.find(".gx-answers li")
    expect(status).to_have_text(RATER["order"])
    assert status.bounding_box()["y"] < cards.first.bounding_box()["y"]
    cards.nth(2).locator("button").click()
    page.keyboard.press("1")
    assert learned(guest)["order"] == [2, 0]
    guest.find("button").get_by_text(RATER["order_again"], exact=True).click()
    last, first = (cards.nth(place).bounding_box() for place in (1, 0))
    page.mouse.move(last["x"] + 40, last["y"] + 12)
    page.mouse.down()
    page.mouse.move(first["x"] + 40, first["y"] + 12, steps=12)
    page.mouse.up()
    guest.settle()
    assert [text[:8] for text in cards.all_inner_texts()][:2] == ["Answer B", "Answer A"]
    guest.find("button").get_by_text(RATER["my_order"], exact=True).click()
    expect(status).to_have_text(RATER["ordered_early"])
    assert learned(guest)["order"] == [1, 0, 2, 3]
    late.arrived.set()  # but it is another model: its states and the recorded ones cannot be learned from together
    guest.wait_for_live()
    expect(guest.find(".gx-message.gx-note")).to_have_text(RATER["other_answers"])
    expect(status).to_have_text(RATER["order"])
    state = learned(guest)
    assert [state["order"], state["rankings"]] == [[], []]
    page.context.close()
    assert guest.complaints == []


@pytest.mark.parametrize("alike", [True, False], ids=["the same words again", "other words"])
def test_the_order_of_recorded_answers_teaches_the_model_that_wrote_them(
    browser: Browser,
    loader: Loader[LanguageModel],
    pictures: Loader[DrawingModel],
    tuned: TunedModel,
    late: Late,
    alike: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = {"prompt": "the cat", "seed": 1}
    written = FEATURE.ask("sample").whole(tuned, **asked | {"seed": 1 if alike else 7})
    told = written | {
        "seed": 1,
        "provenance": written["provenance"] | {"kind": "recorded", "recorded_on": "2026-01-01"},
    }
    opening = {"answers": {"ask": "sample", "values": asked, "answer": told}}
    monkeypatch.setattr(
        page_module, "recorded", lambda tab, name: opening if (tab, name) == (RLHF, "rater") else recorded(tab, name)
    )
    url, stop = serve(loader, pictures, planted_loader(loader), late.loader)
    guest = opened(browser, url, "rater")
    for key in "4213":
        guest.page.keyboard.press(key)
    status = guest.find(".gx-verdict").first
    expect(status).to_have_text(RATER["ordered_early"])
    late.arrived.set()
    expect(status).to_have_text(RATER["ordered"], timeout=30_000)
    state = learned(guest)
    assert [state["rankings"], state["rounds"]] == [[[3, 1, 0, 2]], 0]
    assert [one["text"] for one in state["answers"]] == [one["text"] for one in told["answers"]]
    line = guest.find(".gx-provenance").inner_text()
    assert PROMISE not in line
    assert line.startswith(KINDS["real" if alike else "recorded"])
    guest.page.context.close()
    stop()
    assert guest.complaints == []
