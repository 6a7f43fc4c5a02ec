"""The reference engine against the library that it calls: the same figures, bit for bit, however rows are handed in."""

from __future__ import annotations

import shutil
from copy import deepcopy
from inspect import signature

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import DynamicCache

from genai_demo.engines.engine import CannotGive, Row, UnfitAdapters, Want
from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.errors import DamagedModelFolder
from tests.conftest import SLIDING_WINDOW, VOCABULARY
from tests.models.folders import FAMILIES, TOKENIZERS
from tests.models.folders import network as of_family

# PEFT asks for something deprecated when it is used without our care.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")

GOING_ON = Want(memory=True)
LONG = 2 * SLIDING_WINDOW + 3
PARALLEL = [kind for kind in FAMILIES if not kind.startswith("mamba")]


def some_ids(count: int, seed: int = 0) -> tuple[int, ...]:
    generator = torch.Generator().manual_seed(1_000 * seed + count)
    return tuple(torch.randint(3, 90, (count,), generator=generator).tolist())


@torch.inference_mode()
def plain(network, *rows, **more):
    """The library's own call."""
    return network(input_ids=torch.tensor([list(row) for row in rows]), **more)


def last_logits(network, ids) -> torch.Tensor:
    return plain(network, ids, use_cache=False, logits_to_keep=1).logits[0]


def one(engine: TorchEngine, row: Row):
    (seen,) = engine.read([row])
    return seen


@pytest.fixture(scope="module")
def families():
    return {kind: of_family(kind, TOKENIZERS[FAMILIES[kind][0]]()) for kind in FAMILIES}


@pytest.fixture(scope="module")
def engine(network) -> TorchEngine:
    return TorchEngine(network)


@pytest.fixture(scope="module")
def tuned(network, adapter_folders) -> TorchEngine:
    engine = TorchEngine(deepcopy(network))
    engine.add_adapters(adapter_folders)
    return engine


@pytest.fixture(scope="module")
def peft(network, adapter_folders):
    """The same adapters by PEFT alone."""
    found = PeftModel.from_pretrained(deepcopy(network), adapter_folders["sft"], adapter_name="sft")
    found.load_adapter(adapter_folders["rlhf"], adapter_name="rlhf")
    return found.eval()


# ── bit for bit ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_row_alone_is_a_plain_call_of_the_network_bit_for_bit(families, kind):
    network = families[kind]
    for count, logits in ((1, 1), (40, 1), (40, 7)):
        seen = one(TorchEngine(network), Row(some_ids(count), want=Want(logits=logits)))
        expected = plain(network, some_ids(count), use_cache=False, logits_to_keep=logits).logits[0, -logits:]
        assert torch.equal(seen.logits, expected)
        assert seen.memory is seen.attention is seen.state is seen.states is None


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_row_that_goes_on_is_the_network_with_its_own_cache_bit_for_bit(families, kind):
    network = families[kind]
    engine, cache = TorchEngine(network), DynamicCache(config=network.config)
    name = "cache_params" if "cache_params" in signature(network.forward).parameters else "past_key_values"
    row = Row(some_ids(21), want=GOING_ON)
    for step in range(8):
        seen = one(engine, row)
        expected = plain(network, row.ids, use_cache=True, logits_to_keep=1, **{name: cache}).logits[0, -1]
        assert torch.equal(seen.logits[0], expected)
        assert seen.memory.positions == 21 + step
        row = Row(some_ids(1, seed=step), memory=seen.memory)


def filled_up(rows: list[tuple[int, ...]]) -> tuple[list[tuple[int, ...]], torch.Tensor]:
    """Rows of one length, and which of their places are text."""
    longest = max(map(len, rows))
    padding = [longest - len(row) for row in rows]
    mask = torch.tensor([[0] * count + [1] * (longest - count) for count in padding])
    return [(0,) * count + row for count, row in zip(padding, rows, strict=True)], mask


def test_rows_of_different_lengths_are_the_librarys_batch_filled_up_on_the_left_bit_for_bit(engine, network):
    """Also when one of them ends: then the library's cache lets its row go."""
    rows = [some_ids(5), some_ids(LONG), some_ids(9)]
    feed, mask = filled_up(rows)
    cache, seen = DynamicCache(config=network.config), engine.read([Row(row, want=GOING_ON) for row in rows])
    for step in range(20):
        places = (mask.cumsum(1) - 1).clamp(min=0)[:, -len(feed[0]) :]
        expected = plain(network, *feed, attention_mask=mask, position_ids=places, past_key_values=cache).logits[:, -1]
        assert torch.equal(torch.cat([one.logits for one in seen]), expected)
        if step in (3, 12):
            staying = [0, 2] if step == 3 else [1]
            cache.batch_select_indices(torch.tensor(staying))
            mask, seen = mask[staying], [seen[place] for place in staying]
        feed = [some_ids(1, seed=10 * step + place) for place in range(len(seen))]
        mask = torch.cat([mask, torch.ones(len(seen), 1, dtype=torch.long)], dim=1)
        seen = engine.read([Row(ids, memory=one.memory) for ids, one in zip(feed, seen, strict=True)])


def test_rows_of_different_adapters_are_pefts_mixed_batch_bit_for_bit(tuned, peft):
    ids, names = some_ids(LONG), [None, "rlhf", "sft"]
    seen = tuned.read([Row(ids, name, want=Want(logits=4)) for name in names])
    mixed = ["__base__", "rlhf", "sft"]
    expected = plain(peft, ids, ids, ids, adapter_names=mixed, use_cache=False, logits_to_keep=4).logits
    assert torch.equal(torch.stack([one.logits for one in seen]), expected)
    assert not torch.allclose(seen[1].logits, seen[2].logits, atol=0.1)


def test_a_row_that_names_no_adapter_is_the_network_without_any_bit_for_bit(tuned, network):
    tuned.read([Row(some_ids(9), "sft")])
    assert torch.equal(
        one(tuned, Row(some_ids(9))).logits[0], plain(network, some_ids(9), logits_to_keep=1).logits[0, -1]
    )


def test_input_rows_are_those_of_the_networks_table(engine, network):
    found = engine.input_rows([5, 7, 5])
    assert torch.equal(found, network.model.embed_tokens.weight[[5, 7, 5]])
    assert found.dtype == torch.float32


# ── rows together ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", PARALLEL)
def test_whatever_rows_are_read_together_each_sees_what_it_sees_alone(families, kind):
    engine = TorchEngine(families[kind])
    old = [one(engine, Row(some_ids(6, seed), want=GOING_ON)).memory for seed in range(2)]
    both = engine.read([Row(some_ids(count), want=GOING_ON) for count in (3, 8)])
    rows = [
        Row(some_ids(2, 5), memory=old[0]),
        Row(some_ids(7), want=Want(logits=3)),
        Row(some_ids(1, 6), memory=both[1].memory),
        Row(some_ids(4), want=GOING_ON),
        Row(some_ids(2, 7), memory=both[0].memory),
        Row(some_ids(1, 8), memory=old[1]),
        Row(some_ids(11)),
    ]
    before = [some_ids(6, 0), (), some_ids(8), (), some_ids(3), some_ids(6, 1), ()]
    for row, ids, seen in zip(rows, before, engine.read(rows), strict=True):
        alone = one(engine, Row((*ids, *row.ids), want=Want(logits=row.want.logits)))
        torch.testing.assert_close(seen.logits, alone.logits, atol=3e-4, rtol=1e-4)
        assert (seen.memory is not None) == (row.memory is not None or row.want.memory)


@pytest.mark.parametrize("kind", ["mamba", "mamba2"])
def test_recurrent_rows_are_read_one_by_one_in_the_order_of_the_question(families, kind):
    engine = TorchEngine(families[kind])
    rows = [Row(some_ids(count), want=GOING_ON) for count in (5, 3, 5)]
    for row, seen in zip(rows, engine.read(rows), strict=True):
        assert torch.equal(seen.logits, one(engine, row).logits)
        assert one(engine, Row((9,), memory=seen.memory)).memory.positions == len(row.ids) + 1


def test_one_pass_is_made_of_rows_that_can_share_it(network):
    engine, shapes = TorchEngine(network), []
    hook = network.register_forward_pre_hook(
        lambda _module, _given, named: shapes.append(tuple(named["input_ids"].shape)), with_kwargs=True
    )
    try:
        seen = engine.read([Row(some_ids(count), want=GOING_ON) for count in (3, 8, 5)])
        engine.read([Row(some_ids(1), memory=place.memory) for place in seen])
        engine.read([Row(some_ids(4)), Row(some_ids(4), want=GOING_ON)])
    finally:
        hook.remove()
    assert shapes == [(3, 8), (3, 1), (1, 4), (1, 4)]


def test_a_memory_that_was_read_on_from_is_used_up(engine):
    seen = one(engine, Row(some_ids(5), want=GOING_ON))
    one(engine, Row((7,), memory=seen.memory))
    with pytest.raises(ValueError, match="already"):
        engine.read([Row((8,), memory=seen.memory)])


def test_those_who_stay_behind_can_still_read_on(engine):
    left, right = engine.read([Row(some_ids(count), want=GOING_ON) for count in (4, 6)])
    one(engine, Row((7,), memory=left.memory))
    found = one(engine, Row((8,), memory=right.memory))
    torch.testing.assert_close(found.logits, one(engine, Row((*some_ids(6), 8))).logits, atol=2e-4, rtol=1e-4)


def test_as_many_logits_come_as_are_wanted_and_there_are(engine):
    assert [len(one(engine, Row(some_ids(5), want=Want(logits=count))).logits) for count in (0, 1, 5, 50)] == [
        0,
        1,
        5,
        5,
    ]
    short, long = engine.read([Row(some_ids(2), want=Want(logits=4)), Row(some_ids(9), want=Want(logits=1))])
    assert (short.logits.shape, long.logits.shape) == ((2, VOCABULARY), (1, VOCABULARY))


# ── what is seen on demand ───────────────────────────────────────────────────────────────────────────────────


def eager_attention(network, ids) -> torch.Tensor:
    """By the library, from a network that computes nothing else: (layers, heads, query, key)."""
    eager = deepcopy(network)
    eager.set_attn_implementation("eager")
    return torch.stack(plain(eager, ids, use_cache=False, output_attentions=True).attentions)[:, 0]


@pytest.mark.parametrize("kind", PARALLEL)
def test_attention_is_the_librarys_in_every_layer_and_head(families, kind):
    network, ids = families[kind], some_ids(40)
    seen = one(TorchEngine(network), Row(ids, want=Want(attention=True)))
    torch.testing.assert_close(seen.attention, eager_attention(network, ids), atol=1e-5, rtol=0)
    torch.testing.assert_close(seen.attention.sum(-1), torch.ones(seen.attention.shape[:-1]), atol=1e-5, rtol=0)
    assert not seen.attention.triu(1).any()


def test_beyond_the_window_a_sliding_layer_looks_at_nothing_and_a_global_one_does(engine, network):
    seen = one(engine, Row(some_ids(LONG), want=Want(attention=True)))
    torch.testing.assert_close(seen.attention, eager_attention(network, some_ids(LONG)), atol=1e-5, rtol=0)
    far = seen.attention[:, :, -1, : LONG - SLIDING_WINDOW]
    assert engine.facts.layer_kinds == ("sliding_attention", "full_attention", "sliding_attention")
    assert [bool(layer.any()) for layer in far] == [False, True, False]


@pytest.mark.parametrize("beginning", [4, SLIDING_WINDOW + 5])
def test_attention_of_a_text_that_goes_on_is_that_of_the_whole_text(engine, beginning):
    whole = one(engine, Row(some_ids(LONG), want=Want(attention=True))).attention
    begun = one(engine, Row(some_ids(LONG)[:beginning], want=GOING_ON))
    seen = one(engine, Row(some_ids(LONG)[beginning:], memory=begun.memory, want=Want(attention=True)))
    torch.testing.assert_close(seen.attention, whole[:, :, beginning:], atol=1e-5, rtol=0)


def test_attention_of_rows_filled_up_is_their_own(tuned):
    rows = [Row(some_ids(count), name, want=Want(attention=True)) for count, name in ((5, "sft"), (LONG, None))]
    for row, seen in zip(rows, tuned.read(rows), strict=True):
        assert seen.attention.shape == (3, 2, len(row.ids), len(row.ids))
        torch.testing.assert_close(seen.attention, one(tuned, row).attention, atol=1e-5, rtol=0)


def test_asking_for_attention_changes_no_figure_of_others_nor_of_later_passes(engine, network):
    rows = [Row(some_ids(LONG)), Row(some_ids(7), want=Want(logits=3))]
    quiet = engine.read(rows)
    looking, *others = engine.read([Row(some_ids(LONG), want=Want(attention=True)), *rows])
    for found in (others, engine.read(rows)):
        assert all(torch.equal(seen.logits, before.logits) for seen, before in zip(found, quiet, strict=True))
    torch.testing.assert_close(looking.logits, quiet[0].logits, atol=1e-4, rtol=1e-4)
    assert network.config._attn_implementation == "sdpa"


def test_a_pass_that_fails_leaves_attention_as_it_was(network):
    engine = TorchEngine(network)
    with pytest.raises(IndexError):
        engine.read([Row((VOCABULARY + 7,), want=Want(attention=True))])
    assert network.config._attn_implementation == "sdpa"


def test_states_are_the_librarys_and_the_table_makes_logits_of_the_last(engine, network):
    ids = some_ids(LONG)
    seen = one(engine, Row(ids, want=Want(logits=LONG, state=True, states=True)))
    expected = torch.stack(plain(network, ids, output_hidden_states=True).hidden_states)[:, 0]
    torch.testing.assert_close(seen.states, expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(seen.state, seen.states[-1, -1])
    with torch.inference_mode():
        torch.testing.assert_close(network.lm_head(seen.states[-1]), seen.logits, atol=1e-4, rtol=1e-4)
    short, long = engine.read([Row(some_ids(4), want=Want(states=True)), Row(ids, want=Want(states=True))])
    assert (len(short.states[0]), len(long.states[0])) == (4, LONG)
    torch.testing.assert_close(long.states, seen.states, atol=1e-3, rtol=1e-3)


# ── facts and refusals ───────────────────────────────────────────────────────────────────────────────────────


def test_facts_say_what_the_network_is(engine, families):
    facts = engine.facts
    assert (facts.vocabulary, facts.context, facts.width) == (VOCABULARY, 2_048, 32)
    assert (facts.layers, facts.heads, facts.kv_heads, facts.window) == (3, 2, 1, SLIDING_WINDOW)
    assert (facts.device, facts.dtype, facts.exact, facts.recurrent) == ("cpu", "float32", True, False)
    assert facts.end_ids == (1,)
    of = {kind: TorchEngine(network).facts for kind, network in families.items()}
    assert of["mistral"].layer_kinds == ("sliding_attention",) * 2
    assert of["mistral"].window == 8
    assert of["gpt2"].layer_kinds == ("full_attention",) * 2
    assert of["gpt2"].window is None
    assert (of["gemma3"].heads, of["gemma3"].kv_heads, of["gpt2"].kv_heads) == (2, 1, 2)
    assert of["mamba"].recurrent
    assert of["mamba"].heads == 0
    assert {kind for kind, one in of.items() if "attention" not in one.gives} == {"mamba", "mamba2"}
    assert {kind: one.context for kind, one in of.items()} == {kind: limit for kind, (_, limit) in FAMILIES.items()}


def test_what_cannot_be_given_is_refused_before_anything_is_read(families, engine):
    with pytest.raises(CannotGive, match="attention"):
        TorchEngine(families["mamba"]).read([Row((5,), want=Want(attention=True))])
    with pytest.raises(CannotGive, match="no tokens"):
        engine.read([Row((5,)), Row(())])
    with pytest.raises(KeyError, match="sft"):
        engine.read([Row((5,), "sft")])
    strange = one(TorchEngine(families["llama"]), Row((5,), want=GOING_ON)).memory
    for memory in (object(), strange):
        with pytest.raises(TypeError, match="another engine"):
            engine.read([Row((5,), memory=memory)])


def test_adapters_of_another_network_or_damaged_ones_are_refused(network, adapter_folders, tmp_path):
    engine = TorchEngine(deepcopy(network))
    with pytest.raises(DamagedModelFolder):
        engine.add_adapters({"sft": tmp_path / "nothing"})
    folder = shutil.copytree(adapter_folders["sft"], tmp_path / "sft")
    weights = load_file(folder / "adapter_model.safetensors")
    save_file({name: tensor[:1].clone() for name, tensor in weights.items()}, folder / "adapter_model.safetensors")
    with pytest.raises(UnfitAdapters):
        engine.add_adapters({"sft": folder})
    assert torch.equal(
        one(engine, Row(some_ids(9))).logits[0], plain(network, some_ids(9), logits_to_keep=1).logits[0, -1]
    )


def test_after_a_retreat_figures_are_exact_and_memories_are_lost(network):
    engine = TorchEngine(deepcopy(network).to(torch.bfloat16))
    assert not engine.facts.exact
    seen = one(engine, Row(some_ids(5), want=GOING_ON))
    assert seen.logits.dtype == torch.float32
    engine.retreat()
    assert (engine.facts.device, engine.facts.dtype, engine.facts.exact) == ("cpu", "float32", True)
    with pytest.raises(torch.OutOfMemoryError):
        engine.read([Row((7,), memory=seen.memory)])
    one(engine, Row(some_ids(5), want=GOING_ON))
