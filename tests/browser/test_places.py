"""Where a visitor is, and was: Back and Forward, and a browser that keeps nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Frame
from visiting import NEXT_WORD, RLHF, SCENES, TAB_OF, Visit, visit

BLOCKED = """for (const name of ["sessionStorage", "localStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError"); } });
}"""


def place(visitor: Visit) -> tuple[str, str]:
    """Tab and scene that are shown, if the address says the same."""
    visitor.page.wait_for_timeout(250)
    shown = visitor.page.evaluate(
        """() => {
          const shell = [...document.querySelectorAll(".gx-current")].find((one) => one.offsetParent);
          const [, tab, scene] = /^scene-(.+)-([^-]+)$/.exec(shell.id);
          const query = new URLSearchParams(location.search);
          return { tab, scene, said: [query.get("tab"), query.get("scene")] };
        }"""
    )
    assert shown["said"] == [shown["tab"], shown["scene"]]
    return shown["tab"], shown["scene"]


def test_back_and_forward_go_through_scenes_and_tabs_and_keep_the_prompt(visitor: Visit) -> None:
    page = visitor.open("predict")
    visitor.find("textarea").first.fill("the cat")
    visitor.go_to("sample")
    page.locator(f"#tab-{RLHF}-button").click()
    visitor.wait_for_live()
    assert place(visitor) == (RLHF, "compare")
    page.locator("h1").click()
    page.keyboard.press("PageDown")
    assert place(visitor) == (RLHF, "changed")
    walked = []
    for _ in range(3):
        page.go_back()
        walked.append(place(visitor))
    assert walked == [(RLHF, "compare"), (NEXT_WORD, "sample"), (NEXT_WORD, "predict")]
    assert visitor.find("textarea").first.input_value() == "the cat"
    walked = []
    for _ in range(3):
        page.go_forward()
        walked.append(place(visitor))
    assert walked == [(NEXT_WORD, "sample"), (RLHF, "compare"), (RLHF, "changed")]


def test_an_address_without_a_place_can_be_gone_back_to(visitor: Visit) -> None:
    page = visitor.page
    page.goto("about:blank")
    page.goto(visitor.address)
    visitor.wait_for_live()
    before = page.evaluate("history.length")
    assert place(visitor) == (NEXT_WORD, "tokens")
    visitor.go_to("predict")
    page.go_back()
    assert place(visitor) == (NEXT_WORD, "tokens")
    assert page.evaluate("history.length") == before + 1


def test_history_holds_moves_alone(visitor: Visit) -> None:
    page = visitor.open("predict")
    before = page.evaluate("history.length")
    visitor.go_to("predict")  # where the visitor is already
    page.locator(f"#tab-{NEXT_WORD}-button").click()
    visitor.find("textarea").first.fill("the cat")
    visitor.settle()
    assert page.evaluate("history.length") == before
    page.locator("h1").click()
    page.keyboard.down("PageDown")
    for _ in SCENES[NEXT_WORD]:
        page.keyboard.down("PageDown")  # held: repeats
    page.keyboard.up("PageDown")
    assert place(visitor) == (NEXT_WORD, SCENES[NEXT_WORD][-1])
    assert page.evaluate("history.length") == before + 1


def test_a_clicker_makes_moves(visitor: Visit) -> None:
    page = visitor.open("tokens")
    page.locator("h1").click()
    for _ in range(3):
        page.keyboard.press("PageDown")
    assert place(visitor) == (NEXT_WORD, "repeat")
    page.keyboard.press("PageUp")
    assert place(visitor) == (NEXT_WORD, "sample")
    page.go_back()
    page.go_back()
    assert place(visitor) == (NEXT_WORD, "sample")


def test_blocked_storage_costs_nothing_but_the_memory(browser: Browser, address: str) -> None:
    guest = visit(browser, address)
    guest.page.add_init_script(BLOCKED)
    page = guest.open("predict")
    assert "ready" in page.locator(".gx-status").inner_text()
    page.keyboard.press("p")
    page.locator("#gx-dark").click()
    assert page.evaluate("['dark', 'gx-projector'].every((one) => document.body.classList.contains(one))")
    page.context.close()
    assert guest.complaints == []


def test_the_page_works_inside_another_page(visitor: Visit) -> None:
    """As in a Space or a course page. One that takes the page's own origin away is another website to the program."""
    source = f"{visitor.address}/?tab=next-word&scene=predict"
    sandbox = "allow-scripts allow-same-origin"
    visitor.page.set_content(f'<iframe sandbox="{sandbox}" width="1200" height="700" src="{source}"></iframe>')
    frame: Frame = visitor.page.frames[1]
    frame.wait_for_selector(".gx-current:visible .gx-kind.gx-real", timeout=20_000)
    assert "ready" in frame.locator(".gx-status").inner_text()
    frame.locator("h1").click()
    visitor.page.keyboard.press("p")
    assert frame.evaluate("document.body.classList.contains('gx-projector')")
    visitor.page.keyboard.press("PageDown")
    frame.wait_for_selector("#scene-next-word-sample:visible .gx-kind.gx-real")


@pytest.mark.parametrize("scene", ["predict", "map", "steps", "rater"])
def test_on_a_phone_a_link_opens_its_scene_also_in_a_tab_that_is_folded_away(
    browser: Browser, address: str, scene: str
) -> None:
    guest = visit(browser, address, (390, 844))
    guest.open(scene)
    assert place(guest) == (TAB_OF[scene], scene)
    guest.page.context.close()
    assert guest.complaints == []


def test_a_tab_that_is_folded_away_is_a_place_to_go_back_from(browser: Browser, address: str) -> None:
    guest = visit(browser, address, (390, 844))
    guest.open("predict")
    guest.page.get_by_label("More tabs").click()
    guest.page.locator(".overflow-dropdown button").last.click()
    guest.wait_for_live()
    assert place(guest) == (RLHF, "compare")
    guest.page.go_back()
    assert place(guest) == (NEXT_WORD, "predict")
    guest.page.context.close()
    assert guest.complaints == []
