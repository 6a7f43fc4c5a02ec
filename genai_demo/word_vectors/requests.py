"""What the browser asks for, and the answers: request (JSON) → backend → view → payload (JSON).

The recording script calls the same functions, so a recorded payload is what the page would have been sent.
"""

from __future__ import annotations

from ..errors import InvalidParameter, TooFewWords
from ..models.word_vectors import WordVectors
from ..ui.request import Json, text_field, texts_field
from . import backend, view
from .examples import bank_for

NEIGHBOURS = 10
HOVER_NEIGHBOURS = 6


def compare_words(vectors: WordVectors, request: Json) -> Json:
    """{words: [two]} → their numbers, cosine and neighbours."""
    first, second = _pair(request, "words")
    return view.comparison_payload(backend.compare(vectors, first, second, NEIGHBOURS))


def show_map(vectors: WordVectors, request: Json) -> Json:
    """{words, fitted} → a map of `words` on the axes of `fitted`: in three dimensions where there are enough words."""
    words, fitted = texts_field(request, "words"), texts_field(request, "fitted")
    try:
        result = backend.word_map(vectors, words, 3, fitted, HOVER_NEIGHBOURS)
    except TooFewWords:
        result = backend.word_map(vectors, words, 2, fitted, HOVER_NEIGHBOURS)
    return view.map_payload(result, fitted or words)


def work_out(vectors: WordVectors, request: Json) -> Json:
    """{formula, reference} → the sum, its steps on the map, and the words nearest to it."""
    formula = text_field(request, "formula")
    result = backend.arithmetic(vectors, formula, texts_field(request, "reference"), NEIGHBOURS)
    return view.arithmetic_payload(result, formula)


def place_words(vectors: WordVectors, request: Json) -> Json:
    """{horizontal: [left, right], vertical: [bottom, top], words} → words on two axes."""
    horizontal, vertical = _pair(request, "horizontal"), _pair(request, "vertical")
    return view.axes_payload(backend.own_axes(vectors, horizontal, vertical, texts_field(request, "words")))


def deal_game(vectors: WordVectors, request: Json) -> Json:
    """{seed} → all rounds of both games."""
    seed = request.get("seed", 0)
    return view.game_payload(backend.deal_game(vectors, *bank_for(vectors), seed), seed)


def _pair(request: Json, name: str) -> tuple[str, str]:
    values = texts_field(request, name)
    if len(values) != 2:
        raise InvalidParameter(name=name, value="this", allowed="two words")
    return values[0], values[1]
