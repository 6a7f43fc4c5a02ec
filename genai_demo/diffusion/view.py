"""From results to what is drawn and what the API returns: plain JSON, made by pure functions.

One display mapping for everything, stated here and on the page: a picture's [−1, 1] becomes black to white, and what
lies outside is clipped; noise ε becomes 0.5 + ε/6, so that three standard deviations reach black and white; a
difference of two noises is amplified first, by a factor that is written beside it.

Pictures are PNG data URIs. Noise hardly compresses: 64 × 64 pixels in full colour are 12 KB, so that a run of 50 steps
with three pictures each would be 2.4 MB of text. Where many are sent, each picture is given a palette of its own
(median cut, no dithering), as fine as the limit allows; its number of colours is sent along. The finished picture is
exact.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..models.picture_generator import PictureOrigin
from .backend import Drawing, Floats, Lane, Noised, NoiseGuess, Step

Json = dict[str, Any]
Pixels = NDArray[np.uint8]

MAX_STEPS_SENT = 50
MAX_BYTES_SENT = 600_000
PALETTES = (256, 128, 96, 64, 48, 40, 32, 24, 16)  # colours a picture, the finest first
SAMPLED = 10  # every so many steps are tried out to find the palette that fits
STREAM_COLOURS = 256
AMPLIFICATIONS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


def provenance(origin: PictureOrigin) -> Json:
    """What stands under a figure. A recorded payload replaces `kind` and adds `recorded_on`."""
    return {"kind": "real", **asdict(origin)}


# ── numbers to pixels ────────────────────────────────────────────────────────────────────────────────────────


def picture_pixels(x: Floats) -> Pixels:
    """A picture, from [−1, 1]; what lies outside is clipped."""
    return _pixels(x / 2 + 0.5)


def noise_pixels(noise: Floats) -> Pixels:
    """Noise: 0.5 + ε/6."""
    return _pixels(0.5 + noise / 6)


def amplification(difference: Floats) -> int:
    """How many times a difference may be enlarged before more than one in a hundred of its numbers is clipped."""
    extent = float(np.quantile(np.abs(difference), 0.99))
    return max((factor for factor in AMPLIFICATIONS if factor * extent <= 3), default=1)


def _pixels(shares: NDArray[np.floating[Any]]) -> Pixels:
    return (np.clip(shares, 0, 1) * 255).round().astype(np.uint8)


def png(pixels: Pixels, colours: int | None = None) -> str:
    """A PNG data URI of pixels (height, width, 3): exact, or with a palette of at most `colours`."""
    image = Image.fromarray(pixels)
    if colours is not None:
        image = image.quantize(colours, Image.Quantize.MEDIANCUT)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


# ── the API ──────────────────────────────────────────────────────────────────────────────────────────────────


def kept_indices(steps: int, most: int = MAX_STEPS_SENT) -> list[int]:
    """Evenly spaced indices of a run of `steps`, at most `most`, the first and the last among them."""
    return sorted({round(index) for index in np.linspace(0, steps - 1, min(steps, most))})


def newest_json(prompt: str, seed: int, sampler: str, steps: int, step: Step) -> Json:
    """What `/denoise` streams: {prompt, seed, sampler, total, step}, the newest step only."""
    return {"prompt": prompt, "seed": seed, "sampler": sampler, "total": steps, "step": _step(step, STREAM_COLOURS)}


def run_json(prompt: str, seed: int, sampler: str, kept: Sequence[Step], limit: int = MAX_BYTES_SENT) -> Json:
    """The last value of `/denoise`: {prompt, seed, sampler, image, colours, steps}, in at most `limit` bytes.

    image: the finished picture, exact. colours: of each picture in `steps`, the finest palette that fits.
    """
    frame: Json = {"prompt": prompt, "seed": seed, "sampler": sampler, "image": png(picture_pixels(kept[-1].x_next))}
    room = limit - 2_000 - 12 * len(prompt) - len(frame["image"])
    tried = kept[::SAMPLED]
    for colours in PALETTES:
        if sum(_size(_step(step, colours)) for step in tried) / len(tried) * len(kept) > room:
            continue
        steps = [_step(step, colours) for step in kept]
        if sum(_size(step) for step in steps) <= room:
            break
    return {**frame, "colours": colours, "steps": steps}


def _step(step: Step, colours: int | None) -> Json:
    return {
        "index": step.index,
        "timestep": step.timestep,
        "alpha_bar": step.alpha_bar,
        "snr": step.snr,
        "x_t": png(picture_pixels(step.x_t), colours),
        "x0": png(picture_pixels(step.x0), colours),
        "noise": png(noise_pixels(step.noise), colours),
    }


def _size(step: Json) -> int:
    """Bytes of a step as JSON, at most."""
    return 200 + sum(len(value) for value in step.values() if isinstance(value, str))


def added_noise_json(result: Noised) -> Json:
    """`/add_noise`: {timestep, alpha_bar, snr, signal_weight, noise_weight, x0, noise, x_t}; the pictures are exact."""
    return {
        "timestep": result.timestep,
        "alpha_bar": result.alpha_bar,
        "snr": result.snr,
        "signal_weight": result.signal_weight,
        "noise_weight": result.noise_weight,
        "x0": png(picture_pixels(result.x0)),
        "noise": png(noise_pixels(result.noise)),
        "x_t": png(picture_pixels(result.x_t)),
    }


# ── the scenes ───────────────────────────────────────────────────────────────────────────────────────────────


def upload_payload(x0: Floats, alpha_bars: Sequence[float]) -> Json:
    """A picture to destroy in the browser, exact, and every noise level to do it with."""
    return {"x0": png(picture_pixels(x0)), "alpha_bars": [round(alpha_bar, 8) for alpha_bar in alpha_bars]}


def guess_payload(result: NoiseGuess, origin: PictureOrigin) -> Json:
    """The true noise, the guess, their difference (times `amplified`), and the clean picture that the guess implies."""
    factor = amplification(result.difference)
    return {
        "provenance": provenance(origin),
        "prompt": result.prompt,
        **added_noise_json(result.noised),
        "snr_db": result.noised.snr_db,
        "guess": png(noise_pixels(result.guess)),
        "difference": png(noise_pixels(factor * result.difference)),
        "amplified": factor,
        "x0_guess": png(picture_pixels(result.x0_guess)),
        "noise_error": result.noise_error,
        "picture_error": result.picture_error,
        "factor": result.factor,
    }


def step_payload(step: Step, total: int, origin: PictureOrigin, unseen: Sequence[str]) -> Json:
    """One step as it is made: x_t, x0, the guided noise, and the picture after it; about 25 KB.

    `guidance`: what guidance changed, guided − unguided noise, times `amplified`; none where nothing was guided.
    """
    payload = {
        "provenance": provenance(origin),
        "total": total,
        "unseen": list(unseen),
        **_step(step, STREAM_COLOURS),
        "snr_db": step.snr_db,
        "clipped": step.clipped,
        "guidance": None,
        "amplified": 1,
        "picture": png(picture_pixels(step.x_next), STREAM_COLOURS) if step.index + 1 == total else None,
    }
    if step.noise_with_prompt is not None and step.noise_without_prompt is not None:
        difference = step.noise - step.noise_without_prompt
        factor = amplification(difference)
        payload |= {"guidance": png(noise_pixels(factor * difference), STREAM_COLOURS), "amplified": factor}
    return payload


def steer_payload(lanes: Iterable[Lane], origin: PictureOrigin) -> Json:
    """Several pictures from the same noise, and what each was guided by."""
    return {
        "provenance": provenance(origin),
        "lanes": [{**asdict(lane.wish), "picture": png(picture_pixels(lane.picture))} for lane in lanes],
    }


def drawing_payload(drawing: Drawing, origin: PictureOrigin) -> Json:
    """A finished picture, the steps and the seconds that it took."""
    return {
        "provenance": provenance(origin),
        "sampler": drawing.sampler,
        "steps": drawing.steps,
        "seconds": round(drawing.seconds, 3),
        "picture": png(picture_pixels(drawing.picture)),
    }
