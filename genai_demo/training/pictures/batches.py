"""Pictures with their captions, batch by batch, and the captions as the network reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ...datasets.drawings.captions import caption
from ...datasets.drawings.compositions import Scene, World, paint_many
from ...models.text_encoder import TextStates
from .recipe import Recipe


class Reads(Protocol):
    """Anything that turns prompts into vectors, as `TextEncoder` does."""

    def encode(self, texts: Sequence[str]) -> TextStates:
        """One entry a prompt."""


class Batches(Dataset[tuple[Tensor, list[str]]]):
    """Pictures (B, 3, side, side), uint8, and their captions. Batch `n` is the same whoever asks for it."""

    def __init__(self, world: World, recipe: Recipe) -> None:
        self.world, self.recipe = world, recipe

    def __getitem__(self, number: int) -> tuple[Tensor, list[str]]:
        rng = np.random.default_rng([self.recipe.seed, number])
        scenes = [self.world.draw_scene(rng) for _ in range(self.recipe.batch)]
        pictures = paint_many(scenes, self.world.sprites, rng, self.recipe.model.side)
        return torch.from_numpy(pictures), [self._phrase(scene, rng) for scene in scenes]

    def _phrase(self, scene: Scene, rng: np.random.Generator) -> str:
        """One of a fixed number of captions, so that encoding them once is enough."""
        sizes = "".join(thing.size for thing in scene.things)
        name = f"{scene.combination}{sizes}{rng.integers(self.recipe.phrasings)}"
        return caption(scene, np.random.default_rng(list(name.encode())))


def batches_from(world: World, recipe: Recipe, first: int, workers: int) -> Iterator[tuple[Tensor, list[str]]]:
    """Endless batches from number `first` on; with workers they are painted by other processes."""
    numbers = range(first, 2**40)
    return iter(DataLoader(Batches(world, recipe), batch_size=None, sampler=numbers, num_workers=workers))


class CaptionCache:
    """Captions are few and pictures many, so each caption is encoded once. It is emptied when it grows too large."""

    def __init__(self, encoder: Reads, limit: int = 100_000) -> None:
        self._encoder, self._limit = encoder, limit
        self._known: dict[str, tuple[Tensor, Tensor]] = {}  # caption → states (T, C) in float16, pooled (C,)

    def __call__(self, captions: Sequence[str]) -> TextStates:
        """What `encode` returns, padded to the longest of `captions`."""
        new = sorted({text for text in captions if text not in self._known})
        if new:
            self._learn(new)
        states = [self._known[text][0] for text in captions]
        lengths = torch.tensor([len(state) for state in states], device=states[0].device)
        padded = torch.nn.utils.rnn.pad_sequence(states, batch_first=True).float()
        mask = (torch.arange(padded.shape[1], device=lengths.device) < lengths[:, None]).long()
        return TextStates(padded, mask, torch.stack([self._known[text][1] for text in captions]))

    def _learn(self, new: Sequence[str]) -> None:
        if len(self._known) > self._limit:
            self._known.clear()
        encoded = self._encoder.encode(new)
        for index, text in enumerate(new):
            length = int(encoded.mask[index].sum())
            states = encoded.states[index, :length]
            self._known[text] = (states.half(), states.mean(0))  # a mean that no padding can change by a rounding error


def without_prompt(text: TextStates, nothing: TextStates, dropped: Tensor) -> TextStates:
    """`text` with the empty prompt in the rows where `dropped` is true. Shapes as in `TextStates`; dropped: (B,)."""
    length = text.mask.shape[1]
    states = torch.nn.functional.pad(nothing.states, (0, 0, 0, length - nothing.mask.shape[1]))
    mask = torch.nn.functional.pad(nothing.mask, (0, length - nothing.mask.shape[1]))
    return TextStates(
        torch.where(dropped[:, None, None], states, text.states),
        torch.where(dropped[:, None], mask, text.mask),
        torch.where(dropped[:, None], nothing.pooled, text.pooled),
    )
