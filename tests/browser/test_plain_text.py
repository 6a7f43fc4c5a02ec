"""What is copied is the text itself; what is ticked can be seen."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from test_next_word import finish_writing, written_ids
from test_rlhf import ask, done
from visiting import SHOWN, Visit

from genai_demo.models.language import LanguageModel
from genai_demo.page.texts import load_texts

UI = load_texts("genai_demo.page")["ui"]
CHANGED = load_texts("genai_demo.features.rlhf")["changed"]

SELECT_AND_COPY = """([from, to]) => {
  const range = document.createRange();
  range.setStartBefore(from);
  range.setEndAfter(to);
  const selection = document.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  const held = new DataTransfer();
  const event = new ClipboardEvent("copy", { clipboardData: held, bubbles: true, cancelable: true });
  from.dispatchEvent(event);
  return event.defaultPrevented ? held.getData("text/plain") : null;
}"""


def copied(page: Page, first: str, last: str | None = None) -> str | None:
    """What comes to the clipboard when everything from the first match to the last one is selected."""
    shown = page.locator(SHOWN)
    ends = [shown.locator(first).first.element_handle(), shown.locator(last or first).last.element_handle()]
    text: str | None = page.evaluate(SELECT_AND_COPY, ends)
    return text


ODD = "\n\nthe  cat\n\n\n\n\tsat\u00a0on\u200b 🙂 ␣\n"


def test_tokens_are_copied_as_the_text_that_was_cut(visitor: Visit) -> None:
    page = visitor.open("tokens")
    visitor.find("textarea").fill(ODD)
    visitor.settle()
    panel = visitor.find(".gx-panel").first
    assert "␣" in panel.inner_text()
    assert copied(page, ".gx-panel >> nth=0 >> .gx-chip") == ODD


def test_a_surprising_sentence_is_copied_as_the_sentence(visitor: Visit) -> None:
    page = visitor.open("focus")
    visitor.find("textarea").last.fill("the cat sat  on")
    visitor.settle()
    assert copied(page, ".gx-losses li") == "the cat sat  on"


def test_bars_are_copied_as_words_and_figures(visitor: Visit) -> None:
    page = visitor.open("predict")
    rows = (copied(page, ".gx-chart .gx-bars >> nth=0 >> li:visible") or "").split("\n")
    rows = [row for row in rows if row]
    labels = visitor.find(".gx-chart .gx-bars").first.locator("li:visible")
    assert len(rows) >= labels.count()
    assert all("%" in row for row in rows if "\t" in row)
    assert "␣" not in "".join(rows)


def written_text(page: Page, tiny: LanguageModel) -> str:
    """The prompt and all tokens of the Repeat scene."""
    ids = written_ids(page)
    prompt = page.locator(f"{SHOWN} textarea").first.input_value()
    assert len(ids) > 3
    return prompt + "".join(tiny.texts(ids))


def test_what_was_written_is_copied_without_marks_and_figures(visitor: Visit, tiny: LanguageModel) -> None:
    page = visitor.open("repeat")
    finish_writing(page)
    written = written_text(page, tiny)
    assert copied(page, ".gx-written > *") == written
    button = visitor.find("button").get_by_text(UI["copy"], exact=True)
    context = page.context
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    button.click()
    expect(visitor.find(".gx-copy [role=status]")).to_have_text(UI["copied"])
    assert page.evaluate("navigator.clipboard.readText()") == written


def test_the_copy_button_works_where_the_page_has_no_clipboard(visitor: Visit, tiny: LanguageModel) -> None:
    visitor.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page = visitor.open("repeat")
    finish_writing(page)
    written = written_text(page, tiny)
    page.evaluate(
        "document.addEventListener('copy', (event) => { window.copied = event.target.value ?? ''; }, { capture: true })"
    )
    button = visitor.find("button").get_by_text(UI["copy"], exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(visitor.find(".gx-copy [role=status]")).to_have_text(UI["copied"])
    assert page.evaluate("window.copied") == written
    assert button.evaluate("(one) => one === document.activeElement")
    page.evaluate("document.execCommand = () => false")
    page.keyboard.press("Enter")
    expect(visitor.find(".gx-copy [role=status]")).to_have_text(UI["copy_failed"])


def test_a_marked_answer_is_copied_as_the_answer(visitor: Visit) -> None:
    page = visitor.open("changed")
    done(visitor)
    ask(visitor, "the cat sat on", CHANGED["write"])
    done(visitor)
    marked = page.evaluate("document.querySelector('#scene-rlhf-changed .gx-scene').genaiScene.answers.marked")
    assert marked["scored"]["tokens"]
    assert copied(page, ".gx-written > *") == marked["text"]


def test_what_is_shown_as_it_is_is_left_to_the_browser(visitor: Visit) -> None:
    page = visitor.open("tokens")
    assert copied(page, ".gx-story p") is None
    assert copied(page, ".gx-chip >> nth=1 >> small") is None


# ── the browser's own boxes and bars ─────────────────────────────────────────────────────────────────────────


def luminance(colour: tuple[int, ...]) -> float:
    """WCAG 2.1, relative luminance."""
    parts = [value / 255 for value in colour[:3]]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark", "projector"])
@pytest.mark.parametrize("scene", ["numbers", "predict", "compare"])
def test_a_tick_stands_out_from_its_box_and_the_box_from_the_page(visitor: Visit, scene: str, mode: str) -> None:
    page = visitor.open(scene)
    if mode != "light":
        page.locator(f"#gx-{mode}").click()
    box = visitor.find("input[type=checkbox]:visible").first
    for ticked in (True, False):
        box.set_checked(ticked)
        page.mouse.move(2, 2)
        page.wait_for_timeout(250)
        box.evaluate("(one) => one.blur()")
        frame = box.bounding_box()
        assert frame is not None
        clip = {"x": frame["x"] - 4, "y": frame["y"] - 4, "width": frame["width"] + 8, "height": frame["height"] + 8}
        picture = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
        levels = [luminance(colour) for count, colour in picture.getcolors(10_000) if count >= 4]
        around = luminance(picture.getpixel((0, 0)))
        inner = picture.crop((7, 7, picture.width - 7, picture.height - 7))
        inside = [luminance(colour) for count, colour in inner.getcolors(10_000) if count >= 3]
        assert max(contrast(level, around) for level in levels) >= 3, (mode, ticked)
        if ticked:
            assert contrast(max(inside), min(inside)) >= 4.5, mode


def test_the_browsers_own_bars_are_dark_where_the_page_is(visitor: Visit) -> None:
    page = visitor.open("tokens")
    schemes = """() => ['html', 'body', '.gx-current textarea']
      .map((one) => getComputedStyle(document.querySelector(one)).colorScheme)"""
    for scheme in ("light", "dark", "light"):
        assert set(page.evaluate(schemes)) == {scheme}
        page.locator("#gx-dark").click()
