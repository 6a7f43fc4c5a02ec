from __future__ import annotations

import pytest

from genai_demo.datasets.conversations.wording import (
    comforts,
    fingerprint,
    first_sentence,
    five_grams,
    is_near_duplicate,
    near_duplicates,
    overlap,
    refuses_plainly,
    shared_openings,
    words,
)


def test_words_keep_apostrophes_and_lose_punctuation():
    assert words("Don’t, she said: it's 2.50!") == ("don't", "she", "said", "it's", "2", "50")


def test_five_grams_are_the_runs_of_five():
    assert five_grams("one two three four five six") == {
        ("one", "two", "three", "four", "five"),
        ("two", "three", "four", "five", "six"),
    }
    assert five_grams("too short a text") == frozenset()


def test_the_first_sentence_keeps_its_decimal_point():
    assert first_sentence("It costs 2.50 euros. Thank you.") == "It costs 2.50 euros."


def test_openings_are_shared_by_their_first_four_words():
    share, (opening, count) = shared_openings(["I am a small model.", "i am, a small thing", "Hello.", "The sea"])
    assert (share, opening, count) == (0.5, "i am a small", 2)
    assert shared_openings([]) == (0.0, ("", 0))


def test_overlap_is_a_share_of_the_first_texts():
    assert overlap(["a b c d e"], ["x a b c d e y"]) == 1
    assert overlap(["a b c d e f"], ["a b c d e"]) == 0.5
    assert overlap([], ["a b c d e"]) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the capital of France?", "whats the capital of france"),
        ("How do I boil an egg?", "how can i boil eggs"),
        ("Write a short poem about the wind.", "a poem about wind, short please"),
        ("hi", "Hi!"),
        ("Explain to my little son why the sea is so blue today", "my little son: why the sea is so blue"),
    ],
)
def test_the_same_prompt_in_other_words_is_a_near_duplicate(one, other):
    assert is_near_duplicate(fingerprint(one), fingerprint(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the capital of France?", "What is the capital of Spain?"),
        ("How do I write a poem?", "How do I write a letter?"),
        ("hi", "bye"),
        ("who are you", "what is it"),
    ],
)
def test_the_same_frame_alone_is_none(one, other):
    assert not is_near_duplicate(fingerprint(one), fingerprint(other))


def test_pairs_are_found_within_one_set_and_between_two():
    ones = ["How do I boil an egg?", "hi", "what is it"]
    assert near_duplicates(ones) == []
    assert near_duplicates([*ones, "Hi!"]) == [("hi", "Hi!")]
    assert near_duplicates(ones, ["boil eggs", "bye", "What is it?"]) == [
        ("How do I boil an egg?", "boil eggs"),
        ("what is it", "What is it?"),
    ]


def test_a_refusal_stands_in_the_first_sentence():
    assert refuses_plainly("Sorry, I can’t help with that. Try this.")
    assert refuses_plainly("Stealing isn't something I can help with. Ask a food bank.")
    assert not refuses_plainly("Violence is bad. I can't help with it.")
    assert not refuses_plainly("Sure, here is how.")


def test_comfort_needs_warmth_and_a_place_to_find_help():
    assert comforts("I'm so sorry that it hurts. Please call a crisis line.")
    assert not comforts("I'm so sorry that it hurts.")
    assert not comforts("Call a crisis line.")
