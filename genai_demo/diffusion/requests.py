"""What the browser asks for, and the answers: request (JSON) → backend → view → payload (JSON).

The recording script calls the same functions, so a recorded payload is what the page would have been sent.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..checks import require_whole
from ..errors import InvalidParameter, NotAPicture, PictureTooLarge
from ..models.drawing_model import DrawingModel
from ..ui.request import Json, text_field, texts_field
from . import backend, upload, view
from .backend import Floats, Step, Wish
from .samples import sample_pictures
from .schedulers import MAX_STEPS, require_steps
from .words import unseen_words

STEPS = 25
GUIDANCE = 4.0
SAMPLER = "ddim"
SCALES = (0, 1, 3, 7, 15)
COMPARED = ("ddpm", "ddim")


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


def forward_process(model: DrawingModel, request: Json) -> Json:  # noqa: ARG001 - there is nothing to ask
    """{} → pictures and all noise levels: the Destroy scene, which is computed in the browser, on pixels.

    Of a model of latents it has the noise levels, and pictures of as many pixels as the latents have positions.
    """
    return view.forward_payload(
        sample_pictures(model.shape[1]), model.alpha_bars.tolist(), model.shape[1], model.origin
    )


def guess_noise(model: DrawingModel, request: Json) -> Json:
    """{image, prompt, timestep, seed} → the Guess-the-noise scene."""
    picture = upload.read_picture(decoded(text_field(request, "image")), model.origin.side)
    x0 = backend.as_x0(model, picture)
    timestep = request.get("timestep", len(model.alpha_bars) // 2)
    result = backend.guess_noise(model, x0, text_field(request, "prompt"), timestep, request.get("seed", 0))
    return view.guess_payload(backend.pictured_guess(model, result), model.origin)


def draw(model: DrawingModel, request: Json) -> Iterator[Json]:
    """{run, prompt, seed, steps, guidance_scale, sampler, negative_prompt, skip} → the Step-by-step scene.

    A run that goes on after a stop is made anew, which comes to the same picture: of its first `skip` steps only the
    index is sent.
    """
    run, skip = _run(model, request), request.get("skip", 0)
    require_whole("skip", skip, 0, max(MAX_STEPS.values()))
    total, unseen, answered = _steps(request), _unseen(model, text_field(request, "prompt")), _answered(request)
    for step in run:
        if step.index < skip:
            yield {**answered, "total": total, "skipped": step.index}
            continue
        payload = view.step_payload(_pictured(model, step, total), total, model.origin, unseen)
        if model.origin.space == "latent":
            payload["step"]["latents"] = view.latents_json(step)
        yield {**answered, **payload}


def decode_step(model: DrawingModel, request: Json) -> Json:
    """{x_t, x0} (a step's latents, as `draw` sent them) → {x_t, x0}, the pictures they stand for.

    The browser keeps the latents, so the server keeps nothing of a visitor's and does not draw anew.
    """
    pictures = [backend.decoded(model, _latents(model, request, name)) for name in ("x_t", "x0")]
    return view.decoded_payload(*pictures)


def save_gif(model: DrawingModel, request: Json) -> Json:
    """{the same as for `draw`} → {gif}: the run made anew, its first and last step and others in between."""
    total = _steps(request)
    run, wanted = _run(model, request), view.kept_indices(total)
    return {"gif": view.gif([_pictured(model, step, total) for step in run if step.index in wanted])}


def steer_by_guidance(model: DrawingModel, request: Json) -> Json:
    """{prompt, scales, seed, steps, sampler} → one prompt at several guidance scales."""
    scales = request.get("scales", list(SCALES))
    if not isinstance(scales, list):
        raise InvalidParameter(name="scales", value="this", allowed="a list of numbers")
    prompt = text_field(request, "prompt")
    return _steered(model, request, [Wish(prompt, scale) for scale in scales[: backend.MAX_LANES + 1]])


def steer_by_prompt(model: DrawingModel, request: Json) -> Json:
    """{prompts, guidance_scale, seed, steps, sampler} → several prompts from the same noise."""
    scale = request.get("guidance_scale", GUIDANCE)
    prompts = texts_field(request, "prompts")[: backend.MAX_LANES + 1]
    return _steered(model, request, [Wish(prompt, scale) for prompt in prompts])


def read_words(model: DrawingModel, request: Json) -> Json:
    """{prompt, seed} → a picture, and where each word of its prompt is read; no words if the model does not show it."""
    prompt = text_field(request, "prompt")
    if not model.words(prompt):
        return {"provenance": view.provenance(model.origin), "prompt": prompt, "words": []}
    return view.reading_payload(backend.read_words(model, prompt, request.get("seed", 0)), model.origin)


def count_steps(model: DrawingModel, request: Json) -> Iterator[Json]:
    """{run, prompt, seed, guidance_scale, samplers} → the How-many-steps scene, picture by picture."""
    prompt, samplers = text_field(request, "prompt"), texts_field(request, "samplers")[:2] or list(COMPARED)
    drawings = backend.step_counts(
        model, prompt, request.get("seed", 0), request.get("guidance_scale", GUIDANCE), samplers
    )
    total, unseen = len(samplers) * len(backend.STEP_COUNTS), _unseen(model, prompt)
    for drawing in drawings:
        shown = replace(drawing, picture=backend.decoded(model, drawing.picture))
        yield {**_answered(request), **view.drawing_payload(shown, total, model.origin, unseen)}


def _run(model: DrawingModel, request: Json) -> Iterator[Step]:
    return backend.denoise(
        model,
        text_field(request, "prompt"),
        request.get("seed", 0),
        request.get("steps", STEPS),
        request.get("guidance_scale", GUIDANCE),
        _sampler(request),
        text_field(request, "negative_prompt"),
    )


def _steered(model: DrawingModel, request: Json, wishes: list[Wish]) -> Json:
    steps, sampler = request.get("steps", STEPS), _sampler(request)
    require_steps(sampler, steps, len(model.alpha_bars))
    lanes = backend.steer(model, wishes, request.get("seed", 0), steps, sampler, keep=(int(steps) // 2,))
    lanes = tuple(replace(lane, picture=backend.decoded(model, lane.picture)) for lane in lanes)
    unseen = _unseen(model, " ".join(wish.prompt for wish in wishes))
    return view.steer_payload(lanes, model.origin, unseen)


def _answered(request: Json) -> Json:
    """Which of its runs the browser is being answered."""
    return {"request": {"run": request.get("run")}}


def _unseen(model: DrawingModel, prompt: str) -> tuple[str, ...]:
    """None for a model of other people, whose captions nobody here has read."""
    return () if model.objects is None else unseen_words(prompt, model.objects)


def _pictured(model: DrawingModel, step: Step, total: int) -> Step:
    return backend.pictured(model, step, last=step.index + 1 == total)


def _latents(model: DrawingModel, request: Json, name: str) -> Floats:
    """The numbers that `view.latents_json` wrote.

    Raises:
        InvalidParameter: too many or too few of them, or some that are none.
    """
    channels, height, width = model.shape
    allowed = f"{height} × {width} × {channels} numbers as they were sent"
    text = text_field(request, name)
    if len(text) > 4 * height * width * channels:
        raise InvalidParameter(name=name, value="this", allowed=allowed)
    try:
        numbers = np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float32)
        numbers = numbers.reshape(height, width, channels)
    except ValueError as error:
        raise InvalidParameter(name=name, value="this", allowed=allowed) from error
    if not np.isfinite(numbers).all():
        raise InvalidParameter(name=name, value="this", allowed=allowed)
    return numbers


def _steps(request: Json) -> int:
    return int(request.get("steps", STEPS))


def _sampler(request: Json) -> str:
    return text_field(request, "sampler") or SAMPLER
