"""The scene of two words and their numbers, used as by a visitor, and held against numpy on the planted table."""

from __future__ import annotations

import re

import pytest
from visiting import Visit
from word_vectors import TEXTS, bars, message, nearest, press, row, signed, total

from genai_demo.models.word_vectors import WordVectors


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
