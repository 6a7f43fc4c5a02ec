"""What a network keeps of what it has read: keys and values of attention, or the state of a recurrent one.

Rows that are read together share one cache; each has its place in it. A row that ends leaves: the others move together.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from inspect import signature
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

NAME = "past_key_values"
NAME_OF_RECURRENT = "cache_params"  # purely recurrent networks, such as Mamba, call it so

Cache = dict[str, DynamicCache]  # by the name of the argument that a network takes it by


def new_cache(network: Any) -> Cache:
    """An empty cache, as the argument that `network` takes it by."""
    names = signature(network.forward).parameters
    name = NAME_OF_RECURRENT if NAME_OF_RECURRENT in names else NAME
    return {name: DynamicCache(config=network.config)}


def is_recurrent(network: Any) -> bool:
    """Whether it goes on by one token at a time: others do by several at once."""
    return bool(getattr(network, "_is_stateful", False))


class Batch:
    """Rows that are read together. They are filled up on the left, so that all end at the same place.

    Args:
        cache: what the network keeps of them; {} if it is to keep nothing.
        padding: by how many places each row is filled up.
        home: whatever tells apart where the cache lies; memories of another home are lost.
    """

    def __init__(self, cache: Cache, padding: Sequence[int], home: object = None) -> None:
        self.cache, self.padding, self.home = cache, tuple(padding), home
        self.positions = 0  # that have been read, padding included

    def only(self, places: Sequence[int]) -> Batch:
        """The rows at `places`, in that order. This one stays as it is, for whoever still reads on from it."""
        if tuple(places) == tuple(range(len(self.padding))):
            return self
        kept = Batch({}, [self.padding[place] for place in places], self.home)
        kept.positions = self.positions
        for name, cache in self.cache.items():
            chosen = copy(cache)
            chosen.layers = [copy(layer) for layer in cache.layers]
            chosen.batch_select_indices(torch.tensor(places))
            kept.cache[name] = chosen
        return kept

    def filling(self, device: torch.device, new: int) -> dict[str, Tensor]:
        """The arguments that tell a network what is padding, while it reads the last `new` positions; {} if nothing is.

        attention_mask: (rows, positions), 0 on padding. position_ids: (rows, new), each row counted from its own 0.
        """
        if not any(self.padding):
            return {}
        places = torch.arange(self.positions)[None] - torch.tensor(self.padding)[:, None]
        mask = (places >= 0).long()
        return {"attention_mask": mask.to(device), "position_ids": places.clamp(min=0)[:, -new:].to(device)}


@dataclass(frozen=True)
class Place:
    """A row's place in a batch: its memory, as long as the batch has not been read on without it knowing.

    read: positions of the batch when this was given.
    """

    batch: Batch
    place: int
    read: int

    @property
    def positions(self) -> int:
        """How many of the row's tokens were read."""
        return self.read - self.batch.padding[self.place]
