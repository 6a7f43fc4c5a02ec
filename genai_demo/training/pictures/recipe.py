"""How the picture model is trained: the recipe, which its checkpoints are held to, and the pace, which may change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from ...datasets.drawings.compositions import Rung
from ...models.picture import PictureModelConfig
from ..options import Option, Options

Network = Annotated[
    PictureModelConfig,
    Options(
        side=Option("pixels of a picture"),
        patch=Option("pixels a side of a patch"),
        components=Option("of a patch"),
        channels=Option("of each level, finest first"),
        reads_tokens=Option("give the network the prompt's mean alone (for comparison)", flag="pooled-only"),
        signal_scale=Option("< 1: noisier"),
    ),
]
Composed = Annotated[
    Rung,
    Options(
        objects=Option("how many kinds are drawn"),
        pair_share=Option("share of pictures with two objects", may_change=True),
    ),
]


@dataclass(frozen=True)
class Recipe:
    """How to train. Rates and lengths count pictures, not steps, so that the batch size can change."""

    batch: Annotated[int, Option("pictures a step", may_change=True)] = 32
    learning_rate: Annotated[float, Option("AdamW's, at its highest", may_change=True)] = 1e-3
    warmup: Annotated[int, Option("pictures over which the rate rises")] = 3_000
    weight_decay: float = 0.01
    unprompted_share: float = 0.1  # of the pictures are shown without their prompt, for guidance
    # Of pixels: what a patch shows is seen through more noise than what one pixel shows.
    snr_cap: Annotated[float, Option("γ of min-SNR-γ", may_change=True)] = 20.0
    ema_pictures: float = 64_000.0  # over about so many the weights are averaged
    phrasings: int = 6  # captions that one scene can have
    seed: Annotated[int, Option("of weights, pictures and noise")] = 0
    model: Network = field(default_factory=PictureModelConfig)
    rung: Composed = field(default_factory=Rung)


@dataclass(frozen=True)
class Pace:
    """How far the run goes, and what it leaves meanwhile. `cooldown` needs `pictures`."""

    pictures: Annotated[int | None, Option("stop after so many pictures, counted from the very first")] = None
    cooldown: Annotated[int, Option("over how many of the last of --pictures the learning rate falls")] = 0
    sheet_minutes: Annotated[float, Option("between sample sheets")] = 15.0
    log_pictures: int = 2_048
    workers: Annotated[int, Option("processes that paint pictures; for graphics cards")] = 0
