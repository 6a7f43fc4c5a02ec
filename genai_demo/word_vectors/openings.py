"""What the scenes open with, computed from the vectors; `genai_demo/record.py` writes it into files."""

from __future__ import annotations

from ..models.word_vectors import WordVectors
from ..ui.request import Json
from ..ui.texts import load_texts
from . import requests


def openings(vectors: WordVectors) -> dict[str, Json]:
    """The opening example of each scene: scene → payload."""
    texts = load_texts("genai_demo.word_vectors")
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
