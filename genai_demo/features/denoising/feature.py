"""The Denoising tab: its five scenes, and what they and other programs may ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Annotated, Literal

from annotated_types import Ge, Le

from ...asks import Ask, Feature, Json, Opening, Openings
from ...models.drawing_model import DrawingModel
from ...page.texts import load_texts
from ...params import ListOf, Seed, Whole
from . import backend, upload, view
from .counts import STEP_COUNTS
from .samples import sample_pictures
from .schedulers import MAX_STEPS, require_steps
from .sent import decoded, read_latents
from .steering import MAX_LANES
from .steps import MAX_GUIDANCE, Step, Wish
from .words import unseen_words

NAME = "denoising"
STEPS = 25
GUIDANCE = 4.0
SAMPLER = "ddim"
SCALES = (0.0, 1.0, 3.0, 7.0, 15.0)
COMPARED = ("ddpm", "ddim")
MOST_STEPS = max(MAX_STEPS.values())
MOST_LEVELS = 10_000  # noise levels of any model: the backend knows how many its own has

# What the scenes open with.
SEED = 1
MAX_BYTES = 59_000  # a file may have 60 KB, with its marks as a recording
RECORDED_STEPS = 6  # of the 25
TIMESTEP = 499

Steps = Annotated[int, Whole(1, MOST_STEPS)]
Guidance = Annotated[float, Ge(0), Le(MAX_GUIDANCE)]
Sampler = Literal["ddpm", "ddim", "euler", "dpm++"]
Timestep = Annotated[int, Whole(0, MOST_LEVELS)]


@dataclass(frozen=True)
class Nothing:
    """There is nothing to say."""


@dataclass(frozen=True)
class NoisyPicture:
    """A picture (data URI) and how much noise it gets. prompt: what the network is told of it."""

    image: str
    prompt: str
    timestep: Timestep
    seed: Seed = 0


@dataclass(frozen=True)
class Drawing:
    """What is to be drawn, and how."""

    prompt: str
    seed: Seed = 0
    steps: Steps = STEPS
    guidance_scale: Guidance = GUIDANCE
    sampler: Sampler = SAMPLER  # type: ignore[assignment]
    negative_prompt: str = ""


@dataclass(frozen=True)
class Drawn(Drawing):
    """The same. skip: steps of a run that was stopped, of which only the index is sent."""

    skip: Annotated[int, Whole(0, MOST_STEPS)] = 0


@dataclass(frozen=True)
class Latents:
    """A step's latents, as `draw` sent them."""

    x_t: str
    x0: str


@dataclass(frozen=True)
class Scales:
    """One prompt at several guidance scales."""

    prompt: str
    scales: Annotated[tuple[Guidance, ...], ListOf(MAX_LANES)] = SCALES
    seed: Seed = 0
    steps: Steps = STEPS
    sampler: Sampler = SAMPLER  # type: ignore[assignment]


@dataclass(frozen=True)
class Prompts:
    """Several prompts from the same noise."""

    prompts: Annotated[tuple[str, ...], ListOf(MAX_LANES)]
    guidance_scale: Guidance = GUIDANCE
    seed: Seed = 0
    steps: Steps = STEPS
    sampler: Sampler = SAMPLER  # type: ignore[assignment]


@dataclass(frozen=True)
class Read:
    """A prompt whose words are to be found in its picture."""

    prompt: str
    seed: Seed = 0


@dataclass(frozen=True)
class Counts:
    """A prompt that is to be drawn in fewer and in more steps."""

    prompt: str
    seed: Seed = 0
    guidance_scale: Guidance = GUIDANCE
    samplers: Annotated[tuple[Sampler, ...], ListOf(2, least=1)] = COMPARED  # type: ignore[assignment]


@dataclass(frozen=True)
class AddNoise:
    """A picture (data URI), the noise level and which noise."""

    image: str
    timestep: Timestep
    seed: Seed = 0


# ── what the scenes ask ──────────────────────────────────────────────────────────────────────────────────────


def forward_process(model: DrawingModel, _: Nothing) -> Json:
    """Pictures and all noise levels: the Destroy scene, which is computed in the browser, on pixels.

    Of a model of latents it has the noise levels, and pictures of as many pixels as the latents have positions.
    """
    side = model.shape[1]
    return view.forward_payload(sample_pictures(side), model.alpha_bars.tolist(), side, model.origin)


def samples(_: DrawingModel, __: Nothing) -> Json:
    """Pictures that the Guess-the-noise scene begins with, the same ones for every model."""
    return {"pictures": view.samples_json(sample_pictures(upload.SIDE))}


def guess_noise(model: DrawingModel, asked: NoisyPicture) -> Json:
    """The Guess-the-noise scene."""
    x0 = backend.as_x0(model, upload.read_picture(decoded(asked.image), model.origin.side))
    result = backend.guess_noise(model, x0, asked.prompt, asked.timestep, asked.seed)
    return view.guess_payload(backend.pictured_guess(model, result), model.origin)


def draw(model: DrawingModel, asked: Drawn) -> Iterator[Json]:
    """The Step-by-step scene.

    A run that goes on after a stop is made anew, which comes to the same picture: of its first `skip` steps only the
    index is sent.
    """
    run, unseen = _run(model, asked), _unseen(model, asked.prompt)
    for step in run:
        if step.index < asked.skip:
            yield {"total": asked.steps, "skipped": step.index}
            continue
        payload = view.step_payload(_pictured(model, step, asked.steps), asked.steps, model.origin, unseen)
        if model.origin.space == "latent":
            payload["step"]["latents"] = view.latents_json(step)
        yield payload


def decode_step(model: DrawingModel, asked: Latents) -> Json:
    """The pictures that a step's latents stand for.

    The browser keeps the latents, so the server keeps nothing of a visitor's and does not draw anew.
    """
    texts = (("x_t", asked.x_t), ("x0", asked.x0))
    return view.decoded_payload(*(backend.decoded(model, read_latents(model.shape, *one)) for one in texts))


def save_gif(model: DrawingModel, asked: Drawing) -> Json:
    """The run made anew, its first and last step and others in between."""
    run, wanted = _run(model, asked), view.kept_indices(asked.steps)
    return {"gif": view.gif([_pictured(model, step, asked.steps) for step in run if step.index in wanted])}


def steer_by_guidance(model: DrawingModel, asked: Scales) -> Json:
    """One prompt at several guidance scales."""
    return _steered(model, asked, [Wish(asked.prompt, scale) for scale in asked.scales])


def steer_by_prompt(model: DrawingModel, asked: Prompts) -> Json:
    """Several prompts from the same noise."""
    return _steered(model, asked, [Wish(prompt, asked.guidance_scale) for prompt in asked.prompts])


def read_words(model: DrawingModel, asked: Read) -> Json:
    """A picture, and where each word of its prompt is read; no words if the model does not show it."""
    if not model.words(asked.prompt):
        return {"provenance": model.origin.provenance(), "prompt": asked.prompt, "words": []}
    return view.reading_payload(backend.read_words(model, asked.prompt, asked.seed), model.origin)


def count_steps(model: DrawingModel, asked: Counts) -> Iterator[Json]:
    """The How-many-steps scene, picture by picture."""
    drawings = backend.step_counts(model, asked.prompt, asked.seed, asked.guidance_scale, asked.samplers)
    total, unseen = len(asked.samplers) * len(STEP_COUNTS), _unseen(model, asked.prompt)
    for drawing in drawings:
        shown = replace(drawing, picture=backend.decoded(model, drawing.picture))
        yield view.drawing_payload(shown, total, model.origin, unseen)


# ── what other programs ask ──────────────────────────────────────────────────────────────────────────────────


def denoise(model: DrawingModel, asked: Drawing) -> Iterator[Json]:
    """Draw `prompt`, the newest step streamed as it is made; the last value holds the picture and its steps.

    Of a model that denoises latents, the steps are previews; the picture is decoded in full.
    """
    said, wanted, kept = (asked.prompt, asked.seed, asked.sampler), view.kept_indices(asked.steps), []
    for step in _run(model, asked):
        shown = _pictured(model, step, asked.steps)
        yield view.newest_json(*said, asked.steps, shown)
        if step.index in wanted:
            kept.append(shown)
    yield view.run_json(*said, kept)


def add_noise(model: DrawingModel, asked: AddNoise) -> Json:
    """A picture (data URI) cropped, shrunk and noised: x_t = signal_weight · x0 + noise_weight · noise."""
    x0 = upload.read_picture(decoded(asked.image), model.shape[1])
    return view.added_noise_json(backend.add_noise(model.alpha_bars, x0, asked.timestep, asked.seed))


def _run(model: DrawingModel, asked: Drawing) -> Iterator[Step]:
    how = (asked.seed, asked.steps, asked.guidance_scale, asked.sampler, asked.negative_prompt)
    return backend.denoise(model, asked.prompt, *how)


def _steered(model: DrawingModel, asked: Scales | Prompts, wishes: Sequence[Wish]) -> Json:
    require_steps(asked.sampler, asked.steps, len(model.alpha_bars))
    lanes = backend.steer(model, wishes, asked.seed, asked.steps, asked.sampler, keep=(asked.steps // 2,))
    lanes = tuple(replace(lane, picture=backend.decoded(model, lane.picture)) for lane in lanes)
    return view.steer_payload(lanes, model.origin, _unseen(model, " ".join(wish.prompt for wish in wishes)))


def _unseen(model: DrawingModel, prompt: str) -> tuple[str, ...]:
    """None for a model of other people, whose captions nobody here has read."""
    return () if model.objects is None else unseen_words(prompt, model.objects)


def _pictured(model: DrawingModel, step: Step, total: int) -> Step:
    return backend.pictured(model, step, last=step.index + 1 == total)


# ── the tab ──────────────────────────────────────────────────────────────────────────────────────────────────


def openings(model: DrawingModel) -> Openings:
    """What each scene opens with."""
    texts, ask = load_texts(FEATURE.package), partial(FEATURE.opening, model)
    prompt, other = (preset["label"] for preset in texts["steps"]["presets"][:2])
    shown = ask("samples")
    first = shown.answer["pictures"][0]
    made: Openings = {
        "destroy": {"process": ask("forward_process")},
        "guess": {
            "samples": shown,
            "guess": ask("guess_noise", image=first["image"], prompt=first["prompt"], timestep=TIMESTEP, seed=SEED),
        },
        "steps": {"drawing": _recorded_run(model, prompt)},
        "steer": {
            "scales": ask("steer_by_guidance", prompt=prompt, seed=SEED),
            "prompts": ask("steer_by_prompt", prompts=[prompt, other], seed=SEED),
            "reading": ask("read_words", prompt=prompt, seed=SEED),
        },
        "counts": {
            "counts": _recorded_counts(model, prompt),
            "cannot": ask("steer_by_prompt", prompts=texts["counts"]["cannot_prompts"], seed=SEED),
        },
    }
    made["counts"]["cannot"].answer["difference"] = None  # the scene does not show it
    return {scene: _fitted(asked) for scene, asked in made.items()}


def _recorded_run(model: DrawingModel, prompt: str) -> Opening:
    """A run of the usual number of steps, some of them kept, as the scene's script puts it together."""
    asked = Drawn(prompt, SEED)
    values = {name: getattr(asked, name) for name in ("prompt", "seed", "steps", "sampler", "guidance_scale", "skip")}
    made = list(draw(model, asked))
    told = {name: value for name, value in made[-1].items() if name != "step"}
    steps = [{**made[index]["step"], "guidance": None} for index in view.kept_indices(STEPS, RECORDED_STEPS)]
    return Opening("draw", values, {**told, "steps": steps})


def _recorded_counts(model: DrawingModel, prompt: str) -> Opening:
    """The pictures of the usual samplers, as the scene's script puts them together."""
    asked = Counts(prompt, SEED)
    made = list(count_steps(model, asked))
    told = {name: made[0][name] for name in ("provenance", "total", "unseen")}
    pictures = [{name: one[name] for name in ("sampler", "steps", "seconds", "image")} for one in made]
    values = {"prompt": prompt, "seed": SEED, "samplers": list(asked.samplers)}
    return Opening("count_steps", values, {**told, "pictures": pictures})


def _fitted(asked: dict[str, Opening]) -> dict[str, Opening]:
    """The same in a file that is not too large. What is asked about a picture is asked about the one that is shown."""
    fitted = view.fitted({key: asdict(one) for key, one in asked.items()}, MAX_BYTES)
    return {key: Opening(**one) for key, one in fitted.items()}


def settings(_: object) -> Json:
    """How many steps each sampler can make, and what the scenes open with."""
    prompt = load_texts(FEATURE.package)["steps"]["presets"][0]["label"]
    return {"samplers": MAX_STEPS, "prompt": prompt, "seed": SEED}


FEATURE = Feature(
    name=NAME,
    loader=lambda models: models.pictures,
    asks=(
        Ask(Nothing, forward_process),
        Ask(Nothing, samples),
        Ask(NoisyPicture, guess_noise),
        Ask(Drawn, draw),
        Ask(Latents, decode_step),
        Ask(Drawing, save_gif),
        Ask(Scales, steer_by_guidance),
        Ask(Prompts, steer_by_prompt),
        Ask(Read, read_words),
        Ask(Counts, count_steps),
        Ask(
            Drawing,
            denoise,
            public=True,
            returns=("prompt", "seed", "sampler", "image", "steps"),
            remark="until then, after every step, `{prompt, seed, sampler, total, step}`",
        ),
        Ask(
            AddNoise,
            add_noise,
            public=True,
            returns=("timestep", "alpha_bar", "snr", "signal_weight", "noise_weight", "x0", "noise", "x_t"),
        ),
    ),
    scenes={
        "destroy": ("forward_process",),
        "guess": ("samples", "guess_noise"),
        "steps": ("draw", "save_gif", "decode_step"),
        "steer": ("steer_by_guidance", "steer_by_prompt", "read_words"),
        "counts": ("count_steps", "steer_by_prompt"),
    },
    openings=openings,
    settings=settings,
)
