"""Answers to rank, and their rankings: `python -m genai_demo.training.rlhf.rankings --help`.

Three answers to each prompt are sampled, then read and put in order by the rubric (assets/rlhf/RUBRIC.md), never by a
formula. The reader sees a sheet with letters in random order, without the names of the models, and writes lines like
`reward-001: B > A = C` (B is best; A and C are as good as each other). Thirty prompts are read twice, lettered anew.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from ...datasets.conversations.demonstrations import FOLDER
from ...datasets.conversations.prompts import PROMPTS, Prompt, load_prompts
from ...datasets.conversations.rankings import (
    RANKINGS,
    Ranking,
    RatedAnswer,
    Rating,
    load_ratings,
    ordered_pairs,
    save_ratings,
)
from ...models.chat import ChatTemplate
from ..options import Option, read_command
from ..runs import seed_of_step
from .adapters import BASE, Base, Stages
from .answers import Answer, Drawing, draw_many
from .conversation import prompt_ids
from .sft import STAGE as SFT

READ_TWICE = 30
CHUNK = 16  # prompts whose answers are sampled, and written, together
MAX_NEW_TOKENS = 120
LETTERS = "ABC"


@dataclass(frozen=True)
class Source:
    """How an answer is sampled. A base model may get the bare text of the prompt, or the turns of a conversation."""

    stage: str
    temperature: float
    form: Literal["turns", "text"] = "turns"


PLAN: tuple[tuple[Source, Source, Source], ...] = (  # taken in turn, prompt by prompt
    (Source(SFT, 0.4), Source(SFT, 0.8), Source(SFT, 1.0)),
    (Source(SFT, 0.6), Source(SFT, 1.0), Source(BASE, 0.7, "text")),
    (Source(SFT, 0.5), Source(SFT, 0.7), Source(SFT, 1.0)),
    (Source(SFT, 0.6), Source(SFT, 1.0), Source(BASE, 0.7)),
)


def sample(stages: Stages, template: ChatTemplate, prompts: Sequence[Prompt], path: Path, seed: int) -> None:
    """Add three answers for each of `prompts` to those in the file `path`; what is there is not sampled again."""
    done = list(load_ratings(path)) if path.is_file() else []
    known = {one.id for one in done}
    twice = set(np.random.default_rng(seed).permutation(len(prompts))[:READ_TWICE].tolist())
    for start in range(0, len(prompts), CHUNK):
        numbers = range(start, min(start + CHUNK, len(prompts)))
        if prompts[start].id in known:
            continue
        rows = _sample_chunk(stages, template, prompts, numbers, seed_of_step(seed, start))
        done += [replace(row, read_twice=number in twice) for number, row in zip(numbers, rows, strict=True)]
        save_ratings(done, path)
        print(f"{numbers[-1] + 1} of {len(prompts)} prompts", file=sys.stderr)


def _sample_chunk(
    stages: Stages, template: ChatTemplate, prompts: Sequence[Prompt], numbers: Sequence[int], seed: int
) -> list[Rating]:
    wanted = [(number, place, PLAN[number % len(PLAN)][place]) for number in numbers for place in range(len(LETTERS))]
    found: dict[tuple[int, int], RatedAnswer] = {}
    for stage in (SFT, BASE):
        part = [one for one in wanted if one[2].stage == stage]
        ids = [prompt_ids(template, prompts[number].prompt, source.form) for number, _, source in part]
        drawings = [Drawing(source.temperature, max_new_tokens=MAX_NEW_TOKENS) for *_, source in part]
        with stages.through(stage):
            answers = draw_many(stages.network, template, ids, drawings, seed)
        for (number, place, source), answer in zip(part, answers, strict=True):
            found[number, place] = _rated(answer, source)
    return [
        Rating(one.id, one.kind, one.prompt, tuple(found[number, place] for place in range(len(LETTERS))))
        for number in numbers
        for one in (prompts[number],)
    ]


def _rated(answer: Answer, source: Source) -> RatedAnswer:
    return RatedAnswer(answer.text, source.stage, source.temperature, source.form, answer.ended)


def lettered(rating: Rating, second: bool) -> list[int]:
    """The answers' numbers in the order of their letters on the sheet: random, but the same each time."""
    rng = np.random.default_rng(list(f"{rating.id} {second}".encode()))
    return [int(index) for index in rng.permutation(len(rating.answers))]


def sheet(ratings: Sequence[Rating], second: bool) -> Iterator[str]:
    """The text to read: prompts and lettered answers, nothing else. Those that have been ranked are left out."""
    for one in ratings:
        if (one.second_ranking if second else one.ranking) is not None or (second and not one.read_twice):
            continue
        yield f"## {one.id}\n\n{_indented(one.prompt)}\n"
        for letter, index in zip(LETTERS, lettered(one, second), strict=False):
            cut = "" if one.answers[index].ended else " [breaks off here]"
            yield f"{letter}:\n{_indented(one.answers[index].text)}{cut}\n"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines() or [""])


def fill(ratings: Sequence[Rating], readings: str, second: bool) -> list[Rating]:
    """`ratings` with the rankings of `readings`: lines like `reward-001: B > A = C`; other lines are left unread.

    Raises:
        ValueError: a line names an unknown prompt, or not every letter once.
    """
    by_id = {one.id: one for one in ratings}
    for name, order in re.findall(r"^([\w-]+):[ \t]*([A-Z](?:[ \t]*[>=][ \t]*[A-Z])*)[ \t]*$", readings, re.MULTILINE):
        if name not in by_id:
            raise ValueError(f"there is no prompt {name}")
        one = by_id[name]
        ranking = _read_order(order, lettered(one, second), name)
        by_id[name] = replace(one, second_ranking=ranking) if second else replace(one, ranking=ranking)
    return list(by_id.values())


def _read_order(order: str, answers: Sequence[int], name: str) -> Ranking:
    groups = [[letter.strip() for letter in group.split("=")] for group in order.split(">")]
    if sorted(letter for group in groups for letter in group) != list(LETTERS[: len(answers)]):
        raise ValueError(f"{name}: {order!r} does not name each letter once")
    return tuple(tuple(sorted(answers[LETTERS.index(letter)] for letter in group)) for group in groups)


@dataclass(frozen=True)
class Agreement:
    """How two readings compare. same_order: the share of `strict` pairs, those that neither reading calls equal."""

    prompts: int
    pairs: int
    same_verdict: float  # share of all pairs: first better, second better, or equal
    strict: int
    same_order: float


def agreement(ratings: Sequence[Rating]) -> Agreement:
    """Of the first reading with the second, over prompts that have both."""
    prompts = same = total = strict = same_order = 0
    for one in ratings:
        if one.ranking is None or one.second_ranking is None:
            continue
        prompts += 1
        first, second = set(one.pairs()), set(ordered_pairs(one.second_ranking))
        for pair in combinations(range(len(one.answers)), 2):
            verdicts = [(pair in reading) - (pair[::-1] in reading) for reading in (first, second)]
            total += 1
            same += verdicts[0] == verdicts[1]
            strict += 0 not in verdicts
            same_order += 0 not in verdicts and verdicts[0] == verdicts[1]
    return Agreement(prompts, total, same / max(1, total), strict, same_order / max(1, strict))


def wins(ratings: Sequence[Rating]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """For every two sources: how many pairs of answers the first won, lost, and how many were equal."""
    counts: dict[tuple[str, str], Counter[int]] = {}
    for rating in ratings:
        order = set(rating.pairs())
        for pair in combinations(range(len(rating.answers)), 2):
            one, other = sorted(pair, key=lambda number: rating.answers[number].source)
            sources = rating.answers[one].source, rating.answers[other].source
            verdict = ((one, other) in order) - ((other, one) in order)
            if sources[0] != sources[1]:
                counts.setdefault(sources, Counter())[verdict] += 1
    return {sources: (found[1], found[-1], found[0]) for sources, found in counts.items()}


def report(ratings: Sequence[Rating]) -> Iterator[str]:
    """How much has been ranked, and how well two readings agree."""
    ranked = [one for one in ratings if one.ranking is not None]
    yield f"{len(ranked)} of {len(ratings)} prompts ranked, {sum(len(one.pairs()) for one in ranked)} pairs in order"
    for (one, other), (won, lost, equal) in sorted(wins(ranked).items()):
        yield f"{one} against {other}: {won} won, {lost} lost, {equal} equal"
    found = agreement(ratings)
    yield (
        f"read twice: {found.prompts} prompts, {found.pairs} pairs; same verdict {found.same_verdict:.0%}; "
        f"same order {found.same_order:.0%} of the {found.strict} that neither reading calls equal"
    )


@dataclass(frozen=True)
class Command:
    """What can be said on the command line."""

    action: Annotated[str, Option("in this order", choices=("sample", "sheet", "fill", "report"))]
    file: Annotated[Path, Option("the rankings (default: those of the project)")] = RANKINGS
    sft: Annotated[Path, Option("the adapter that answers (default: the shipped)")] = FOLDER / SFT
    prompts: Annotated[Path, Option("default: those of the project")] = PROMPTS
    second: Annotated[bool, Option("the second reading, of some prompts")] = False
    seed: Annotated[int, Option("of the answers")] = 0
    base: Base = field(default_factory=Base)


def main(words: Sequence[str] | None = None) -> None:
    """Sample, print the sheet, fill in rankings from the standard input, or report."""
    command = read_command(
        Command,
        words,
        prog="python -m genai_demo.training.rlhf.rankings",
        description="Sample answers to rank, print a sheet to read them blind, enter the rankings.",
        epilog="%(prog)s sample --sft assets/rlhf/sft  |  %(prog)s sheet > read.md  |  %(prog)s fill < ranks.txt  |  "
        "%(prog)s sheet --second  |  %(prog)s report",
    )
    if command.action == "sample":
        stages, template = command.base.load()
        stages.read(SFT, command.sft)
        command.file.parent.mkdir(parents=True, exist_ok=True)
        sample(stages, template, load_prompts(command.prompts)["reward"], command.file, command.seed)
        return
    ratings = load_ratings(command.file)
    if command.action == "fill":
        ratings = tuple(fill(ratings, sys.stdin.read(), command.second))
        save_ratings(ratings, command.file)
    print("\n".join(sheet(ratings, command.second) if command.action == "sheet" else report(ratings)))


if __name__ == "__main__":
    main()
