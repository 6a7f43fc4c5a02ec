"""Two ways agree: chunks and one pass, filling and none, our gradient and autograd's."""

from __future__ import annotations

import pytest
import torch

from genai_demo.training.rlhf import likelihood
from genai_demo.training.rlhf.adapters import Lora, Stages
from genai_demo.training.rlhf.likelihood import add_gradient, batch_of, kl_divergence, last_states, log_probabilities
from tests.training.conftest import disturb, sequence

SEQUENCES = [sequence([2, 5, 6, 7, 8, 9], 3), sequence([2, 40, 41], 1), sequence([2, *range(10, 40)], 20)]
CPU = torch.device("cpu")


def plain_log_probabilities(stages: Stages) -> torch.Tensor:
    """Row by row, without filling, with all logits at once."""
    found = []
    for one in SEQUENCES:
        ids = torch.tensor(one.ids)
        log_probs = stages.network(ids[None]).logits[0].log_softmax(-1)
        found += [log_probs[place - 1, ids[place]] for place, marked in enumerate(one.is_answer) if marked]
    return torch.stack(found)


@pytest.fixture
def chunked(stages: Stages, monkeypatch) -> Stages:
    monkeypatch.setattr(likelihood, "HEAD_POSITIONS", 7)
    stages.add("sft", Lora())
    disturb(stages, "sft")
    return stages


def test_log_probabilities_equal_a_plain_forward_pass(chunked: Stages):
    batch = batch_of(SEQUENCES, CPU)
    log_probs, entropies = log_probabilities(chunked.network, batch)
    torch.testing.assert_close(log_probs, plain_log_probabilities(chunked).detach(), atol=1e-4, rtol=1e-4)
    assert ((entropies >= 0) & (entropies <= torch.tensor(400.0).log())).all()
    sums = batch.per_row(log_probs)
    torch.testing.assert_close(sums[1], log_probs[3])
    torch.testing.assert_close(sums.sum(), log_probs.sum())


def test_the_gradient_equals_autograds(chunked: Stages):
    parameters = chunked.trainable("sft")
    batch = batch_of(SEQUENCES, CPU)
    weights = torch.linspace(-1, 2, len(batch.targets))
    plain = torch.autograd.grad(-(weights * plain_log_probabilities(chunked)).sum(), parameters)
    add_gradient(chunked.network, batch, weights)
    for parameter, expected in zip(parameters, plain, strict=True):
        torch.testing.assert_close(parameter.grad, expected, atol=2e-4, rtol=1e-3)


def test_the_divergence_of_a_stage_from_itself_is_zero(chunked: Stages):
    batch = batch_of(SEQUENCES, CPU)
    assert (kl_divergence(chunked, batch, "sft", "sft") == 0).all()
    apart = kl_divergence(chunked, batch, "sft", "base")
    assert (apart > 0).all()
    with chunked.through("base"):
        base = chunked.network(batch.ids, attention_mask=batch.mask).logits
    with chunked.through("sft"):
        sft = chunked.network(batch.ids, attention_mask=batch.mask).logits
    p, q = (torch.distributions.Categorical(logits=one[batch.rows, batch.places - 1]) for one in (sft, base))
    torch.testing.assert_close(apart, torch.distributions.kl_divergence(p, q), atol=1e-4, rtol=1e-3)


def test_the_last_state_is_that_of_the_last_token_not_of_filling(chunked: Stages):
    found = last_states(chunked.network, batch_of(SEQUENCES, CPU))
    for one, state in zip(SEQUENCES, found, strict=True):
        alone = chunked.network.model(torch.tensor([one.ids])).last_hidden_state[0, -1]
        torch.testing.assert_close(state, alone, atol=1e-4, rtol=1e-3)
