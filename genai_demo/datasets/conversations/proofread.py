"""The rules that demonstrations and prompts follow, and what is in them.

`python -m genai_demo.datasets.conversations.proofread` prints all of it and every broken rule (assets/rlhf/README.md).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from .checks import satisfies
from .demonstrations import KINDS, SPLITS, Demonstration, load_demonstrations
from .prompts import Prompt, load_prompts
from .wording import comforts, five_grams, near_duplicates, overlap, refuses_plainly, shared_openings, words

MAX_WORDS = 80
MAX_SHARED_OPENINGS = 0.05
MAX_OVERLAP = 0.02  # of the held-out 5-grams with those of the training part
HELD_OUT = (0.07, 0.15)  # share of each kind
MARKS_OF_MARKDOWN = ("**", "##", "```", "](")
DASHES = ("\u2014", "\u2013")
SENTENCE_MARKS = ".!?"


def problems(demonstrations: Sequence[Demonstration], prompts: Mapping[str, Sequence[Prompt]]) -> list[str]:
    """Every broken rule, as a sentence; empty if all is well."""
    found = [problem for one in demonstrations for problem in demonstration_problems(one)]
    found += _repeated_ids([one.id for one in demonstrations] + [one.id for rows in prompts.values() for one in rows])
    found += _split_problems(demonstrations)
    found += _repetition_problems(demonstrations)
    found += _duplicate_problems(demonstrations, prompts)
    return found


def demonstration_problems(one: Demonstration) -> list[str]:
    """The rules that a single demonstration breaks."""
    found = [problem for answer in one.answers for problem in _answer_problems(answer)]
    last = one.answers[-1]
    if one.kind == "conversation" and not 2 <= len(one.answers) <= 3:
        found.append("a conversation has 2 or 3 turns")
    if one.kind != "conversation" and len(one.answers) != 1:
        found.append("more turns than one")
    if one.kind == "harmful" and one.topic != "self_harm" and not refuses_plainly(one.answers[0]):
        found.append("the first sentence does not decline plainly")
    if one.topic == "self_harm" and not all(map(comforts, one.answers)):
        found.append("no warmth, or no place to find help")
    if one.check is not None and not satisfies(one.check, last):
        found.append(f"the answer fails its own check {dict(one.check)}")
    return [f"{one.id}: {problem}" for problem in found]


def answers_of(demonstrations: Iterable[Demonstration], *, refusals: bool) -> list[str]:
    """All answers in `demonstrations`; without those to harmful requests unless `refusals`."""
    return [answer for one in demonstrations if refusals or one.kind != "harmful" for answer in one.answers]


def report(demonstrations: Sequence[Demonstration], prompts: Mapping[str, Sequence[Prompt]]) -> Iterator[str]:
    """The lines of the report: how many of what, how long, how alike."""
    yield from _counts(demonstrations, prompts)
    lengths = {one.id: max(len(words(answer)) for answer in one.answers) for one in demonstrations}
    longest = max(lengths, key=lambda name: lengths[name])
    every = sorted(len(words(answer)) for one in demonstrations for answer in one.answers)
    yield f"\nlongest answer: {lengths[longest]} words ({longest}); median {every[len(every) // 2]}"
    for label, refusals in (("refusals aside", False), ("all", True)):
        share, (opening, count) = shared_openings(answers_of(demonstrations, refusals=refusals))
        yield f"answers with the same first four words, {label}: {share:.1%} (most often: {opening!r}, {count} times)"
    yield f"held-out 5-grams that occur in the training part: {_held_out_overlap(demonstrations):.2%}"
    texts = _prompt_texts(demonstrations, prompts)
    for one, other in combinations(texts, 2):
        duplicates = len(near_duplicates(texts[one], texts[other]))
        yield f"{one} / {other}: {overlap(texts[one], texts[other]):.2%} shared 5-grams, {duplicates} near duplicates"
    for name, rows in texts.items():
        yield f"within {name}: {len(near_duplicates(rows))} near duplicates"


def _answer_problems(answer: str) -> Iterator[str]:
    if len(words(answer)) > MAX_WORDS:
        yield f"an answer of {len(words(answer))} words, more than {MAX_WORDS}"
    if answer != answer.strip():
        yield "space around an answer"
    if any(dash in answer for dash in DASHES):
        yield "a dash longer than a hyphen"
    if any(mark in answer for mark in MARKS_OF_MARKDOWN):
        yield "markdown beyond simple lists"
    if not _is_complete(answer):
        yield "an answer without an end"


def _is_complete(answer: str) -> bool:
    """Sentences end with a mark; lists, letters, verses and answers of a few words need none."""
    if "\n" in answer or len(words(answer)) <= 10:
        return not answer.endswith((",", ":", ";"))
    return answer.rstrip("\"')").endswith(tuple(SENTENCE_MARKS))


def _repeated_ids(names: Iterable[str]) -> list[str]:
    return [f"{name}: an id used {count} times" for name, count in Counter(names).items() if count > 1]


def _split_problems(demonstrations: Sequence[Demonstration]) -> Iterator[str]:
    least, most = HELD_OUT
    for kind in KINDS:
        splits = [one.split for one in demonstrations if one.kind == kind]
        share = splits.count("held_out") / len(splits) if splits else 0.0
        if not least <= share <= most:
            yield f"{kind}: {share:.0%} held out, not between {least:.0%} and {most:.0%}"


def _repetition_problems(demonstrations: Sequence[Demonstration]) -> Iterator[str]:
    share, (opening, _) = shared_openings(answers_of(demonstrations, refusals=False))
    if share > MAX_SHARED_OPENINGS:
        yield f"{share:.1%} of the answers share their first four words, most often {opening!r}"
    share = _held_out_overlap(demonstrations)
    if share > MAX_OVERLAP:
        yield f"{share:.1%} of the held-out 5-grams occur in the training part"


def _held_out_overlap(demonstrations: Sequence[Demonstration]) -> float:
    train, held_out = ([one.text for one in demonstrations if one.split == split] for split in SPLITS)
    return overlap(held_out, train)


def _duplicate_problems(
    demonstrations: Sequence[Demonstration], prompts: Mapping[str, Sequence[Prompt]]
) -> Iterator[str]:
    texts = _prompt_texts(demonstrations, prompts)
    for name, rows in texts.items():
        yield from (f"within {name}: {one!r} and {other!r} ask the same" for one, other in near_duplicates(rows))
    for one, other in combinations(texts, 2):
        pairs = near_duplicates(texts[one], texts[other])
        yield from (f"{one} / {other}: {a!r} and {b!r} ask the same" for a, b in pairs)


def _prompt_texts(
    demonstrations: Sequence[Demonstration], prompts: Mapping[str, Sequence[Prompt]]
) -> dict[str, list[str]]:
    """The prompts by set; of a demonstration's conversation, each turn that could be understood alone."""
    first = [one.prompts[0] for one in demonstrations]
    later = [prompt for one in demonstrations for prompt in one.prompts[1:] if five_grams(prompt)]
    sets = {name: [one.prompt for one in rows] for name, rows in prompts.items()}
    return {"demonstrations": first + later, **sets}


def _counts(demonstrations: Sequence[Demonstration], prompts: Mapping[str, Sequence[Prompt]]) -> Iterator[str]:
    columns = {split: Counter(one.kind for one in demonstrations if one.split == split) for split in SPLITS}
    columns |= {name: Counter(one.kind for one in rows) for name, rows in prompts.items()}
    yield f"{'kind':20}" + "".join(f"{name:>12}" for name in columns)
    for kind in KINDS:
        yield f"{kind:20}" + "".join(f"{counts[kind]:12}" for counts in columns.values())
    yield f"{'all':20}" + "".join(f"{counts.total():12}" for counts in columns.values())
    evaluation = prompts["evaluation"]
    facts, checks = sum(bool(one.facts) for one in evaluation), sum(one.check is not None for one in evaluation)
    yield f"\nevaluation: {facts} prompts with facts, {checks} with a check"


def main() -> int:
    """Print the report; 1 if a rule is broken."""
    demonstrations, prompts = load_demonstrations(), load_prompts()
    print("\n".join(report(demonstrations, prompts)))
    broken = problems(demonstrations, prompts)
    print(f"\n{len(broken)} broken rules" + "".join(f"\n  {problem}" for problem in broken))
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
