"""Pipelines of the class of Stable Diffusion: a U-Net that denoises *latents*, told of the prompt by a CLIP encoder.

An autoencoder has learned to squeeze a picture of 512 × 512 pixels into 4 × 64 × 64 numbers, its latents, and to make
a picture of them again (Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", 2022, section
3.1). All of denoising happens in there; every equation of the backend holds for latents as it does for pixels. The
U-Net says ε̂ or v, and the backend has x̂0 from it (`schedulers.clean_and_noise`, with the equations of `picture.py`).

Latents are scaled so that their variance is about one: z = `scaling_factor` × what the autoencoder says.

No safety checker is loaded: what such a pipeline draws is shown as it is.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import DDPMScheduler
from diffusers.utils import logging as diffusers_logging
from safetensors import SafetensorError
from torch import Tensor
from torch.nn.functional import avg_pool2d
from transformers.utils import logging as transformers_logging

from ..errors import DamagedModelFolder, TextTooLong
from .catalogue import Folder, Hub, PictureEntry
from .device import choose_device
from .drawing_model import DrawingModel, PictureOrigin
from .errors import NoSafetensors, PictureDownloadFailed, UnsupportedPipeline
from .picture import parameter_count

logger = logging.getLogger(__name__)

PIPELINE = "StableDiffusionPipeline"
PARTS = ("unet", "vae", "text_encoder")  # those with weights
HALF = "fp16"  # what marks files in half precision
PREDICTIONS = ("epsilon", "v_prediction", "sample")
LEAST_SIGNAL = 2.0**-24  # ᾱ of the noisiest level where the makers say 0: nothing is divided by zero

FITTED = 8  # random latents that the preview is fitted to
FITTED_BLOCKS, FITTED_BLOCK = 4, 4  # each of them has 4 × 4 blocks of one value, of 4 × 4 positions


class LatentGenerator(DrawingModel):
    """A Stable Diffusion pipeline as a denoiser of its latents.

    Args:
        pipeline: a `StableDiffusionPipeline` of diffusers, whose parts are on one device in one number format.
            Of its scheduler nothing but the noise levels and the kind of prediction is used.
        name, title, weights: what to write under its pictures.

    Raises:
        UnsupportedPipeline: its parts do not fit this backend (inpainting, flow matching, …).
    """

    clips = False  # latents have no limits
    objects = None

    def __init__(self, pipeline: Any, *, name: str, title: str, weights: str = "full precision") -> None:
        super().__init__(name, pipeline.unet.device)
        for part in (pipeline.unet, pipeline.vae, pipeline.text_encoder):
            part.eval().requires_grad_(False)
        self._pipeline, self._name, self._title, self._weights = pipeline, name, title, weights
        channels, size = int(pipeline.unet.config.in_channels), pipeline.unet.config.sample_size
        height, width = (size, size) if isinstance(size, int) else size
        self.shape = (channels, int(height), int(width))
        self.prediction_type = str(pipeline.scheduler.config.get("prediction_type", "epsilon"))
        if channels != pipeline.vae.config.latent_channels or self.prediction_type not in PREDICTIONS:
            raise UnsupportedPipeline(path=name, kind=f"{channels} channels, {self.prediction_type}")
        self.alpha_bars = alpha_bars_of(pipeline.scheduler)
        self._to_rgb = self._run(self._fitted_preview)

    @property
    def origin(self) -> PictureOrigin:
        """What to write under a picture that this model drew."""
        return PictureOrigin(
            model=self._name,
            title=self._title,
            weights=self._weights,
            device=self._device.type,
            dtype=str(self._dtype).removeprefix("torch."),
            parameters=parameter_count(self._pipeline.unet.parameters()),
            side=self.shape[1] * self._pipeline.vae_scale_factor,
            space="latent",
        )

    def preview(self, x: Tensor) -> Tensor:
        """One pixel a position: the best straight line from its numbers to red, green and blue (see `_fitted_preview`).

        Good enough to watch a picture come, at a millionth of what decoding costs.
        """
        weights, offset = self._to_rgb[:-1], self._to_rgb[-1]
        return torch.einsum("bchw,ck->bkhw", x, weights) + offset.view(1, 3, 1, 1)

    def decode(self, x: Tensor) -> Tensor:
        """The pictures that the autoencoder makes of latents: float32, on the CPU, (B, 3, side, side)."""
        return self._run(partial(self._decode, x))

    def encode_picture(self, pictures: Tensor) -> Tensor:
        """The latents of pictures (B, 3, side, side) in [−1, 1]: the mean of what the autoencoder thinks possible."""

        def work() -> Tensor:
            posterior = self._pipeline.vae.encode(pictures.to(self._device, self._dtype)).latent_dist
            latents: Tensor = posterior.mode().float().cpu() * self._scaling
            return latents

        return self._run(work)

    @property
    def _dtype(self) -> torch.dtype:
        dtype: torch.dtype = self._pipeline.unet.dtype
        return dtype

    @property
    def _scaling(self) -> float:
        return float(self._pipeline.vae.config.scaling_factor)

    def _encode(self, prompt: str) -> Tensor:
        """(1, tokens, features). The pipeline would cut off what is too long."""
        limit = int(self._pipeline.tokenizer.model_max_length)
        tokens = len(self._pipeline.tokenizer(prompt).input_ids)  # with those of its beginning and its end
        if tokens > limit:
            raise TextTooLong(length=tokens - 2, limit=limit - 2, unit="tokens")
        states: Tensor = self._pipeline.encode_prompt(prompt, self._device, 1, False)[0]
        return states.cpu()

    def _forward(self, x: Tensor, timestep: int, conditionings: Sequence[Tensor]) -> Tensor:
        states = torch.cat(list(conditionings)).to(self._device, self._dtype)
        output: Tensor = self._pipeline.unet(
            x.to(self._device, self._dtype), torch.tensor(timestep), encoder_hidden_states=states
        ).sample
        return output.float().cpu()

    def _decode(self, x: Tensor) -> Tensor:
        pictures: Tensor = self._pipeline.vae.decode(x.to(self._device, self._dtype) / self._scaling).sample
        return pictures.float().nan_to_num().cpu()  # half precision may overflow on latents that are none

    def _fitted_preview(self) -> Tensor:
        """The map from latents to colours, (channels + 1, 3), the last row an offset: computed, not looked up.

        A few random latents, blocks of one value each, are decoded; the mean colour of the pixels that belong to a
        position is what its numbers should come to, by least squares.
        """
        source = torch.Generator().manual_seed(0)
        blocks = torch.randn((FITTED, self.shape[0], FITTED_BLOCKS, FITTED_BLOCKS), generator=source)
        latents = blocks.repeat_interleave(FITTED_BLOCK, 2).repeat_interleave(FITTED_BLOCK, 3)
        colours = torch.cat([avg_pool2d(self._decode(one[None]), self._pipeline.vae_scale_factor) for one in latents])
        numbers = latents.movedim(1, -1).reshape(-1, self.shape[0])
        numbers = torch.cat([numbers, torch.ones(len(numbers), 1)], dim=1)
        targets = colours.movedim(1, -1).reshape(-1, 3)
        return torch.linalg.lstsq(numbers.double(), targets.double()).solution.float()

    def _move_to_cpu(self) -> None:
        self._pipeline.to("cpu", torch.float32)


def alpha_bars_of(scheduler: Any) -> Tensor:
    """ᾱ of every noise level that a pipeline was trained on, by the betas of its scheduler: float64, (levels,).

    The betas are taken as the library rounds them, so that its schedulers come to the same ᾱ, bit for bit.
    """
    betas: Tensor = DDPMScheduler.from_config(scheduler.config).betas  # type: ignore[no-untyped-call]
    return torch.cumprod(1 - betas.double(), 0).clamp(min=LEAST_SIGNAL)


def load_latent_generator(entry: PictureEntry, device: str = "auto") -> LatentGenerator:
    """The pipeline of `entry`, ready to use; on a graphics card without enough memory it falls back to the CPU.

    Only safetensors are read, and from a folder nothing but the folder. Half precision on CUDA, float32 elsewhere.
    Where a folder has no weights in full precision, those in half precision are read.

    Raises:
        UnsupportedPipeline: a pipeline of another kind. DamagedModelFolder: files are missing or broken.
        NoSafetensors: there are weights, but in other files.
        PictureDownloadFailed: there is no network, or no such repository.
        UnknownDevice: this machine has no such device.
    """
    from diffusers import StableDiffusionPipeline  # here, for it takes seconds that the other models need not wait

    chosen = choose_device(device)
    local = isinstance(entry.source, Folder)
    match entry.source:
        case Folder(path):
            require_stable_diffusion(path)
            source, half = str(path), only_half_precision(path)
        case Hub(repository):
            source, half = repository, True  # half the download
        case _:
            raise ValueError(f"{entry.name} is no pipeline")
    for quiet in (diffusers_logging, transformers_logging):  # what they download, they still tell
        quiet.disable_progress_bar()
    try:
        pipeline: Any = StableDiffusionPipeline.from_pretrained(  # type: ignore[no-untyped-call]
            source,
            dtype=torch.float16 if chosen.type == "cuda" else torch.float32,
            variant=HALF if half else None,
            use_safetensors=True,
            local_files_only=local,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        if 2 * len(pipeline.tokenizer) < pipeline.text_encoder.config.vocab_size:  # transformers makes do without files
            raise ValueError("the tokenizer has lost its vocabulary")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        logger.info("The pipeline %s could not be read.", source, exc_info=error)
        if local:
            raise DamagedModelFolder(path=source) from error
        raise PictureDownloadFailed(model=source) from error
    try:
        pipeline = pipeline.to(chosen)
    except torch.OutOfMemoryError:
        logger.warning("%s does not fit into the graphics card's memory: using the CPU.", entry.title)
        pipeline = pipeline.to("cpu", torch.float32)
    weights = "half precision" if half else entry.weights
    return LatentGenerator(pipeline, name=entry.name, title=entry.title, weights=weights)


def require_readable(folder: Path) -> None:
    """Refuse a folder by its index and by the names of its files: nothing large is read.

    Raises:
        UnsupportedPipeline, DamagedModelFolder: as `require_stable_diffusion`. NoSafetensors: as `only_half_precision`.
    """
    require_stable_diffusion(folder)
    only_half_precision(folder)


def require_stable_diffusion(folder: Path) -> None:
    """Refuse a diffusers folder with a pipeline of another class, before any of it is read.

    Raises:
        UnsupportedPipeline: another class. DamagedModelFolder: its index cannot be read.
    """
    try:
        kind = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))["_class_name"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DamagedModelFolder(path=folder) from error
    if kind != PIPELINE:
        raise UnsupportedPipeline(path=folder, kind=kind)


def only_half_precision(folder: Path) -> bool:
    """Whether a part of the pipeline in `folder` has its weights in half precision only.

    Raises:
        NoSafetensors: a part has weights, but none of them as safetensors.
    """
    half = False
    for part in PARTS:
        names = [file.name for file in (folder / part).glob("*.*") if file.suffix in (".safetensors", ".bin", ".ckpt")]
        readable = [name for name in names if name.endswith(".safetensors")]
        if names and not readable:
            raise NoSafetensors(path=folder)
        half |= bool(readable) and all(f".{HALF}" in name for name in readable)
    return half
