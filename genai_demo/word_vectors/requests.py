"""What the browser asks for, and the answers: request (JSON) → backend → view → payload (JSON).

The recording script calls the same functions, so a recorded payload is what the page would have been sent.
"""

from __future__ import annotations

from ..errors import DemoError, InvalidParameter, TooFewWords
from ..models.word_vectors import PIECES_MARK, WordVectors
from ..ui.messages import sentence
from ..ui.request import Json, text_field, texts_field
from ..ui.texts import load_texts
from . import backend, view

NEIGHBOURS = 10
HOVER_NEIGHBOURS = 6
BANK = load_texts("genai_demo.word_vectors")["bank"]


def compare_words(vectors: WordVectors, request: Json) -> Json:
    """{words: [two]} → their numbers, cosine and neighbours."""
    first, second = _pair(request, "words")
    return view.comparison_payload(backend.compare(vectors, first, second, NEIGHBOURS))


def show_map(vectors: WordVectors, request: Json) -> Json:
    """{words, fitted, added} → a map of `words` and what is known of `added` on the axes of `fitted`.

    In three dimensions where there are enough words.
    """
    fitted, (added, refused) = texts_field(request, "fitted"), _known(vectors, texts_field(request, "added"))
    words = [*texts_field(request, "words"), *added]
    try:
        result = backend.word_map(vectors, words, 3, fitted, HOVER_NEIGHBOURS)
    except TooFewWords:
        result = backend.word_map(vectors, words, 2, fitted, HOVER_NEIGHBOURS)
    return view.map_payload(result, fitted or words) | refused


def work_out(vectors: WordVectors, request: Json) -> Json:
    """{formula, reference} → the sum, its steps on the map, and the words nearest to it."""
    formula = text_field(request, "formula")
    result = backend.arithmetic(vectors, formula, texts_field(request, "reference"), NEIGHBOURS)
    return view.arithmetic_payload(result, formula)


def place_words(vectors: WordVectors, request: Json) -> Json:
    """{horizontal: [left, right], vertical: [bottom, top], words, added} → words on two axes."""
    horizontal, vertical = _pair(request, "horizontal"), _pair(request, "vertical")
    added, refused = _known(vectors, texts_field(request, "added"))
    words = [*texts_field(request, "words"), *added]
    return view.axes_payload(backend.own_axes(vectors, horizontal, vertical, words)) | refused


def deal_game(vectors: WordVectors, request: Json) -> Json:
    """{seed} → all rounds of both games."""
    seed = request.get("seed", 0)
    return view.game_payload(backend.deal_game(vectors, BANK["formulas"], BANK["groups"], seed), seed)


def _known(vectors: WordVectors, added: list[str]) -> tuple[list[str], Json]:
    """Those of `added` that the table has, and {refused: {words, error, offers}} where it lacks some.

    Raises:
        DemoError: it has none of them; what is wrong with the first.
    """
    known, unknown = list[str](), list[str]()
    for word in added:
        has_vector = word.strip().startswith(PIECES_MARK) or vectors.row(word) is not None
        (known if has_vector else unknown).append(word)
    if not unknown:
        return known, {}
    try:
        vectors.spelling(unknown[0])
    except DemoError as error:
        if not known:
            raise
        return known, {"refused": {"words": unknown, "error": sentence(error), "offers": error.offers}}
    return added, {}


def _pair(request: Json, name: str) -> tuple[str, str]:
    values = texts_field(request, name)
    if len(values) != 2:
        raise InvalidParameter(name=name, value="this", allowed="two words")
    return values[0], values[1]
