"""Do prompts that the models learn from ask the same as one that they are measured on, in other words?

`wording` compares words; "what organ pumps blood thru the body" needs a reader. So a sentence encoder
(all-MiniLM-L6-v2, which the picture model brings along) reads all prompts, and the most alike are printed, to be judged
by eye: `python -m genai_demo.datasets.conversations.resemblance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ...models.text_encoder import TextEncoder
from .demonstrations import load_demonstrations
from .prompts import load_prompts

ROWS = 64  # prompts that are read together
SHOWN = 25


@dataclass(frozen=True)
class Pair:
    """A prompt that is learned from, and the evaluation prompt most like it. cosine: between their mean states."""

    cosine: float
    learned: str
    measured: str


def nearest(encoder: TextEncoder, learned: Sequence[str], measured: Sequence[str]) -> list[Pair]:
    """For each of `learned` the most alike of `measured`, the most alike pair first."""
    cosines, places = (_vectors(encoder, learned) @ _vectors(encoder, measured).T).max(1)
    pairs = [
        Pair(cosine, text, measured[place])
        for cosine, text, place in zip(cosines.tolist(), learned, places.tolist(), strict=True)
    ]
    return sorted(pairs, key=lambda pair: -pair.cosine)


def learned_and_measured() -> tuple[list[str], list[str]]:
    """The prompts of demonstrations and of reinforcement learning; and those of the evaluation."""
    prompts = load_prompts()
    learned = [prompt for one in load_demonstrations() for prompt in one.prompts]
    return learned + [one.prompt for one in prompts["rl"]], [one.prompt for one in prompts["evaluation"]]


def _vectors(encoder: TextEncoder, texts: Sequence[str]) -> Tensor:
    """Of length 1: (number of texts, C)."""
    parts = [encoder.encode(texts[start : start + ROWS]).pooled for start in range(0, len(texts), ROWS)]
    return normalize(torch.cat(parts), dim=1)


def main() -> None:
    """Print the most alike pairs."""
    for pair in nearest(TextEncoder.load(), *learned_and_measured())[:SHOWN]:
        print(f"{pair.cosine:.2f}  {pair.learned!r}  {pair.measured!r}")


if __name__ == "__main__":
    main()
