"""Where the network reads each word of its prompt."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .denoiser import Floats, Reader, as_batch
from .steps import denoise


@dataclass(frozen=True)
class WordMap:
    """Where a word is read. attention: its share at each place, (height, width), coarser than the picture."""

    text: str
    attention: Floats

    @property
    def share(self) -> float:
        """Its mean share of the attention."""
        return float(self.attention.mean())


@dataclass(frozen=True)
class Reading:
    """A finished picture, and where the network read each word of its prompt; the shares of all words sum to 1."""

    prompt: str
    picture: Floats
    words: tuple[WordMap, ...]


def read_words(
    model: Reader, prompt: str, seed: int = 0, steps: int = 25, guidance_scale: float = 4.0, sampler: str = "ddim"
) -> Reading:
    """Draw `prompt`, and note at every step where the network reads each of its words.

    The mean over all steps, as in Tang et al. 2022 ("What the DAAM", arXiv:2210.04885). Attention says where a word was
    looked up, not that it caused what is there. Arguments and errors as for `denoise`.
    """
    told, total, picture = model.encode(prompt), torch.zeros(()), None
    for step in denoise(model, prompt, seed, steps, guidance_scale, sampler):
        total = total + model.attention(as_batch(step.x_t), step.timestep, [told])[0]
        picture = step.x_next
    assert picture is not None  # a run has a step at least
    shares = total / int(steps)
    words = [WordMap(text, shares[places].sum(0).numpy()) for text, places in model.words(prompt)]
    return Reading(prompt, picture, tuple(words))
