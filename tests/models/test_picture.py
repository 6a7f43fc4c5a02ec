"""The picture model's definition, its noise schedule and its files."""

from __future__ import annotations

import json

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler
from diffusers.schedulers.scheduling_ddim import betas_for_alpha_bar
from sklearn.decomposition import PCA

from genai_demo.errors import DamagedModelFolder
from genai_demo.models import picture
from genai_demo.models.picture import (
    PictureModel,
    PictureModelConfig,
    alpha_bars,
    load_picture_model,
    parameter_count,
    save_weights,
    scheduler_settings,
    to_model_space,
    to_pictures,
)
from genai_demo.models.text_encoder import TextStates

TINY = PictureModelConfig(side=16, patch=4, channels=(8, 16), attention=(False, True), heads=2, text_size=8)


def text(batch: int, length: int = 3) -> TextStates:
    states = torch.randn(batch, length, 8, generator=torch.Generator().manual_seed(1))
    return TextStates(states, torch.ones(batch, length, dtype=torch.long), states.mean(1))


@pytest.fixture(scope="module")
def model() -> PictureModel:
    torch.manual_seed(0)
    return PictureModel(TINY).eval().requires_grad_(False)


def test_it_turns_noisy_pictures_into_clean_ones_of_the_same_shape(model):
    x = torch.randn(2, 3, 16, 16)
    assert model(x, torch.tensor([3, 900]), text(2)).shape == x.shape
    assert model(x, 500, text(2)).shape == x.shape


def test_padding_after_a_prompt_changes_nothing(model):
    x, short = torch.randn(1, 3, 16, 16), text(1)
    long = TextStates(
        torch.cat([short.states, torch.full((1, 2, 8), 9.0)], dim=1),
        torch.tensor([[1, 1, 1, 0, 0]]),
        short.pooled,
    )
    assert torch.allclose(model(x, 10, short), model(x, 10, long), atol=1e-5)


def test_tokens_matter_unless_it_is_told_to_read_the_mean_alone():
    x, one = torch.randn(1, 3, 16, 16), text(1)
    other = TextStates(one.states.flip(2), one.mask, one.pooled)
    for reads_tokens in (True, False):
        torch.manual_seed(0)
        model = PictureModel(PictureModelConfig(**vars(TINY) | {"reads_tokens": reads_tokens})).eval()
        with torch.no_grad():
            assert torch.equal(model(x, 10, one), model(x, 10, other)) == (not reads_tokens)


def test_the_schedule_is_the_squared_cosine_of_the_library_with_less_signal():
    plain = alpha_bars(PictureModelConfig(signal_scale=1.0))
    library = torch.cumprod(1 - betas_for_alpha_bar(1_000).double(), 0)
    assert torch.allclose(plain[:-1], library[:-1], rtol=1e-3, atol=2e-5)
    scaled = alpha_bars(PictureModelConfig(signal_scale=0.5))
    snr, half = (bars / (1 - bars) for bars in (plain[:-2], scaled[:-2]))
    assert torch.allclose(half[:-50], snr[:-50] / 4, rtol=0.02)


def test_noise_only_ever_grows():
    bars = alpha_bars(PictureModelConfig())
    assert (bars[1:] < bars[:-1]).all()
    assert bars[0] > 0.999
    assert 0 < bars[-1] < 1e-4


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # two schedulers, with today's NumPy
@pytest.mark.parametrize(
    "scheduler", [DDIMScheduler, DDPMScheduler, EulerDiscreteScheduler, DPMSolverMultistepScheduler]
)
def test_every_scheduler_takes_the_settings(scheduler):
    made = scheduler(**scheduler_settings(PictureModelConfig()))
    assert torch.allclose(made.alphas_cumprod.double(), alpha_bars(PictureModelConfig()), rtol=1e-3)
    made.set_timesteps(25)
    assert made.timesteps[0] == 999
    assert len(made.timesteps) == 25


def test_pictures_go_there_and_back_and_are_clipped_only_on_the_way_back():
    pictures = torch.rand(2, 3, 4, 4)
    assert torch.allclose(to_pictures(to_model_space(pictures)), pictures, atol=1e-6)
    assert to_pictures(torch.tensor([-3.0, 0.0, 3.0])).tolist() == [0, 0.5, 1]


def test_weights_are_saved_in_half_precision_in_small_files_and_read_again(model, tmp_path, monkeypatch):
    monkeypatch.setattr(picture, "SHARD_BYTES", 20_000)
    save_weights(model, tmp_path)
    save_weights(model, tmp_path)  # replaces, does not add
    files = sorted(tmp_path.glob("*.safetensors"))
    assert len(files) > 2
    assert sum(file.stat().st_size for file in files) < 2.2 * parameter_count(model.parameters()) + 40_000
    read = load_picture_model(tmp_path)
    assert read.config == model.config
    assert not read.training
    x = torch.randn(1, 3, 16, 16)
    assert torch.allclose(read(x, 100, text(1)), model(x, 100, text(1)), atol=1e-2)


def test_damaged_files_are_said_to_be_damaged(model, tmp_path):
    with pytest.raises(DamagedModelFolder):
        load_picture_model(tmp_path / "nowhere")
    save_weights(model, tmp_path)
    weights = next(tmp_path.glob("*.safetensors"))
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100])
    with pytest.raises(DamagedModelFolder):
        load_picture_model(tmp_path)
    weights.unlink()
    with pytest.raises(DamagedModelFolder):
        load_picture_model(tmp_path)
    weights.write_bytes(whole)
    config = json.loads((tmp_path / "config.json").read_text())
    for wrong in ({"patch": 8}, {"unheard_of": 1}):
        (tmp_path / "config.json").write_text(json.dumps(config | wrong))
        with pytest.raises(DamagedModelFolder):
            load_picture_model(tmp_path)


def test_the_shipped_files_are_small_enough_for_a_space():
    files = [*picture.FOLDER.glob("*.safetensors")]
    if not files:
        pytest.skip("no weights yet")
    assert all(file.stat().st_size <= 10_000_000 for file in files)
    assert sum(file.stat().st_size for file in files) <= 40_000_000
    model = load_picture_model()
    assert model.config.side == 64


def wave(count: int) -> torch.Tensor:
    """Pictures whose patches are all made of four patterns, and a little noise."""
    generator = torch.Generator().manual_seed(8)
    patterns = torch.randn(4, 3, 4, 4, generator=generator)
    amounts = torch.randn(count, 4, 4, 4, generator=generator) * torch.tensor([2.0, 1.0, 0.5, 0.25])
    tiles = torch.einsum("nhwk,kcij->nchiwj", amounts, patterns).reshape(count, 3, 16, 16)
    return 0.2 + 0.1 * tiles + 0.01 * torch.randn(count, 3, 16, 16, generator=generator)


def test_the_patches_are_seen_through_their_principal_components():
    model = PictureModel(TINY)
    pictures = wave(40)
    model.fit_patches(pictures)
    patches = torch.nn.functional.pixel_unshuffle(pictures, 4).movedim(1, -1).reshape(-1, 48).double().numpy()
    expected = PCA(n_components=4, svd_solver="full").fit(patches)
    assert torch.allclose(model.components @ model.components.T, torch.eye(TINY.components), atol=1e-5)
    assert model.mean_patch.numpy() == pytest.approx(expected.mean_, abs=1e-5)
    assert abs((model.components[:4].numpy() * expected.components_).sum(axis=1)) == pytest.approx(1, abs=1e-4)
    assert model.variances[:4].numpy() == pytest.approx(expected.explained_variance_, rel=0.01)


def test_a_network_that_says_nothing_leaves_the_best_linear_guess():
    """The Wiener filter, by its textbook formula: C √ᾱ (ᾱC + (1−ᾱ)I)⁻¹ with the covariance C of the patches."""
    model = PictureModel(TINY).eval()
    model.fit_patches(wave(40))
    torch.nn.init.zeros_(model.unet.conv_out.weight)
    torch.nn.init.zeros_(model.unet.conv_out.bias[: TINY.components])
    torch.nn.init.constant_(model.unet.conv_out.bias[TINY.components :], 30.0)  # and keeps all of the guess
    bar = alpha_bars(TINY)[400]
    noisy = torch.randn(2, 3, 16, 16)
    with torch.inference_mode():
        guess = torch.nn.functional.pixel_unshuffle(model(noisy, 400, text(2)), 4).double()
    covariance = model.components.T.double() @ torch.diag(model.variances.double()) @ model.components.double()
    mean = model.mean_patch.double().view(1, -1, 1, 1)
    gain = covariance * bar.sqrt() @ torch.linalg.inv(bar * covariance + (1 - bar) * torch.eye(48))
    centred = torch.nn.functional.pixel_unshuffle(noisy, 4).double() - bar.sqrt() * mean
    assert torch.allclose(guess, mean + torch.einsum("kc,bchw->bkhw", gain, centred), atol=1e-5)
