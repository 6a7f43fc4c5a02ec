"""Identities that hold for every denoiser: guidance, forward noise, seeds, cancellation, threads."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.checks import MAX_SEED
from genai_demo.errors import InvalidParameter, TextTooLong, UnreadableText
from genai_demo.features.denoising.backend import add_noise, denoise, guess_noise, steer, step_counts
from genai_demo.features.denoising.schedulers import SAMPLERS
from genai_demo.features.denoising.steps import Step, Wish
from genai_demo.models.picture import PictureModelConfig, alpha_bars
from tests.features.denoising.denoisers import Gaussian

BARS = alpha_bars(PictureModelConfig())
PREDICTIONS = ("sample", "epsilon", "v_prediction")
PROMPT = "a red apple on a blue background"


def run(model, prompt="bright", **options) -> list[Step]:
    return list(denoise(model, prompt, **{"seed": 1, "steps": 6, "guidance_scale": 3.0, **options}))


def same(left: Step, right: Step) -> bool:
    pairs = ((getattr(left, name), getattr(right, name)) for name in Step.__dataclass_fields__)
    return all(np.array_equal(one, other) for one, other in pairs)


# ── a step ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_step_is_consistent_in_itself(sampler, prediction):
    steps = run(Gaussian(prediction, shape=(3, 8, 8)), sampler=sampler)
    assert [step.index for step in steps] == list(range(6))
    for step in steps:
        alpha, sigma = math.sqrt(step.alpha_bar), math.sqrt(1 - step.alpha_bar)
        assert np.allclose(step.x_t, alpha * step.x0 + sigma * step.noise, atol=2e-3 * max(1, np.abs(step.x0).max()))
        guided = step.noise_without_prompt + 3 * (step.noise_with_prompt - step.noise_without_prompt)
        assert np.allclose(step.noise, guided, atol=1e-4)
        assert step.snr == pytest.approx(step.alpha_bar / (1 - step.alpha_bar), rel=1e-5)
        assert step.snr_db == pytest.approx(10 * math.log10(step.snr))
        assert {array.dtype for array in (step.x_t, step.x0, step.noise, step.x_next)} == {np.dtype("float32")}
        assert step.x_t.shape == (8, 8, 3)
    for step, following in pairwise(steps):
        assert np.array_equal(step.x_next, following.x_t)
    assert np.allclose(steps[-1].x_next, steps[-1].x0, atol=1e-5)  # the last step arrives at the clean picture


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_clipped_picture_comes_with_the_noise_that_belongs_to_it(sampler, prediction):
    model = Gaussian(prediction, means={"": 0.0, "bright": 0.9}, shape=(3, 8, 8), clips=True)
    steps = run(model, sampler=sampler, guidance_scale=5.0)
    assert max(step.clipped for step in steps) > 0.5
    for step in steps:
        alpha, sigma = math.sqrt(step.alpha_bar), math.sqrt(1 - step.alpha_bar)
        assert np.abs(step.x0).max() <= 1 + 1e-3
        assert np.allclose(step.x_t, alpha * step.x0 + sigma * step.noise, atol=1e-4)


def test_a_run_begins_with_the_noise_of_its_seed(gaussian):
    noise = torch.randn((3, 8, 8), generator=torch.Generator().manual_seed(1)).permute(1, 2, 0).numpy()
    for sampler in SAMPLERS:
        assert np.allclose(run(gaussian, sampler=sampler)[0].x_t, noise, atol=1e-4), sampler


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_seed_decides(gaussian, sampler):
    first, again, other = (run(gaussian, sampler=sampler, seed=seed) for seed in (1, 1, 2))
    assert all(same(left, right) for left, right in zip(first, again, strict=True))
    assert not np.array_equal(first[-1].x_next, other[-1].x_next)


def test_the_first_step_is_there_before_the_second_is_begun_and_a_closed_run_is_over(gaussian):
    steps = denoise(gaussian, "bright", steps=20)
    assert gaussian.calls == []
    next(steps)
    assert len(gaussian.calls) == 1
    next(steps)
    steps.close()
    assert len(gaussian.calls) == 2
    assert list(steps) == []


# ── guidance ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_scale_zero_ignores_the_prompt(gaussian):
    bright, dark = run(gaussian, "bright", guidance_scale=0), run(gaussian, "dark", guidance_scale=0)
    assert all(same(left, right) for left, right in zip(bright, dark, strict=True))
    assert bright[0].noise_with_prompt is None
    assert np.array_equal(bright[0].noise, bright[0].noise_without_prompt)


def test_scale_one_is_the_plain_conditional_model(gaussian):
    steps = run(gaussian, guidance_scale=1, negative_prompt="dark")
    assert steps[0].noise_without_prompt is None
    assert np.array_equal(steps[0].noise, steps[0].noise_with_prompt)
    assert {rows for _, rows in gaussian.calls} == {1}
    assert steps[-1].x_next.mean() == pytest.approx(0.4, abs=0.05)


def test_a_negative_prompt_takes_the_place_of_the_empty_one(gaussian):
    plain, against = run(gaussian), run(gaussian, negative_prompt="dark")
    assert np.array_equal(plain[0].noise_with_prompt, against[0].noise_with_prompt)
    dark = run(gaussian, "dark", guidance_scale=1)[0].noise
    assert np.allclose(against[0].noise_without_prompt, dark, atol=1e-6)
    assert against[-1].x_next.mean() > plain[-1].x_next.mean()  # farther from dark than from nothing


def test_the_empty_prompt_is_drawn_unconditionally_whatever_the_scale(gaussian):
    weak, strong = run(gaussian, "", guidance_scale=1.5), run(gaussian, "", guidance_scale=15)
    assert np.array_equal(weak[-1].x_next, strong[-1].x_next)
    assert {rows for _, rows in gaussian.calls} == {1}


@given(st.floats(0, 30))
def test_guidance_moves_the_noise_along_a_straight_line(scale):
    step = next(denoise(Gaussian(shape=(3, 2, 2)), "bright", guidance_scale=scale))
    told, untold = step.noise_with_prompt, step.noise_without_prompt
    if told is None or untold is None:
        assert scale in (0, 1)
    else:
        assert np.allclose(step.noise, untold + scale * (told - untold), atol=1e-4)


# ── several pictures ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_steered_pictures_are_those_of_single_runs_in_one_pass_a_step(gaussian, sampler):
    wishes = [Wish("bright", 0), Wish("bright", 1), Wish("bright", 5), Wish("dark", 3, "bright")]
    lanes = steer(gaussian, wishes, 1, 6, sampler, keep=(0, 5))
    assert [rows for _, rows in gaussian.calls] == [6] * 6
    for wish, lane in zip(wishes, lanes, strict=True):
        alone = run(
            gaussian,
            wish.prompt,
            sampler=sampler,
            guidance_scale=wish.guidance_scale,
            negative_prompt=wish.negative_prompt,
        )
        assert lane.wish == wish
        assert np.array_equal(lane.picture, alone[-1].x_next)
        assert all(same(left, right) for left, right in zip(lane.steps, (alone[0], alone[5]), strict=True))


def test_step_counts_come_one_by_one_with_their_time(gaussian):
    drawings = step_counts(gaussian, "bright", 1, samplers=("ddim", "dpm++"), counts=(1, 2, 4))
    first = next(drawings)
    assert (first.sampler, first.steps) == ("ddim", 1)
    assert len(gaussian.calls) == 1
    others = list(drawings)
    assert [(one.sampler, one.steps) for one in others] == [
        *(("ddim", steps) for steps in (2, 4)),
        *(("dpm++", steps) for steps in (1, 2, 4)),
    ]
    assert np.array_equal(others[1].picture, run(gaussian, steps=4, guidance_scale=4.0)[-1].x_next)
    assert all(0 < one.seconds < 60 for one in (first, *others))


# ── forward ──────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(0, 999), st.floats(-1, 1))
def test_noise_is_added_with_the_stated_mean_and_variance(timestep, value):
    noised = add_noise(BARS, np.full((64, 64, 3), value, np.float32), timestep, 3)
    assert noised.x_t.mean() == pytest.approx(noised.signal_weight * value, abs=0.03 * noised.noise_weight + 1e-6)
    assert noised.x_t.var() == pytest.approx(1 - noised.alpha_bar, rel=0.03)
    assert noised.signal_weight**2 + noised.noise_weight**2 == pytest.approx(1)
    assert np.allclose(noised.x_t, noised.signal_weight * noised.x0 + noised.noise_weight * noised.noise, atol=1e-5)


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("timestep", [0, 300, 999])
def test_an_error_in_the_noise_is_a_larger_one_in_the_picture(prediction, timestep):
    x0 = np.random.default_rng(0).normal(0.4, 0.5, (8, 8, 3)).astype(np.float32)
    guess = guess_noise(Gaussian(prediction, shape=(3, 8, 8)), x0, "bright", timestep, 2)
    assert guess.factor == pytest.approx(1 / math.sqrt(guess.noised.snr))
    assert guess.picture_error == pytest.approx(guess.factor * guess.noise_error, rel=0.03)
    assert np.allclose(guess.difference, guess.guess - guess.noised.noise)
    implied = (guess.noised.x_t - guess.noised.noise_weight * guess.guess) / guess.noised.signal_weight
    assert np.allclose(implied, guess.x0_guess, atol=1e-3 * guess.factor + 1e-5)


def test_a_picture_of_another_size_is_refused(gaussian):
    with pytest.raises(InvalidParameter):
        guess_noise(gaussian, np.zeros((4, 4, 3), np.float32), "bright", 10)


# ── what is refused, before the network is asked ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 0},
        {"steps": 10**9},
        {"steps": 251},
        {"steps": 1_001, "sampler": "ddpm"},
        {"steps": 2.5},
        {"steps": math.nan},
        {"steps": None},
        {"steps": True},
        {"guidance_scale": math.nan},
        {"guidance_scale": math.inf},
        {"guidance_scale": -1},
        {"guidance_scale": 31},
        {"guidance_scale": "4"},
        {"sampler": "pndm"},
        {"sampler": None},
        {"sampler": ["ddim"]},
        {"seed": -1},
        {"seed": MAX_SEED + 1},
        {"seed": "x"},
    ],
)
def test_a_run_that_cannot_be_made_is_refused_at_once(gaussian, options):
    with pytest.raises(InvalidParameter):
        denoise(gaussian, "bright", **options)
    assert gaussian.calls == []


def test_whole_numbers_may_come_as_floats_as_they_do_in_json(gaussian):
    assert len(run(gaussian, steps=3.0, seed=2.0)) == 3


def test_more_pictures_than_can_be_shown_are_refused(gaussian):
    for count in (0, 9):
        with pytest.raises(InvalidParameter):
            steer(gaussian, [Wish("bright")] * count)
    with pytest.raises(InvalidParameter):
        step_counts(gaussian, "bright", samplers=("ddim", "none"))


@pytest.mark.parametrize(("timestep", "seed"), [(-1, 0), (1_000, 0), (math.nan, 0), (5, -1), ("5", 0)])
def test_noise_that_cannot_be_added_is_refused(timestep, seed):
    with pytest.raises(InvalidParameter):
        add_noise(BARS, np.zeros((4, 4, 3), np.float32), timestep, seed)


# ── our own model, behind its door ───────────────────────────────────────────────────────────────────────────


def test_the_picture_model_is_a_denoiser(generator):
    steps = run(generator, PROMPT)
    assert steps[-1].x_next.shape == (64, 64, 3)
    assert np.isfinite(steps[-1].x_next).all()
    assert all(step.clipped == 0 for step in steps)
    assert (generator.origin.model, generator.origin.side) == ("pictures", 64)


def test_a_prompt_is_read_once(generator):
    assert generator.encode("a cat") is generator.encode("a cat")


def test_prompts_that_would_not_be_read_whole_are_refused(generator):
    for prompt in ("x" * 5_000, "cat " * 62):
        with pytest.raises(TextTooLong):
            denoise(generator, prompt)
    for unreadable in ("\ud800", 5, None):
        with pytest.raises(UnreadableText):
            denoise(generator, unreadable)
    assert generator.encode("cat " * 61) is not None


def test_visitors_at_once_get_what_they_would_get_alone(generator):
    jobs = [
        {"prompt": prompt, "sampler": sampler, "steps": 3} for prompt in (PROMPT, "a cat", "") for sampler in SAMPLERS
    ]
    quiet = [run(generator, **job) for job in jobs]
    with ThreadPoolExecutor(6) as pool:
        busy = list(pool.map(lambda job: run(generator, **job), jobs))
    for left, right in zip(quiet, busy, strict=True):
        assert all(same(one, other) for one, other in zip(left, right, strict=True))
