"""A small table of vectors for the page: every word that its texts mention, with some analogies planted in it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from genai_demo.asks import Json
from genai_demo.features.word_vectors.formula import parse_formula
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader
from genai_demo.models.word_vectors import Pieces, TableOrigin, WordVectors, centred
from genai_demo.page.texts import load_texts

DIMENSIONS = 24
OTHER_LETTERS = ("Nichte", "племянница", "姪", "größe", "собака")  # the first is written with a–z
# a is to b as c is to d: a − b = c − d, but for the centring, which changes nothing.
PLANTED = {
    "sex": (("female", "male"), ("niece", "nephew"), ("woman", "man"), ("queen", "king"), ("actress", "actor")),
    "past": (("walked", "walk"), ("went", "go"), ("ate", "eat")),
    "young": (("puppy", "dog"), ("kitten", "cat")),
}


def planted_loader(language: Loader[LanguageModel]) -> Loader[WordVectors]:
    """The table is there as soon as the language model is."""
    return Loader("The planted table", lambda _: planted_table(), needs=(language,))


def planted_table() -> WordVectors:
    """Random vectors, but alike within each theme and with the analogies of `PLANTED`."""
    raw = {word.lower(): _noise(word) for word in _words()}
    texts = load_texts("genai_demo.features.word_vectors")
    groups = [theme["words"] for theme in texts["common"]["themes"]] + texts["bank"]["groups"]
    for number, group in enumerate(groups):
        for word in group:
            raw[word.lower()] = raw[word.lower()] + 0.5 * _noise(f"group {number}")
    for name, pairs in PLANTED.items():
        for one, other in pairs:
            raw[one] = raw[other] + 1.2 * _noise(name)
    raw["племянница"] = raw["niece"] + 0.3 * _noise("a little")
    raw["собака"] = raw["dog"] + 0.3 * _noise("little")
    unit, mean = centred(np.stack([raw[word.lower()] for word in _words()]).astype(np.float32))
    words, dimensions = unit.shape
    origin = TableOrigin(
        "planted", "a table planted for tests", "full precision", "cpu", "float32", words, dimensions, inside_model=True
    )
    return WordVectors(_words(), unit, mean, origin, _cut)


def _cut(word: str) -> Pieces:
    texts = (word[:3], word[3:]) if len(word) > 3 else (word,)
    return Pieces(texts, np.stack([_noise(text) for text in texts]).astype(np.float32))


def _noise(name: str) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(name.lower().encode())).normal(size=DIMENSIONS)


def _words() -> list[str]:
    """Each word once, whatever its case, those of a–z first."""
    found: dict[str, str] = {}
    for word in (*_mentioned(load_texts("genai_demo.features.word_vectors")), *OTHER_LETTERS):
        found.setdefault(word.lower(), word)
    return sorted(found.values(), key=lambda word: not re.fullmatch("[A-Za-z]+", word))


def _mentioned(texts: Json) -> Iterator[str]:
    yield from (word for theme in texts["common"]["themes"] for word in theme["words"])
    yield from (word for preset in texts["numbers"]["presets"] for word in preset["words"])
    for preset in texts["axes"]["presets"]:
        yield from (*preset["horizontal"], *preset["vertical"], *preset["words"])
    yield from (word for group in texts["bank"]["groups"] for word in group)
    formulas: list[Any] = texts["arithmetic"]["presets"] + texts["arithmetic"]["failures"]
    for formula in [*(one["formula"] for one in formulas), *texts["bank"]["formulas"]]:
        yield from (term.word for term in parse_formula(formula))
    yield from ("queen", "nephew", "pizza", "Rome", "ate")
