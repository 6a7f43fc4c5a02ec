"""What the scenes open with, computed from the vectors.

`genai_demo/record.py` writes it into files for the default table; for one from a file it is computed at the start.
"""

from __future__ import annotations

from ..models.word_vectors import WordVectors
from ..ui.request import Json
from . import requests
from .examples import texts_for


def openings(vectors: WordVectors) -> dict[str, Json]:
    """The opening example of each scene: scene → payload."""
    texts = texts_for(vectors)
    family = texts["common"]["themes"][0]["words"]
    axes = texts["axes"]["presets"][0]
    return {
        "numbers": requests.compare_words(vectors, {"words": texts["numbers"]["presets"][0]["words"]}),
        "map": requests.show_map(vectors, {"words": family}),
        "arithmetic": requests.work_out(
            vectors, {"formula": texts["arithmetic"]["presets"][0]["formula"], "reference": family}
        ),
        "axes": requests.place_words(vectors, axes),
        "play": requests.deal_game(vectors, {"seed": 1}),
    }
