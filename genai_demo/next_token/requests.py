"""What the browser asks for, and the answers: request (JSON) → backend → view → payload (JSON).

The recording script calls the same functions, so a recorded payload is what the page would have been sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..checks import require_number
from ..errors import InvalidParameter
from ..models.language import LanguageModel
from ..models.sampling import SamplingSettings
from ..ui.request import Json, text_field, texts_field
from . import backend, view

PREDICT_COUNT = 50
SAMPLE_COUNT = 100  # as far as the top-k slider reaches
MAX_DRAWS = 100


def tokenize_text(model: LanguageModel, request: Json) -> Json:
    """{text} → the Tokens scene."""
    text = text_field(request, "text")
    variant = text[1:] if text.startswith(" ") else " " + text
    return view.tokens_payload(backend.tokenize(model, text), backend.tokenize(model, variant))


def predict_next(model: LanguageModel, request: Json) -> Json:
    """{prompt, watch} → bars and watched words."""
    prompt, watch = text_field(request, "prompt"), texts_field(request, "watch")
    result = backend.next_token(model, prompt, count=PREDICT_COUNT, watch=watch)
    return view.next_token_payload(result, model.control_ids)


def predict_for_sliders(model: LanguageModel, request: Json) -> Json:
    """{prompt} → as many bars as the sliders can cut."""
    result = backend.next_token(model, text_field(request, "prompt"), count=SAMPLE_COUNT)
    return view.next_token_payload(result, model.control_ids)


def slider_stops(model: LanguageModel, request: Json) -> Json:
    """{prompt} → the table with which the browser moves the sliders by itself."""
    return view.sliders_payload(backend.next_token_sliders(model, text_field(request, "prompt")))


def name_drawn(model: LanguageModel, request: Json) -> Json:
    """{prompt, temperature, top_p, top_k, uniforms} → the tokens drawn from beyond the bars."""
    uniforms = request.get("uniforms")
    if not isinstance(uniforms, list) or len(uniforms) > MAX_DRAWS:
        raise InvalidParameter(name="uniforms", value="this", allowed=f"up to {MAX_DRAWS} numbers")
    for uniform in uniforms:
        require_number("uniforms", uniform, 0, 1)
    drawn = backend.name_draws(model, text_field(request, "prompt"), _settings(request), uniforms)
    control = model.control_ids
    return {"tokens": [{"text": token.text, "id": token.id, "control": token.id in control} for token in drawn]}


def write_on(model: LanguageModel, request: Json) -> Iterator[Json]:
    """{run, prompt, chosen, temperature, top_p, top_k, seed, max_new_tokens} → a growing continuation."""
    chosen = request.get("chosen", [])
    if not isinstance(chosen, list):
        raise InvalidParameter(name="chosen", value="this", allowed="a list of token ids")
    steps = backend.generate(
        model,
        text_field(request, "prompt"),
        _settings(request),
        seed=request.get("seed", 0),
        max_new_tokens=request.get("max_new_tokens", 60),
        chosen=chosen,
    )
    run = {"run": request.get("run"), "kept": len(chosen)}
    for step in steps:
        yield view.writing_payload(step, run)


def measure_surprise(model: LanguageModel, request: Json) -> Json:
    """{text} → the loss of each of its tokens."""
    text = text_field(request, "text")
    return view.surprise_payload(backend.surprise(model, text), text)


def _settings(request: Json) -> SamplingSettings:
    return SamplingSettings(
        temperature=request.get("temperature", 1.0),
        top_p=request.get("top_p", 1.0),
        top_k=request.get("top_k", 0),
    )
