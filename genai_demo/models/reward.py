"""A reward: one number for a whole answer, read off a language model's last state by a linear head.

A head w learns from pairs of answers, one better than the other (Bradley & Terry 1952; Ouyang et al. 2022):

    minimise  Σ −log σ(w·(f_better − f_worse))  +  ‖w‖² / (2 C)

which is logistic regression on differences, without an intercept. The features f, and C, are the caller's choice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn.functional import layer_norm

HEAD = "head.safetensors"

Array = NDArray[np.float64]


def fit_bradley_terry(differences: Array, softness: float, weights: Array | None = None) -> Array:
    """The w, (width,), that minimises the sum above.

    Args:
        differences: f_better − f_worse of each pair, (pairs, width).
        softness: C. The larger, the more a single pair moves w.
        weights: how much each pair counts, (pairs,); all the same if None.
    """
    both = np.concatenate([differences, -differences])  # the classifier wants examples of both classes
    labels = np.repeat([1, 0], len(differences))
    counts = None if weights is None else np.tile(weights, 2)
    head = LogisticRegression(C=softness / 2, fit_intercept=False, tol=1e-8, max_iter=2_000)
    return np.asarray(head.fit(both, labels, sample_weight=counts).coef_[0], dtype=np.float64)


class RewardHead(nn.Module):
    """score = w · LayerNorm(h), where h is the model's output at the last token of prompt and answer.

    Only differences of scores mean anything: σ(score₁ − score₂) is the chance that the rater prefers the first (Bradley
    & Terry 1952). So the reward that is shown is shifted and scaled: among the answers it was calibrated on, it has
    mean 0 and standard deviation 1. `preference` undoes the scaling first.

    Args:
        width: of the model's states.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("deviation", torch.tensor(1.0))

    def scores(self, states: Tensor) -> Tensor:
        """(B, width) → (B,)."""
        return layer_norm(states.float(), states.shape[-1:]) @ self.weight

    def forward(self, states: Tensor) -> Tensor:
        """The rewards of answers with last `states` (B, width): (B,), in standard deviations."""
        return (self.scores(states) - self.mean) / self.deviation

    def calibrate(self, scores: Tensor) -> None:
        """Give the answers with these scores (B,) mean 0 and standard deviation 1."""
        self.mean.copy_(scores.mean())
        self.deviation.copy_(scores.std(correction=0).clamp(min=1e-6))

    def preference(self, reward: float, other: float) -> float:
        """The chance that the rater prefers an answer of this reward to one of the `other`."""
        return float(torch.sigmoid(self.deviation * (reward - other)))

    def save(self, folder: Path) -> None:
        """Write the head into a folder."""
        save_file({name: value.detach().cpu() for name, value in self.state_dict().items()}, folder / HEAD)

    @classmethod
    def load(cls, folder: Path, device: Any = "cpu") -> RewardHead:
        """The head that `save` wrote.

        Raises:
            FileNotFoundError: there is none.
        """
        state = load_file(folder / HEAD)
        head = cls(len(state["weight"]))
        head.load_state_dict(state)
        return head.to(device)
