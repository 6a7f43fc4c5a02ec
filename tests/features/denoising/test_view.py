"""What is drawn and sent: one display mapping, and payloads that stay small."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genai_demo.features.denoising import view
from genai_demo.features.denoising.backend import add_noise, denoise, guess_noise, steer
from genai_demo.features.denoising.counts import Drawing
from genai_demo.features.denoising.samples import Sample, sample_pictures
from genai_demo.features.denoising.steps import Step, Wish
from genai_demo.features.denoising.view import (
    amplification,
    kept_indices,
    newest_json,
    noise_pixels,
    picture_pixels,
    png,
    run_json,
    step_payload,
)
from genai_demo.models.picture import PictureModelConfig, alpha_bars

RANDOM = np.random.default_rng(0)


def noisy(index: int = 0) -> Step:
    """The worst that can be sent: every panel is pure noise."""
    x_t, noise, x0 = (RANDOM.normal(size=(64, 64, 3)).astype(np.float32) for _ in range(3))
    return Step(index, 999 - index, 0.25, 1 / 3, -4.77, x_t, noise, 0.9 * noise, noise, x0, 0.5, x_t)


def pixels(uri: str) -> np.ndarray:
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        return np.asarray(image.convert("RGB"))


def test_pictures_and_noise_have_one_mapping():
    pictures, noise = np.array([-2, -1, 0, 0.5, 1, 2], np.float32), np.array([-4, -3, 0, 1.5, 3, 4], np.float32)
    assert picture_pixels(pictures).tolist() == [0, 0, 128, 191, 255, 255]
    assert noise_pixels(noise).tolist() == [0, 0, 128, 191, 255, 255]


def test_a_png_without_a_palette_is_exact():
    exact = picture_pixels(noisy().x_t)
    assert np.array_equal(pixels(png(exact)), exact)


def test_more_colours_are_closer():
    exact = noise_pixels(noisy().noise)
    errors = [np.abs(pixels(png(exact, colours)).astype(int) - exact).mean() for colours in (256, 64, 16)]
    assert errors == sorted(errors)
    assert errors[0] < 16


@given(st.integers(1, 1_000))
def test_evenly_spaced_steps_hold_the_first_and_the_last(steps):
    kept = kept_indices(steps)
    assert kept[0] == 0
    assert kept[-1] == steps - 1
    assert len(kept) == min(steps, 50)
    gaps = np.diff(kept)
    assert not len(gaps) or gaps.max() - gaps.min() <= 1


@pytest.mark.parametrize("count", [1, 25, 50])
def test_a_run_of_pure_noise_fits_into_600_kilobytes(count):
    prompt = "\N{SLIGHTLY SMILING FACE}" * 1_000
    run = run_json(prompt, 2**53 - 1, "dpm++", [noisy(index) for index in range(count)])
    assert len(json.dumps(run)) <= 600_000
    assert set(run) == {"prompt", "seed", "sampler", "image", "steps"}
    assert [step["index"] for step in run["steps"]] == list(range(count))
    assert set(run["steps"][0]) == {"index", "timestep", "alpha_bar", "snr", "x_t", "x0", "noise"}
    colours = len(np.unique(pixels(run["steps"][0]["noise"]).reshape(-1, 3), axis=0))
    assert colours >= (24 if count == 50 else 256)


def test_the_finished_picture_is_sent_exactly():
    last = noisy()
    assert np.array_equal(pixels(run_json("", 0, "ddim", [last])["image"]), picture_pixels(last.x_next))


def test_what_is_streamed_is_small(generator):
    step = noisy(3)
    assert len(json.dumps(newest_json("a cat", 0, "ddim", 25, step))) < 25_000
    payload = step_payload(step, 4, generator.origin, ["pup"])
    assert len(json.dumps(payload)) < 45_000
    assert payload["picture"] is not None
    assert payload["provenance"]["kind"] == "real"
    assert step_payload(step, 5, generator.origin, ())["picture"] is None


@given(st.floats(1e-4, 10))
def test_differences_are_amplified_as_far_as_they_can_be_seen(size):
    difference = (size * np.linspace(-1, 1, 999)).astype(np.float32)
    factor = amplification(difference)
    assert factor == 1 or factor * np.quantile(np.abs(difference), 0.99) <= 3
    assert factor == 1_000 or 2.5 * factor * np.quantile(np.abs(difference), 0.99) > 3


def test_no_difference_is_amplified_most():
    assert amplification(np.zeros((2, 2, 3), np.float32)) == 1_000


def test_added_noise_and_guesses_name_their_weights(generator):
    x0 = np.zeros((64, 64, 3), np.float32)
    noised = view.added_noise_json(add_noise(alpha_bars(PictureModelConfig()), x0, 400, 1))
    assert noised["signal_weight"] ** 2 + noised["noise_weight"] ** 2 == pytest.approx(1)
    assert (pixels(noised["x0"]) == 128).all()
    guess = view.guess_payload(guess_noise(generator, x0, "a cat", 400, 1), generator.origin)
    assert json.loads(json.dumps(guess))["factor"] == pytest.approx(guess["noise_weight"] / guess["signal_weight"])
    assert guess["amplified"] >= 1
    assert {name: guess[name] for name in ("timestep", "alpha_bar", "snr", "x0")} == {
        name: noised[name] for name in ("timestep", "alpha_bar", "snr", "x0")
    }


def test_payloads_are_plain_json(generator):
    *_, last = denoise(generator, "a cat", steps=2)
    lanes = steer(generator, [Wish("a cat"), Wish("a cat", 0)], steps=2)
    payloads = [
        view.steer_payload(lanes, generator.origin, ()),
        view.drawing_payload(Drawing("ddim", 2, 0.1234567, last.x_next), 14, generator.origin, ("pup",)),
        view.forward_payload([Sample("a cat", last.x0)], generator.alpha_bars.tolist(), 64, generator.origin),
    ]
    for payload in payloads:
        assert json.loads(json.dumps(payload, allow_nan=False)) == payload
    assert [lane["guidance_scale"] for lane in payloads[0]["pictures"]] == [4.0, 0]
    assert len(payloads[2]["alpha_bars"]) == 1_000


def test_a_payload_is_made_to_fit_with_the_finest_pictures_that_do():
    exact = {"words": "as they are", "parts": [{"picture": png(noise_pixels(noisy().noise))}] * 3}
    assert view.fitted(exact, 60_000) == exact
    coarser = view.fitted(exact, 15_000)
    assert 10_000 < len(json.dumps(coarser)) <= 15_000
    assert coarser["words"] == exact["words"]
    assert not np.array_equal(pixels(coarser["parts"][0]["picture"]), pixels(exact["parts"][0]["picture"]))
    with pytest.raises(ValueError, match="do not fit"):
        view.fitted(exact, 1_000)


def test_samples_are_pictures_as_the_model_was_trained_on():
    for sample in sample_pictures(64):
        assert sample.x0.shape == (64, 64, 3)
        assert sample.x0.dtype == np.float32
        assert 0.5 < np.abs(sample.x0).max() <= 1
        assert sample.x0.std() > 0.1
    assert sample_pictures(64)[0].prompt == "a large red apple on a blue background"
