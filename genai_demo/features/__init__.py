"""All ideas, in the order in which their tabs appear. A new one is a folder here, and its name in `FEATURES`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..asks import Feature

FEATURES = ("next_word", "word_vectors", "denoising", "rlhf")


def load_features() -> tuple[Feature[Any], ...]:
    """Each idea, as the `feature.py` of its folder describes it. They are read only now: some import a lot."""
    return tuple(import_module(f"{__name__}.{name}.feature").FEATURE for name in FEATURES)
