from __future__ import annotations

import pytest

from genai_demo.datasets.conversations.checks import CHECKS, count_sentences, mentions, satisfies

CASES = [
    ({"type": "bullets", "count": 2}, "Here you are:\n- one\n- two", "- one\n- two\n- three"),
    ({"type": "bullets", "count": 1}, "* one", "one"),
    ({"type": "numbered", "count": 2}, "1. one\n2. two", "1. one\n3. two"),
    ({"type": "lines", "count": 2}, "red\n\nblue", "red, blue"),
    ({"type": "sentences", "count": 2}, "It costs 2.50 euros. Really!", "It costs 2.50 euros."),
    ({"type": "sentences", "max": 1}, "No full stop", "One. Two."),
    ({"type": "sentences", "max": 1}, "A sentence.", ""),
    ({"type": "words", "count": 1}, "Honey.", "Bee honey."),
    ({"type": "max_words", "count": 3}, "Don't do it.", "Please don't do it."),
    ({"type": "contains", "words": ["moon", "bread"]}, "Bread on the Moon.", "Moonlight and bread."),
    ({"type": "starts_with", "text": "Of course"}, "Of course! It is.", "It is, of course."),
    ({"type": "ends_with", "text": "Good luck!"}, "Practise. Good luck!", "Good luck! Practise."),
    ({"type": "one_of", "answers": ["yes"]}, "Yes.", "Yes, it is."),
    ({"type": "uppercase"}, "WET FLOOR 2!", "Wet floor"),
    ({"type": "lowercase"}, "a lake is water.", "A lake is water."),
    ({"type": "number_only"}, "1,440", "It is 1440"),
]


@pytest.mark.parametrize(("check", "good", "bad"), CASES)
def test_a_check_tells_good_from_bad(check, good, bad):
    assert satisfies(check, good)
    assert not satisfies(check, bad)


def test_every_type_of_check_has_a_case():
    assert {check["type"] for check, _, _ in CASES} == set(CHECKS)


@pytest.mark.parametrize("check", [{}, {"type": "rhymes"}, {"type": "bullets"}, {"type": "sentences"}])
def test_a_check_that_is_none_is_refused(check):
    with pytest.raises(ValueError, match="check"):
        satisfies(check, "Yes.")


def test_a_fact_is_a_whole_word():
    assert mentions(["8", "eight"], "Spiders have EIGHT legs.")
    assert mentions(["8"], "The answer is 8.")
    assert not mentions(["8"], "The answer is 18, or 1.8, or 80.")
    assert mentions(["milky way"], "Our galaxy, the Milky Way, is large.")


def test_sentences_are_counted_with_quotes_and_without_an_end():
    assert count_sentences('He said "Stop." Then he left') == 2
    assert count_sentences("") == 0
