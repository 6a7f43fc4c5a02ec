"""What the scenes open with, computed by a model; `genai_demo/record.py` writes it into files."""

from __future__ import annotations

from ..models.language import LanguageModel
from ..ui.request import Json
from ..ui.texts import load_texts
from . import requests

WRITTEN_TOKENS = 24


def openings(model: LanguageModel) -> dict[str, Json]:
    """The opening example of each scene: scene → payload."""
    texts = load_texts("genai_demo.next_token")
    phone = texts["predict"]["presets"][0]
    prompt = {"prompt": phone["prompt"]}
    focus = texts["focus"]
    *_, written = requests.write_on(
        model, {**prompt, **texts["common"]["sampling"][1], "seed": 1, "max_new_tokens": WRITTEN_TOKENS}
    )
    return {
        "tokens": requests.tokenize_text(model, {"text": texts["tokens"]["presets"][0]["text"]}),
        "predict": requests.predict_next(model, {**prompt, "watch": phone["watch"]}),
        "sample": {
            **requests.predict_for_sliders(model, prompt),
            "sliders": requests.slider_stops(model, prompt),
        },
        "repeat": {**written, **prompt},
        "focus": {
            "left": requests.predict_next(model, {"prompt": focus["presets"][0]["left"]}),
            "right": requests.predict_next(model, {"prompt": focus["presets"][0]["right"]}),
            "surprise": requests.measure_surprise(model, {"text": focus["sentences"][0]}),
        },
    }
