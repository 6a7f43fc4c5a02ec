"""What the browser asks for, and the answers: request (JSON) → backend → view → payload (JSON).

The recording script calls the same functions, so a recorded payload is what the page would have been sent.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from ..errors import InvalidParameter, NotAPicture, PictureTooLarge
from ..models.picture_generator import PictureGenerator
from ..ui.request import Json, text_field, texts_field
from . import backend, upload, view
from .backend import Floats, Wish
from .words import unseen_words

STEPS = 25
GUIDANCE = 4.0


def decoded(image: str) -> bytes:
    """The bytes of a data URI, or of base64 alone. Refused by length before it is decoded.

    Raises:
        PictureTooLarge, NotAPicture.
    """
    if len(image) > upload.MAX_BYTES * 4 / 3 + 100:
        raise PictureTooLarge(size=round(len(image) * 0.75e-6, 1), limit=upload.MAX_BYTES // 10**6, unit="megabytes")
    try:
        return base64.b64decode(image.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAPicture(formats=", ".join(upload.FORMATS)) from error


def shrink_upload(model: PictureGenerator, request: Json) -> Json:
    """{image} → the picture as the model could have drawn it, and all noise levels: the Destroy scene."""
    return view.upload_payload(_picture(request, model), model.alpha_bars.tolist())


def guess_noise(model: PictureGenerator, request: Json) -> Json:
    """{image, prompt, timestep, seed} → the Guess-the-noise scene."""
    result = backend.guess_noise(
        model,
        _picture(request, model),
        text_field(request, "prompt"),
        request.get("timestep", len(model.alpha_bars) // 2),
        request.get("seed", 0),
    )
    return view.guess_payload(result, model.origin)


def draw(model: PictureGenerator, request: Json) -> Iterator[Json]:
    """{prompt, seed, steps, guidance_scale, sampler, negative_prompt} → the Step-by-step scene, step by step."""
    prompt, steps = text_field(request, "prompt"), request.get("steps", STEPS)
    run = backend.denoise(
        model,
        prompt,
        request.get("seed", 0),
        steps,
        request.get("guidance_scale", GUIDANCE),
        _sampler(request),
        text_field(request, "negative_prompt"),
    )
    unseen = unseen_words(prompt)
    for step in run:
        yield {"run": request.get("run"), **view.step_payload(step, int(steps), model.origin, unseen)}


def steer_guidance(model: PictureGenerator, request: Json) -> Json:
    """{prompt, scales, seed, steps, sampler} → one prompt at several guidance scales."""
    scales = request.get("scales", [0, 1, 3, 7, 15])
    if not isinstance(scales, list):
        raise InvalidParameter(name="scales", value="this", allowed="a list of numbers")
    prompt = text_field(request, "prompt")
    return _steered(model, request, [Wish(prompt, scale) for scale in scales[: backend.MAX_LANES + 1]])


def steer_prompts(model: PictureGenerator, request: Json) -> Json:
    """{prompts, guidance_scale, seed, steps, sampler} → several prompts from the same noise."""
    scale = request.get("guidance_scale", GUIDANCE)
    prompts = texts_field(request, "prompts")[: backend.MAX_LANES + 1]
    return _steered(model, request, [Wish(prompt, scale) for prompt in prompts])


def count_steps(model: PictureGenerator, request: Json) -> Iterator[Json]:
    """{prompt, seed, guidance_scale, samplers} → the How-many-steps scene, picture by picture."""
    samplers = texts_field(request, "samplers")[:4] or ["ddim", "dpm++"]
    drawings = backend.step_counts(
        model,
        text_field(request, "prompt"),
        request.get("seed", 0),
        request.get("guidance_scale", GUIDANCE),
        samplers,
    )
    for drawing in drawings:
        yield {"run": request.get("run"), **view.drawing_payload(drawing, model.origin)}


def _steered(model: PictureGenerator, request: Json, wishes: list[Wish]) -> Json:
    steps = request.get("steps", STEPS)
    lanes = backend.steer(model, wishes, request.get("seed", 0), steps, _sampler(request))
    return view.steer_payload(lanes, model.origin)


def _sampler(request: Json) -> str:
    return text_field(request, "sampler") or "ddim"


def _picture(request: Json, model: PictureGenerator) -> Floats:
    return upload.read_picture(decoded(text_field(request, "image")), model.shape[1])
