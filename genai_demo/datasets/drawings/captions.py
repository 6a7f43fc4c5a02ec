"""Captions as people type them: "a small apple on a blue background", "the moon on black", "rose, pink background"."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.random import Generator

from .compositions import Scene, Thing
from .sprites import BY_NAME

SIZE_WORDS = {
    "small": ("small", "small", "small", "tiny", "little"),
    "medium": ("", "", "", "", "medium", "medium-sized"),
    "large": ("large", "large", "big", "big", "huge"),
}
SYNONYMS = {"gray": ("gray", "grey"), "purple": ("purple", "purple", "violet")}
BEFORE = ("a {b} background with {things}", "{b} background, {things}", "{b} background with {things}")
AFTER = (
    "{things} on a {b} background",
    "{things} on a {b} background",
    "{things} on a {b} background",
    "{things} on {b}",
    "{things} on {b}",
    "{things}, {b} background",
    "{things} in front of a {b} background",
    "{things} against a {b} background",
    "{things} on {b} background",
)
OPENINGS = ("", "", "", "", "", "", "a picture of ", "a drawing of ")


def plain_caption(scene: Scene) -> str:
    """The one caption that the quality script uses: usual words, in the usual order."""
    names = (_phrase([_size_word(thing), thing.colour, thing.name], "a") for thing in scene.things)
    return f"{' and '.join(names)} on {_phrase([scene.background, 'background'], 'a')}"


def _size_word(thing: Thing) -> str:
    return "" if thing.size == "medium" else thing.size


def caption(scene: Scene, rng: Generator) -> str:
    """One of the many ways to say what is in the scene."""
    things = " and ".join(_thing(thing, len(scene.things) == 1, rng) for thing in scene.things)
    background = _one(SYNONYMS.get(scene.background, (scene.background,)), rng)
    if rng.random() < 0.15:
        text = _one(BEFORE, rng).format(b=background, things=things)
    else:
        text = _one(OPENINGS, rng) + _one(AFTER, rng).format(b=background, things=things)
    return f" {text}".replace(" a orange", " an orange").strip()


def _thing(thing: Thing, sized: bool, rng: Generator) -> str:
    words = BY_NAME[thing.name].words
    noun = words[0] if rng.random() < 0.7 else _one(words, rng)
    size = _one(SIZE_WORDS[thing.size], rng) if sized else ""
    colour = _one(SYNONYMS.get(thing.colour, (thing.colour,)), rng) if thing.colour else ""
    article = _one(("a", "a", "a", "the", ""), rng)
    return _phrase([size, colour, noun], article)


def _phrase(words: Sequence[str], article: str) -> str:
    text = " ".join(word for word in words if word)
    if article == "a" and text[0] in "aeiou":
        article = "an"
    return f"{article} {text}".strip()


def _one(choices: Sequence[str], rng: Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
