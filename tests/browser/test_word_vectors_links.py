"""Links into the scenes of Word vectors: the screen that they open is computed from what they say."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from planted import planted_table
from playwright.sync_api import expect
from visiting import TAB_OF, Visit
from word_vectors import FAMILY, THEMES, bars, best_answer, nearest, places, press, row, signed, total

from genai_demo.features.word_vectors import backend
from genai_demo.page.texts import load_texts

TABLE = planted_table()
NOTE = load_texts("genai_demo.page")["ui"]["link_in_part"]
BANK = load_texts("genai_demo.features.word_vectors")["bank"]


def open_link(visitor: Visit, scene: str, **chosen: str) -> None:
    visitor.page.goto(f"{visitor.address}/?{urlencode({'tab': TAB_OF[scene], 'scene': scene, **chosen})}")
    visitor.wait_for_live()


def numbers_shown(visitor: Visit) -> None:
    assert [box.input_value() for box in visitor.find("input[type=text]").all()] == ["pizza", "King"]
    assert visitor.find("label:has-text('a–z only') input").is_checked()
    assert visitor.find(".gx-big").inner_text() == signed(row(TABLE, "pizza") @ row(TABLE, "king"))
    assert bars(visitor) == nearest(TABLE, row(TABLE, "pizza"), without=["pizza"], latin=True)[:6]


def map_shown(visitor: Visit) -> None:
    shown = [*THEMES["Animals"], "pizza"]
    assert set(places(visitor)) == set(shown)
    marked = visitor.find(".gx-point.gx-projected")
    assert marked.evaluate_all("(all) => all.map((one) => one.dataset.word)") == ["pizza"]
    assert f"the {len(THEMES['Animals'])} words" in visitor.find(".gx-kept").inner_text()
    assert visitor.find(".gx-selected").get_attribute("data-word") == "zebra"
    assert bars(visitor) == nearest(TABLE, row(TABLE, "zebra"), without=["zebra"])[:6]


def arithmetic_shown(visitor: Visit) -> None:
    formula = "2 × queen − 0.5 woman + man"
    assert visitor.find("textarea").input_value() == formula
    assert visitor.find("select").last.locator("option:checked").inner_text() == "Jobs"
    expect(visitor.find(".gx-arrow")).to_have_count(2)
    assert visitor.find(".gx-term[aria-current=step]").inner_text() == "− 0.5 × woman"
    assert visitor.find(".gx-terms strong").inner_text() == "= ?"
    press(visitor, "Next")
    typed = [TABLE.spelling(word) for word in ("queen", "woman", "man")]
    assert bars(visitor) == nearest(TABLE, total(TABLE, formula), without=typed)[:8]
    assert visitor.find(".gx-terms strong").inner_text() == f"= {best_answer(TABLE, formula)}"


def axes_shown(visitor: Visit) -> None:
    assert [box.input_value() for box in visitor.find(".gx-ends input").all()] == ["cat", "dog", "small", "large"]
    assert visitor.page.get_by_label("Show the ends").is_checked()
    assert set(places(visitor)) == {"cat", "dog", "small", "large", "pizza", "uncle"}
    point = backend.own_axes(TABLE, ("cat", "dog"), ("small", "large"), ["pizza"]).points[-1]
    x, y = (signed(number) for number in point.coordinates)
    assert f"pizza: {x} towards “dog”, {y} towards “large”." in visitor.find(".gx-stack").inner_text()


def play_shown(visitor: Visit) -> None:
    dealt = backend.deal_game(TABLE, BANK["formulas"], BANK["groups"], 7).odd_ones
    guesses = [dealt[index].options[number - 1] for index, number in enumerate((2, 1, 4))]
    right = sum(guess == one.answer for guess, one in zip(guesses, dealt, strict=False))
    assert visitor.find(".gx-score").inner_text() == f"Score: {right} of 3"
    assert f"Round 3 of {len(dealt)}" in visitor.find(".gx-quiz").inner_text()
    options = [one.split(": ", 1)[1] for one in visitor.find(".gx-option").all_inner_texts()]
    assert options == list(dealt[2].options)
    assert visitor.find(".gx-option[aria-pressed=true]").inner_text() == f"4: {guesses[2]}"
    assert f"“{dealt[2].answer}”" in visitor.find(".gx-verdict").inner_text()


LINKS: dict[str, tuple[dict[str, str], Callable[[Visit], None]]] = {
    "numbers": ({"first": "pizza", "second": "King", "latin": "true"}, numbers_shown),
    "map": (
        {
            "theme": "Animals",
            "words": ",".join([*THEMES["Animals"], "pizza"]),
            "fitted": ",".join(THEMES["Animals"]),
            "word": "zebra",
        },
        map_shown,
    ),
    "arithmetic": (
        {"formula": "2 × queen − 0.5 woman + man", "theme": "Jobs", "step": "2", "hide": "true"},
        arithmetic_shown,
    ),
    "axes": (
        {
            "left": "cat",
            "right": "dog",
            "bottom": "small",
            "top": "large",
            "words": "pizza,uncle",
            "ends": "true",
            "word": "pizza",
        },
        axes_shown,
    ),
    "play": ({"seed": "7", "game": "odd", "odd": "2,1,4", "odd_round": "3"}, play_shown),
}


@pytest.mark.parametrize("scene", LINKS)
def test_a_link_opens_what_its_values_give_and_back_leads_to_it_again(calm: Visit, scene: str) -> None:
    chosen, shown = LINKS[scene]
    open_link(calm, scene, **chosen)
    calm.go_to("map" if scene == "play" else "play")
    calm.page.go_back()
    calm.wait_for_live()
    shown(calm)


@pytest.mark.parametrize(
    ("scene", "chosen"),
    [
        ("map", {"theme": "<img src=x>", "dimensions": "4"}),
        ("arithmetic", {"step": "-1", "theme": "none"}),
        ("axes", {"example": "none", "ends": "yes"}),
        ("play", {"odd": "1,2,x", "odd_round": "0", "seed": "1e999"}),
    ],
)
def test_what_makes_no_sense_in_a_link_falls_back_and_is_said(calm: Visit, scene: str, chosen: dict[str, str]) -> None:
    open_link(calm, scene, **chosen)
    assert calm.find(".gx-scene > .gx-message").inner_text() == NOTE
    state = calm.page.evaluate(
        "(id) => document.querySelector(id).genaiScene.written()", f"#scene-word-vectors-{scene} .gx-scene"
    )
    assert state == {}


def test_words_of_a_link_that_the_table_lacks_are_named_and_the_others_shown(calm: Visit) -> None:
    open_link(calm, "map", words=",".join([*FAMILY[:5], "zzyzx"]))
    assert set(places(calm)) == set(FAMILY[:5])
    assert "“zzyzx”" in calm.find(".gx-scene > .gx-message").inner_text()
    assert calm.find(".gx-add input").input_value() == ""


def test_the_steps_of_a_sum_are_played_at_once_unless_a_link_names_one(visitor: Visit) -> None:
    open_link(visitor, "arithmetic", step="1")
    visitor.page.wait_for_timeout(1_500)
    expect(visitor.find(".gx-arrow")).to_have_count(1)
    visitor.find("textarea").fill("king − man + woman")
    expect(visitor.find(".gx-terms strong")).to_have_text("= Queen", timeout=8_000)


def test_the_camera_of_three_dimensions_outlives_a_reload_and_stays_out_of_the_address(calm: Visit) -> None:
    open_link(calm, "map", dimensions="3")
    eye = "({ ...document.querySelector('.gx-space-frame')._fullLayout.scene.camera.eye })"
    ready = "document.querySelector('.gx-space-frame')?._fullLayout?.scene?._scene?.glplot"
    calm.page.wait_for_function(ready, timeout=20_000)
    before = calm.page.evaluate(eye)
    calm.find(".gx-space-frame").focus()
    calm.page.keyboard.press("ArrowRight")
    calm.page.wait_for_function(f"(x) => {eye}.x !== x", arg=before["x"])
    turned = calm.page.evaluate(eye)
    calm.page.wait_for_timeout(1_500)
    assert "camera" not in calm.page.url
    calm.page.reload()
    calm.wait_for_live()
    calm.page.wait_for_function(ready, timeout=20_000)
    assert calm.page.evaluate(eye) == pytest.approx(turned)


def test_names_of_the_ends_never_cover_one_another_on_a_narrow_map(calm: Visit) -> None:
    calm.page.set_viewport_size({"width": 390, "height": 844})
    ends = {"left": "~internationalisation", "right": "~unwahrscheinlichkeit", "bottom": "calm", "top": "excited"}
    open_link(calm, "axes", **ends)
    left, right = (calm.find(".gx-end").nth(index) for index in (0, 1))
    one, other = left.bounding_box(), right.bounding_box()
    assert one
    assert other
    assert one["x"] + one["width"] < other["x"]
    assert (left.text_content() or "").startswith("← ~intern")
