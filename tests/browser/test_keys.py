"""Keys on every layout, and texts that are composed as Japanese, Chinese and Korean are."""

from __future__ import annotations

import pytest
from playwright.sync_api import CDPSession, Page
from visiting import Visit

LAYOUTS = {  # what the browser reports of the key where P is on an English keyboard
    "English": ("p", "KeyP"),
    "capitals": ("P", "KeyP"),
    "Russian": ("з", "KeyP"),
    "Greek": ("π", "KeyP"),
    "Hebrew": ("פ", "KeyP"),
    "Dvorak": ("p", "KeyR"),
}


def press(page: Page, key: str, code: str, **more: object) -> None:
    page.evaluate(
        """(event) => document.activeElement.dispatchEvent(
          new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...event }))""",
        {"key": key, "code": code, **more},
    )


def is_projected(page: Page) -> bool:
    return bool(page.evaluate("document.body.classList.contains('gx-projector')"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_p_is_for_projector_on_every_layout(visitor: Visit, layout: str) -> None:
    page = visitor.open("tokens")
    page.locator("h1").click()
    press(page, *LAYOUTS[layout])
    assert is_projected(page)


def test_another_latin_letter_in_the_place_of_p_is_not_p(visitor: Visit) -> None:
    page = visitor.open("tokens")
    page.locator("h1").click()
    press(page, "l", "KeyP")  # Dvorak
    press(page, "p", "KeyP", ctrlKey=True)
    press(page, "Process", "KeyP", isComposing=True)
    assert not is_projected(page)


DIGITS = {"English": ("2", "Digit2"), "French": ("é", "Digit2"), "Arabic": ("٢", "Digit2"), "pad": ("2", "Numpad2")}


@pytest.mark.parametrize("layout", DIGITS)
def test_digits_answer_a_game_on_every_layout(calm: Visit, layout: str) -> None:
    page = calm.open("play")
    page.locator("h1").click()
    press(page, *DIGITS[layout])
    assert calm.find(".gx-option").nth(1).get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("layout", DIGITS)
def test_digits_order_answers_on_every_layout(calm: Visit, layout: str) -> None:
    page = calm.open("rater")
    page.wait_for_function(
        """() => {
          const scene = document.querySelector("#scene-rlhf-rater .gx-scene").genaiScene;
          return scene.progress("answers").live && scene.progress("answers").whole;
        }""",
        timeout=60_000,
    )
    page.locator("h1").click()
    press(page, *DIGITS[layout])
    assert page.evaluate('document.querySelector("#scene-rlhf-rater .gx-scene").genaiScene.state.round.order') == [1]


def test_a_key_that_is_no_digit_guesses_nothing(calm: Visit) -> None:
    page = calm.open("play")
    page.locator("h1").click()
    press(page, "End", "Numpad1")
    press(page, "!", "Digit1", shiftKey=True)
    press(page, "1", "Digit1", ctrlKey=True)
    assert calm.find(".gx-option[aria-pressed=true]").count() == 0


# ── composing ────────────────────────────────────────────────────────────────────────────────────────────────


def compose(visitor: Visit, *texts: str) -> CDPSession:
    """Compose in the box that has the focus, through these stages."""
    ime = visitor.page.context.new_cdp_session(visitor.page)
    for text in texts:
        ime.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
        visitor.page.wait_for_timeout(60)
    return ime


def confirm_by_enter(page: Page) -> None:
    """The Enter that confirms a composition, as Chrome and as Safari report it."""
    press(page, "Enter", "Enter", isComposing=True, keyCode=229)
    press(page, "Enter", "Enter", keyCode=229)


# Scene and box, and what Enter there does: a run, a question, a game.
@pytest.mark.parametrize(
    ("scene", "box"),
    [("steps", "input.gx-prompt"), ("compare", "textarea"), ("changed", "textarea"), ("rater", "textarea")],
)
def test_enter_that_confirms_a_composition_starts_nothing(calm: Visit, scene: str, box: str) -> None:
    page = calm.open(scene)
    calm.settle(2_000)
    started: list[str] = []
    page.on("request", lambda request: started.append(request.url) if "queue/join" in request.url else None)
    calm.find(box).first.fill("")
    calm.find(box).first.focus()
    compose(calm, "ね", "ねこ", "猫")
    confirm_by_enter(page)
    page.wait_for_timeout(300)
    assert started == []
    calm.page.keyboard.insert_text("猫")
    assert calm.find(box).first.input_value() == "猫"
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert len(started) == 1


@pytest.mark.parametrize(("scene", "button"), [("map", None), ("predict", "Guess first")])
def test_enter_that_confirms_a_composition_sends_no_form(calm: Visit, scene: str, button: str | None) -> None:
    page = calm.open(scene)
    if button:
        calm.find(f"button:text-is('{button}')").click()
    box = calm.find("form input").first
    box.focus()
    with calm.no_request():
        compose(calm, "に", "にほん")
        page.evaluate(
            """() => {
              const box = document.activeElement;
              for (const isComposing of [true, false]) {
                const enter = { key: "Enter", keyCode: 229, isComposing, bubbles: true };
                box.dispatchEvent(new KeyboardEvent("keydown", enter));
                box.form.requestSubmit();
              }
            }"""
        )
        page.keyboard.insert_text("日本")
    assert box.input_value() == "日本"
    with calm.answer():
        page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("scene", "box"),
    [
        ("tokens", "textarea"),
        ("predict", "textarea"),
        ("predict", "label:has-text('How likely') + input"),
        ("focus", "textarea"),
        ("numbers", "input[type=text]"),
        ("arithmetic", "textarea"),
        ("axes", "input[type=text]"),
        ("guess", "input[type=text]"),
    ],
)
def test_a_half_composed_text_is_not_asked_about(calm: Visit, scene: str, box: str) -> None:
    page = calm.open(scene)
    calm.settle()
    calm.find(box).first.focus()
    with calm.no_request():
        compose(calm, "ｎ", "に", "にほ", "にほん")
        page.wait_for_timeout(600)
        assert calm.find(".gx-dimmed").count() or page.locator(".gx-scene.gx-dimmed:visible").count()
    with calm.answer():
        page.keyboard.insert_text("日本")


def test_a_text_that_stays_composed_is_asked_about_in_the_end(calm: Visit) -> None:
    calm.open("tokens")
    calm.find("textarea").fill("")
    calm.settle()
    calm.find("textarea").focus()
    with calm.answer():  # as on a phone, where each word is being composed until the space
        compose(calm, "c", "ca", "cat")
    assert calm.find(".gx-chips").first.locator("li").count() > 1
