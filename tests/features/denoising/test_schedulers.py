"""Each sampler against its theory and against the library that it comes from."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    AutoencoderKL,
    DDIMPipeline,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
    UNet2DModel,
)
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.features.denoising.backend import denoise
from genai_demo.features.denoising.schedulers import (
    MAX_STEPS,
    SAMPLERS,
    Chain,
    ExactDDIMScheduler,
    as_prediction,
    clean_and_noise,
    scheduler_settings,
    trailing_timesteps,
)
from genai_demo.models.picture import PictureModelConfig, alpha_bars
from genai_demo.models.picture import scheduler_settings as settings_of_the_model
from tests.features.denoising.denoisers import Gaussian

BARS = alpha_bars(PictureModelConfig())
PREDICTIONS = ("sample", "epsilon", "v_prediction")
FULL = {"ddpm": 1_000, "ddim": 250, "euler": 250, "dpm++": 250}
STOCK = {
    "ddpm": lambda settings: DDPMScheduler(**settings, clip_sample=False),
    "ddim": lambda settings: DDIMScheduler(**settings, clip_sample=False),
    "euler": lambda settings: EulerDiscreteScheduler(**settings),
    "dpm++": lambda settings: DPMSolverMultistepScheduler(**settings, lambda_min_clipped=-5.1),
}


def finished(model: Gaussian, sampler: str, steps: int, prompt: str = "bright", scale: float = 1.0) -> np.ndarray:
    *_, last = denoise(model, prompt, seed=4, steps=steps, guidance_scale=scale, sampler=sampler)
    return last.x_next


def error_after(steps: int, sampler: str) -> float:
    """How far a run ends from where it should.

    Along the path without fresh noise, (x − α m) / √(α² s² + σ²) never changes: what it is at the first step decides
    which picture is the right one. DDPM's right answer is a distribution, so its spread is compared.
    """
    mean, spread = 0.4, 0.5
    first, *_, last = denoise(Gaussian(shape=(3, 64, 64)), "bright", 4, steps, 1.0, sampler)
    if sampler == "ddpm":
        return abs(last.x_next.std() - spread)
    alpha, variance = math.sqrt(first.alpha_bar), 1 - first.alpha_bar
    right = mean + spread * (first.x_t - alpha * mean) / math.sqrt(first.alpha_bar * spread**2 + variance)
    return float(np.abs(last.x_next - right).mean())


# ── the single Gaussian, whose answer is known ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("sampler", "prediction"), list(zip(SAMPLERS, (*PREDICTIONS, "epsilon"), strict=True)))
def test_samples_have_the_mean_and_the_variance_that_they_should(sampler, prediction):
    model = Gaussian(prediction)
    x = finished(model, sampler, FULL[sampler])
    assert x.mean() == pytest.approx(0.4, rel=0.03)
    assert x.var() == pytest.approx(0.5**2, rel=0.03)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_error_shrinks_as_steps_double(sampler):
    errors = [error_after(steps, sampler) for steps in (8, 16, 32, 64, 128)]
    assert all(later < 0.75 * earlier for earlier, later in pairwise(errors)), errors


def test_the_second_order_sampler_needs_fewer_steps():
    """Twice the steps halve the error of a first-order sampler, and quarter that of a second-order one."""
    first, second = ([error_after(steps, sampler) for steps in (16, 32, 64)] for sampler in ("ddim", "dpm++"))
    assert all(1.6 < earlier / later < 2.4 for earlier, later in pairwise(first)), first
    assert all(earlier / later > 3.5 for earlier, later in pairwise(second)), second
    assert second[-1] < first[-1] / 10


@pytest.mark.parametrize("steps", [7, 25, 167])
def test_euler_in_its_own_units_walks_the_path_of_ddim(steps):
    model = Gaussian(shape=(3, 16, 16))
    for euler, ddim in zip(
        denoise(model, "bright", 4, steps, 3.0, "euler"), denoise(model, "bright", 4, steps, 3.0, "ddim"), strict=True
    ):
        assert euler.alpha_bar == pytest.approx(ddim.alpha_bar, rel=1e-4)
        assert np.abs(euler.x_t - ddim.x_t).max() < 1e-3


def test_the_librarys_own_ddim_ends_too_noisy_where_the_steps_do_not_divide_the_levels():
    """Why there is an `ExactDDIMScheduler`: if the library is mended, it can go."""
    model, steps = Gaussian(shape=(3, 64, 64)), 167
    stock = DDIMScheduler(**settings_of_the_model(PictureModelConfig()), clip_sample=False)
    stock.set_timesteps(steps)
    x = torch.randn((1, 3, 64, 64), generator=torch.Generator().manual_seed(4))
    for timestep in stock.timesteps:
        x = stock.step(model.predict(x, int(timestep), [0.4]), timestep, x).prev_sample
    assert abs(x.std() - 0.5) > 3 * abs(finished(model, "ddim", steps).std() - 0.5)


# ── the library's own schedulers ─────────────────────────────────────────────────────────────────────────────


def test_the_settings_are_those_of_the_picture_model():
    assert scheduler_settings(BARS, "sample") == settings_of_the_model(PictureModelConfig())


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 16, 25, 64, 100, 250])
def test_trailing_timesteps_are_the_librarys(steps):
    stock = DDIMScheduler(**settings_of_the_model(PictureModelConfig()))
    stock.set_timesteps(steps)
    assert trailing_timesteps(1_000, steps) == stock.timesteps.tolist()


def test_there_are_as_many_timesteps_as_asked_for_none_twice_none_below_zero():
    for steps in range(1, 1_001):
        timesteps = trailing_timesteps(1_000, steps)
        assert len(timesteps) == len(set(timesteps)) == steps
        assert timesteps[0] == 999
        assert timesteps[-1] >= 0
        assert timesteps == sorted(timesteps, reverse=True)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_makes_every_number_of_steps_it_allows(sampler):
    for steps in (1, 61, 103, 122, 249, MAX_STEPS[sampler]):
        chain = Chain(sampler, steps, BARS, "sample")
        assert len(chain.timesteps) == len(set(chain.timesteps)) == steps
        assert (chain.alpha_bars.diff() > 0).all()
        assert chain.alpha_bars[-1] == 1


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("steps", [1, 8, 25])
def test_the_loop_equals_the_plain_use_of_the_scheduler_bit_for_bit(sampler, prediction, steps):
    model = Gaussian(prediction, shape=(3, 8, 8))
    stock = STOCK[sampler](scheduler_settings(model.alpha_bars, prediction))
    if sampler == "dpm++":  # the library makes fewer steps than asked for; these are as many, from the same level
        stock.set_timesteps(timesteps=trailing_timesteps(int((stock.lambda_t >= -5.1).sum()), steps))
    else:
        stock.set_timesteps(steps)
    source = torch.Generator().manual_seed(4)
    x = torch.randn((1, *model.shape), generator=source) * stock.init_noise_sigma
    for timestep, step in zip(stock.timesteps, denoise(model, "bright", 4, steps, 3.0, sampler), strict=True):
        read = stock.scale_model_input(x, timestep)
        assert np.array_equal(read[0].permute(1, 2, 0).numpy(), step.x_t)
        told, untold = model.predict(torch.cat([read, read]), int(timestep), [0.4, 0.0])
        x = stock.step((untold + 3.0 * (told - untold))[None], timestep, x, generator=source).prev_sample
    assert np.array_equal(x[0].permute(1, 2, 0).numpy(), step.x_next)


@pytest.fixture(scope="module")
def unet() -> UNet2DModel:
    torch.manual_seed(2)
    return UNet2DModel(
        sample_size=16,
        block_out_channels=(8, 8),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
    ).eval()


class OfNet(Gaussian):
    """A network of the library as a denoiser; it reads no prompt."""

    net: UNet2DModel

    @torch.no_grad()
    def predict(self, x, timestep, conditionings):  # noqa: ARG002
        return self.net(x, torch.tensor(timestep)).sample


@pytest.mark.parametrize("clips", [False, True])
@pytest.mark.parametrize("sampler", ["ddim", "ddpm"])
def test_the_stock_pipelines_draw_the_same_picture_bit_for_bit(sampler, clips, unet):
    """With clipping, the library's option that derives the noise again from the clipped picture (as GLIDE does)."""
    prediction = "sample" if clips else "epsilon"
    model = OfNet(prediction, shape=(3, 16, 16), clips=clips)
    model.net = unet
    settings = {**scheduler_settings(model.alpha_bars, prediction), "clip_sample": clips}
    source = torch.Generator().manual_seed(6)
    if sampler == "ddim":
        pipeline: Any = DDIMPipeline(unet, DDIMScheduler(**settings))
        options = {"use_clipped_model_output": clips}
    else:
        pipeline, options = DDPMPipeline(unet, DDPMScheduler(**settings)), {}
    pipeline.set_progress_bar_config(disable=True)
    stock = pipeline(num_inference_steps=20, generator=source, output_type="np", **options).images[0]
    *_, last = denoise(model, "", 6, 20, 4.0, sampler)
    assert np.array_equal(np.clip(last.x_next / 2 + 0.5, 0, 1), stock)
    assert np.abs(last.x0).max() > 1 or clips


class OfPipeline(Gaussian):
    """A text-to-picture pipeline of the library, in its latent space, as a denoiser; a prompt is its embedding."""

    pipeline: StableDiffusionPipeline
    embeddings: dict[str, torch.Tensor]

    def encode(self, prompt):
        return self.embeddings[prompt]

    @torch.no_grad()
    def predict(self, x, timestep, conditionings):
        return self.pipeline.unet(x, torch.tensor(timestep), encoder_hidden_states=torch.cat(conditionings)).sample


@pytest.fixture(scope="module")
def stable_diffusion() -> OfPipeline:
    """A pipeline of the class of Stable Diffusion, tiny and random, on Stable Diffusion's noise levels."""
    torch.manual_seed(3)
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 8),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=8,
        attention_head_dim=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    ).eval()
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1_000, dtype=torch.float64) ** 2
    model = OfPipeline("epsilon", shape=(4, 8, 8), alpha_bars=torch.cumprod(1 - betas, 0))
    model.embeddings = {prompt: torch.randn(1, 5, 8) for prompt in ("", "bright", "dark")}
    vae = AutoencoderKL(block_out_channels=(4,), norm_num_groups=4, latent_channels=4)
    parts = {"text_encoder": None, "tokenizer": None, "safety_checker": None, "feature_extractor": None}
    scheduler = DDIMScheduler(steps_offset=1, clip_sample=False)  # each test puts its own in the place of it
    model.pipeline = StableDiffusionPipeline(
        vae=vae, unet=unet, scheduler=scheduler, **parts, requires_safety_checker=False
    )
    model.pipeline.set_progress_bar_config(disable=True)
    return model


@pytest.mark.parametrize("negative", ["", "dark"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_guided_stable_diffusion_pipeline_ends_in_the_same_latents_bit_for_bit(sampler, negative, stable_diffusion):
    model, pipeline = stable_diffusion, stable_diffusion.pipeline
    pipeline.scheduler = STOCK[sampler](scheduler_settings(model.alpha_bars, "epsilon"))
    stock = pipeline(
        prompt_embeds=model.embeddings["bright"],
        negative_prompt_embeds=model.embeddings[negative],
        num_inference_steps=20,
        guidance_scale=7.5,
        generator=torch.Generator().manual_seed(6),
        output_type="latent",
    ).images[0]
    *_, last = denoise(model, "bright", 6, 20, 7.5, sampler, negative)
    assert np.array_equal(last.x_next, stock.permute(1, 2, 0).numpy())


@given(
    st.integers(0, 999),
    st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4),
    st.lists(st.floats(-4, 4, width=32), min_size=4, max_size=4),
)
def test_whoever_has_one_of_noise_picture_and_v_has_all(timestep, picture, noise):
    x0, epsilon = torch.tensor(picture).double(), torch.tensor(noise).double()
    alpha_bar = BARS[timestep]
    x = alpha_bar**0.5 * x0 + (1 - alpha_bar) ** 0.5 * epsilon
    v = alpha_bar**0.5 * epsilon - (1 - alpha_bar) ** 0.5 * x0
    for prediction, output in (("sample", x0), ("epsilon", epsilon), ("v_prediction", v)):
        clean, guess = clean_and_noise(prediction, output, x, alpha_bar)
        assert torch.allclose(clean, x0, atol=1e-8)
        assert torch.allclose(guess, epsilon, atol=1e-8)
        assert torch.allclose(as_prediction(prediction, x0, x, alpha_bar), output, atol=1e-8)


def test_an_unknown_prediction_type_is_a_mistake():
    for function in (clean_and_noise, as_prediction):
        with pytest.raises(ValueError, match="unknown"):
            function("flow", torch.zeros(1), torch.zeros(1), torch.tensor(0.5))


def test_exact_ddim_is_the_librarys_class():
    assert issubclass(ExactDDIMScheduler, DDIMScheduler)
