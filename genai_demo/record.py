"""Record what each scene opens with, from the real model: `python -m genai_demo.record`.

The files in `assets/recorded` are drawn at once, labelled *recorded*, and replaced when the live model answers.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from typing import Any

from .diffusion import openings as diffusion
from .diffusion.tab import NAME as DENOISING
from .models.cache import write_whole
from .models.catalogue import DEFAULT_MODEL, find_model
from .models.loading import ModelLoader, load_model
from .models.picture_generator import load_picture_generator
from .models.stages_loader import StagesLoader
from .models.word_vectors import VectorsLoader
from .next_token import openings as next_token
from .next_token.tab import NAME as NEXT_TOKEN
from .rlhf import openings as rlhf
from .rlhf.tab import NAME as RLHF
from .ui.scene import RECORDED
from .word_vectors import openings as word_vectors
from .word_vectors.tab import NAME as WORD_VECTORS

MAX_BYTES = 60_000


def _mark_recorded(payload: dict[str, Any], today: str) -> dict[str, Any]:
    """Every provenance inside `payload`, also of its parts, says *recorded* and when."""
    marked = {name: _mark_recorded(part, today) if isinstance(part, dict) else part for name, part in payload.items()}
    if "provenance" in marked:
        marked["provenance"] |= {"kind": "recorded", "recorded_on": today}
    return marked


def _write(tab: str, payloads: dict[str, dict[str, Any]]) -> None:
    RECORDED.mkdir(parents=True, exist_ok=True)
    for name, payload in payloads.items():
        marked = _mark_recorded(payload, date.today().isoformat())
        text = json.dumps(marked, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > MAX_BYTES:
            raise SystemExit(f"{name}: {len(text.encode()):,} bytes, more than {MAX_BYTES:,}")
        file = RECORDED / f"{tab}-{name}.json"
        try:
            write_whole(file, text + "\n")
        except OSError as error:
            raise SystemExit(f"{file} could not be written ({error.strerror}). What was there is unchanged.") from error
        print(f"{tab} {name:10} {len(text.encode()):7,} bytes")


def main() -> None:
    """Write one file a scene."""
    parser = argparse.ArgumentParser(description="Record what each scene opens with, from the real models.")
    tabs = (NEXT_TOKEN, WORD_VECTORS, DENOISING, RLHF)
    parser.add_argument("tabs", nargs="*", default=tabs, help=f"only these: {', '.join(tabs)}")
    wanted = parser.parse_args().tabs
    if DENOISING in wanted:
        _write(DENOISING, diffusion.openings(load_picture_generator("cpu")))
    if not {NEXT_TOKEN, WORD_VECTORS, RLHF} & set(wanted):
        return
    entry = find_model(DEFAULT_MODEL)
    model = load_model(entry, device="cpu")
    if NEXT_TOKEN in wanted:
        _write(NEXT_TOKEN, next_token.openings(model))
    if WORD_VECTORS in wanted:
        _write(WORD_VECTORS, word_vectors.openings(VectorsLoader(ModelLoader.of(model, entry)).model()))
    if RLHF in wanted:
        _write(RLHF, rlhf.openings(StagesLoader(ModelLoader.of(model, entry)).model()))


if __name__ == "__main__":
    main()
