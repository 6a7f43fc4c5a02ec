"""Record what each scene opens with, from the real model: `python -m genai_demo.record`.

The files in `assets/recorded` are drawn at once, labelled *recorded*, and replaced when the live model answers.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from .models.catalogue import DEFAULT_MODEL, find_model
from .models.language import LanguageModel
from .models.loading import load_model
from .next_token import requests
from .next_token.tab import NAME, PACKAGE, RECORDED
from .ui.texts import load_texts

MAX_BYTES = 60_000
WRITTEN_TOKENS = 24


def opening_payloads(model: LanguageModel) -> dict[str, dict[str, Any]]:
    """The opening example of each scene: scene → payload."""
    texts = load_texts(PACKAGE)
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


def _mark_recorded(payload: dict[str, Any], today: str) -> dict[str, Any]:
    """Every provenance inside `payload`, also of its parts, says *recorded* and when."""
    marked = {name: _mark_recorded(part, today) if isinstance(part, dict) else part for name, part in payload.items()}
    if "provenance" in marked:
        marked["provenance"] |= {"kind": "recorded", "recorded_on": today}
    return marked


def main() -> None:
    """Write one file a scene."""
    model = load_model(find_model(DEFAULT_MODEL), device="cpu")
    RECORDED.mkdir(parents=True, exist_ok=True)
    for name, payload in opening_payloads(model).items():
        marked = _mark_recorded(payload, date.today().isoformat())
        text = json.dumps(marked, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > MAX_BYTES:
            raise SystemExit(f"{name}: {len(text.encode()):,} bytes, more than {MAX_BYTES:,}")
        (RECORDED / f"{NAME}-{name}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{name:8} {len(text.encode()):7,} bytes")


if __name__ == "__main__":
    main()
