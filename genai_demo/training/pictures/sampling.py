"""Pictures from a model in training: no frills, for sample sheets and for the quality script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler
from PIL import Image
from torch import Tensor

from ...models.picture import PictureModel, scheduler_settings, to_pictures
from ...models.text_encoder import TextStates

GUIDANCE = 3.0
STEPS = 25


@torch.inference_mode()
def draw(
    model: PictureModel,
    text: TextStates,
    nothing: TextStates,
    seeds: Sequence[int],
    *,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> Tensor:
    """One picture for each prompt and seed, sRGB in [0, 1], shape (B, 3, side, side), by DDIM without added noise.

    Guidance moves away from what the model draws for the empty prompt, `nothing` (Ho & Salimans 2022, eq. 6, in x0):
    x̂0 = x̂0(∅) + guidance · (x̂0(prompt) − x̂0(∅)). It is not clipped: the next step would notice what was
    clipped, and guidance would correct it in the wrong direction (white backgrounds change their colour).
    """
    device = next(model.parameters()).device
    scheduler: Any = DDIMScheduler(**scheduler_settings(model.config), clip_sample=False)  # type: ignore[no-untyped-call]
    scheduler.set_timesteps(steps)
    shape = (3, model.config.side, model.config.side)
    x = torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]).to(device)
    both = TextStates.stack([text, *[nothing] * len(text)]).to(device)
    for timestep in scheduler.timesteps:
        with torch.autocast(device.type, enabled=device.type == "cuda"):
            told, untold = model(torch.cat([x, x]), timestep.to(device), both).float().chunk(2)
        guided = untold + guidance * (told - untold)
        x = scheduler.step(guided, timestep, x).prev_sample
    return to_pictures(x).cpu()


def contact_sheet(pictures: Tensor, columns: int, zoom: int = 2) -> Image.Image:
    """Pictures (B, 3, side, side) in rows, each pixel `zoom` wide, with thin gaps."""
    side, gap = pictures.shape[-1] * zoom, 4
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (side + gap) + gap, rows * (side + gap) + gap), "white")
    for number, picture in enumerate(pictures):
        pixels = (picture.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        tile = Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)
        row, column = divmod(number, columns)
        sheet.paste(tile, (gap + column * (side + gap), gap + row * (side + gap)))
    return sheet
