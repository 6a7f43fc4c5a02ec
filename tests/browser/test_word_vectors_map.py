"""The map of words in two and in three dimensions, used as by a visitor, and held against numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from playwright.sync_api import expect
from visiting import Visit
from word_vectors import FAMILY, THEMES, add_words, bars, check_places, message, nearest, places, press, row

from genai_demo.features.word_vectors import backend
from genai_demo.features.word_vectors.maps import WordMap
from genai_demo.models.word_vectors import WordVectors


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
