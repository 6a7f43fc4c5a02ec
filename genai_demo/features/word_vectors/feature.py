"""The Word-vectors tab: its five scenes, and what they and other programs may ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated

from ...asks import Ask, Feature, Json, Loader, Openings
from ...errors import DemoError
from ...models.word_vectors import PIECES_MARK, WordVectors
from ...page.messages import explanation
from ...params import ListOf, Seed, Whole
from . import backend, view
from .errors import TooFewWords
from .examples import bank_for, texts_for
from .neighbours import MAX_NEIGHBOURS

NAME = "word_vectors"
NEIGHBOURS = 10
HOVER_NEIGHBOURS = 6
MANY = 1_000  # words that are looked at: fewer are shown, and that is said by the backend

Words = Annotated[tuple[str, ...], ListOf(MANY)]
Pair = Annotated[tuple[str, ...], ListOf(2, least=2)]
Count = Annotated[int, Whole(1, MAX_NEIGHBOURS)]


# ── what the scenes ask ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class TwoWords:
    """Two words."""

    words: Pair


@dataclass(frozen=True)
class Shown:
    """Words to be shown on a map. fitted: the words whose axes it has; without them, its own. Some may be unknown."""

    words: Words
    fitted: Words = ()


@dataclass(frozen=True)
class Sum:
    """A formula. reference: the words whose axes its map has."""

    formula: str
    reference: Words = ()


@dataclass(frozen=True)
class Axes:
    """Words, of which some may be unknown, to be placed on two axes from one pole to another."""

    horizontal: Pair
    vertical: Pair
    words: Words


@dataclass(frozen=True)
class Deal:
    """Which game."""

    seed: Seed = 0


def compare_words(vectors: WordVectors, asked: TwoWords) -> Json:
    """Their numbers, cosine and neighbours."""
    return view.comparison_payload(backend.compare(vectors, asked.words[0], asked.words[1], NEIGHBOURS))


def show_map(vectors: WordVectors, asked: Shown) -> Json:
    """A map in three dimensions, where there are enough words."""
    (words, refused), (fitted, _) = _known(vectors, asked.words), _known(vectors, asked.fitted)
    try:
        result = backend.word_map(vectors, words, 3, fitted, HOVER_NEIGHBOURS)
    except TooFewWords:
        result = backend.word_map(vectors, words, 2, fitted, HOVER_NEIGHBOURS)
    return view.map_payload(result, list(fitted or words)) | refused


def work_out(vectors: WordVectors, asked: Sum) -> Json:
    """The sum, its steps on the map, and the words nearest to it."""
    return view.arithmetic_payload(
        backend.arithmetic(vectors, asked.formula, asked.reference, NEIGHBOURS), asked.formula
    )


def place_words(vectors: WordVectors, asked: Axes) -> Json:
    """Words on two axes."""
    horizontal, vertical = (asked.horizontal[0], asked.horizontal[1]), (asked.vertical[0], asked.vertical[1])
    words, refused = _known(vectors, asked.words)
    return view.axes_payload(backend.own_axes(vectors, horizontal, vertical, words)) | refused


def deal_game(vectors: WordVectors, asked: Deal) -> Json:
    """All rounds of both games."""
    return view.game_payload(backend.deal_game(vectors, *bank_for(vectors), asked.seed), asked.seed)


def _known(vectors: WordVectors, words: Sequence[str]) -> tuple[Sequence[str], Json]:
    """Those of `words` that the table has, and {refused: …} where it lacks some: the `words`, and `explanation`.

    Raises:
        DemoError: it has none of them; what is wrong with the first.
    """
    known, unknown = list[str](), list[str]()
    for word in words:
        has_vector = word.strip().startswith(PIECES_MARK) or vectors.row(word) is not None
        (known if has_vector else unknown).append(word)
    if not unknown:
        return known, {}
    try:
        vectors.spelling(unknown[0])
    except DemoError as error:
        if not known:
            raise
        return known, {"refused": {"words": unknown, **explanation(error)}}
    return words, {}


# ── what other programs ask ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Word:
    """A word, and how many of its neighbours."""

    word: str
    count: Count = 10


@dataclass(frozen=True)
class Formula:
    """A sum of words, such as `niece - female + male`, and how many of the words near to it."""

    formula: str
    count: Count = 10


@dataclass(frozen=True)
class MapOf:
    """Words, and in how many dimensions they are to be shown."""

    words: Words
    dimensions: Annotated[int, Whole(2, 3)] = 2


def word_neighbours(vectors: WordVectors, asked: Word) -> Json:
    """The words whose vectors have the largest cosine with that of `word`."""
    return view.neighbours_json(backend.neighbours(vectors, asked.word, asked.count))


def word_arithmetic(vectors: WordVectors, asked: Formula) -> Json:
    """The words nearest to a sum such as `niece - female + male`, and a map fitted to family words and its own."""
    result = backend.arithmetic(vectors, asked.formula, _family(vectors), asked.count)
    return view.arithmetic_json(result, asked.count)


def word_map(vectors: WordVectors, asked: MapOf) -> Json:
    """The principal components of the vectors of `words`, in 2 or 3 dimensions."""
    return view.map_json(backend.word_map(vectors, asked.words, asked.dimensions))


@lru_cache(maxsize=4)
def _family(vectors: WordVectors) -> tuple[str, ...]:
    """The words of the first theme. Of a table from a file they are looked for, which no single question should pay."""
    return tuple(texts_for(vectors)["common"]["themes"][0]["words"])


# ── the tab ──────────────────────────────────────────────────────────────────────────────────────────────────


def openings(vectors: WordVectors) -> Openings:
    """What each scene opens with."""
    texts, ask = texts_for(vectors), partial(FEATURE.opening, vectors)
    family, axes = list(_family(vectors)), texts["axes"]["presets"][0]
    formula = texts["arithmetic"]["presets"][0]["formula"]
    placed = {name: axes[name] for name in ("horizontal", "vertical", "words")}
    return {
        "numbers": {"pair": ask("compare_words", words=texts["numbers"]["presets"][0]["words"])},
        "map": {"map": ask("show_map", words=family, fitted=[])},
        "arithmetic": {"sum": ask("work_out", formula=formula, reference=family)},
        "axes": {"places": ask("place_words", **placed)},
        "play": {"game": ask("deal_game", seed=1)},
    }


def _from_file(loader: Loader[WordVectors]) -> WordVectors | None:
    """The table, if it is from a file: then it is there before the page is built."""
    table = loader.loaded
    return None if table is None or table.origin.inside_model else table


def _opened(loader: Loader[WordVectors]) -> Openings | None:
    """Of a table from a file, computed when the page is built."""
    table = _from_file(loader)
    return None if table is None else openings(table)


def _settings(loader: Loader[WordVectors]) -> Json:
    """Whether the table holds words in a–z and others."""
    table = _from_file(loader)
    return {"alphabets": table is None or 0 < table.latin_count < len(table.words)}


FEATURE = Feature(
    name=NAME,
    loader=lambda models: models.vectors,
    asks=(
        Ask(TwoWords, compare_words),
        Ask(Shown, show_map),
        Ask(Sum, work_out),
        Ask(Axes, place_words),
        Ask(Deal, deal_game),
        Ask(Word, word_neighbours, public=True, returns=("word", "neighbours")),
        Ask(
            Formula,
            word_arithmetic,
            public=True,
            returns=("terms", "neighbours", "best", "points", "explained_variance"),
        ),
        Ask(MapOf, word_map, public=True, returns=("points", "explained_variance")),
    ),
    scenes={
        "numbers": ("compare_words",),
        "map": ("show_map",),
        "arithmetic": ("work_out",),
        "axes": ("place_words",),
        "play": ("deal_game",),
    },
    openings=openings,
    settings=_settings,
    plotted=("map",),
    texts=lambda loader: texts_for(loader.loaded),
    opened=_opened,
)
