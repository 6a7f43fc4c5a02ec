"""How likely a model finds given answers, and the gradient that makes them likelier or less likely.

log π(y | x) = Σ_t log π(y_t | x, y_1 … y_{t−1}) over the tokens t of an answer y to a prompt x. Supervised fine-tuning
raises it for every demonstration alike; reinforcement learning raises or lowers it by how good an answer was. So both
go through `add_gradient`, with different weights.

The model's head gives 262,144 logits a token: more work and far more memory than all layers below it. So it is computed
for answer tokens alone, and for a few of them at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from ...models.chat import LabelledIds
from .adapters import Stages

HEAD_POSITIONS = 128  # × 262,144 logits × 4 bytes = 134 MB


@dataclass(frozen=True)
class Batch:
    """Conversations of different lengths, filled up on the right: B rows of T tokens, N of them in answers."""

    ids: Tensor  # (B, T)
    mask: Tensor  # (B, T), 1 for a token and 0 for filling
    rows: Tensor  # (N,): the row of each answer token
    places: Tensor  # (N,): its place in that row
    targets: Tensor  # (N,): its id

    def per_row(self, values: Tensor) -> Tensor:
        """The sum of the answer tokens' `values` (N,) in each row: (B,)."""
        return torch.zeros(len(self.ids), device=values.device).index_add_(0, self.rows, values)


def batch_of(sequences: Sequence[LabelledIds], device: torch.device) -> Batch:
    """One row for each of `sequences`."""
    ids = [torch.tensor(sequence.ids) for sequence in sequences]
    marks = pad_sequence([torch.tensor(sequence.is_answer) for sequence in sequences], batch_first=True)
    padded = pad_sequence(ids, batch_first=True)
    mask = pad_sequence([torch.ones_like(row) for row in ids], batch_first=True)
    rows, places = marks.nonzero(as_tuple=True)
    parts = (padded, mask, rows, places, padded[rows, places])
    return Batch(*(part.to(device) for part in parts))


def add_gradient(network: Any, batch: Batch, weights: Tensor) -> Tensor:
    """Add the gradient of −Σ_n weights[n] · log π(token n) to what learns in `network`.

    The head's share of the gradient is found a few tokens at a time, and stops at the states below it; from there one
    backward pass goes on through all layers. The sum is the same as that of one pass through everything.

    Args:
        network: a causal language model.
        batch: of B rows with N answer tokens.
        weights: (N,), without gradient.

    Returns:
        log π of each answer token, (N,), in nats.
    """
    states = answer_states(network, batch)
    below = states.detach().requires_grad_()
    found = []
    for part in _parts(len(batch.targets)):
        log_probs = -cross_entropy(_logits(network, below[part]), batch.targets[part], reduction="none")
        (-(weights[part] * log_probs).sum()).backward()  # type: ignore[no-untyped-call]
        found.append(log_probs.detach())
    states.backward(below.grad)  # type: ignore[no-untyped-call]
    return torch.cat(found)


@torch.no_grad()
def log_probabilities(network: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """log π of each answer token, and the entropy of the prediction at its place: (N,) and (N,), in nats."""
    states = answer_states(network, batch)
    found, entropies = [], []
    for part in _parts(len(batch.targets)):
        log_p = _logits(network, states[part]).log_softmax(-1)
        found.append(log_p.gather(1, batch.targets[part, None])[:, 0])
        entropies.append(-(log_p.exp() * log_p).sum(-1))
    return torch.cat(found), torch.cat(entropies)


@torch.no_grad()
def kl_divergence(stages: Stages, batch: Batch, stage: str, other: str) -> Tensor:
    """KL(stage ‖ other) = Σ_v p(v) log (p(v) / q(v)) over the whole vocabulary at each answer token: (N,), in nats.

    Both read the same tokens, so models are compared and not contexts. `other` may be "base".
    """
    states = answer_states_of(stages, batch, stage), answer_states_of(stages, batch, other)
    found = []
    for part in _parts(len(batch.targets)):
        log_p, log_q = (_logits(stages.network, half[part]).log_softmax(-1) for half in states)
        found.append((log_p.exp() * (log_p - log_q)).sum(-1))
    return torch.cat(found)


@torch.no_grad()
def first_choices(stages: Stages, batch: Batch, stage: str) -> Tensor:
    """The token that `stage`, which may be "base", finds likeliest at the place of each answer token: (N,) ids."""
    states = answer_states_of(stages, batch, stage)
    return torch.cat([_logits(stages.network, states[part]).argmax(-1) for part in _parts(len(batch.targets))])


def answer_states_of(stages: Stages, batch: Batch, stage: str) -> Tensor:
    """`answer_states` under the adapter `stage`, or under none if it is "base"."""
    with stages.through(stage):
        return answer_states(stages.network, batch)


def answer_states(network: Any, batch: Batch) -> Tensor:
    """The last layer's output at the places that predict the answer tokens, one before each: (N, width)."""
    states: Tensor = network.model(input_ids=batch.ids, attention_mask=batch.mask, use_cache=False).last_hidden_state
    return states[batch.rows, batch.places - 1]


def last_states(network: Any, batch: Batch) -> Tensor:
    """The last layer's output at the last token of each row: (B, width)."""
    states: Tensor = network.model(input_ids=batch.ids, attention_mask=batch.mask, use_cache=False).last_hidden_state
    return states[torch.arange(len(batch.ids), device=states.device), batch.mask.sum(1) - 1]


def _logits(network: Any, states: Tensor) -> Tensor:
    logits: Tensor = network.get_output_embeddings()(states).float()
    return logits


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + HEAD_POSITIONS) for start in range(0, count, HEAD_POSITIONS))
