"""What nobody should type into the scenes of the word vectors, and what becomes of it."""

from __future__ import annotations

import pytest
from test_next_word import HOSTILE
from visiting import Visit
from word_vectors import add_words, message, press


@pytest.mark.parametrize(
    ("scene", "box"),
    [("numbers", 0), ("numbers", 1), ("map", 0), ("arithmetic", 0), ("axes", 0), ("axes", 3), ("axes", 4)],
)
def test_hostile_text_never_runs_and_is_kept(calm: Visit, scene: str, box: int) -> None:
    page = calm.open(scene)
    written = calm.find("textarea, input[type=text]").nth(box)
    with calm.answer():
        written.fill(HOSTILE)
        if written.evaluate("(one) => !!one.form"):
            written.press("Enter")
    assert len(message(calm)) > 20
    assert written.input_value() == HOSTILE
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("scene", ["numbers", "map", "arithmetic", "axes"])
def test_a_word_with_signs_of_html_is_shown_as_it_is(calm: Visit, scene: str) -> None:
    page = calm.open(scene)
    word = "~<img/src=x/onerror=alert(1)>"
    written = calm.find("textarea, .gx-add input, input[type=text]").first
    if scene == "axes":
        written = calm.find(".gx-add input")
    with calm.answer():
        written.fill(word)
        if scene in ("map", "axes"):
            written.press("Enter")
    assert not calm.find(".gx-scene > .gx-message").is_visible()
    assert word in (calm.find(".gx-work").text_content() or "")
    if scene == "map":
        press(calm, "3-D")
        page.wait_for_function("document.querySelector('.gx-space-frame')?._fullLayout?.scene?._scene?.glplot")
        page.wait_for_timeout(500)
    assert page.locator("img[src=x]").count() == 0


def test_a_better_word_takes_the_place_of_one_that_was_pasted_in_quotes(calm: Visit) -> None:
    calm.open("arithmetic")
    calm.find("textarea").fill("“ｋｉｎｇ” － «maan» ＋ wo\u00adman")
    calm.settle()
    calm.page.wait_for_selector(".gx-offers:visible")
    with calm.answer():
        calm.find(".gx-offers button").first.click()
    assert not calm.find(".gx-scene > .gx-message").is_visible()
    terms = [term.strip() for term in calm.find(".gx-term").all_inner_texts()]
    assert terms[0] == "King"  # the spelling that the model's vocabulary lists first
    assert terms[2] == "+ woman"
    assert "maan" not in terms[1]


@pytest.mark.parametrize("scene", ["map", "axes"])
def test_words_are_added_but_for_the_one_that_is_unknown(calm: Visit, scene: str) -> None:
    calm.open(scene)
    add_words(calm, "pizza zzyzx violin")
    assert "“zzyzx”" in message(calm)
    assert calm.find(".gx-add input").input_value() == "zzyzx"
    chips = calm.find(".gx-words bdi").all_text_contents()
    assert {"pizza", "violin"} <= set(chips)
    assert "zzyzx" not in chips
