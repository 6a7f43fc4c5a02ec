"""From token ids back to text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from genai_demo.models.token_text import characters_on_first_token

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
WHOLE_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@st.composite
def cut_anywhere(draw):
    """A text, and its bytes cut into pieces wherever it pleases, empty ones included."""
    text = draw(WHOLE_TEXT)
    data = text.encode()
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return text, [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@given(cut_anywhere())
def test_cut_between_any_two_bytes_a_text_stays_whole(case):
    text, pieces = case
    assert "".join(characters_on_first_token(pieces)) == text


@given(WHOLE_TEXT)
def test_a_character_in_single_bytes_sits_on_the_first_of_them(text):
    shown = characters_on_first_token([bytes([byte]) for byte in text.encode()])
    assert list(shown) == [part for character in text for part in (character, *[""] * (len(character.encode()) - 1))]


@given(st.lists(st.binary(max_size=6)))
def test_bytes_that_are_no_character_never_raise_and_cost_no_other_character(pieces):
    shown = characters_on_first_token(pieces)
    assert len(shown) == len(pieces)
    expected = b"".join(pieces).decode(errors="replace")  # counts differ: one sign a byte here, one a sequence there
    assert "".join(shown).replace(UNKNOWN, "") == expected.replace(UNKNOWN, "")


def test_each_byte_that_is_no_character_is_seen():
    assert characters_on_first_token([b"a\xff", b"\x80", b"b"]) == ("a" + UNKNOWN, UNKNOWN, "b")


def test_an_unfinished_character_at_the_end_is_seen():
    assert characters_on_first_token([b"a", b"\xf0\x9f"]) == ("a", 2 * UNKNOWN)
