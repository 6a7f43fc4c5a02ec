"""The scene that adds and subtracts words, used as by a visitor, and held against numpy on the planted table."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect
from visiting import Visit
from word_vectors import FAMILY, TEXTS, bars, check_places, message, nearest, places, press, total

from genai_demo.features.word_vectors import backend
from genai_demo.features.word_vectors.formula import parse_formula
from genai_demo.models.word_vectors import WordVectors


def put_formula(visitor: Visit, formula: str) -> None:
    """What is answered already is not asked again."""
    if visitor.find("textarea").input_value() == formula:
        return
    with visitor.answer():
        visitor.find("textarea").fill(formula)


@pytest.mark.parametrize("start", ["Space", "▶"])
def test_a_sum_is_drawn_term_by_term(calm: Visit, start: str) -> None:
    page = calm.open("arithmetic")
    arrows, term = calm.find(".gx-arrow"), calm.find(".gx-term[aria-current=step]")
    expect(arrows).to_have_count(3)
    if start == "Space":
        page.locator("h1").click()
        page.keyboard.press("Space")
    else:
        press(calm, "Play")
    expect(arrows).to_have_count(0)
    expect(calm.find(".gx-terms strong")).to_have_text("= ?")
    for count, text in enumerate(("niece", "− female", "+ male"), 1):
        expect(arrows).to_have_count(count)
        expect(term).to_have_text(text)
    assert ["gx-minus" in (one.get_attribute("class") or "") for one in arrows.all()] == [False, True, False]
    expect(calm.find(".gx-terms strong")).to_have_text("= nephew")
    expect(calm.find(".gx-main")).to_have_text("Play")


def test_space_pauses_and_the_steps_go_back_and_forth(calm: Visit) -> None:
    page = calm.open("arithmetic")
    arrows = calm.find(".gx-arrow")
    page.locator("h1").click()
    page.keyboard.press("Space")
    expect(arrows).to_have_count(1)
    page.keyboard.press("Space")
    with calm.no_request():
        page.wait_for_timeout(1_300)
        expect(arrows).to_have_count(1)
        press(calm, "Next")
        expect(arrows).to_have_count(2)
        press(calm, "Back")
        press(calm, "Back")
        expect(arrows).to_have_count(0)
        expect(calm.find("button:text-is('Back')")).to_be_disabled()
        calm.find(".gx-term").nth(2).click()
        expect(arrows).to_have_count(3)


def test_the_scene_plays_by_itself_when_it_is_opened(visitor: Visit) -> None:
    visitor.open("arithmetic")
    expect(visitor.find(".gx-arrow")).to_have_count(3, timeout=8_000)
    expect(visitor.find(".gx-point.gx-landing")).to_have_count(1)


@pytest.mark.parametrize("formula", ["niece − female + male", "2 × queen - 0,5 woman + man"])
def test_the_arrows_and_the_landing_point_are_where_the_backend_says(
    calm: Visit, table: WordVectors, formula: str
) -> None:
    calm.open("arithmetic")
    put_formula(calm, formula)
    result = backend.arithmetic(table, formula, FAMILY)
    shown = places(calm)
    expected = {point.word: point.coordinates for point in result.points}
    expected |= {" 0": result.origin_point, " sum": result.steps[-1].coordinates}
    expected |= {one.neighbour.word: one.coordinates for one in result.neighbours if one.neighbour.word in shown}
    check_places(shown, expected)
    tips = calm.find(".gx-arrow path").evaluate_all(
        "(all) => all.map((one) => one.getAttribute('d').match(/^M([-.\\d]+) ([-.\\d]+)/).slice(1).map(Number))"
    )
    begins = calm.find(".gx-arrow line").evaluate_all(
        "(all) => all.map(({ x1, y1 }) => [x1.baseVal.value, y1.baseVal.value])"
    )
    chain = [shown[" 0"], *tips]
    assert np.allclose(begins, chain[:-1], atol=0.1)
    assert np.allclose(tips[-1], shown[" sum"], atol=0.1)


def test_the_nearest_words_are_ranked_over_all_dimensions(calm: Visit, table: WordVectors) -> None:
    calm.open("arithmetic")
    put_formula(calm, "niece - female + male")
    expected = nearest(table, total(table, "niece - female + male"))
    assert bars(calm) == expected[:8]
    notes = calm.find(".gx-chart li:visible .gx-bar-count").all_inner_texts()
    assert [bool(note) for note in notes] == [word in ("niece", "female", "male") for word, _ in expected[:8]]
    assert f"“nephew”: cosine {dict(expected)['nephew']}" in calm.find(".gx-detail").inner_text()


def test_hiding_what_was_typed_and_other_alphabets_asks_nothing(calm: Visit, table: WordVectors) -> None:
    page = calm.open("arithmetic")
    put_formula(calm, "niece − female + male")
    sum_of_words, typed = total(table, "niece − female + male"), ("niece", "female", "male")
    before = bars(calm)
    with calm.no_request():
        page.get_by_label("Hide the words I typed").check()
        without = bars(calm)
        calm.find("label:has-text('a–z only') input").check()
        latin = bars(calm)
    assert before != without != latin
    assert without == nearest(table, sum_of_words, without=typed)[:8]
    assert latin == nearest(table, sum_of_words, without=typed, latin=True)[:8]


def test_every_example_is_worked_out(calm: Visit, table: WordVectors) -> None:
    calm.open("arithmetic")
    examples = TEXTS["arithmetic"]["presets"][1:] + TEXTS["arithmetic"]["failures"] + TEXTS["arithmetic"]["presets"][:1]
    for example in examples:
        with calm.answer():
            calm.find("select").first.select_option(label=example["label"])
        formula = example["formula"]
        typed = [term.word for term in parse_formula(formula)]
        best, _ = nearest(table, total(table, formula), without=[table.spelling(word) for word in typed])[0]
        assert calm.find("textarea").input_value() == formula
        assert calm.find(".gx-terms strong").inner_text() == f"= {best}"
        assert calm.find("select").last.locator("option:checked").inner_text() == example["theme"]
        assert calm.find(".gx-note:visible").all_inner_texts() == ([example["why"]] if "why" in example else [])


def test_an_unknown_word_is_named_kept_and_offered_as_the_mean_of_its_pieces(calm: Visit) -> None:
    calm.open("arithmetic")
    put_formula(calm, "neice − female + male")
    assert "neice" in message(calm)
    assert calm.find("textarea").input_value() == "neice − female + male"
    assert not calm.find(".gx-provenance").is_visible()
    offered = calm.find(".gx-offers button").all_inner_texts()
    assert offered[0] == "niece"
    assert offered[-1] == "~neice, the mean of its pieces"
    with calm.answer():
        calm.find(".gx-offers button").last.click()
    assert calm.find("textarea").input_value() == "~neice − female + male"
    assert calm.find(".gx-term").first.inner_text() == "~neice"
    assert not calm.find(".gx-scene > .gx-message").is_visible()
    assert calm.find(".gx-provenance").is_visible()


@pytest.mark.parametrize("formula", ["", "−king", "king − king", "king king", "king −", "12", "0 × king"])
def test_a_formula_without_an_answer_is_explained_and_kept(calm: Visit, formula: str) -> None:
    calm.open("arithmetic")
    put_formula(calm, formula)
    assert len(message(calm)) > 20
    assert calm.find("textarea").input_value() == formula
    put_formula(calm, "king − man + woman")
    assert not calm.find(".gx-scene > .gx-message").is_visible()
    assert calm.find(".gx-terms strong").inner_text() == "= Queen"


def test_a_word_of_the_list_is_put_on_the_map(calm: Visit) -> None:
    calm.open("arithmetic")
    put_formula(calm, "king − man + woman")
    before = places(calm)
    word = next(label for label, _ in reversed(bars(calm)) if label not in before)
    with calm.no_request():
        calm.find(f".gx-bars button:has-text('{word}')").first.click()
        assert word in places(calm)
        assert f"“{word}”: cosine" in calm.find(".gx-detail").inner_text()
