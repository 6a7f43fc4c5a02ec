"""How alike texts are: shared 5-grams, shared openings, near duplicates, plain refusals."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

FiveGram = tuple[str, ...]

NGRAM = 5
OPENING_WORDS = 4
NEAR_OVERLAP = 0.5  # share of the shorter prompt's 5-grams that the other has, too ...
SAME_FRAME = 0.5  # ... and this Jaccard similarity of the content words: "the capital of Norway" and "of Peru" differ
NEAR_CONTENT = 0.75  # Jaccard similarity of the content words that is enough by itself
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')]*\s+")
REFUSAL = re.compile(
    r"\b(?:can't|cannot|can not|won't|will not|not going to|not willing to|not able to|unable to)\b"
    r"|\bnot something I (?:can|will)\b|\b(?:isn't|is not|that's not) something I can\b",
    re.IGNORECASE,
)
HELP_NEARBY = re.compile(r"\b(?:crisis line|helpline|emergency number|doctor|988)\b", re.IGNORECASE)
WARMTH = re.compile(
    r"\b(?:sorry|glad you|thank you for telling|I care|deserve|worried about you|you matter)\b", re.IGNORECASE
)
EMPTY_WORDS = frozenset(
    WORD.findall(
        "a an the is are was were be been do does did of in on at to for with and or but if it its this that these "
        "those i me my you your we our us he she they them his her can could would should will shall may please "
        "just only tell give write explain show make get have has had what whats what's who whos which when where "
        "why how im i'm id i'd some any there so as by from about into up out not no something someone best way "
        "want need help name"
    )
)


def words(text: str) -> tuple[str, ...]:
    """The words of `text` in lower case, without punctuation; `don't` is one word."""
    return tuple(word.lower().replace("’", "'") for word in WORD.findall(text))


def five_grams(text: str) -> frozenset[FiveGram]:
    """All runs of five words in `text`."""
    found = words(text)
    return frozenset(found[start : start + NGRAM] for start in range(len(found) - NGRAM + 1))


def first_sentence(text: str) -> str:
    """`text` up to the first full stop, question or exclamation mark that is followed by space.

    >>> first_sentence("No. I can't help.")
    'No.'
    """
    return SENTENCE_END.split(text.strip(), maxsplit=1)[0]


def refuses_plainly(answer: str) -> bool:
    """Whether the first sentence says that the assistant cannot or will not help."""
    return REFUSAL.search(first_sentence(answer).replace("’", "'")) is not None


def comforts(answer: str) -> bool:
    """Whether an answer to someone in danger is warm and says where help is found."""
    return WARMTH.search(answer) is not None and HELP_NEARBY.search(answer) is not None


def shared_openings(answers: Iterable[str]) -> tuple[float, tuple[str, int]]:
    """Share of answers whose first four words another answer has, too; and the most frequent opening with its count.

    Answers of fewer than four words count with all of their words.
    """
    openings = [" ".join(words(answer)[:OPENING_WORDS]) for answer in answers]
    if not openings:
        return 0.0, ("", 0)
    counts = Counter(openings)
    return sum(counts[opening] > 1 for opening in openings) / len(openings), counts.most_common(1)[0]


def overlap(texts: Iterable[str], others: Iterable[str]) -> float:
    """Share of the distinct 5-grams in `texts` that also occur in `others`."""
    own = frozenset().union(*map(five_grams, texts))
    rest = frozenset().union(*map(five_grams, others))
    return len(own & rest) / len(own) if own else 0.0


@dataclass(frozen=True)
class Fingerprint:
    """What a prompt is compared by: its words, its 5-grams and the words that carry its meaning."""

    text: str
    words: tuple[str, ...]
    five_grams: frozenset[FiveGram]
    content: frozenset[str]


def fingerprint(text: str) -> Fingerprint:
    """The prompt `text`, prepared for `near_duplicates`."""
    found = words(text)
    content = frozenset(_stem(word) for word in found if word not in EMPTY_WORDS)
    return Fingerprint(text, found, five_grams(text), content)


def is_near_duplicate(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two prompts ask the same: equal words, many shared 5-grams, or nearly the same content words."""
    if one.words == other.words:
        return True
    either = len(one.content | other.content)
    alike = len(one.content & other.content) / either if either else 0.0
    shorter = min(len(one.five_grams), len(other.five_grams))
    if shorter and len(one.five_grams & other.five_grams) / shorter >= NEAR_OVERLAP and alike >= SAME_FRAME:
        return True
    return alike >= NEAR_CONTENT


def near_duplicates(ones: Sequence[str], others: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """All pairs of a prompt from `ones` and one from `others` that ask the same; without `others`, pairs in `ones`."""
    prints = [fingerprint(one) for one in ones]
    rest = prints if others is None else [fingerprint(other) for other in others]
    places: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, other in enumerate(rest):
        for key in _keys(other):
            places[key].append(place)
    pairs = []
    for number, one in enumerate(prints):
        candidates = {place for key in _keys(one) for place in places[key]}
        for place in sorted(candidates):
            if (others is not None or place > number) and is_near_duplicate(one, rest[place]):
                pairs.append((one.text, rest[place].text))
    return pairs


def _keys(one: Fingerprint) -> set[Hashable]:
    """What two prompts must have one of in common to be near duplicates."""
    return {one.words, *one.content}


def _stem(word: str) -> str:
    """`word` without the endings that English adds most often: `cats` and `cat` are one word here."""
    for ending in ("'s", "ing", "es", "s", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
