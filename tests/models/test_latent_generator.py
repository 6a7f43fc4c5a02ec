"""Pipelines of Stable Diffusion's class: read from a folder, refused if they are something else, behind one door."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, StableDiffusionPipeline
from torch.nn.functional import avg_pool2d

from genai_demo.errors import DamagedModelFolder, OutOfDeviceMemory, TextTooLong, UnreadableText
from genai_demo.models.catalogue import Hub, PictureEntry, find_pictures
from genai_demo.models.errors import NoSafetensors, PictureDownloadFailed, UnknownPictures, UnsupportedPipeline
from genai_demo.models.latent_generator import LatentGenerator, alpha_bars_of, load_latent_generator
from genai_demo.models.picture_generator import picture_loader
from tests.pipelines import stable_diffusion


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """A pipeline's folder as diffusers writes it."""
    folder = tmp_path_factory.mktemp("models") / "my-pipeline"
    stable_diffusion().save_pretrained(folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path) -> Path:
    """A copy of it, to be damaged."""
    return shutil.copytree(saved, tmp_path / "copy")


def load(folder: Path) -> LatentGenerator:
    return load_latent_generator(find_pictures(str(folder)), "cpu")


def test_a_folder_that_diffusers_saved_is_a_picture_model(saved, latent):
    model = load(saved)
    x = torch.randn(1, *model.shape, generator=torch.Generator().manual_seed(1))
    told = model.encode("a cat")
    assert torch.equal(told, latent.encode("a cat"))
    assert torch.allclose(model.predict(x, 500, [told]), latent.predict(x, 500, [told]), atol=1e-5)
    assert torch.allclose(model.preview(x), latent.preview(x), atol=1e-5)
    origin = model.origin
    assert (origin.model, origin.title, origin.dtype, origin.device) == ("my-pipeline", "my-pipeline", "float32", "cpu")
    assert (origin.space, origin.side, model.shape) == ("latent", 32, (4, 16, 16))
    assert origin.parameters == sum(one.numel() for one in stable_diffusion().unet.parameters())


def test_the_page_loads_the_chosen_pipeline_in_the_background(saved):
    loader = picture_loader(find_pictures(str(saved)), "cpu")
    assert (loader.status.title, loader.loaded) == ("my-pipeline", None)
    assert isinstance(loader.model(60), LatentGenerator)


def test_what_can_be_seen_at_a_glance_is_refused_before_anything_is_loaded(folder):
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(NoSafetensors):
        picture_loader(find_pictures(str(folder)), "cpu")
    (folder / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    with pytest.raises(UnsupportedPipeline):
        picture_loader(find_pictures(str(folder)), "cpu")


def test_what_is_damaged_inside_is_the_pictures_own_problem(folder):
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    loader = picture_loader(find_pictures(str(folder)), "cpu")
    with pytest.raises(DamagedModelFolder):
        loader.model(60)
    assert isinstance(loader.status.error, DamagedModelFolder)


def test_another_kind_of_folder_is_refused(folder, tmp_path):
    with pytest.raises(UnknownPictures):
        find_pictures(str(tmp_path))
    index = folder / "model_index.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), "_class_name": "StableDiffusionXLPipeline"}))
    with pytest.raises(UnsupportedPipeline) as caught:
        load(folder)
    assert caught.value.facts["kind"] == "StableDiffusionXLPipeline"
    index.write_text("{}")
    with pytest.raises(DamagedModelFolder):
        load(folder)


@pytest.mark.parametrize("lost", ["unet", "vae", "text_encoder", "tokenizer", "unet/config.json"])
def test_missing_files_are_said_to_be_missing(folder, lost):
    place = folder / lost
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    with pytest.raises(DamagedModelFolder):
        load(folder)


def test_weights_that_break_off_are_damaged(folder):
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(DamagedModelFolder):
        load(folder)


def test_pickled_weights_are_never_read(folder):
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(stable_diffusion().unet.state_dict(), weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(NoSafetensors):
        load(folder)


def test_a_pipeline_that_does_not_fit_is_refused():
    inpainting = stable_diffusion()
    inpainting.unet.register_to_config(in_channels=9)
    flow = stable_diffusion()
    flow.scheduler.register_to_config(prediction_type="flow_prediction")
    for pipeline in (inpainting, flow):
        with pytest.raises(UnsupportedPipeline):
            LatentGenerator(pipeline, name="odd", title="Odd")


def test_the_hub_out_of_reach_is_said(monkeypatch):
    def unreachable(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(StableDiffusionPipeline, "from_pretrained", unreachable)
    with pytest.raises(PictureDownloadFailed):
        load_latent_generator(PictureEntry("x", "X", Hub("nobody/x"), 1, "none"), "cpu")


# ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_prompt_is_read_as_the_pipeline_reads_it(latent):
    stock, _ = stable_diffusion().encode_prompt("a red cat", "cpu", 1, False)
    assert torch.equal(latent.encode("a red cat"), stock)
    assert latent.encode("a red cat") is latent.encode("a red cat")
    assert not torch.equal(latent.encode(""), stock)


def test_a_prompt_that_would_be_cut_off_is_refused(latent):
    assert len(latent.encode("a" * 18)) == 1
    with pytest.raises(TextTooLong) as caught:
        latent.encode("a" * 19)
    assert caught.value.facts == {"length": 19, "limit": 18, "unit": "tokens"}
    with pytest.raises(TextTooLong):
        latent.encode("a" * 5_000)
    with pytest.raises(UnreadableText):
        latent.encode("\ud800")


def test_the_noise_levels_are_those_of_the_librarys_scheduler_to_the_last_bit(latent):
    stock = stable_diffusion().scheduler
    bars = latent.alpha_bars
    again = DDPMScheduler(trained_betas=(1 - bars / torch.cat([torch.ones(1).double(), bars[:-1]])).tolist())
    assert torch.equal(again.alphas_cumprod, stock.alphas_cumprod)


WEIGHTS = ("unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model")


@pytest.mark.parametrize("kept", [(), WEIGHTS[1:2]], ids=["all parts", "all parts but one"])
def test_a_folder_in_half_precision_only_is_read_and_says_so(folder, latent, kept):
    for name in set(WEIGHTS) - set(kept):
        (folder / f"{name}.safetensors").rename(folder / f"{name}.fp16.safetensors")
    model = load(folder)
    x = torch.randn(1, *model.shape, generator=torch.Generator().manual_seed(1))
    told = model.encode("a cat")
    assert torch.allclose(model.predict(x, 500, [told]), latent.predict(x, 500, [told]), atol=1e-5)
    assert (model.origin.weights, model.origin.dtype) == ("half precision", "float32")


def test_where_there_is_full_precision_beside_half_it_is_read(folder):
    for name in WEIGHTS:
        (folder / f"{name}.fp16.safetensors").write_bytes(b"half as good")
    assert load(folder).origin.weights == "full precision"


@pytest.mark.parametrize("names", [WEIGHTS, WEIGHTS[:1]], ids=["all parts", "one part"])
@pytest.mark.parametrize("ending", [".bin", ".fp16.bin", ".ckpt"])
def test_weights_in_files_that_could_run_programs_are_not_read_and_what_to_fetch_is_said(folder, names, ending):
    for name in names:
        (folder / f"{name}.safetensors").rename(folder / f"{name}{ending}")
    with pytest.raises(NoSafetensors) as caught:
        load(folder)
    assert caught.value.facts == {"path": folder}


def test_a_last_level_without_any_signal_keeps_a_little():
    bars = alpha_bars_of(DDPMScheduler(beta_schedule="scaled_linear", rescale_betas_zero_snr=True))
    assert 0 < bars[-1] < 1e-7
    assert (bars.diff() < 0).all()


# ── latents and pictures ─────────────────────────────────────────────────────────────────────────────────────


def test_decoding_is_that_of_the_pipeline(latent):
    pipeline = stable_diffusion()
    x = torch.randn(1, *latent.shape, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        stock = pipeline.vae.decode(x / pipeline.vae.config.scaling_factor).sample
    assert torch.equal(latent.decode(x), stock)
    shown = pipeline.image_processor.postprocess(stock, output_type="np")[0]
    assert np.array_equal(np.clip(latent.decode(x)[0].permute(1, 2, 0).numpy() / 2 + 0.5, 0, 1), shown)


def test_a_picture_becomes_latents_of_the_right_scale(latent):
    pipeline, picture = stable_diffusion(), torch.rand(1, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        mean = pipeline.vae.encode(picture).latent_dist.mean
    assert torch.equal(latent.encode_picture(picture), mean * pipeline.vae.config.scaling_factor)
    assert latent.encode_picture(picture).shape == (1, *latent.shape)


def linear_pipeline() -> StableDiffusionPipeline:
    """A pipeline whose decoder is a straight line: grey from two of the four channels."""
    pipeline = stable_diffusion()
    weights = torch.tensor([[0.3, 0.1, 0.0], [0.0, -0.2, 0.4], [0.0, 0.0, 0.0], [0.1, 0.1, 0.1]])

    class Line(type(pipeline.vae)):  # type: ignore[misc]  # the class is known only now
        def decode(self, z, return_dict=True):  # noqa: ARG002
            colours = torch.einsum("bchw,ck->bkhw", z * self.config.scaling_factor, weights) + 0.05
            return type("Decoded", (), {"sample": colours.repeat_interleave(2, 2).repeat_interleave(2, 3)})

    pipeline.vae.__class__ = Line
    return pipeline


def test_the_preview_of_a_linear_decoder_is_what_it_decodes():
    model = LatentGenerator(linear_pipeline(), name="line", title="Line")
    x = torch.randn(2, *model.shape)
    assert torch.allclose(model.preview(x), avg_pool2d(model.decode(x), 2), atol=1e-5)


def test_the_preview_is_nearer_to_what_is_decoded_than_one_colour_for_all(latent):
    """For latents that vary slowly, as it was fitted to; a random network is a hard case."""
    blocks = torch.randn((16, 4, 4, 4), generator=torch.Generator().manual_seed(9))
    x = blocks.repeat_interleave(4, 2).repeat_interleave(4, 3)
    right = avg_pool2d(latent.decode(x), 2)
    error, spread = (latent.preview(x) - right).square().mean(), right.var(dim=(0, 2, 3)).mean()
    assert error < 0.9 * spread


@pytest.mark.filterwarnings("ignore:.*float16.*")
def test_in_half_precision_it_takes_and_gives_single_precision(latent):
    pipeline = stable_diffusion().to(dtype=torch.float16)
    half = LatentGenerator(pipeline, name="half", title="Half")
    x = torch.randn(1, *half.shape, generator=torch.Generator().manual_seed(1))
    said, full = (model.predict(x, 500, [model.encode("a cat")]) for model in (half, latent))
    assert said.dtype == half.decode(x).dtype == half.encode_picture(torch.zeros(1, 3, 32, 32)).dtype == torch.float32
    assert torch.allclose(said, full, atol=0.02)
    assert torch.allclose(half.preview(x), latent.preview(x), atol=0.1)
    assert half.origin.dtype == "float16"


def test_a_card_without_memory_is_left_for_the_processor(monkeypatch):
    model, moved = LatentGenerator(stable_diffusion(), name="tiny", title="Tiny"), []

    def too_large(*_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(model, "_forward", too_large)
    monkeypatch.setattr(model._pipeline, "to", lambda *place: moved.append(place))
    with pytest.raises(OutOfDeviceMemory):
        model.predict(torch.zeros(1, *model.shape), 5, [model.encode("")])
    assert moved == [("cpu", torch.float32)]
