"""The five scenes of the word vectors, used as a visitor would, and held against numpy on the planted table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from planted import planted_table
from playwright.sync_api import Browser, expect
from test_next_token import HOSTILE
from visiting import Visit, visit

from genai_demo.models.word_vectors import WordVectors
from genai_demo.ui.texts import load_texts
from genai_demo.word_vectors import backend
from genai_demo.word_vectors.formula import parse_formula

TEXTS = load_texts("genai_demo.word_vectors")
FAMILY = TEXTS["common"]["themes"][0]["words"]
THEMES = {theme["label"]: theme["words"] for theme in TEXTS["common"]["themes"]}

Places = Mapping[str, Sequence[float]]


@pytest.fixture(scope="module")
def table() -> WordVectors:
    return planted_table()


# ── what numpy says ──────────────────────────────────────────────────────────────────────────────────────────


def row(table: WordVectors, word: str) -> np.ndarray:
    return table.unit[[one.lower() for one in table.words].index(word.lower())].astype(np.float64)


def total(table: WordVectors, formula: str) -> np.ndarray:
    return sum(term.weight * row(table, term.word) for term in parse_formula(formula))  # type: ignore[return-value]


def nearest(table: WordVectors, vector: np.ndarray, without: Sequence[str] = (), latin: bool = False) -> list[tuple]:
    """All words and their cosines with `vector`, as the page writes them, best first."""
    cosines = table.unit.astype(np.float64) @ (vector / np.linalg.norm(vector))
    ranked = [(table.words[index], signed(cosines[index])) for index in np.argsort(-cosines)]
    return [one for one in ranked if one[0] not in without and not (latin and not re.fullmatch("[A-Za-z]+", one[0]))]


def signed(number: float) -> str:
    written = f"{abs(number):.2f}"
    return f"−{written}" if number < 0 and float(written) else written


# ── what the page shows ──────────────────────────────────────────────────────────────────────────────────────


def bars(visitor: Visit, chart: int = 0) -> list[tuple[str, str]]:
    """Label and number of each visible bar."""
    shown = visitor.find(".gx-chart:visible").nth(chart).locator("li:visible")
    return list(
        zip(
            shown.locator(".gx-bar-label").all_inner_texts(),
            shown.locator(".gx-bar-number").all_inner_texts(),
            strict=True,
        )
    )


def places(visitor: Visit) -> dict[str, tuple[float, float]]:
    """Where the map shows each word, in pixels, once nothing moves."""
    visitor.page.wait_for_timeout(800)
    found = visitor.find(".gx-point").evaluate_all(
        "(all) => all.map((one) => [one.dataset.word, one.transform.baseVal[0].matrix.e, one.transform.baseVal[0].matrix.f])"
    )
    return {word: (x, y) for word, x, y in found}


def check_places(shown: Places, expected: Places, one_scale: bool = True, upward: bool = True) -> None:
    """The picture is `expected`, moved and enlarged, and nothing else; `upward`: its second number grows upwards."""
    assert set(shown) == set(expected)
    scales = []
    for axis in (0, 1):
        there, here = (np.array([where[word][axis] for word in expected]) for where in (expected, shown))
        scale, offset = np.polyfit(there, here, 1)
        assert np.abs(scale * there + offset - here).max() < 0.7
        scales.append(scale * (-1 if axis and upward else 1))
    assert min(scales) > 0
    if one_scale:
        assert scales[0] == pytest.approx(scales[1], rel=0.02)


def press(visitor: Visit, name: str) -> None:
    visitor.find(f"button:text-is('{name}')").click()


def message(visitor: Visit) -> str:
    return visitor.find(".gx-message.gx-error").inner_text()


def put_formula(visitor: Visit, formula: str) -> None:
    with visitor.answer():
        visitor.find("textarea").fill(formula)


# ── arithmetic ───────────────────────────────────────────────────────────────────────────────────────────────


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
        "(all) => all.map((one) => [one.x1, one.y1].map((at) => at.baseVal.value))"
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
    assert not calm.find(".gx-message.gx-error").is_visible()
    assert calm.find(".gx-provenance").is_visible()


@pytest.mark.parametrize("formula", ["", "−king", "king − king", "king king", "king −", "12", "0 × king"])
def test_a_formula_without_an_answer_is_explained_and_kept(calm: Visit, formula: str) -> None:
    calm.open("arithmetic")
    put_formula(calm, formula)
    assert len(message(calm)) > 20
    assert calm.find("textarea").input_value() == formula
    put_formula(calm, "king − man + woman")
    assert not calm.find(".gx-message.gx-error").is_visible()
    assert calm.find(".gx-terms strong").inner_text() == "= queen"


def test_a_word_of_the_list_is_put_on_the_map(calm: Visit) -> None:
    calm.open("arithmetic")
    put_formula(calm, "king − man + woman")
    before = places(calm)
    word = next(label for label, _ in reversed(bars(calm)) if label not in before)
    with calm.no_request():
        calm.find(f".gx-bars button:has-text('{word}')").first.click()
        assert word in places(calm)
        assert f"“{word}”: cosine" in calm.find(".gx-detail").inner_text()
