"""From results to what is drawn and what the API returns: plain JSON, made by pure functions.

One display mapping for everything, stated here and on the page: a picture's [−1, 1] becomes black to white, and what
lies outside is clipped; noise ε becomes 0.5 + ε/6, so that three standard deviations reach black and white; a
difference of two noises is amplified first, by a factor that is written beside it.

Pictures are PNG data URIs. Noise hardly compresses: 64 × 64 pixels in full colour are 12 KB, so that a run of 50 steps
with three pictures each would be 2.4 MB of text. Where many are sent, each picture is given a palette of its own
(no dithering), as fine as the limit allows. The finished picture is exact; one so large that it would not fit, as
those decoded from latents are, is a JPEG. Of the noise in latents the first three channels are shown, as red, green
and blue.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...models.drawing_model import PictureOrigin
from .counts import Drawing
from .denoiser import Floats
from .noise import Noised, NoiseGuess
from .reading import Reading
from .samples import Sample
from .steering import Lane
from .steps import Step

Json = dict[str, Any]
Pixels = NDArray[np.uint8]

PNG = "data:image/png;base64,"
JPEG = "data:image/jpeg;base64,"
MAX_STEPS_SENT = 50
MAX_BYTES_SENT = 600_000
PALETTES = (256, 128, 96, 64, 48, 40, 32, 24, 16)  # colours a picture, the finest first
SAMPLED = 10  # every so many steps are tried out to find the palette that fits
STREAM_COLOURS = 256
MAX_EXACT = 60_000  # characters of a finished picture as a PNG
MAX_FINISHED = 120_000  # and of a larger one as a JPEG, of the best of these qualities with which it fits
QUALITIES = (90, 75, 50, 25)
GIF_SCALE = 4
GIF_PAUSE, GIF_REST = 120, 2_500  # milliseconds
AMPLIFICATIONS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


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
    """A PNG data URI of pixels (height, width, 3): exact, or with a palette of at most `colours`.

    Of more channels (the noise of latents) the first three are drawn.

    A palette of 256 comes from an octree, fifty times as fast as the median cut and nearly as close; of fewer, from the
    median cut.
    """
    image = Image.fromarray(pixels[..., :3])
    if colours is not None:
        fast = colours >= STREAM_COLOURS
        image = image.quantize(colours, Image.Quantize.FASTOCTREE if fast else Image.Quantize.MEDIANCUT)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return PNG + base64.b64encode(file.getvalue()).decode("ascii")


def finished_uri(picture: Floats) -> str:
    """A finished picture: an exact PNG if it is small, else a JPEG, in about `MAX_FINISHED` characters."""
    pixels = picture_pixels(picture)
    uri = png(pixels)
    if len(uri) <= MAX_EXACT:
        return uri
    for quality in QUALITIES:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        uri = JPEG + base64.b64encode(file.getvalue()).decode("ascii")
        if len(uri) <= MAX_FINISHED:
            break
    return uri


# ── the API ──────────────────────────────────────────────────────────────────────────────────────────────────


def kept_indices(steps: int, most: int = MAX_STEPS_SENT) -> list[int]:
    """Evenly spaced indices of a run of `steps`, at most `most`, the first and the last among them."""
    return sorted({round(index) for index in np.linspace(0, steps - 1, min(steps, most))})


def newest_json(prompt: str, seed: int, sampler: str, steps: int, step: Step) -> Json:
    """What `/denoise` streams: {prompt, seed, sampler, total, step}, the newest step only."""
    return {"prompt": prompt, "seed": seed, "sampler": sampler, "total": steps, "step": _step(step, STREAM_COLOURS)}


def run_json(prompt: str, seed: int, sampler: str, kept: Sequence[Step], limit: int = MAX_BYTES_SENT) -> Json:
    """The last value of `/denoise`: {prompt, seed, sampler, image, steps}, in at most `limit` bytes.

    image: the finished picture, exact if it is small. The pictures in `steps` have the finest palette with which all of
    them fit; if there is none (large latents), there are half as many steps.
    """
    frame: Json = {"prompt": prompt, "seed": seed, "sampler": sampler, "image": finished_uri(kept[-1].x_next)}
    room = limit - 2_000 - 12 * len(prompt) - len(frame["image"])
    tried = kept[::SAMPLED]
    for colours in PALETTES:
        if sum(_size(_step(step, colours)) for step in tried) / len(tried) * len(kept) > room:
            continue
        steps = [_step(step, colours) for step in kept]
        if sum(_size(step) for step in steps) <= room:
            return {**frame, "steps": steps}
    if len(kept) > 2:  # 50 steps of 64 × 64 pixels of pure noise fit in 24 colours
        fewer = [kept[index] for index in kept_indices(len(kept), len(kept) // 2)]
        return run_json(prompt, seed, sampler, fewer, limit)
    raise ValueError(f"{len(kept)} steps in {limit} bytes")


def fitted(payload: Json, limit: int) -> Json:
    """The same payload in at most `limit` bytes: if need be, its pictures in fewer colours, as many as possible.

    Raises:
        ValueError: it does not fit in the fewest.
    """
    for colours in (None, *PALETTES):
        coarser = payload if colours is None else _coarser(payload, colours)
        if _size(coarser) <= limit:
            return coarser
    raise ValueError(f"{_size(payload)} bytes do not fit into {limit}")


def _coarser(value: Any, colours: int) -> Any:
    """`value` with every PNG in it in at most so many colours."""
    if isinstance(value, dict):
        return {name: _coarser(part, colours) for name, part in value.items()}
    if isinstance(value, list):
        return [_coarser(part, colours) for part in value]
    if isinstance(value, str) and value.startswith(PNG):
        with Image.open(io.BytesIO(base64.b64decode(value.removeprefix(PNG)))) as image:
            return png(np.asarray(image.convert("RGB")), colours)
    return value


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


def _size(payload: Json) -> int:
    """Bytes of a payload as JSON; the longest that there are, as of a prompt in no Latin letters."""
    return len(json.dumps(payload))


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


def forward_payload(samples: Iterable[Sample], alpha_bars: Sequence[float], side: int, origin: PictureOrigin) -> Json:
    """Pictures to destroy in the browser, exact, and ᾱ of every noise level to do it with."""
    return {
        "provenance": origin.provenance(),
        "side": side,
        "alpha_bars": [round(alpha_bar, 8) for alpha_bar in alpha_bars],
        "pictures": samples_json(samples),
    }


def samples_json(samples: Iterable[Sample]) -> list[Json]:
    """[{label, prompt, image}]; the label is the prompt, which describes the picture."""
    return [
        {"label": sample.prompt, "prompt": sample.prompt, "image": png(picture_pixels(sample.x0))} for sample in samples
    ]


def guess_payload(result: NoiseGuess, origin: PictureOrigin) -> Json:
    """The true noise, the guess, their difference (times `amplified`), and the clean picture that the guess implies."""
    amplified, difference = _amplified(result.difference)
    noised = result.noised
    return {
        "provenance": origin.provenance(),
        "prompt": result.prompt,
        "timestep": noised.timestep,
        "alpha_bar": noised.alpha_bar,
        "snr": noised.snr,
        "snr_db": noised.snr_db,
        "signal_weight": noised.signal_weight,
        "noise_weight": noised.noise_weight,
        "x0": png(picture_pixels(noised.x0)),
        "noise": png(noise_pixels(noised.noise), STREAM_COLOURS),
        "x_t": png(picture_pixels(noised.x_t), STREAM_COLOURS),
        "guess": png(noise_pixels(result.guess), STREAM_COLOURS),
        "difference": difference,
        "amplified": amplified,
        "x0_guess": png(picture_pixels(result.x0_guess), STREAM_COLOURS),
        "noise_error": result.noise_error,
        "picture_error": result.picture_error,
        "factor": result.factor,
    }


def step_payload(step: Step, total: int, origin: PictureOrigin, unseen: Sequence[str]) -> Json:
    """One step of `total` as it is made, about 25 KB, and after the last one the finished picture, exact.

    `guidance`: what guidance changed, ε̃ − ε_∅, times `amplified`; none where nothing was guided.
    """
    amplified, guidance = _guidance(step)
    return {
        "provenance": origin.provenance(),
        "total": total,
        "unseen": list(unseen),
        "step": {
            **_step(step, STREAM_COLOURS),
            "snr_db": step.snr_db,
            "clipped": step.clipped,
            "guidance": guidance,
            "amplified": amplified,
        },
        "picture": finished_uri(step.x_next) if step.index + 1 == total else None,
    }


def latents_json(step: Step) -> Json:
    """{x_t, x0}, which `decode_step` needs: half-precision numbers (height, width, channels), little-endian, base64."""
    return {name: _halves(x) for name, x in (("x_t", step.x_t), ("x0", step.x0))}


def _halves(x: Floats) -> str:
    return base64.b64encode(np.clip(x, -60_000, 60_000).astype("<f2").tobytes()).decode("ascii")


def decoded_payload(x_t: Floats, x0: Floats) -> Json:
    """{x_t, x0}: one step's pictures, decoded in full."""
    return {"x_t": finished_uri(x_t), "x0": finished_uri(x0)}


def steer_payload(lanes: Sequence[Lane], origin: PictureOrigin, unseen: Sequence[str]) -> Json:
    """Several pictures from the same noise, and what each was guided by.

    `difference`: what guidance changes in the noise, ε̃ − ε_∅, times `amplified`, at the step that was kept of the
    weakest lane which is guided, whose scale is `difference_scale`; all three are none where no lane is.
    """
    guided = [lane for lane in lanes for step in lane.steps if _is_guided(step)]
    shown = min(guided, key=lambda lane: lane.wish.guidance_scale, default=None)
    amplified, difference = _guidance(shown.steps[0]) if shown else (None, None)
    return {
        "provenance": origin.provenance(),
        "unseen": list(unseen),
        "pictures": [{**asdict(lane.wish), "image": finished_uri(lane.picture)} for lane in lanes],
        "difference": difference,
        "amplified": amplified,
        "difference_scale": shown.wish.guidance_scale if shown else None,
    }


def reading_payload(result: Reading, origin: PictureOrigin) -> Json:
    """A picture and its words; `attention` is a list of rows of shares, in thousandths."""
    return {
        "provenance": origin.provenance(),
        "prompt": result.prompt,
        "image": finished_uri(result.picture),
        "words": [
            {
                "text": word.text,
                "share": round(word.share, 4),
                "attention": (word.attention * 1_000).round().astype(int).tolist(),
            }
            for word in result.words
        ],
    }


def drawing_payload(drawing: Drawing, total: int, origin: PictureOrigin, unseen: Sequence[str]) -> Json:
    """One of `total` finished pictures, the steps and the seconds that it took."""
    return {"provenance": origin.provenance(), "total": total, "unseen": list(unseen), **drawing_json(drawing)}


def drawing_json(drawing: Drawing) -> Json:
    """{sampler, steps, seconds, image}."""
    return {
        "sampler": drawing.sampler,
        "steps": drawing.steps,
        "seconds": round(drawing.seconds, 3),
        "image": finished_uri(drawing.picture),
    }


def gif(kept: Sequence[Step]) -> str:
    """A GIF data URI of a run, x_t on the left and x̂0 on the right, enlarged; it rests on the finished picture."""
    pairs = [(step.x_t, step.x0) for step in kept] + [(kept[-1].x_next, kept[-1].x_next)]
    height, width = (GIF_SCALE * size for size in kept[0].x_t.shape[:2])
    frames = []
    for left, right in pairs:
        image = Image.fromarray(np.concatenate([picture_pixels(left), picture_pixels(right)], axis=1))
        frames.append(image.resize((2 * width, height), Image.Resampling.NEAREST))
    file = io.BytesIO()
    pauses = [GIF_PAUSE] * len(kept) + [GIF_REST]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=pauses, loop=0)
    return "data:image/gif;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _is_guided(step: Step) -> bool:
    return step.noise_with_prompt is not None and step.noise_without_prompt is not None


def _guidance(step: Step) -> tuple[int | None, str | None]:
    """(factor, picture) of ε̃ − ε_∅; none where nothing was guided."""
    if step.noise_with_prompt is None or step.noise_without_prompt is None:
        return None, None
    return _amplified(step.noise - step.noise_without_prompt)


def _amplified(difference: Floats) -> tuple[int, str]:
    """A difference of noises as (factor, picture): the picture shows the difference times the factor."""
    factor = amplification(difference)
    return factor, png(noise_pixels(factor * difference), STREAM_COLOURS)
