"""No prompt that is learned from asks, in other words, what the evaluation asks."""

from __future__ import annotations

import pytest

from genai_demo.datasets.conversations.resemblance import learned_and_measured, nearest
from genai_demo.models.text_encoder import TextEncoder

THE_SAME = 0.9  # cosine; "What is 7 plus 8?" and "What is 7 plus 5?", the most alike pair of the project, are at 0.897


@pytest.mark.model
def test_what_is_measured_is_not_what_was_learned() -> None:
    pairs = nearest(TextEncoder.load(), *learned_and_measured())
    assert [pair for pair in pairs if pair.cosine >= THE_SAME] == []


@pytest.mark.model
def test_other_words_for_the_same_question_are_found() -> None:
    learned = ["how do i boil an egg", "what organ pumps blood thru the body"]
    measured = ["which organ pumps blood through the body", "How many legs does a spider have?"]
    first, last = nearest(TextEncoder.load(), learned, measured)
    assert (first.learned, first.measured) == (learned[1], measured[0])
    assert first.cosine > THE_SAME > last.cosine
