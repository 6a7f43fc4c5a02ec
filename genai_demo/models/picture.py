"""The picture model: a network that is given a noisy picture and a prompt, and says what the clean picture is.

It works on pixels, so what the page shows is what the network is given. Three things make that affordable on a laptop:
each patch of 8×8 pixels enters as one position; of its 192 numbers the network reads and writes the 24 principal
components of such patches, which hold nearly all there is to see; and it predicts not the noise, which has far more to
it than so narrow a network could pass on, but how the clean picture differs from the best linear guess. Whoever has the
clean picture has the noise as well, and v:

    x_t = √ᾱ x0 + √(1−ᾱ) ε        (Ho et al., "Denoising Diffusion Probabilistic Models", 2020, eq. 4)
    ε   = (x_t − √ᾱ x0) / √(1−ᾱ)
    v   = √ᾱ ε − √(1−ᾱ) x0        (Salimans & Ho, "Progressive Distillation", 2022)

For a component z with variance s², the best linear guess from z_t = √ᾱ z0 + √(1−ᾱ) ε is c_skip z_t, and the network's
answer F is scaled to what that guess leaves open (Karras et al., "Elucidating the Design Space of Diffusion-Based
Generative Models", 2022, section 5, here for each component by itself):

    ẑ0 = g c_skip z_t + c_out F(c_in z_t),    c_in = 1/√(ᾱs² + 1 − ᾱ),    c_skip = √ᾱ s² c_in²,    c_out = √(1−ᾱ) s c_in

The gate g, between 0 and 1, is the network's too: on a plain background nothing of the linear guess is to be kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from ..shipped import damaged
from .attention import cross_attention
from .text_encoder import TextStates

FOLDER = Path(__file__).parents[2] / "assets" / "picture_model"
CONFIG = "config.json"
LEAST_SIGNAL = 1e-5  # ᾱ of the noisiest level: nothing is seen through it, yet nothing is divided by zero
SHARD_BYTES = 9_500_000  # a Space takes files up to 10 MB by plain git


@dataclass(frozen=True)
class PictureModelConfig:
    """What the network looks like. Lists go from the finest level to the coarsest; each halves the resolution."""

    side: int = 64  # pixels of a picture
    patch: int = 8  # pixels a side that enter as one position
    components: int = 24  # of a patch, that are read and written
    channels: tuple[int, ...] = (128, 192)
    attention: tuple[bool, ...] = (True, True)  # whether that level looks at the prompt's tokens
    heads: int = 4
    layers: int = 1
    text_size: int = 384
    reads_tokens: bool = True  # False: only the pooled prompt (for comparison)
    steps: int = 1_000  # noise levels
    signal_scale: float = 0.5  # < 1: noisier at every step, as suits pictures with large flat areas
    finish: int = 16  # channels of the layers that join the patches; 0: none


class Finish(nn.Module):
    """Two convolutions over pixels that join patches drawn one by one, and bring back details left out of them.

    It begins by changing nothing.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(6, channels, 3, padding=1)
        self.level = nn.Sequential(nn.Linear(2, 32), nn.SiLU(), nn.Linear(32, 2 * channels))
        self.draw = nn.Conv2d(channels, 3, 3, padding=1)
        nn.init.zeros_(self.draw.weight)
        nn.init.zeros_(self.draw.bias)  # type: ignore[arg-type]

    def forward(self, clean: Tensor, noisy: Tensor, bars: Tensor) -> Tensor:
        """`clean` and `noisy` pictures (B, 3, side, side) and ᾱ, (B or 1, 1, 1, 1) → clean pictures."""
        level = torch.cat([bars.sqrt(), (1 - bars).sqrt()], dim=1).flatten(1)
        scale, shift = self.level(level)[..., None, None].chunk(2, dim=1)
        seen = self.look(torch.cat([clean, noisy], dim=1))
        change: Tensor = self.draw(nn.functional.silu(seen * (1 + scale) + shift))
        return clean + change


class PictureModel(nn.Module):
    """A U-Net of the diffusers library between patches. Pictures are tensors (B, 3, side, side) in [-1, 1]."""

    mean_patch: Tensor
    components: Tensor
    variances: Tensor
    alpha_bars: Tensor

    def __init__(self, config: PictureModelConfig) -> None:
        super().__init__()
        self.config = config
        numbers = 3 * config.patch**2
        self.register_buffer("mean_patch", torch.zeros(numbers))
        self.register_buffer("components", torch.eye(numbers)[: config.components])  # orthonormal rows
        self.register_buffer("variances", torch.ones(config.components))
        self.register_buffer("alpha_bars", alpha_bars(config), persistent=False)
        self.unet: Any = UNet2DConditionModel(  # type: ignore[no-untyped-call]
            sample_size=config.side // config.patch,
            in_channels=config.components,
            out_channels=2 * config.components,  # F, and the logit of g
            block_out_channels=config.channels,
            down_block_types=tuple("CrossAttnDownBlock2D" if a else "DownBlock2D" for a in config.attention),
            up_block_types=tuple("CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(config.attention)),
            layers_per_block=config.layers,
            norm_num_groups=math.gcd(16, *config.channels),
            attention_head_dim=config.heads,  # the library's name for the number of heads
            cross_attention_dim=config.text_size,
            class_embed_type="projection",
            projection_class_embeddings_input_dim=config.text_size,
        )
        self.finish = Finish(config.finish) if config.finish else None
        self._open_gates()

    def _open_gates(self) -> None:
        """Begin by keeping the linear guess."""
        nn.init.constant_(self.unet.conv_out.bias[self.config.components :], 3.0)

    @torch.no_grad()
    def fit_patches(self, pictures: Tensor) -> None:
        """Find the principal components of the patches of `pictures`, (B, 3, side, side) in [-1, 1]."""
        patches = pixel_unshuffle(pictures, self.config.patch).movedim(1, -1).flatten(0, 2).double()
        mean = patches.mean(dim=0)
        variances, directions = torch.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))  # rising
        self.mean_patch.copy_(mean)
        self.components.copy_(directions.T.flip(0)[: self.config.components])
        self.variances.copy_(variances.flip(0)[: self.config.components].clamp(min=1e-4))

    def forward(self, x: Tensor, timesteps: Tensor | int, text: TextStates) -> Tensor:
        """The clean pictures x̂0 that the network sees in the noisy ones `x` (B, 3, side, side), unclipped.

        `timesteps`, one or B of them, count the noise levels of `alpha_bars` from 0 (nearly clean).
        The mean of the prompt joins the time embedding; its tokens are read by cross-attention.
        """
        states, mask = (text.states, text.mask) if self.config.reads_tokens else (text.pooled[:, None], None)
        bars = self.alpha_bars[torch.as_tensor(timesteps, device=x.device).long()].to(x.dtype).view(-1, 1, 1, 1)
        mean, variances = self.mean_patch.view(1, -1, 1, 1), self.variances.view(1, -1, 1, 1)
        patches = pixel_unshuffle(x, self.config.patch) - bars.sqrt() * mean
        z = torch.einsum("kc,bchw->bkhw", self.components, patches)
        c_in = (bars * variances + 1 - bars).rsqrt()
        said = self.unet(
            c_in * z,
            timesteps,
            encoder_hidden_states=states,
            encoder_attention_mask=mask,
            class_labels=text.pooled,
        ).sample
        answer, gate = said.chunk(2, dim=1)
        linear = bars.sqrt() * variances * c_in**2 * z
        clean = gate.sigmoid() * linear + (1 - bars).sqrt() * variances.sqrt() * c_in * answer
        picture = pixel_shuffle(torch.einsum("kc,bkhw->bchw", self.components, clean) + mean, self.config.patch)
        return self.finish(picture, x, bars) if self.finish else picture

    def attention(self, x: Tensor, timesteps: Tensor | int, text: TextStates) -> Tensor:
        """Where each token of the prompts is read in a forward pass: (B, tokens, height, width), at the finest level.

        The mean over that level's heads and layers; at every place, the tokens' shares sum to 1. Of a batch of B
        pictures, arguments as for `forward`.
        """
        with cross_attention(self.unet) as found:
            self(x, timesteps, text)
        positions = max(weights.shape[1] for weights in found)
        finest = torch.stack([weights for weights in found if weights.shape[1] == positions]).mean(0)
        return finest.mT.reshape(len(x), -1, math.isqrt(positions), math.isqrt(positions))


def to_model_space(pictures: Tensor) -> Tensor:
    """sRGB in [0, 1] → what the network works on, in [-1, 1]."""
    return 2 * pictures - 1


def to_pictures(x: Tensor) -> Tensor:
    """The network's pictures → sRGB in [0, 1]; what lies outside is clipped."""
    return (x.detach().float() / 2 + 0.5).clamp(0, 1)


def alpha_bars(config: PictureModelConfig) -> Tensor:
    """ᾱ, the share of the signal in the variance of x_t, for every noise level, shape (steps,), float64.

    The squared cosine (Nichol & Dhariwal 2021, eq. 17) with the signal scaled by `signal_scale`: neighbouring pixels
    say much the same, so a picture stays readable through noise that hides a single pixel (Hoogeboom et al., "Simple
    diffusion", 2023, section 3.1, shifts the logarithm of the signal-to-noise ratio, which comes to the same).
    """
    time = torch.arange(1, config.steps + 1, dtype=torch.float64) / config.steps
    cosine = torch.cos((time + 0.008) / 1.008 * math.pi / 2) ** 2 / math.cos(0.008 / 1.008 * math.pi / 2) ** 2
    scaled = config.signal_scale**2 * cosine.clamp(max=1)
    bars = scaled / (scaled + 1 - cosine.clamp(max=1))
    return LEAST_SIGNAL + (1 - LEAST_SIGNAL) * bars


def scheduler_settings(config: PictureModelConfig) -> dict[str, Any]:
    """What any scheduler of diffusers needs to know about this model: `DDIMScheduler(**scheduler_settings(config))`."""
    bars = alpha_bars(config)
    before = torch.cat([torch.ones(1, dtype=torch.float64), bars[:-1]])
    return {
        "num_train_timesteps": config.steps,
        "trained_betas": (1 - bars / before).tolist(),
        "prediction_type": "sample",
        "timestep_spacing": "trailing",
    }


def save_weights(model: PictureModel, folder: Path) -> None:
    """Config and weights in half precision, in files small enough for plain git; what was there before goes."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.safetensors"):
        old.unlink()
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in model.state_dict().items():
        half = tensor.detach().to("cpu", torch.float16).contiguous()
        if shards[-1] and size + half.nbytes > SHARD_BYTES:
            shards.append({})
            size = 0
        shards[-1][name] = half
        size += half.nbytes
    for number, shard in enumerate(shards, 1):
        save_file(shard, folder / f"weights-{number}-of-{len(shards)}.safetensors")
    (folder / CONFIG).write_text(json.dumps(asdict(model.config), indent=1) + "\n", encoding="utf-8")


def load_picture_model(folder: Path = FOLDER, device: torch.device | str = "cpu") -> PictureModel:
    """The model that `save_weights` wrote, ready to use, in float32.

    Raises:
        DamagedModelFolder: files are missing or broken, or do not fit together.
    """
    try:
        config = read_config(json.loads((folder / CONFIG).read_text(encoding="utf-8")))
        files = sorted(folder.glob("weights-*.safetensors"))
        weights = {name: tensor.float() for file in files for name, tensor in load_file(file).items()}
        model = PictureModel(config)
        model.load_state_dict(weights)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        raise damaged(folder) from error
    return model.to(device).eval().requires_grad_(False)


def read_config(values: dict[str, Any]) -> PictureModelConfig:
    """A config from JSON, whose lists become tuples."""
    known: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return PictureModelConfig(**known)


def parameter_count(tensors: Iterable[Tensor]) -> int:
    """How many numbers a model has learned."""
    return sum(tensor.numel() for tensor in tensors)
