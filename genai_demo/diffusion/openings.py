"""What the scenes open with, computed by the picture model; `genai_demo/record.py` writes it into files."""

from __future__ import annotations

from ..models.picture_generator import PictureGenerator
from ..ui.request import Json
from ..ui.texts import load_texts
from . import requests, view
from .samples import sample_pictures

SEED = 1
MAX_BYTES = 59_000  # a file may have 60 KB, with its marks as a recording
RECORDED_STEPS = 6  # of the 25
TIMESTEP = 499


def openings(model: PictureGenerator) -> dict[str, Json]:
    """The opening example of each scene: scene → payload."""
    texts = load_texts("genai_demo.diffusion")
    prompt = texts["steps"]["presets"][0]["label"]
    asked = {"prompt": prompt, "seed": SEED}
    samples = view.samples_json(sample_pictures(model.shape[1]))
    first = {"image": samples[0]["image"], "prompt": samples[0]["prompt"], "timestep": TIMESTEP, "seed": SEED}
    counted = list(requests.count_steps(model, asked))
    cannot = {"prompts": texts["counts"]["cannot_prompts"], "seed": SEED}
    pair = {"prompts": [prompt, texts["steps"]["presets"][1]["label"]], "seed": SEED}
    payloads = {
        "destroy": requests.forward_process(model, {}),
        "guess": {**requests.guess_noise(model, first), "pictures": samples},
        "steps": _run(model, asked),
        "steer": {
            "scales": {**asked, **requests.steer_by_guidance(model, asked)},
            "prompts": {**pair, **requests.steer_by_prompt(model, pair)},
            "reading": requests.read_words(model, asked),
        },
        "counts": {
            **asked,
            **{name: counted[0][name] for name in ("provenance", "unseen")},
            "pictures": [{name: one[name] for name in ("sampler", "steps", "seconds", "image")} for one in counted],
            "cannot": requests.steer_by_prompt(model, cannot)["pictures"],
        },
    }
    return {name: view.fitted(payload, MAX_BYTES) for name, payload in payloads.items()}


def _run(model: PictureGenerator, asked: Json) -> Json:
    """A run of the usual number of steps, some of them kept."""
    wanted = view.kept_indices(requests.STEPS, RECORDED_STEPS)
    made = list(requests.draw(model, asked))
    settings = {"guidance_scale": requests.GUIDANCE, "sampler": requests.SAMPLER}
    shown = {name: made[-1][name] for name in ("provenance", "unseen", "total", "picture")}
    steps = [{**made[index]["step"], "guidance": None} for index in wanted]
    return {**asked, **settings, **shown, "steps": steps}
