"""Answers to the same prompt, and the order in which a reader put them by the rubric (assets/rlhf/RUBRIC.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from .demonstrations import FOLDER

RANKINGS = FOLDER / "rankings.jsonl"

Ranking = tuple[tuple[int, ...], ...]  # groups of answers that are equally good, the best group first


@dataclass(frozen=True)
class RatedAnswer:
    """An answer to rank. `ended`: the model ended it itself, before the longest length that was allowed."""

    text: str
    source: str
    temperature: float
    form: str
    ended: bool


@dataclass(frozen=True)
class Rating:
    """A prompt, its answers, and their order, once they have been read."""

    id: str
    kind: str
    prompt: str
    answers: tuple[RatedAnswer, ...]
    ranking: Ranking | None = None
    read_twice: bool = False
    second_ranking: Ranking | None = None

    def pairs(self) -> list[tuple[int, int]]:
        """(better, worse) for every pair of answers that are not equally good."""
        return ordered_pairs(self.ranking or ())


def ordered_pairs(ranking: Ranking) -> list[tuple[int, int]]:
    """All (better, worse) of a ranking.

    >>> ordered_pairs(((1,), (0, 2)))
    [(1, 0), (1, 2)]
    """
    return [(better, worse) for high, low in combinations(ranking, 2) for better in high for worse in low]


def load_ratings(path: Path = RANKINGS) -> tuple[Rating, ...]:
    """What `sample` and `fill` wrote, one JSON object a line.

    Raises:
        ValueError: a line is not a rating, or a ranking does not name every answer once.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            found.append(_rating(json.loads(line)))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error
    return tuple(found)


def save_ratings(ratings: Sequence[Rating], path: Path) -> None:
    """Write all of them, or none if the process is killed meanwhile."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text("".join(map(_line, ratings)), encoding="utf-8")
    unfinished.replace(path)


def _rating(row: Mapping[str, Any]) -> Rating:
    answers = tuple(RatedAnswer(**answer) for answer in row["answers"])
    rankings = (_ranking(row[name], len(answers)) for name in ("ranking", "second_ranking"))
    first, second = rankings
    return Rating(row["id"], row["kind"], row["prompt"], answers, first, row["read_twice"], second)


def _ranking(groups: list[list[int]] | None, count: int) -> Ranking | None:
    if groups is None:
        return None
    if sorted(index for group in groups for index in group) != list(range(count)):
        raise ValueError(f"the ranking {groups} does not name each of {count} answers once")
    return tuple(map(tuple, groups))


def _line(rating: Rating) -> str:
    return json.dumps(asdict(rating), ensure_ascii=False) + "\n"
