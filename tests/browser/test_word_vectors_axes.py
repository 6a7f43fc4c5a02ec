"""The scene whose axes are chosen by their ends, used as by a visitor, and held against numpy on the planted table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from visiting import Visit
from word_vectors import TEXTS, check_places, message, places, row, signed

from genai_demo.models.word_vectors import WordVectors


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
