"""Formulas of words: read as they are typed, and written back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.errors import BadRequest, InvalidParameter, TextTooLong
from genai_demo.features.word_vectors.errors import EmptyFormula, OnlyMinusTerms, TooManyWords, UnreadableFormula
from genai_demo.features.word_vectors.formula import MAX_TERMS, Term, parse_formula, write_formula
from genai_demo.page.messages import sentence

LETTERS = st.characters(categories=["L"]).filter(lambda letter: not "！" <= letter <= "～")  # these are read as a–z
WORDS = st.text(LETTERS, min_size=1, max_size=12)
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
        ("ｋｉｎｇ － ｍａｎ ＋ ０．５ ＊ ｗｏｍａｎ", [("king", 1), ("man", -1), ("woman", 0.5)]),
        ("“king” − 'man' + \"woman\"", [("king", 1), ("man", -1), ("woman", 1)]),
        ("„niece“ − «female» + ‘male’ ", [("niece", 1), ("female", -1), ("male", 1)]),
        ("“ king ” - “man”", [("king", 1), ("man", -1)]),
        ("“niece − female + male”", [("niece", 1), ("female", -1), ("male", 1)]),
        ("l’homme + don't", [("l’homme", 1), ("don't", 1)]),
        ("ki\u00adng\u00a0−\u00a0man\u200b", [("king", 1), ("man", -1)]),
        ("\ufeffking\u2009‒\u202fman\u3000➕\u200ewoman", [("king", 1), ("man", -1), ("woman", 1)]),
        ("king ― man ➖ old", [("king", 1), ("man", -1), ("old", -1)]),
        ("می\u200cخواهم + بد\u200c", [("می\u200cخواهم", 1), ("بد", 1)]),
    ],
)
def test_signs_weights_and_spaces_are_read_however_they_are_typed(text, terms):
    assert parse_formula(text) == tuple(Term(word, float(weight)) for word, weight in terms)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", EmptyFormula),
        (" \n\t", EmptyFormula),
        ("“”\u200b", EmptyFormula),
        ("cat + “ ”", UnreadableFormula),
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


SIGNS = {1: st.sampled_from(["+", "＋", "﹢", "➕"]), -1: st.sampled_from([*"−-–—‐‑‒―﹣－➖"])}
UNSEEN = st.text(st.sampled_from("\u00ad\u200b\u2060\ufeff\u200e\ufe0f \u00a0\u2009\u3000"), max_size=4)
QUOTED = st.sampled_from(["", "“”", "„“", "‘’", "''", '""', "«»", "「」"])


@given(FORMULAS, st.data())
def test_signs_quotes_and_what_cannot_be_seen_change_nothing(terms, data):
    def typed(term: Term) -> str:
        sign, quotes = data.draw(SIGNS[1 if term.weight > 0 else -1]), data.draw(QUOTED)
        weight = f"{np.format_float_positional(abs(term.weight), trim='-')} "
        gap = data.draw(UNSEEN)
        return f"{sign}{gap}{weight}{quotes[:1]}{term.word}{quotes[1:]}{gap}"

    assert parse_formula("".join(map(typed, terms))) == terms


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=40))
def test_full_width_characters_are_read_as_the_ordinary_ones(text):
    wide = text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    assert outcome(wide) == outcome(text)


def outcome(text: str) -> object:
    try:
        return parse_formula(text)
    except BadRequest as error:
        return type(error), error.facts
