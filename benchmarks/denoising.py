"""Print every figure that the README quotes about the Denoising tab: `python -m benchmarks.denoising`.

Our loop is timed beside the bare one, with the same network, prompts, noise and noise levels, in turn, in one run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from diffusers import DDIMScheduler
from torch import Tensor

from genai_demo.features.denoising import backend, view
from genai_demo.features.denoising.feature import GUIDANCE, STEPS, Drawn
from genai_demo.features.denoising.feature import draw as draw_scene
from genai_demo.models.picture_generator import PictureGenerator, load_picture_generator
from genai_demo.models.text_encoder import TextStates

from .next_word import row, seconds, side_by_side

PROMPTS = (
    "a small red apple on a blue background",
    "a large cat on a yellow background",
    "a purple butterfly on white",
    "green background, a pink heart",
    "a rocket on black",
    "an automobile on an orange background",
    "the moon on black",
    "a blue star, white background",
)


def bare_loop(generator: PictureGenerator) -> Callable[[str], Tensor]:
    """Guided DDIM as one would write it with diffusers: nothing is kept, clipped or shown."""
    net, levels = generator._model, len(generator.alpha_bars)
    before = torch.cat([torch.ones(1, dtype=torch.float64), generator.alpha_bars[:-1]])
    betas = (1 - generator.alpha_bars / before).tolist()
    make: Any = DDIMScheduler  # the library has no types
    scheduler = make(
        num_train_timesteps=levels,
        trained_betas=betas,
        prediction_type="sample",
        timestep_spacing="trailing",
        clip_sample=False,
    )

    @torch.inference_mode()
    def draw(prompt: str) -> Tensor:
        text = TextStates.stack([generator.encode(prompt), generator.encode("")]).to(generator._device)
        scheduler.set_timesteps(STEPS)
        x = torch.randn((1, *generator.shape), generator=torch.Generator().manual_seed(0)).to(generator._device)
        for timestep in scheduler.timesteps:
            told, untold = net(torch.cat([x, x]), int(timestep), text).chunk(2)
            x = scheduler.step(untold + GUIDANCE * (told - untold), timestep, x).prev_sample
        return x.cpu()

    return draw


def drawing(generator: PictureGenerator) -> None:
    """A whole picture: our loop, in which every step is kept, beside the bare one."""
    bare = bare_loop(generator)

    def ours(prompt: str) -> None:
        *_, _ = backend.denoise(generator, prompt, 0, STEPS, GUIDANCE)

    for draw in (ours, bare):
        draw(PROMPTS[0])
    a, b = side_by_side([partial(ours, p) for p in PROMPTS], [partial(bare, p) for p in PROMPTS])
    row(f"{STEPS} guided steps", f"{a:.2f} s", f"bare loop {b:.2f} s", f"{a / b:.2f} ×", "≤ 1.1 ×, < 3 s")


def first_step(generator: PictureGenerator) -> None:
    """From a question that was never asked to the first step as the page is sent it, and the size of what is sent."""
    asked = [Drawn(prompt=f"{prompt}, please", steps=STEPS) for prompt in PROMPTS]
    times = [seconds(partial(_first, generator, request)) for request in asked]
    row("First visible step", f"{statistics.median(times) * 1000:.0f} ms", "", "", "< 500 ms")
    began, payloads = time.perf_counter(), list(draw_scene(generator, asked[0]))
    whole = time.perf_counter() - began
    row(f"{STEPS} guided steps as the page is sent them", f"{whole:.2f} s", "", "", "< 3 s")
    sizes = [len(json.dumps(payload)) for payload in payloads]
    row("Payload of a step", f"{statistics.median(sizes) / 1000:.0f} KB", "", "", "")


def _first(generator: PictureGenerator, asked: Drawn) -> None:
    next(draw_scene(generator, asked))


def text(generator: PictureGenerator) -> None:
    """Reading a prompt: a new one, and one that is remembered."""
    new = [seconds(partial(generator.encode, f"{p}, if you can")) for p in PROMPTS]
    row("Reading a prompt", f"{statistics.median(new) * 1000:.0f} ms", "", "", "")


def endpoint(generator: PictureGenerator) -> None:
    """The last value of `/denoise` at its largest: 50 steps of a run of DDPM."""
    wanted = view.kept_indices(100)
    steps = backend.denoise(generator, PROMPTS[0], 0, 100, GUIDANCE, "ddpm")
    kept = [step for step in steps if step.index in wanted]
    began = time.perf_counter()
    size = len(json.dumps(view.run_json(PROMPTS[0], 0, "ddpm", kept)))
    row("`/denoise`, 50 steps of 100", f"{size / 1000:.0f} KB", "", "", "≤ 600 KB")
    row("Packing them", f"{time.perf_counter() - began:.2f} s", "", "", "")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--device", default="cpu", help="auto, cuda, mps or cpu (default: %(default)s)")
    options = parser.parse_args()
    print("| What | Median | Beside it | Ratio | Goal |\n| --- | --- | --- | --- | --- |")
    began = time.perf_counter()
    generator = load_picture_generator(options.device)
    row("Loading the picture model", f"{time.perf_counter() - began:.1f} s", "", "", "")
    text(generator)
    first_step(generator)
    drawing(generator)
    endpoint(generator)


if __name__ == "__main__":
    main()
