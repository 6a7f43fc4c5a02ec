"""Muon: steps whose matrices are made orthogonal, so that no direction is learned much faster than the others.

Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; scaled so that AdamW's learning rates fit
(Liu et al., "Muon is Scalable for LLM Training", 2025, eq. 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the iteration's odd polynomial: steep at 0, near 1 from 0.7 to 1.2


def orthogonal(matrix: Tensor, iterations: int = 5) -> Tensor:
    """Nearly U Vᵀ for a matrix U S Vᵀ: its singular values become about 1. Shape (rows, columns), or many of them."""
    a, b, c = COEFFICIENTS
    tall = matrix.shape[-2] > matrix.shape[-1]
    x = matrix.mT if tall else matrix
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(iterations):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """For weights of two and more dimensions; those of a convolution are read as (out, in · height · width)."""

    def __init__(
        self, params: Iterable[Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.01
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """One step along the orthogonalised momentum (Nesterov's)."""
        del closure
        for group in self.param_groups:
            for weight in (weight for weight in group["params"] if weight.grad is not None):
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                momentum = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                direction = weight.grad.lerp(momentum, group["momentum"]).reshape(len(weight), -1)
                size = 0.2 * max(direction.shape) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(orthogonal(direction).reshape(weight.shape), alpha=-group["lr"] * size)
