"""What the scenes offer to look at, for the table at hand.

The texts name words for the default table. A table from a file may lack them, or answer the sums in another way than
the texts say: then only what it has is offered, without a promise, and where nothing is left, words of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ...asks import Json
from ...models.word_vectors import WordVectors
from ...page.texts import load_texts
from .errors import TooFewWordsInFile
from .formula import parse_formula

PACKAGE = __package__
FEWEST = 24  # words of a table from which examples can be made up
THEME_WORDS = 8  # that a theme must keep
ROUNDS = 6  # of a game that the table must keep
SEEDS = 12  # words that examples are made up around
SHORT = 3  # letters: such words are mostly articles and prepositions


def texts_for(vectors: WordVectors | None) -> Json:
    """The texts of the tab, whose examples `vectors` can all answer. None, or a model's input table: as written.

    Raises:
        TooFewWordsInFile: a table with fewer than 24 words, of which no examples can be made.
    """
    texts = load_texts(PACKAGE)
    if vectors is None or vectors.origin.inside_model:
        return texts
    if len(vectors.words) < FEWEST:
        raise TooFewWordsInFile(path=vectors.origin.title, count=len(vectors.words), needed=FEWEST)
    words, common, numbers, arithmetic = (texts[part] for part in ("other_table", "common", "numbers", "arithmetic"))
    common["themes"] = _themes(vectors, common["themes"], words)
    theme = common["themes"][0]
    numbers["claim"] = words["numbers_claim"]
    numbers["story"] = [words["numbers"], *numbers["story"][1:2], words["rows"]]
    numbers["presets"] = [one for one in numbers["presets"] if _has(vectors, one["words"])] or _pairs(vectors)
    arithmetic["examples_work"] = words["examples"]
    arithmetic["presets"] = _sums(vectors, arithmetic["presets"] + arithmetic["failures"], common["themes"])
    arithmetic["failures"] = []
    texts["axes"]["presets"] = _axes(vectors, texts["axes"]["presets"], theme["words"])
    return texts


@lru_cache(maxsize=4)
def bank_for(vectors: WordVectors) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The formulas and the groups of words of the two games that `vectors` can answer."""
    bank = load_texts(PACKAGE)["bank"]
    formulas = [formula for formula in bank["formulas"] if _has(vectors, _words_of(formula))]
    groups = [group for group in bank["groups"] if _has(vectors, group)]
    if len(formulas) < ROUNDS:
        formulas = [f"{one} + {other}" for one, other in _neighbouring(_seeds(vectors))]
    if len(groups) < ROUNDS:
        groups = _odd_ones(vectors)
    return tuple(formulas), tuple(tuple(group) for group in groups)


# ── what a table has of the texts' examples ──────────────────────────────────────────────────────────────────


def _has(vectors: WordVectors, words: Sequence[str]) -> bool:
    return all(vectors.row(word) is not None for word in words)


def _words_of(formula: str) -> list[str]:
    return [term.word for term in parse_formula(formula)]


def _themes(vectors: WordVectors, themes: list[Json], words: Json) -> list[Json]:
    kept = []
    for theme in themes:
        known = [word for word in theme["words"] if vectors.row(word) is not None]
        if len(known) >= THEME_WORDS and 2 * len(known) >= len(theme["words"]):
            kept.append({"label": theme["label"], "words": known})
    if kept:
        return kept
    seeds = _seeds(vectors)
    everything = [near for seed in seeds[:6] for near in (seed, *_near(vectors, seed, 3))]
    around = [
        {"label": words["around"].format(word=seed), "words": [seed, *_near(vectors, seed, 11)]} for seed in seeds[:4]
    ]
    return [{"label": words["everything"], "words": list(dict.fromkeys(everything))}, *around]


def _sums(vectors: WordVectors, sums: list[Json], themes: list[Json]) -> list[Json]:
    labels = [theme["label"] for theme in themes]
    known = [one for one in sums if _has(vectors, _words_of(one["formula"]))]
    formulas = {one["formula"]: one["theme"] for one in known}
    if not formulas:
        pairs = _neighbouring(_seeds(vectors))
        formulas = {f"{one} − {_near(vectors, one, 1)[0]} + {other}": labels[0] for one, other in pairs[:3]}
        formulas |= {f"{one} + {other}": labels[0] for one, other in pairs[3:6]}
    return [
        {"label": formula, "formula": formula, "theme": theme if theme in labels else labels[0]}
        for formula, theme in formulas.items()
    ]


def _axes(vectors: WordVectors, presets: list[Json], theme: list[str]) -> list[Json]:
    kept = []
    for preset in presets:
        ends = [*preset["horizontal"], *preset["vertical"]]
        words = [word for word in preset["words"] if vectors.row(word) is not None]
        if _has(vectors, ends) and len(words) >= THEME_WORDS:
            kept.append({**preset, "words": words})
    if kept:
        return kept
    left, right, bottom, top = _seeds(vectors)[-4:]
    words = [word for word in theme if word not in (left, right, bottom, top)]
    label = f"{left}–{right}, {bottom}–{top}"
    return [{"label": label, "horizontal": [left, right], "vertical": [bottom, top], "words": words}]


# ── words of the table's own ─────────────────────────────────────────────────────────────────────────────────


def _seeds(vectors: WordVectors) -> list[str]:
    """Some of the table's more frequent words, but not the most frequent ones, nor such as are near one another."""
    usual = vectors.words[: vectors.usual_count]
    start = min(100, len(usual) // 5)
    frequent = usual[start : start + 2_000]
    longer = [word for word in frequent if len(word) > SHORT]
    pool = longer if len(longer) >= 4 * SEEDS else frequent
    step = max(1, len(pool) // SEEDS)
    return list(pool[::step][:SEEDS])


def _near(vectors: WordVectors, word: str, count: int) -> list[str]:
    found = vectors.nearest(vectors.vector(word), count + 1, latin_only=vectors.mostly_latin)
    return [vectors.words[row] for row, _ in found if vectors.words[row] != word][:count]


def _neighbouring(words: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(words, [*words[1:], *words[:1]], strict=True))


def _pairs(vectors: WordVectors) -> list[Json]:
    seeds = _seeds(vectors)
    pairs = [[seed, _near(vectors, seed, 1)[0]] for seed in seeds[:3]] + [[seeds[0], seeds[-1]]]
    return [{"label": ", ".join(pair), "words": pair} for pair in pairs]


def _odd_ones(vectors: WordVectors) -> list[list[str]]:
    """Three neighbours, and a word that is near another seed."""
    seeds = _seeds(vectors)
    groups = [[seed, *_near(vectors, seed, 2), other] for seed, other in _neighbouring(seeds)]
    return [group for group in groups if len(set(group)) == len(group)]
