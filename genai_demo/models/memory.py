"""What a network keeps of what it has read: keys and values of attention, or the state of a recurrent one."""

from __future__ import annotations

from inspect import signature
from typing import Any

from transformers import DynamicCache

NAME = "past_key_values"
NAME_OF_RECURRENT = "cache_params"  # purely recurrent networks, such as Mamba, call it so

Memory = dict[str, DynamicCache]


def new_cache(network: Any) -> Memory:
    """An empty memory for one text, as the argument that `network` takes it by."""
    names = signature(network.forward).parameters
    name = NAME_OF_RECURRENT if NAME_OF_RECURRENT in names else NAME
    return {name: DynamicCache(config=network.config)}


def reads_on_in_chunks(network: Any) -> bool:
    """Whether it goes on by several tokens at once: a recurrent one does by one at a time."""
    return not getattr(network, "_is_stateful", False)
