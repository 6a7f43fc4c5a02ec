"""Numbers that the real model gives: pinned, so that a change of weights, library or device is noticed."""

from __future__ import annotations

import pytest

from genai_demo.features.next_word import backend
from genai_demo.models.language import LanguageModel
from genai_demo.models.sampling import SamplingSettings

pytestmark = pytest.mark.model

PHONE = "I picked up my phone to"


def test_the_worked_example_has_its_pinned_probabilities(real: LanguageModel) -> None:
    near = 0.01 if real.origin.device == "cpu" else 0.03
    result = backend.next_token(real, PHONE, watch=["call", "check", "eat"])
    call, check, eat = result.watched
    assert call.probability == pytest.approx(0.197, abs=near)
    assert check.probability == pytest.approx(0.123, abs=near)
    assert 0.00003 < eat.probability < 0.0003
    assert [one.text for one in result.candidates[:2]] == [" call", " check"]
    assert result.other_count == 262_144 - 50


def test_greedy_writing_goes_round_in_circles(real: LanguageModel) -> None:
    *_, last = backend.generate(real, PHONE, SamplingSettings(temperature=0), max_new_tokens=40)
    assert last.text.startswith(" call my mom and she said, “I’m so sorry, I can’t hear you.”")
    assert last.text.count("I’m so sorry, I can’t hear you.") == 2


def test_unforgettable_is_cut_in_two_but_whole_after_a_space(real: LanguageModel) -> None:
    assert [token.text for token in real.encode("unforgettable")] == ["un", "forgettable"]
    assert [token.text for token in real.encode(" unforgettable")] == [" unforgettable"]
    assert backend.tokenize(real, "").tokens[0].text == "<bos>"


def test_the_labels_of_the_two_reviews_are_right(real: LanguageModel) -> None:
    bad = "Review: The film was a complete waste of two hours. Sentiment:"
    good = "Review: I laughed, I cried, I want to see it again tomorrow. Sentiment:"
    for prompt, label in ((bad, "negative"), (good, "positive")):
        words = backend.next_token(real, prompt, watch=["positive", "negative"]).watched
        assert max(words, key=lambda word: word.probability).word == label


@pytest.mark.parametrize(
    ("vague", "concrete"),
    [
        ("Tell me about the", "In 1969, Neil Armstrong walked on the"),
        ("My favourite colour is", "Roses are red, violets are"),
        ("The weather", "Water boils at 100 degrees"),
        ("I like the poems of", "I like"),  # the counter-example: here the longer prompt spreads the choice
    ],
)
def test_the_pairs_of_prompts_show_what_they_claim(real: LanguageModel, vague: str, concrete: str) -> None:
    choices = [backend.next_token(real, prompt).effective_choices for prompt in (vague, concrete)]
    assert choices[0] > 3 * choices[1]


def test_an_unexpected_ending_costs_more(real: LanguageModel) -> None:
    plain = backend.surprise(real, "The cat sat on the mat.")
    odd = backend.surprise(real, "The cat sat on the differential equation.")
    assert plain.mean_bits == pytest.approx(6.14, abs=0.1)
    assert odd.mean_bits > plain.mean_bits + 2


def test_without_a_prompt_it_expects_the_headline_of_a_web_page(real: LanguageModel) -> None:
    assert backend.next_token(real, "").candidates[0].text == "<h1>"
