"""The drawings that pictures are composed of: Fluent Emoji (flat), which `render` made into one committed image.

Fluent Emoji are © Microsoft Corporation, MIT licence: https://github.com/microsoft/fluentui-emoji
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ...shipped import reading
from .colours import Floats, recolour

FOLDER = Path(__file__).parents[3] / "assets" / "sprites"
EDGE = 96  # pixels a side of each drawing in the atlas
COLUMNS = 10


@dataclass(frozen=True)
class Kind:
    """An object that can be drawn. `words` are its names, the usual one first; `article` is "a", "an" or "the"."""

    icon: str
    words: tuple[str, ...]
    recolours: bool = False  # whether it has one main colour, so that a colour word makes sense

    @property
    def name(self) -> str:
        """The usual word, which is also its key."""
        return self.words[0]


def _kind(icon: str, *words: str, recolours: bool = False) -> Kind:
    return Kind(icon, words or (icon,), recolours)


KINDS: tuple[Kind, ...] = (
    # the first forty, with which the climb starts
    _kind("red-apple", "apple", recolours=True),
    _kind("banana"),
    _kind("strawberry"),
    _kind("watermelon", "watermelon", "slice of watermelon", "melon"),
    _kind("carrot"),
    _kind("mushroom", "mushroom", "toadstool", recolours=True),
    _kind("pizza", "pizza", "slice of pizza", "pizza slice"),
    _kind("cat-face", "cat", "kitten", "kitty", recolours=True),
    _kind("dog-face", "dog", "puppy"),
    _kind("rabbit-face", "rabbit", "bunny"),
    _kind("frog"),
    _kind("pig-face", "pig", "piglet"),
    _kind("panda", "panda", "panda bear"),
    _kind("penguin"),
    _kind("owl"),
    _kind("fish", "fish", recolours=True),
    _kind("octopus", "octopus", "squid", recolours=True),
    _kind("butterfly", "butterfly", recolours=True),
    _kind("lady-beetle", "ladybug", "ladybird"),
    _kind("rose", "rose", recolours=True),
    _kind("tulip", "tulip", recolours=True),
    _kind("sunflower"),
    _kind("deciduous-tree", "tree"),
    _kind("cactus"),
    _kind("sun"),
    _kind("crescent-moon", "moon", "crescent moon", recolours=True),
    _kind("star", "star", recolours=True),
    _kind("red-heart", "heart", recolours=True),
    _kind("balloon", "balloon", recolours=True),
    _kind("umbrella", "umbrella", "parasol", recolours=True),
    _kind("automobile", "car", "automobile", "vehicle", recolours=True),
    _kind("bus", "bus"),
    _kind("rocket", "rocket", "spaceship", "space rocket"),
    _kind("house", "house", "home", "cottage"),
    _kind("t-shirt", "shirt", "t-shirt", "tee shirt", recolours=True),
    _kind("key", "key", recolours=True),
    _kind("bell", "bell", recolours=True),
    _kind("blue-book", "book", "textbook", recolours=True),
    _kind("guitar", "guitar", "electric guitar", recolours=True),
    _kind("ghost"),
    # twenty-four more
    _kind("cherry-blossom", "flower", "blossom", recolours=True),
    _kind("maple-leaf", "leaf", "maple leaf", recolours=True),
    _kind("bird", "bird", recolours=True),
    _kind("crab", "crab", recolours=True),
    _kind("gem-stone", "diamond", "gem", "jewel", recolours=True),
    _kind("crown", "crown"),
    _kind("bear", "bear", "teddy"),
    _kind("fox"),
    _kind("lion"),
    _kind("cow-face", "cow"),
    _kind("baby-chick", "chick", "baby chick"),
    _kind("spouting-whale", "whale", recolours=True),
    _kind("turtle", "turtle", "tortoise"),
    _kind("pear", "pear"),
    _kind("lemon"),
    _kind("grapes"),
    _kind("cookie", "cookie", "biscuit"),
    _kind("doughnut", "donut", "doughnut"),
    _kind("hamburger", "hamburger", "burger"),
    _kind("evergreen-tree", "pine tree", "fir tree"),
    _kind("fire", "fire", "flame"),
    _kind("droplet", "drop", "water drop"),
    _kind("rainbow"),
    _kind("airplane", "airplane", "plane", "aeroplane"),
    # and the rest of the atlas
    _kind("sailboat", "boat", "sailboat"),
    _kind("bicycle", "bicycle", "bike"),
    _kind("locomotive", "train", "locomotive"),
    _kind("castle"),
    _kind("locked", "lock", "padlock"),
    _kind("top-hat", "hat", "top hat"),
    _kind("soccer-ball", "ball", "soccer ball", "football"),
    _kind("basketball"),
    _kind("alarm-clock", "clock", "alarm clock"),
    _kind("light-bulb", "light bulb", "lamp"),
    _kind("robot"),
    _kind("snowman"),
    _kind("alien"),
    _kind("jack-o-lantern", "pumpkin"),
    _kind("horse"),
    _kind("elephant"),
)
BY_NAME = {kind.name: kind for kind in KINDS}


class Sprites:
    """Drawings by object, colour and size in pixels; made when first asked for, then kept."""

    def __init__(self, drawings: dict[str, Floats]) -> None:
        self.drawings = drawings  # name → (EDGE, EDGE, 4), sRGB with straight alpha in [0, 1]
        self._coloured: dict[tuple[str, str], Floats] = {}
        self._stamps: dict[tuple[str, str, int], tuple[Floats, Floats]] = {}

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Sprites:
        """The committed atlas.

        Raises:
            DamagedClone, DamagedModelFolder: its files are missing or damaged.
        """
        with reading(folder):
            names = json.loads((folder / "fluent_flat.json").read_text(encoding="utf-8"))["names"]
            with Image.open(folder / "fluent_flat.png") as image:
                atlas = np.asarray(image.convert("RGBA"), dtype=np.float32) / 255
            return cls({name: atlas[_place(index)] for index, name in enumerate(names)})

    def coloured(self, name: str, colour: str) -> Floats:
        """The drawing in `colour` ("" for its own), shape (EDGE, EDGE, 4)."""
        if not colour:
            return self.drawings[name]
        if (name, colour) not in self._coloured:
            self._coloured[name, colour] = recolour(self.drawings[name], colour)
        return self._coloured[name, colour]

    def stamp(self, name: str, colour: str, edge: int) -> tuple[Floats, Floats]:
        """The drawing at `edge` pixels a side: colour times alpha in [0, 255], and 1 − alpha."""
        key = (name, colour, edge)
        if key not in self._stamps:
            pixels = (self.coloured(name, colour) * 255).round().astype(np.uint8)
            small = Image.fromarray(pixels).resize((edge, edge), Image.Resampling.LANCZOS)  # weighs colour by alpha
            rgba = np.asarray(small, dtype=np.float32)
            alpha = rgba[..., 3:] / 255
            self._stamps[key] = (rgba[..., :3] * alpha, 1 - alpha)
        return self._stamps[key]


def _place(index: int) -> tuple[slice, slice]:
    top, left = EDGE * (index // COLUMNS), EDGE * (index % COLUMNS)
    return slice(top, top + EDGE), slice(left, left + EDGE)
