"""What can be in a training picture, which combinations are kept for the examination, and how they are drawn.

A picture is one object in the middle (or two, side by side) in a colour and a size, on a plain background. All
combinations in which the object stands out are listed; one in eight, chosen by a hash of its name, is never trained on
(of objects in their own colour, two backgrounds in ten): whoever draws those well has learned to combine, not to
remember.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import product

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .colours import PALETTE, contrast
from .sprites import BY_NAME, KINDS, Sprites

SIZES = ("small", "medium", "large")
PRACTISED = ("small", "small", "medium", "large")  # how often each size is trained on: small things are the hardest
OBJECT_COLOURS = tuple(colour for colour in PALETTE if colour != "gray")
HELD_OUT_SHARE = 1 / 8
SALT = "0"  # with it, every object stands out from one of its unseen backgrounds at least
NEEDED_CONTRAST = 0.6  # of the rim has to be seen against the background
BACKGROUND_JITTER = 12  # of 255, each channel

GRID = 32  # cells a side of the picture
EDGES = {"small": 16, "medium": 22, "large": 28}  # cells
PAIR_EDGE = 16  # a half of the picture each


@dataclass(frozen=True, order=True)
class Thing:
    """One object. `colour` is "" where it keeps its own."""

    name: str
    colour: str = ""
    size: str = "medium"


@dataclass(frozen=True, order=True)
class Scene:
    """One or two things on a background: all that a caption may say."""

    things: tuple[Thing, ...]
    background: str

    @property
    def combination(self) -> str:
        """What the split goes by: objects with their colours, in any order, and the background; not the size."""
        return "+".join(sorted(f"{thing.colour}|{thing.name}" for thing in self.things)) + f"@{self.background}"

    @property
    def held_out(self) -> bool:
        """Whether this combination is never trained on. The same on every machine."""
        if len(self.things) == 1 and not self.things[0].colour:
            return self.background in _unseen_backgrounds(self.things[0].name)
        return _hash(self.combination) < HELD_OUT_SHARE * 2**64


def _hash(name: str) -> int:
    return int.from_bytes(blake2b(f"{SALT}{name}".encode(), digest_size=8).digest(), "big")


def _unseen_backgrounds(name: str) -> list[str]:
    """Two of the ten, for an object in its own colour: so that no object is left out of the examination."""
    return sorted(PALETTE, key=lambda background: _hash(f"|{name}@{background}"))[:2]


@dataclass(frozen=True)
class Rung:
    """How far the climb has come: how many objects of `KINDS`, in which colours, and the share of pairs."""

    objects: int = 40
    colours: tuple[str, ...] = OBJECT_COLOURS
    pair_share: float = 0.0
    recoloured_share: float = 0.5  # of the pictures of objects that can be recoloured


class World:
    """All scenes of a rung, split into those to learn from and those held out."""

    def __init__(self, sprites: Sprites, rung: Rung) -> None:
        self.sprites, self.rung = sprites, rung
        self.kinds = KINDS[: rung.objects]
        seen = {
            (kind.name, colour): [
                background
                for background in PALETTE
                if background != colour and contrast(sprites.coloured(kind.name, colour), background) >= NEEDED_CONTRAST
            ]
            for kind in self.kinds
            for colour in ("", *(rung.colours if kind.recolours else ()))
        }
        self._backgrounds = seen
        self.singles = tuple(
            Scene((Thing(name, colour, size),), background)
            for (name, colour), backgrounds in seen.items()
            for background, size in product(backgrounds, SIZES)
        )
        self.held_out = tuple(scene for scene in self.singles if scene.held_out)

    def draw_scene(self, rng: Generator) -> Scene:
        """A scene to learn from: objects are equally likely, and small ones come up twice."""
        while True:
            pair = rng.random() < self.rung.pair_share
            scene = self.draw_pair(rng) if pair else self._single(rng)
            if not scene.held_out:
                return scene

    def draw_pair(self, rng: Generator) -> Scene:
        """Two different objects, held out or not, which both stand out from the background."""
        while True:
            first, second = (self._coloured(rng) for _ in range(2))
            both = [b for b in self._backgrounds[first] if b in self._backgrounds[second]]
            if both and first[0] != second[0]:
                things = (Thing(*first), Thing(*second))
                return Scene(things, both[rng.integers(len(both))])

    def _single(self, rng: Generator) -> Scene:
        name, colour = self._coloured(rng)
        backgrounds = self._backgrounds[name, colour]
        size = PRACTISED[rng.integers(len(PRACTISED))]
        return Scene((Thing(name, colour, size),), backgrounds[rng.integers(len(backgrounds))])

    def _coloured(self, rng: Generator) -> tuple[str, str]:
        kind = self.kinds[rng.integers(len(self.kinds))]
        if kind.recolours and self.rung.colours and rng.random() < self.rung.recoloured_share:
            return kind.name, self.rung.colours[rng.integers(len(self.rung.colours))]
        return kind.name, ""


def paint(scene: Scene, sprites: Sprites, rng: Generator, side: int) -> NDArray[np.uint8]:
    """One picture of a scene, shape (side, side, 3), sRGB; the exact shade of the background, `rng` decides."""
    jitter = rng.integers(-BACKGROUND_JITTER, BACKGROUND_JITTER + 1, 3)
    canvas = np.empty((side, side, 3), dtype=np.float32)
    canvas[:] = np.clip(np.array(PALETTE[scene.background]) + jitter, 0, 255)
    for number, thing in enumerate(scene.things):
        top, left, edge = (cells * side // GRID for cells in _place(scene, number))
        rgb, beneath = sprites.stamp(thing.name, thing.colour, edge)
        spot = canvas[top : top + edge, left : left + edge]
        spot *= beneath
        spot += rgb
    return np.clip(canvas.round(), 0, 255).astype(np.uint8)


def _place(scene: Scene, number: int) -> tuple[int, int, int]:
    """Top, left and edge of a thing, in cells: in the middle, or in the middle of its half.

    Always the same, so that a drawing meets the network's patches always alike.
    """
    if len(scene.things) == 1:
        edge = EDGES[scene.things[0].size]
        return (GRID - edge) // 2, (GRID - edge) // 2, edge
    return (GRID - PAIR_EDGE) // 2, number * GRID // 2, PAIR_EDGE


def paint_many(scenes: Sequence[Scene], sprites: Sprites, rng: Generator, side: int) -> NDArray[np.uint8]:
    """Pictures of many scenes, shape (scenes, 3, side, side), as torch likes them."""
    pictures = np.stack([paint(scene, sprites, rng, side) for scene in scenes])
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))


def usual_name(word: str) -> str:
    """The key of the object that people call `word`.

    Raises:
        KeyError: no drawing has that name.
    """
    if word in BY_NAME:
        return word
    return next((kind.name for kind in KINDS if word in kind.words), None) or BY_NAME[word].name
