"""How tests use the scenes of the Word-vectors tab, and what numpy says of the planted table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from visiting import Visit

from genai_demo.features.word_vectors.formula import parse_formula
from genai_demo.models.word_vectors import WordVectors
from genai_demo.page.texts import load_texts

TEXTS = load_texts("genai_demo.features.word_vectors")
FAMILY = TEXTS["common"]["themes"][0]["words"]
THEMES = {theme["label"]: theme["words"] for theme in TEXTS["common"]["themes"]}

Places = Mapping[str, Sequence[float]]


# ── what numpy says ──────────────────────────────────────────────────────────────────────────────────────────


def row(table: WordVectors, word: str) -> np.ndarray:
    return table.unit[[one.lower() for one in table.words].index(word.lower())].astype(np.float64)


def total(table: WordVectors, formula: str) -> np.ndarray:
    return sum(term.weight * row(table, term.word) for term in parse_formula(formula))  # type: ignore[return-value]


def nearest(table: WordVectors, vector: np.ndarray, without: Sequence[str] = (), latin: bool = False) -> list[tuple]:
    """All words and their cosines with `vector`, as the page writes them, best first."""
    cosines = table.unit.astype(np.float64) @ (vector / np.linalg.norm(vector))
    ranked = [(table.words[index], signed(cosines[index])) for index in np.argsort(-cosines)]
    return [one for one in ranked if one[0] not in without and not (latin and not re.fullmatch("[A-Za-z]+", one[0]))]


def signed(number: float) -> str:
    written = f"{abs(number):.2f}"
    return f"−{written}" if number < 0 and float(written) else written


def best_answer(table: WordVectors, formula: str) -> str:
    typed = [table.spelling(term.word) for term in parse_formula(formula)]
    return nearest(table, total(table, formula), without=typed, latin=True)[0][0]


# ── what the page shows ──────────────────────────────────────────────────────────────────────────────────────


def bars(visitor: Visit, chart: int = 0) -> list[tuple[str, str]]:
    """Label and number of each visible bar."""
    shown = visitor.find(".gx-chart:visible").nth(chart).locator("li:visible")
    return list(
        zip(
            shown.locator(".gx-bar-label").all_inner_texts(),
            shown.locator(".gx-bar-number").all_inner_texts(),
            strict=True,
        )
    )


def places(visitor: Visit) -> dict[str, tuple[float, float]]:
    """Where the map shows each word, in pixels, once nothing moves."""
    visitor.page.wait_for_timeout(800)
    found = visitor.find(".gx-point").evaluate_all(
        """(all) => all.map((one) => {
          const { e, f } = one.transform.baseVal[0].matrix;
          return [one.dataset.word, e, f];
        })"""
    )
    return {word: (x, y) for word, x, y in found}


def check_places(shown: Places, expected: Places, one_scale: bool = True, upward: bool = True) -> None:
    """The picture is `expected`, moved and enlarged, and nothing else; `upward`: its second number grows upwards."""
    assert set(shown) == set(expected)
    scales = []
    for axis in (0, 1):
        there, here = (np.array([where[word][axis] for word in expected]) for where in (expected, shown))
        scale, offset = np.polyfit(there, here, 1)
        assert np.abs(scale * there + offset - here).max() < 0.7
        scales.append(scale * (-1 if axis and upward else 1))
    assert min(scales) > 0
    if one_scale:
        assert scales[0] == pytest.approx(scales[1], rel=0.02)


def press(visitor: Visit, name: str) -> None:
    visitor.find(f"button:text-is('{name}')").click()


def message(visitor: Visit) -> str:
    return visitor.find(".gx-scene > .gx-message").inner_text()


def add_words(visitor: Visit, words: str) -> None:
    visitor.find(".gx-add input").fill(words)
    with visitor.answer():
        visitor.find(".gx-add input").press("Enter")
