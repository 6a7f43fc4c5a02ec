"""The five scenes of the word vectors, used as a visitor would, and held against numpy on the planted table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from planted import planted_table
from playwright.sync_api import expect
from test_next_word import HOSTILE
from visiting import Visit

from genai_demo.features.word_vectors import backend
from genai_demo.features.word_vectors.formula import parse_formula
from genai_demo.features.word_vectors.maps import WordMap
from genai_demo.models.word_vectors import WordVectors
from genai_demo.page.texts import load_texts

TEXTS = load_texts("genai_demo.features.word_vectors")
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
        """(all) => all.map((one) => {
          const { e, f } = one.transform.baseVal[0].matrix;
          return [one.dataset.word, e, f];
        })"""
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
    return visitor.find(".gx-scene > .gx-message").inner_text()


def put_formula(visitor: Visit, formula: str) -> None:
    """What is answered already is not asked again."""
    if visitor.find("textarea").input_value() == formula:
        return
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


# ── the map ──────────────────────────────────────────────────────────────────────────────────────────────────


def show_theme(visitor: Visit, label: str) -> None:
    """What is shown already is not asked again."""
    if (
        visitor.page.evaluate("document.querySelector('#scene-word-vectors-map .gx-scene').genaiScene.state.theme")
        == label
    ):
        press(visitor, label)
        return
    with visitor.answer():
        press(visitor, label)


def add_words(visitor: Visit, words: str) -> None:
    visitor.find(".gx-add input").fill(words)
    with visitor.answer():
        visitor.find(".gx-add input").press("Enter")


def coordinates(result: WordMap) -> dict[str, Sequence[float]]:
    return {point.word: point.coordinates for point in result.points}


@pytest.mark.parametrize("label", ["Family", "Countries and capitals"])
def test_the_map_shows_principal_components(calm: Visit, table: WordVectors, label: str) -> None:
    calm.open("map")
    show_theme(calm, label)
    check_places(places(calm), coordinates(backend.word_map(table, THEMES[label])))
    rows = np.stack([row(table, word) for word in THEMES[label]])
    variances = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False) ** 2
    kept = 100 * variances[:2].sum() / variances.sum()
    assert f"keep {kept:.0f} %" in calm.find(".gx-kept").inner_text()
    assert f"the {len(THEMES[label])} words" in calm.find(".gx-kept").inner_text()


def test_pointing_at_a_word_names_its_neighbours(calm: Visit, table: WordVectors) -> None:
    calm.open("map")
    with calm.no_request():
        for word in ("uncle", "heroine"):
            calm.find(f".gx-point[data-word={word}] .gx-dot").hover()
            assert calm.find("h3:visible").first.inner_text() == f"Nearest to “{word}”"
            assert bars(calm) == nearest(table, row(table, word), without=[word])[:6]


def test_the_arrow_keys_lead_to_every_word(calm: Visit, table: WordVectors) -> None:
    page = calm.open("map")
    calm.find("svg.gx-plane").focus()
    page.keyboard.press("ArrowRight")
    first = calm.find(".gx-point.gx-selected").get_attribute("data-word") or ""
    assert bars(calm) == nearest(table, row(table, first), without=[first])[:6]
    reached = page.evaluate(
        """(first) => {
          const picture = [...document.querySelectorAll(".gx-current svg.gx-plane")]
            .find((one) => one.getClientRects().length);
          const at = (word) => [...picture.querySelectorAll(".gx-point")].find((one) => one.dataset.word === word);
          const reached = new Set([first]);
          for (const word of reached) for (const key of ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"]) {
            at(word).dispatchEvent(new Event("pointerenter"));
            picture.dispatchEvent(new KeyboardEvent("keydown", { key }));
            reached.add(picture.querySelector(".gx-selected").dataset.word);
          }
          return [...reached];
        }""",
        first,
    )
    assert set(reached) == set(FAMILY)


def test_an_added_word_moves_no_other_and_refit_makes_axes_for_all(calm: Visit, table: WordVectors) -> None:
    calm.open("map")
    family = coordinates(backend.word_map(table, FAMILY))
    kept = calm.find(".gx-kept").inner_text()
    add_words(calm, "pizza, QUEEN")
    added = coordinates(backend.word_map(table, ["pizza", "Queen"], fitted=FAMILY))
    check_places(places(calm), {**family, **added})
    assert calm.find(".gx-point.gx-projected").evaluate_all("(all) => all.map((one) => one.dataset.word)") == [*added]
    assert calm.find(".gx-kept").inner_text() == kept
    assert calm.find(".gx-add input").input_value() == ""
    assert calm.find("h3:visible").first.inner_text() == "Nearest to “pizza”"
    with calm.answer():
        press(calm, "Refit the axes")
    check_places(places(calm), coordinates(backend.word_map(table, [*FAMILY, "pizza", "Queen"])))
    assert calm.find(".gx-point.gx-projected").count() == 0
    with calm.answer():
        press(calm, "Reset")
    check_places(places(calm), family)


def test_a_removed_word_is_gone_and_the_others_stay(calm: Visit, table: WordVectors) -> None:
    calm.open("map")
    calm.find("summary").click()
    with calm.answer():
        calm.find("button[aria-label='Remove aunt']").click()
    family = coordinates(backend.word_map(table, FAMILY))
    family.pop("aunt")
    check_places(places(calm), family)
    assert calm.find("summary").inner_text() == f"On the map: {len(FAMILY) - 1} words"


def test_two_words_are_too_few_for_axes_and_none_at_all_can_be_shown(calm: Visit) -> None:
    calm.open("map")
    calm.find("summary").click()
    for left in range(len(FAMILY) - 1, 1, -1):
        calm.find(".gx-words button").first.click()
        expect(calm.find(".gx-words li")).to_have_count(left)
    with calm.answer():
        press(calm, "Refit the axes")
    assert "at least 3" in message(calm)
    assert calm.find(".gx-point").count() == 2
    for left in (1, 0):
        calm.find(".gx-words button").first.click()
        expect(calm.find(".gx-words li")).to_have_count(left)
    with calm.answer():
        press(calm, "Reset")
    expect(calm.find(".gx-point")).to_have_count(len(FAMILY))


def test_words_that_cannot_be_added_stay_in_the_box(calm: Visit) -> None:
    calm.open("map")
    add_words(calm, "pizza quuen")
    assert "quuen" in message(calm)
    assert calm.find(".gx-add input").input_value() == "quuen"  # and the other is there already
    assert "pizza" in places(calm)
    with calm.answer():
        calm.find(".gx-offers button").first.click()
    assert calm.find(".gx-add input").input_value() == ""
    assert {"pizza", "Queen"} <= set(places(calm))
    add_words(calm, "“sushi”, 'quuen'、 ｐａｓｔａ zzyzx")
    assert all(f"“{word}”" in message(calm) for word in ("quuen", "zzyzx"))
    assert {"sushi", "pasta"} <= set(places(calm))
    assert calm.find("h3:visible").first.inner_text() == "Nearest to “sushi”"
    assert calm.find(".gx-add input").input_value() == "quuen zzyzx"
    add_words(calm, " ".join(THEMES["Animals"] + THEMES["Jobs"]))
    assert "80" in message(calm)


OVERLAPS = """(selector) => {
  const seen = [...document.querySelectorAll(selector)].filter((one) => one.getClientRects().length && one.textContent);
  const boxes = seen.map((one) => one.getBoundingClientRect()), found = [];
  boxes.forEach((one, i) => boxes.slice(0, i).forEach((other, j) => {
    const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
    if (across > 2 && down > 4) found.push([seen[i].textContent, seen[j].textContent]);   // lines may touch
  }));
  return [seen.length, found];
}"""
LABELS = ".gx-current svg.gx-plane :is(.gx-point, .gx-arrow) text"


@pytest.mark.parametrize("projector", [False, True])
def test_no_label_of_a_map_covers_another(calm: Visit, projector: bool) -> None:
    page = calm.open("map")
    if projector:
        page.locator("#gx-projector").click()
    for label, words in THEMES.items():
        show_theme(calm, label)
        page.wait_for_timeout(100)
        seen, overlaps = page.evaluate(OVERLAPS, LABELS)
        assert overlaps == [], label
        assert seen == len(words) if not projector else seen >= 0.8 * len(words), label
    for scene in ("arithmetic", "axes"):
        calm.go_to(scene)
        seen, overlaps = page.evaluate(OVERLAPS, LABELS)
        assert overlaps == []
        assert seen > 10


def test_three_dimensions_are_drawn_by_the_pages_own_plotly(calm: Visit, table: WordVectors) -> None:
    page = calm.open("map")
    before = len(calm.requests)
    press(calm, "3-D")
    page.wait_for_function(
        "document.querySelector('.gx-space-frame')?._fullLayout?.scene?._scene?.glplot", timeout=20_000
    )
    fetched = calm.requests[before:]
    assert len(fetched) == 1
    assert fetched[0].startswith(calm.address)
    assert fetched[0].endswith("plotly.min.js")
    shown = page.evaluate(
        "(({ x, y, z, text }) => ({ x, y, z, text }))(document.querySelector('.gx-space-frame').data[0])"
    )
    expected = backend.word_map(table, FAMILY, 3)
    assert shown["text"] == [point.word for point in expected.points]
    points = np.stack([shown["x"], shown["y"], shown["z"]], axis=1)
    assert np.allclose(points, [point.coordinates for point in expected.points], atol=1e-4)
    assert "These 3 axes" in calm.find(".gx-kept").inner_text()
    eye = "({ ...document.querySelector('.gx-space-frame')._fullLayout.scene.camera.eye })"
    first = page.evaluate(eye)
    with calm.no_request():
        calm.find(".gx-space-frame").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "(x) => document.querySelector('.gx-space-frame')._fullLayout.scene.camera.eye.x !== x", arg=first["x"]
        )
        turned = page.evaluate(eye)
        press(calm, "2-D")
        assert calm.find(".gx-point:visible").count() == len(FAMILY)
    length = [sum(one[axis] ** 2 for axis in "xyz") for one in (first, turned)]
    assert length[0] == pytest.approx(length[1])
    assert first["z"] == pytest.approx(turned["z"])


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", [("queen", "King"), ("pizza", "justice"), ("went", "WENT")])
def test_the_cosine_and_the_neighbours_are_those_of_numpy(
    visitor: Visit, table: WordVectors, words: tuple[str, str]
) -> None:
    visitor.open("numbers")
    boxes = visitor.find("input[type=text]")
    boxes.first.fill(words[0])
    with visitor.answer():
        boxes.last.fill(words[1])
    rows = [row(table, word) for word in words]
    assert visitor.find(".gx-big").inner_text() == signed(rows[0] @ rows[1])
    for chart, vector in enumerate(rows):
        assert bars(visitor, chart) == nearest(table, vector, without=[table.spelling(words[chart])])[:6]


def test_a_strip_tells_the_number_under_the_pointer(visitor: Visit, table: WordVectors) -> None:
    visitor.open("numbers")
    strips = visitor.find("canvas.gx-strip")
    niece, nephew = row(table, "niece"), row(table, "nephew")
    for strip, numbers, digits in zip(strips.all(), (niece, nephew, niece * nephew), (3, 3, 5), strict=True):
        box = strip.bounding_box()
        assert box
        strip.hover(position={"x": 5.5 * box["width"] / 64, "y": box["height"] / 2})
        shown = re.fullmatch("number 6: (−?)([.0-9]+)", strip.get_attribute("title") or "")
        assert shown
        assert len(shown[2].split(".")[1]) == digits
        assert float(shown[2]) * (-1 if shown[1] else 1) == pytest.approx(numbers[5], abs=1.1e-3)


def test_every_pair_is_compared(visitor: Visit, table: WordVectors) -> None:
    visitor.open("numbers")
    for preset in reversed(TEXTS["numbers"]["presets"]):
        with visitor.answer():
            press(visitor, preset["label"])
        first, second = preset["words"]
        assert [box.input_value() for box in visitor.find("input[type=text]").all()] == preset["words"]
        assert visitor.find(".gx-big").inner_text() == signed(row(table, first) @ row(table, second))
        assert f"“{first}” and “{second}”" in visitor.find(".gx-cosine").inner_text()


def test_the_switch_for_a_to_z_asks_nothing_and_holds_in_all_scenes(calm: Visit, table: WordVectors) -> None:
    calm.open("numbers")
    niece = row(table, "niece")
    assert bars(calm) == nearest(table, niece, without=["niece"])[:6]
    with calm.no_request():
        calm.find("label:has-text('a–z only') input").check()
        assert bars(calm) == nearest(table, niece, without=["niece"], latin=True)[:6]
    assert nearest(table, niece)[:7] != nearest(table, niece, latin=True)[:7]
    for scene in ("map", "arithmetic"):
        calm.go_to(scene)
        assert calm.find("label:has-text('a–z only') input").is_checked()
    assert bars(calm) == nearest(table, total(table, "niece − female + male"), latin=True)[:8]


def test_an_unknown_word_of_a_pair_can_be_exchanged_by_a_click(visitor: Visit) -> None:
    visitor.open("numbers")
    boxes = visitor.find("input[type=text]")
    with visitor.answer():
        boxes.last.fill("nephw")
    assert "nephw" in message(visitor)
    press(visitor, "nephew")  # a question that is answered already
    visitor.settle()
    assert [box.input_value() for box in boxes.all()] == ["niece", "nephew"]
    assert not visitor.find(".gx-scene > .gx-message").is_visible()


# ── own axes ─────────────────────────────────────────────────────────────────────────────────────────────────


def projections(
    table: WordVectors, ends: Sequence[str], words: Sequence[str], among: Sequence[str] = ()
) -> dict[str, tuple[float, float]]:
    """How far each word lies from the middle of two ends, along the line from one to the other: for two lines."""

    def along(word: str, first: str, second: str) -> float:
        one, other = row(table, first), row(table, second)
        return float((row(table, word) - (one + other) / 2) @ (other - one) / np.linalg.norm(other - one))

    left, right, bottom, top = ends
    return {word: (along(word, left, right), along(word, bottom, top)) for word in [*words, *among]}


def set_ends(visitor: Visit, ends: Sequence[str]) -> None:
    """What is answered already is not asked again."""
    boxes = visitor.find(".gx-ends input")
    if [box.input_value() for box in boxes.all()] == list(ends):
        return
    with visitor.answer():
        for box, word in zip(boxes.all(), ends, strict=True):
            box.fill(word)


def test_words_stand_where_their_projections_are(calm: Visit, table: WordVectors) -> None:
    page = calm.open("axes")
    ends, words = ("cat", "dog", "small", "large"), TEXTS["axes"]["presets"][0]["words"]
    set_ends(calm, ends)
    expected = projections(table, ends, words)
    check_places(places(calm), expected, one_scale=False)
    with calm.no_request():
        calm.find(".gx-point[data-word=uncle]").hover()
        x, y = (signed(number) for number in expected["uncle"])
        assert calm.find(".gx-panel [role=status], p[role=status]").first.inner_text() == (
            f"uncle: {x} towards “dog”, {y} towards “large”."
        )
        page.get_by_label("Show the ends").check()
        check_places(places(calm), projections(table, ends, words, among=ends))


def test_ends_that_are_exchanged_mirror_the_map(calm: Visit) -> None:
    calm.open("axes")
    set_ends(calm, ("male", "female", "young", "old"))
    before = places(calm)
    set_ends(calm, ("female", "male", "young", "old"))
    after = places(calm)
    sums = [before[word][0] + after[word][0] for word in before]
    assert max(sums) - min(sums) < 1
    assert max(abs(before[word][1] - after[word][1]) for word in before) < 1
    assert max(abs(before[word][0] - after[word][0]) for word in before) > 100


def test_every_example_of_axes_can_be_chosen(calm: Visit, table: WordVectors) -> None:
    calm.open("axes")
    for preset in reversed(TEXTS["axes"]["presets"]):
        with calm.answer():
            calm.find("select").select_option(label=preset["label"])
        ends = (*preset["horizontal"], *preset["vertical"])
        assert tuple(box.input_value() for box in calm.find(".gx-ends input").all()) == ends
        check_places(places(calm), projections(table, ends, preset["words"]), one_scale=False)


def test_an_axis_needs_two_different_ends(calm: Visit) -> None:
    calm.open("axes")
    set_ends(calm, ("old", "OLD", "young", "male"))
    assert "Both ends" in message(calm)
    set_ends(calm, ("old", "young", "old", "young"))
    assert "cosine 1.00" in calm.find(".gx-work").inner_text()


# ── play ─────────────────────────────────────────────────────────────────────────────────────────────────────


def best_answer(table: WordVectors, formula: str) -> str:
    typed = [table.spelling(term.word) for term in parse_formula(formula)]
    return nearest(table, total(table, formula), without=typed, latin=True)[0][0]


def odd_one(table: WordVectors, words: Sequence[str]) -> str:
    rows = np.stack([row(table, word) for word in words])
    return words[int((rows @ rows.T).sum(axis=1).argmin())]


@pytest.mark.parametrize("game", ["Where does it land?", "Odd one out"])
def test_a_whole_game_is_played_by_keyboard(calm: Visit, table: WordVectors, game: str) -> None:
    page = calm.open("play")
    press(calm, game)
    rounds = TEXTS["bank"]["formulas"] if game.startswith("Where") else TEXTS["bank"]["groups"]
    seen, points = set(), 0
    with calm.no_request():
        for number in range(1, len(rounds) + 1):
            assert f"Round {number} of {len(rounds)}" in calm.find(".gx-quiz").inner_text()
            assert not calm.find(".gx-chart:visible").count()
            options = [one.split(": ", 1)[1] for one in calm.find(".gx-option").all_inner_texts()]
            assert len(set(options)) == len(options) == 4
            if game.startswith("Where"):
                formula = calm.find(".gx-formula").inner_text().removesuffix(" = ?")
                answer = best_answer(table, formula)
                seen.add(formula)
            else:
                answer = odd_one(table, options)
                seen.add(frozenset(options))
            guess = options.index(answer) if number % 2 else number % 4
            page.keyboard.press(str(guess + 1))
            page.keyboard.press(str((guess + 1) % 4 + 1))
            points += options[guess] == answer
            assert calm.find(".gx-score").inner_text() == f"Score: {points} of {number}"
            assert f"“{answer}”" in calm.find(".gx-verdict").inner_text()
            assert ("Yes" in calm.find(".gx-verdict").inner_text()) == (options[guess] == answer)
            assert calm.find(".gx-option.gx-answer").inner_text().endswith(f": {answer}")
            assert calm.find(".gx-chart:visible").count() == 1
            if number < len(rounds):
                page.keyboard.press("Enter")
    assert len(seen) == len(rounds)
    assert "last round" in calm.find(".gx-verdict").inner_text()
    assert not calm.find("button:text-is('Next round')").is_visible()


def test_the_right_option_is_written_like_the_others(calm: Visit) -> None:
    calm.open("play")
    calm.find(".gx-option").first.click()
    written = "(one) => ['textAlign', 'display', 'flexDirection'].map((name) => getComputedStyle(one)[name])"
    right, other = calm.find(".gx-option.gx-answer").first, calm.find(".gx-option:not(.gx-answer)").first
    assert right.evaluate(written) == other.evaluate(written)


def test_each_game_keeps_its_own_score_and_a_new_game_begins_at_zero(calm: Visit) -> None:
    page = calm.open("play")
    page.keyboard.press("1")
    press(calm, "Odd one out")
    assert calm.find(".gx-score").inner_text() == "Score: 0 of 0"
    press(calm, "Where does it land?")
    assert calm.find(".gx-score").inner_text().endswith("of 1")
    with calm.answer():
        press(calm, "New game")
    assert calm.find(".gx-score").inner_text() == "Score: 0 of 0"
    assert "Round 1 of" in calm.find(".gx-quiz").inner_text()


def test_a_seed_deals_the_game_of_the_backend(calm: Visit, table: WordVectors) -> None:
    calm.open("play")
    seed = calm.page.get_by_label("Seed").locator("visible=true")
    with calm.answer():
        seed.fill("7")
        seed.press("Enter")
    expected = backend.deal_game(table, TEXTS["bank"]["formulas"], TEXTS["bank"]["groups"], 7).sums[0]
    assert calm.find(".gx-formula").inner_text() == f"{expected.formula} = ?"
    assert calm.find(".gx-option").all_inner_texts() == [f"{at}: {word}" for at, word in enumerate(expected.options, 1)]


# ── what nobody should type ──────────────────────────────────────────────────────────────────────────────────


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
