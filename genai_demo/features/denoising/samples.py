"""Pictures to begin with: compositions such as the model was trained on, painted from the shipped drawings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ...datasets.drawings.captions import plain_caption
from ...datasets.drawings.compositions import Scene, Thing, paint
from ...datasets.drawings.sprites import Sprites
from .denoiser import Floats

SCENES = (
    Scene((Thing("apple", "red", "large"),), "blue"),
    Scene((Thing("cat", "", "large"),), "green"),
    Scene((Thing("butterfly", "purple", "large"),), "white"),
    Scene((Thing("rocket", "", "large"),), "black"),
    Scene((Thing("heart", "pink", "medium"),), "yellow"),
)


@dataclass(frozen=True)
class Sample:
    """A clean picture, float32 in [−1, 1], shape (side, side, 3), and the prompt that describes it."""

    prompt: str
    x0: Floats


@cache
def sample_pictures(side: int) -> tuple[Sample, ...]:
    """The pictures of `SCENES`, the same every time."""
    sprites, rng = Sprites.load(), np.random.default_rng(0)
    return tuple(
        Sample(plain_caption(scene), paint(scene, sprites, rng, side).astype(np.float32) / np.float32(127.5) - 1)
        for scene in SCENES
    )
