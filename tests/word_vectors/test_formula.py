"""Formulas of words: read as they are typed, and written back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.errors import (
    BadRequest,
    EmptyFormula,
    InvalidParameter,
    OnlyMinusTerms,
    TextTooLong,
    TooManyWords,
    UnreadableFormula,
)
from genai_demo.ui.messages import sentence
from genai_demo.word_vectors.formula import MAX_TERMS, Term, parse_formula, write_formula

WORDS = st.text(st.characters(categories=["L"]), min_size=1, max_size=12)
WEIGHTS = st.one_of(
    st.just(1.0), st.integers(1, 100).map(float), st.floats(0.001, 100).map(lambda weight: round(weight, 3))
)
TERMS = st.builds(lambda word, weight, sign: Term(word, sign * weight), WORDS, WEIGHTS, st.sampled_from([1, -1]))
FORMULAS = (
    st.lists(TERMS, min_size=1, max_size=MAX_TERMS)
    .filter(lambda terms: any(term.weight > 0 for term in terms))
    .map(tuple)
)


@given(FORMULAS)
def test_what_is_written_is_read_as_the_same_terms(terms):
    assert parse_formula(write_formula(terms)) == terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("niece − female + male", [("niece", 1), ("female", -1), ("male", 1)]),
        ("niece - female + male", [("niece", 1), ("female", -1), ("male", 1)]),
        ("niece–female—male", [("niece", 1), ("female", -1), ("male", -1)]),
        ("  king-man+woman ", [("king", 1), ("man", -1), ("woman", 1)]),
        ("man + 0.5 × old", [("man", 1), ("old", 0.5)]),
        ("man + 0,5*old", [("man", 1), ("old", 0.5)]),
        ("2 king − 1.5·man", [("king", 2), ("man", -1.5)]),
        ("− sad + happy", [("sad", -1), ("happy", 1)]),
        ("+ cat", [("cat", 1)]),
        ("two + two", [("two", 1), ("two", 1)]),
        ("~grandnephew + 姪", [("~grandnephew", 1), ("姪", 1)]),
        ("<script> + ${x}", [("<script>", 1), ("${x}", 1)]),
    ],
)
def test_signs_weights_and_spaces_are_read_however_they_are_typed(text, terms):
    assert parse_formula(text) == tuple(Term(word, float(weight)) for word, weight in terms)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", EmptyFormula),
        (" \n\t", EmptyFormula),
        ("− cat − dog", OnlyMinusTerms),
        ("cat dog", UnreadableFormula),
        ("cat +", UnreadableFormula),
        ("cat + − dog", UnreadableFormula),
        ("cat ++ dog", UnreadableFormula),
        ("3", UnreadableFormula),
        ("cat + 3 ×", UnreadableFormula),
        ("× cat", UnreadableFormula),
        ("0 × cat", InvalidParameter),
        ("cat + 101 dog", InvalidParameter),
        ("cat + 0.000 dog", InvalidParameter),
        ("+".join(["cat"] * 200), TooManyWords),
        ("a" * 10_000, TextTooLong),
        ("+" * 2_001, TextTooLong),
    ],
)
def test_what_is_no_sum_gets_a_sentence(text, error):
    with pytest.raises(error) as caught:
        parse_formula(text)
    assert len(sentence(caught.value)) > 20


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text):
    try:
        terms = parse_formula(text)
    except BadRequest:
        return
    assert parse_formula(write_formula(terms)) == terms
