"""What a U-Net of the diffusers library looks up in the prompt while it draws: its cross-attention weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor

CROSS = ".attn2"  # the library's name for the attention layers that read the prompt


@contextmanager
def cross_attention(unet: Any) -> Iterator[list[Tensor]]:
    """Inside, every pass through `unet` adds to the list the weights of each of its cross-attention layers.

    They are softmax(Q Kᵀ / √d) (Vaswani et al. 2017, eq. 1), averaged over heads as in Hertz et al. 2022
    ("Prompt-to-Prompt", arXiv:2208.01626): (B, positions, tokens), each row of which sums to 1. The library's fused
    attention never has them in memory, so inside its plain one is used, which comes to the same.
    """
    layers = [module for name, module in unet.named_modules() if name.endswith(CROSS)]
    before = [layer.processor for layer in layers]
    found: list[Tensor] = []

    def watch(layer: Any) -> None:
        scores = layer.get_attention_scores

        def watched(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
            weights: Tensor = scores(query, key, mask)
            found.append(weights.view(-1, layer.heads, *weights.shape[1:]).mean(1))
            return weights

        layer.set_processor(AttnProcessor())
        layer.get_attention_scores = watched

    for layer in layers:
        watch(layer)
    try:
        yield found
    finally:
        for layer, processor in zip(layers, before, strict=True):
            del layer.get_attention_scores
            layer.set_processor(processor)
