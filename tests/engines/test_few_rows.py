"""Linear layers for a few rows: the same sums as PyTorch's."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.nn.functional import linear

from genai_demo.engines.few_rows import MOST_ROWS, FewRowsLinear, use_few_rows


@pytest.mark.parametrize("shape", [(1, 1), (1,), (2,), (3, 1), (1, 7), (2, 4), (9,), (3, 5)])
def test_the_sums_are_those_of_linear(shape):
    torch.manual_seed(0)
    layer = nn.Linear(640, 300, bias=False)
    x = torch.randn(*shape, 640)
    expected = linear(x, layer.weight)
    use_few_rows(layer)
    with torch.no_grad():
        found = layer(x)
    assert type(layer) is FewRowsLinear
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_a_row_does_not_depend_on_the_rows_beside_it():
    torch.manual_seed(0)
    layer = nn.Linear(64, 500, bias=False)
    use_few_rows(layer)
    x = torch.randn(MOST_ROWS, 1, 64)
    with torch.no_grad():
        together = layer(x)
        alone = torch.cat([layer(row[None]) for row in x])
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=1e-5)


def test_layers_with_a_bias_stay_and_gradients_flow_as_ever():
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4, bias=False))
    other = deepcopy(network)
    use_few_rows(network)
    assert type(network[0]) is nn.Linear
    for one in (network, other):
        one(torch.ones(2, 4)).sum().backward()
    assert torch.equal(network[1].weight.grad, other[1].weight.grad)


def test_a_generating_model_writes_the_same(network):
    quick = deepcopy(network)
    use_few_rows(quick)
    prompt = torch.tensor([[2, 5, 6, 7]])
    one, other = (each.generate(prompt, max_new_tokens=12, do_sample=False) for each in (network, quick))
    assert torch.equal(one, other)
