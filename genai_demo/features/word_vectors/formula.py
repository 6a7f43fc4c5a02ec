"""Formulas of words, such as `niece − female + male` or `king - 0.5 × man`: read, and written again.

formula = [sign] term (sign term)*      sign = + or − (also the hyphen and the dashes)
term    = [number [×]] word             × may be * or · too; a number has a decimal point or comma

Full-width letters, digits and signs (ｋｉｎｇ － ｍａｎ) are read as the ordinary ones; what has no shape (soft
hyphens, zero-width spaces, marks of direction) and the quotation marks around a word are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ...errors import InvalidParameter, TextTooLong
from .errors import EmptyFormula, OnlyMinusTerms, TooManyWords, UnreadableFormula

MAX_TERMS = 20
MAX_CHARACTERS = 2_000
LARGEST_WEIGHT = 100.0

PLUS_SIGNS = "+﬩﹢➕"
MINUS_SIGNS = r"\-−‐‑‒–—―⁃﹘﹣➖"  # inside […]
TIMES_SIGNS = "×*·⋅∙∗✕✖"
QUOTES = "\"'`´“”„‟‘’‚‛«»‹›「」『』"
JOINERS = "\u200c\u200d"  # they belong to words of some scripts, but not to their ends
_SHAPELESS = [
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *map(ord, "\xad\u061c\u180e\u200b\u200e\u200f\ufe0e\ufe0f\ufeff"),
]
_ORDINARY: dict[int, int | None] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},  # the full-width forms of ASCII
    **dict.fromkeys(_SHAPELESS),
}
_PART = re.compile(
    rf"(?P<plus>[{PLUS_SIGNS}])|(?P<minus>[{MINUS_SIGNS}])|(?P<times>[{TIMES_SIGNS}])|(?P<number>[0-9]+(?:[.,][0-9]+)?)"
    rf"|(?P<word>[^\s{PLUS_SIGNS}{MINUS_SIGNS}{TIMES_SIGNS}]+)"
)


@dataclass(frozen=True)
class Term:
    """A word as it was typed (`~word`: the mean of its pieces), and how many times its vector is added."""

    word: str
    weight: float = 1.0


def parse_formula(text: str) -> tuple[Term, ...]:
    """The terms of a formula, in the order in which they stand.

    >>> parse_formula("niece − female + 0.5 × male")
    (Term(word='niece', weight=1.0), Term(word='female', weight=-1.0), Term(word='male', weight=0.5))

    Raises:
        EmptyFormula, UnreadableFormula, OnlyMinusTerms, TooManyWords, TextTooLong: it cannot be read as a sum.
        InvalidParameter: a weight that is 0, or larger than 100.
    """
    if len(text) > MAX_CHARACTERS:
        raise TextTooLong(length=len(text), limit=MAX_CHARACTERS, unit="characters")
    parts = _parts(text.translate(_ORDINARY))
    if not parts:
        raise EmptyFormula()
    terms: list[Term] = []
    position = 0
    while position < len(parts):
        term, position = _read_term(parts, position, first=not terms)
        terms.append(term)
    if len(terms) > MAX_TERMS:
        raise TooManyWords(count=len(terms), limit=MAX_TERMS)
    if all(term.weight < 0 for term in terms):
        raise OnlyMinusTerms()
    return tuple(terms)


def _parts(text: str) -> list[tuple[str, str]]:
    """(kind, text) of each part, words without the quotation marks around them."""
    found = []
    for match in _PART.finditer(text):
        kind, part = str(match.lastgroup), match.group()
        if kind == "word":
            part = part.strip(QUOTES + JOINERS)
        if part:
            found.append((kind, part))
    return found


def _read_term(parts: list[tuple[str, str]], position: int, *, first: bool) -> tuple[Term, int]:
    """The term that begins at `position`, with its sign, and where the next one begins."""
    begin = position

    def take(kind: str) -> str | None:
        nonlocal position
        if position < len(parts) and parts[position][0] == kind:
            position += 1
            return parts[position - 1][1]
        return None

    plus, minus = take("plus"), take("minus")
    number = take("number")
    if number:
        take("times")
    word = take("word")
    if word is None or (plus and minus) or not (first or plus or minus):
        raise UnreadableFormula(part=" ".join(text for _, text in parts[begin : position + 1]))
    weight = float(number.replace(",", ".")) if number else 1.0
    if not 0 < weight <= LARGEST_WEIGHT:
        raise InvalidParameter(name="a weight", value=number, allowed=f"more than 0 and at most {LARGEST_WEIGHT:g}")
    return Term(word, -weight if minus else weight), position


def write_formula(terms: tuple[Term, ...]) -> str:
    """The formula that `parse_formula` reads as `terms`."""
    written = " ".join(f"{'−' if term.weight < 0 else '+'} {_write_weight(term)}{term.word}" for term in terms)
    return written.removeprefix("+ ")


def _write_weight(term: Term) -> str:
    weight = abs(term.weight)
    return "" if weight == 1 else f"{np.format_float_positional(weight, trim='-')} × "
