"""Colours by name, and how to give an object another one without spoiling its shading.

OKLab is a colour space in which equal distances look equally different: L is lightness (0 black, 1 white), a and b
span the hues (Björn Ottosson, "A perceptual color space for image processing", 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

PALETTE: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "red": (220, 50, 47),
        "orange": (245, 150, 50),
        "yellow": (250, 220, 80),
        "green": (80, 180, 90),
        "blue": (60, 120, 220),
        "purple": (150, 90, 200),
        "pink": (250, 160, 200),
        "white": (250, 250, 250),
        "black": (30, 30, 35),
        "gray": (150, 150, 155),
    }
)
"""The ten colour words, in sRGB from 0 to 255."""

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LAB, _FROM_LMS = np.linalg.inv(_TO_LAB), np.linalg.inv(_TO_LMS)


def to_oklab(rgb: Floats) -> Floats:
    """sRGB in [0, 1], shape (..., 3) → OKLab, shape (..., 3)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return (np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T).astype(np.float32)


def from_oklab(lab: Floats) -> Floats:
    """OKLab → sRGB in [0, 1]; what no screen can show is clipped."""
    linear = np.clip(((lab @ _FROM_LAB.T) ** 3) @ _FROM_LMS.T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)


def named(colour: str) -> Floats:
    """OKLab of a colour word, shape (3,)."""
    return to_oklab(np.array(PALETTE[colour], dtype=np.float32) / 255)


def main_colour(rgba: Floats) -> Floats:
    """OKLab of the commonest colour of a flat drawing in sRGB with alpha, shape (height, width, 4) → (3,).

    Neighbouring shades count together: opaque pixels are sorted into cells of 0.06, and the fullest one is averaged.
    Greys and outlines do not count, unless there is nothing else.
    """
    lab = to_oklab(rgba[..., :3])[rgba[..., 3] > 0.9]
    vivid = np.hypot(lab[:, 1], lab[:, 2]) > 0.1
    lab = lab[vivid] if vivid.any() else lab
    _, members, counts = np.unique(np.round(lab / 0.06), axis=0, return_inverse=True, return_counts=True)
    return lab[members.reshape(-1) == counts.argmax()].mean(axis=0).astype(np.float32)


def _belonging(lab: Floats, main: Floats) -> Floats:
    """How much each pixel shares the main colour's hue: 1 within 30°, 0 beyond 50° or where there is no hue."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    turn = np.arctan2(lab[..., 2], lab[..., 1]) - np.arctan2(main[2], main[1])
    apart = np.abs(np.degrees(np.arctan2(np.sin(turn), np.cos(turn))))
    return np.clip((50 - apart) / 20, 0, 1) * np.clip((chroma - 0.03) / 0.03, 0, 1)


def recolour(rgba: Floats, colour: str) -> Floats:
    """The same drawing with `colour` in place of its main colour; other hues, white and black stay.

    Hue and chroma become the new colour's (a shift would turn an orange balloon's highlights magenta); lightness
    follows it too, but keeps the differences that make the shading.

    Args:
        rgba: a drawing with one main colour, sRGB with straight alpha in [0, 1], shape (height, width, 4).
        colour: a word of `PALETTE`.
    """
    lab, main, target = to_oklab(rgba[..., :3]), main_colour(rgba), named(colour)
    shading = lab[..., 0] - main[0]
    roughly = np.where(shading > 0, (1 - target[0]) / max(1 - main[0], 0.2), target[0] / main[0])
    lightness = target[0] + np.clip(roughly, 0.5, 1.2) * shading
    relative = np.clip(np.hypot(lab[..., 1], lab[..., 2]) / np.hypot(main[1], main[2]), 0, 1.1)
    new = np.stack([lightness, target[1] * relative, target[2] * relative], axis=-1)
    share = _belonging(lab, main)[..., None]
    mixed = from_oklab(lab * (1 - share) + new * share)
    return np.concatenate([mixed, rgba[..., 3:]], axis=-1).astype(np.float32)


def contrast(rgba: Floats, background: str) -> float:
    """How well a drawing's outline stands out: the share of its rim that differs visibly from a background, 0 to 1."""
    solid = rgba[..., 3] > 0.9
    inner = solid.copy()
    for axis in (0, 1):
        for step in (-3, 3):
            inner &= np.roll(solid, step, axis)
    rim = to_oklab(rgba[..., :3])[solid & ~inner]
    return float((np.linalg.norm(rim - named(background), axis=-1) > VISIBLE).mean())


VISIBLE = 0.16
"""Distance in OKLab that is seen at a glance, even on small shapes: red and orange are 0.20 apart."""
