"""From results to what is drawn and what the API returns: plain JSON, made by pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from .arithmetic import Arithmetic
from .axes import OwnAxes
from .game import Game
from .maps import Point, WordMap
from .neighbours import Comparison, Neighbour, Neighbours

Json = dict[str, Any]

DIGITS = 4  # of a cosine or a coordinate: more than can be seen


# ── the API ──────────────────────────────────────────────────────────────────────────────────────────────────


def neighbours_json(result: Neighbours) -> Json:
    """`/word_neighbours`: {word, neighbours: [{word, similarity}]}."""
    return {
        "word": result.word,
        "neighbours": [{"word": one.word, "similarity": one.similarity} for one in result.neighbours],
    }


def arithmetic_json(result: Arithmetic, count: int) -> Json:
    """`/word_arithmetic`: {terms, neighbours, best, points, explained_variance}."""
    return {
        "terms": [asdict(term) for term in result.terms],
        "neighbours": [
            {"word": one.word, "similarity": one.similarity, "is_input": one.is_input}
            for one in (found.neighbour for found in result.neighbours[:count])
        ],
        "best": result.best,
        "points": points_json(result.points),
        "explained_variance": list(result.explained_variance),
    }


def map_json(result: WordMap) -> Json:
    """`/word_map`: {points: [{word, x, y}] (and z), explained_variance}."""
    return {"points": points_json(result.points), "explained_variance": list(result.explained_variance)}


def points_json(points: Iterable[Point]) -> list[Json]:
    """[{word, x, y}], in three dimensions also z."""
    return [{"word": point.word, **dict(zip("xyz", point.coordinates, strict=False))} for point in points]


# ── the scenes ───────────────────────────────────────────────────────────────────────────────────────────────


def comparison_payload(result: Comparison) -> Json:
    """Two words, number by number."""
    return {
        "provenance": result.origin.provenance(),
        "words": [
            {"word": word, "numbers": numbers.round(DIGITS).tolist(), "neighbours": _neighbours(found)}
            for word, numbers, found in zip(result.words, result.numbers, result.neighbours, strict=True)
        ],
        "cosine": _rounded(result.cosine),
    }


def map_payload(result: WordMap, fitted: Sequence[str]) -> Json:
    """The map, with the words that it was fitted to, which come back with the next question."""
    return {
        "provenance": result.origin.provenance(),
        "fitted": list(fitted),
        "points": [
            {**place, "fitted": point.fitted, "neighbours": _neighbours(found)}
            for place, point, found in zip(_places(result.points), result.points, result.neighbours, strict=True)
        ],
        "explained_variance": [_rounded(share) for share in result.explained_variance],
    }


def arithmetic_payload(result: Arithmetic, formula: str) -> Json:
    """A sum, step by step."""
    return {
        "provenance": result.origin.provenance(),
        "formula": formula,
        "terms": [asdict(term) for term in result.terms],
        "origin": _place(result.origin_point),
        "steps": [{**_place(step.coordinates), "length": _rounded(step.length)} for step in result.steps],
        "points": _places(result.points),
        "neighbours": [
            {**neighbour, **_place(found.coordinates), "map_distance": _rounded(found.map_distance)}
            for neighbour, found in zip(
                _neighbours([found.neighbour for found in result.neighbours]), result.neighbours, strict=True
            )
        ],
        "best": result.best,
        "explained_variance": [_rounded(share) for share in result.explained_variance],
        "parallelogram": asdict(result.parallelogram) if result.parallelogram else None,
        "repeated": list(result.repeated),
    }


def axes_payload(result: OwnAxes) -> Json:
    """Words on two axes of the visitor's own."""
    return {
        "provenance": result.origin.provenance(),
        "poles": [list(pair) for pair in result.poles],
        "points": _places(result.points),
        "axes_cosine": _rounded(result.axes_cosine),
    }


def game_payload(result: Game, seed: int) -> Json:
    """Both games, answers included: the browser keeps them back until the class has guessed."""
    return {
        "provenance": result.origin.provenance(),
        "seed": seed,
        "sums": [
            {**asdict(one), "options": list(one.options), "neighbours": _neighbours(one.neighbours)}
            for one in result.sums
        ],
        "odd_ones": [
            {
                "options": list(one.options),
                "answer": one.answer,
                "closeness": [_rounded(mean) for mean in one.closeness],
            }
            for one in result.odd_ones
        ],
    }


def _neighbours(found: Sequence[Neighbour]) -> list[Json]:
    return [{**asdict(one), "similarity": _rounded(one.similarity)} for one in found]


def _places(points: Sequence[Point]) -> list[Json]:
    return [{"word": point.word, **_place(point.coordinates)} for point in points]


def _place(coordinates: Sequence[float]) -> Json:
    return dict(zip("xyz", (_rounded(number) for number in coordinates), strict=False))


def _rounded(number: float) -> float:
    return round(number, DIGITS)
