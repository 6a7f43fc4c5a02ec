"""The real network through the engine: what transformers computes of the same weights, also beyond the window."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import pytest
import torch

from genai_demo.engines.engine import Row, Want
from genai_demo.engines.few_rows import use_few_rows
from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.models.catalogue import DEFAULT_MODEL, find_model
from genai_demo.models.foreign import read_network
from genai_demo.models.loading import prepare

pytestmark = pytest.mark.model

WINDOW = 512


@pytest.fixture(scope="module")
def network() -> Any:
    found = read_network(prepare(find_model(DEFAULT_MODEL)), torch.float32, local=True)
    use_few_rows(found)
    return found


@pytest.fixture(scope="module")
def engine(network: Any) -> TorchEngine:
    return TorchEngine(network)


def ids(count: int) -> tuple[int, ...]:
    generator = torch.Generator().manual_seed(count)
    return (2, *torch.randint(3, 100_000, (count - 1,), generator=generator).tolist())


def test_its_facts(engine: TorchEngine) -> None:
    facts = engine.facts
    assert (facts.vocabulary, facts.context, facts.width) == (262_144, 32_768, 640)
    assert (facts.layers, facts.heads, facts.kv_heads, facts.window) == (18, 4, 1, WINDOW)
    assert facts.layer_kinds.count("full_attention") == 3


def test_logits_are_those_of_a_plain_call_bit_for_bit(engine: TorchEngine, network: Any) -> None:
    for count in (8, WINDOW + 40):
        (seen,) = engine.read([Row(ids(count))])
        with torch.inference_mode():
            expected = network(input_ids=torch.tensor([ids(count)]), use_cache=False, logits_to_keep=1).logits[0]
        assert torch.equal(seen.logits, expected)


def test_attention_is_the_librarys_in_every_layer_and_head_also_beyond_the_window(
    engine: TorchEngine, network: Any
) -> None:
    count = WINDOW + 40
    (quiet,) = engine.read([Row(ids(count))])
    (seen,) = engine.read([Row(ids(count), want=Want(attention=True))])
    assert seen.attention is not None
    assert seen.attention.shape == (18, 4, count, count)
    network.set_attn_implementation("eager")
    try:
        with torch.inference_mode():
            expected = network(input_ids=torch.tensor([ids(count)]), use_cache=False, output_attentions=True).attentions
    finally:
        network.set_attn_implementation("sdpa")
    for found, layer in zip(seen.attention, expected, strict=True):
        torch.testing.assert_close(found, layer[0], atol=1e-5, rtol=0)
    sees_far = [bool(layer[:, -1, : count - WINDOW].any()) for layer in seen.attention]
    assert sees_far == [kind == "full_attention" for kind in engine.facts.layer_kinds]
    assert torch.equal(engine.read([Row(ids(count))])[0].logits, quiet.logits)


def test_attention_of_a_prompt_costs_little_more_than_its_logits(engine: TorchEngine) -> None:
    def seconds(want: Want) -> float:
        begin = time.perf_counter()
        engine.read([Row(ids(64), want=want)])
        return time.perf_counter() - begin

    pairs = [(seconds(Want()), seconds(Want(attention=True))) for _ in range(9)]
    assert median(looking / plain for plain, looking in pairs) < 1.5
