"""The tab's computation, questions and endpoints on a pipeline of Stable Diffusion's class."""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor

import gradio as gr
import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler
from gradio_client import Client
from PIL import Image

from genai_demo.asks import Local
from genai_demo.errors import InvalidParameter
from genai_demo.features.denoising import backend, feature, view
from genai_demo.features.denoising.schedulers import SAMPLERS
from genai_demo.features.denoising.steps import Step
from genai_demo.models.latent_generator import LatentGenerator
from genai_demo.models.loader import Loader
from genai_demo.page.asking import publish
from tests.asking import Asking
from tests.pipelines import stable_diffusion

requests = Asking(feature.FEATURE)

RUN = {"prompt": "a red dragon", "steps": 3, "seed": 6}
SCHEDULERS = {"ddpm": DDPMScheduler, "euler": EulerDiscreteScheduler, "dpm++": DPMSolverMultistepScheduler}


def picture(uri: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_guided_run_ends_in_the_latents_of_the_stock_pipeline_bit_for_bit(sampler, prediction):
    """From the prompt on: tokenizer, text encoder, U-Net, guidance above 1, and the scheduler on its own settings."""
    pipeline = stable_diffusion(prediction)
    model = LatentGenerator(pipeline, name="tiny", title="Tiny")
    if sampler in SCHEDULERS:
        pipeline.scheduler = SCHEDULERS[sampler].from_config(pipeline.scheduler.config)
    stock = pipeline(
        "a red cat",
        negative_prompt="a dog",
        num_inference_steps=10,
        guidance_scale=7.5,
        generator=torch.Generator().manual_seed(6),
        output_type="latent",
    ).images[0]
    *_, last = backend.denoise(model, "a red cat", 6, 10, 7.5, sampler, "a dog")
    assert np.array_equal(last.x_next, stock.permute(1, 2, 0).numpy())


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_x0_and_noise_belong_together_whatever_is_predicted(prediction):
    model = LatentGenerator(stable_diffusion(prediction), name="tiny", title="Tiny")
    for step in backend.denoise(model, "a cat", 1, 4, 3.0):
        alpha, sigma = step.alpha_bar**0.5, (1 - step.alpha_bar) ** 0.5
        assert step.x_t == pytest.approx(alpha * step.x0 + sigma * step.noise, abs=1e-4)
        assert step.clipped == 0


def test_runs_side_by_side_come_to_what_they_come_to_alone(latent):
    jobs = [(prompt, sampler) for prompt in ("a cat", "a dog", "") for sampler in SAMPLERS]

    def run(job):
        *_, last = backend.denoise(latent, job[0], 1, 3, 3.0, job[1])
        return backend.decoded(latent, last.x_next)

    quiet = [run(job) for job in jobs]
    with ThreadPoolExecutor(6) as pool:
        busy = list(pool.map(run, jobs))
    assert all(np.array_equal(left, right) for left, right in zip(quiet, busy, strict=True))


def test_every_step_is_a_preview_and_the_finished_picture_is_decoded(latent):
    steps = list(backend.denoise(latent, RUN["prompt"], 6, 3))
    payloads = list(requests.draw(latent, RUN))
    assert all(payload["provenance"]["space"] == "latent" and payload["unseen"] == [] for payload in payloads)
    for step, payload in zip(steps, payloads, strict=True):
        shown = payload["step"]
        expected = latent.preview(torch.from_numpy(step.x0).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
        assert shown["x0"] == view.png(view.picture_pixels(expected), view.STREAM_COLOURS)
        assert picture(shown["noise"]).shape == picture(shown["guidance"]).shape == (16, 16, 3)
    decoded = latent.decode(torch.from_numpy(steps[-1].x_next).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
    assert np.array_equal(picture(payloads[-1]["picture"]), view.picture_pixels(decoded))


def test_any_step_is_decoded_from_the_latents_that_were_sent(latent):
    step = list(backend.denoise(latent, RUN["prompt"], 6, 3))[1]
    sent = list(requests.draw(latent, RUN))[1]["step"]["latents"]
    answer = requests.decode_step(latent, json.loads(json.dumps(sent)))
    for name, x in (("x_t", step.x_t), ("x0", step.x0)):
        exact = view.picture_pixels(backend.decoded(latent, x))
        assert np.abs(picture(answer[name]).astype(int) - exact).max() <= 2  # they were sent in half precision


def of_numbers(*numbers: float) -> str:
    return base64.b64encode(np.resize(np.array(numbers, "<f2"), 4 * 16 * 16).tobytes()).decode()


@pytest.mark.parametrize("sent", ["", "AAAA", "!!!!", "A" * 10**6, 5, of_numbers(np.nan), of_numbers(np.inf), "é"])
def test_odd_latents_are_refused(latent, sent):
    with pytest.raises(InvalidParameter):
        requests.decode_step(latent, {"x_t": of_numbers(0, 1), "x0": sent})


def test_pixels_are_sent_without_latents(generator):
    payload = next(requests.draw(generator, RUN))
    assert payload["provenance"]["space"] == "pixels"
    assert "latents" not in payload["step"]


def test_the_other_scenes_work_on_latents_too(latent):
    forward = requests.forward_process(latent, {})
    assert (len(forward["alpha_bars"]), forward["side"]) == (1_000, 16)
    guess = requests.guess_noise(latent, {"image": forward["pictures"][0]["image"], "prompt": "a cat", "timestep": 300})
    assert picture(guess["x0"]).shape == picture(guess["noise"]).shape == (16, 16, 3)
    assert guess["picture_error"] == pytest.approx(guess["factor"] * guess["noise_error"], rel=1e-3)
    steered = requests.steer_by_guidance(latent, {"prompt": "a cat", "steps": 2})
    assert {picture(one["image"]).shape for one in steered["pictures"]} == {(32, 32, 3)}
    counted = next(requests.count_steps(latent, {"prompt": "a cat", "samplers": ["ddim"]}))
    assert picture(counted["image"]).shape == (32, 32, 3)
    with Image.open(io.BytesIO(base64.b64decode(requests.save_gif(latent, RUN)["gif"].partition(",")[2]))) as image:
        assert (image.n_frames, image.size) == (4, (128, 64))


def test_the_endpoint_draws_with_it(latent):
    with gr.Blocks(analytics_enabled=False) as page:
        publish(Local([(feature.FEATURE, Loader.of(latent, "Tiny"))]), feature.FEATURE)
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, show_error=False)
    try:
        *streamed, last = Client(url, verbose=False).submit("a cat", 3, 4, 2.0, "dpm++", api_name="/denoise")
    finally:
        page.close(verbose=False)
    assert [value["step"]["index"] for value in streamed] == [0, 1, 2, 3]
    assert picture(last["image"]).shape == (32, 32, 3)
    assert {picture(step["x_t"]).shape for step in last["steps"]} == {(16, 16, 3)}


def test_large_pictures_of_pure_noise_still_fit():
    random = np.random.default_rng(0)
    x_t, x0, noise = (random.normal(size=(96, 96, 3)).astype(np.float32) for _ in range(3))
    finished = random.normal(size=(512, 512, 3)).astype(np.float32)
    steps = [
        Step(index, 999 - index, 0.25, 1 / 3, -4.77, x_t, noise, noise, noise, x0, 0.0, finished) for index in range(50)
    ]
    run = view.run_json("a cat", 0, "ddim", steps)
    assert len(json.dumps(run)) <= 600_000
    assert run["image"].startswith(view.JPEG)
    assert [run["steps"][0]["index"], run["steps"][-1]["index"]] == [0, 49]
