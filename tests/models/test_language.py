"""One door to a language model: text to tokens and back, and forward passes that agree with plain ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from threading import Lock, current_thread

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import normalizers

from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.errors import OutOfDeviceMemory, TextTooLong, UnreadableText
from genai_demo.features.next_word import backend
from genai_demo.models.errors import NothingToRead
from genai_demo.models.language import CHUNK_POSITIONS, MAX_CHARACTERS, REMEMBERED_PROMPTS, LanguageModel, Token
from genai_demo.models.sampling import SamplingSettings
from tests.conftest import SLIDING_WINDOW, VOCABULARY, byte_level_tokenizer, sentencepiece_tokenizer

WHOLE_TEXT = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]), st.sampled_from("the catsonun ▁\n\t👩🙂ขอé\u0301\u202e\u200d\0")
    ),
    max_size=40,
)
NASTY = (
    "",
    " ",
    "▁",
    "  the▁ the ▁▁",
    "\r\n\n",
    "e\u0301é",
    "👨‍👩‍👧 🇳🇵",
    "ขอบ",
    "\u202eabc",
    "<bos><0x41>",
    "a\0b",
    "�",
)


def some_ids(count: int) -> list[int]:
    """`<bos>` and tokens at random, always the same."""
    generator = torch.Generator().manual_seed(count)
    return [2, *torch.randint(3, VOCABULARY, (count - 1,), generator=generator).tolist()]


def plain_logits(network, ids) -> torch.Tensor:
    """Logits of every position by one plain forward pass, without any cache."""
    with torch.inference_mode():
        return network(input_ids=torch.tensor([list(ids)]), use_cache=False).logits[0]


def close(actual: torch.Tensor, expected: torch.Tensor) -> bool:
    return torch.allclose(actual, expected, rtol=0, atol=1e-4)


def joined(tokens: tuple[Token, ...]) -> str:
    return "".join(token.text for token in tokens)


# ── text and tokens ──────────────────────────────────────────────────────────────────────────────────────────


@given(WHOLE_TEXT)
def test_joined_tokens_are_the_text_again(tiny, text):
    tokens = tiny.encode(text)
    assert joined(tokens) == text
    assert "".join(tiny.texts(token.id for token in tokens)) == text.replace("▁", " ")  # to a model they are the same


@pytest.mark.parametrize("text", NASTY)
def test_nasty_texts_come_back(tiny, byte_level, text):
    assert joined(tiny.encode(text)) == text
    assert joined(byte_level.encode(text)) == text


@given(WHOLE_TEXT)
def test_a_byte_level_vocabulary_gives_the_text_back_too(byte_level, text):
    tokens = byte_level.encode(text)
    assert joined(tokens) == text
    assert "".join(byte_level.texts(token.id for token in tokens)) == text


@given(WHOLE_TEXT)
@example("the cat  sat")
def test_spaces_stay_where_the_tokenizer_trims_its_offsets(trimming, text):
    assert joined(trimming.encode(text)) == text


@given(WHOLE_TEXT)
@example("e\u0301 a\u0323\u0302 \u1100\u1161")
def test_a_tokenizer_that_normalises_characters_still_gives_back_what_was_typed(normalising, text):
    assert joined(normalising.encode(text)) == text


@pytest.fixture(scope="session")
def trimming(network) -> LanguageModel:
    """As GPT-NeoX's tokenizer does: offsets leave leading spaces out."""
    return LanguageModel(TorchEngine(network), byte_level_tokenizer(trim_offsets=True), name="trimming")


@pytest.fixture(scope="session")
def normalising(network) -> LanguageModel:
    """As Qwen's tokenizer does: letters and combining marks are composed first (NFC)."""
    tokenizer = byte_level_tokenizer()
    tokenizer.backend_tokenizer.normalizer = normalizers.NFC()
    return LanguageModel(TorchEngine(network), tokenizer, name="normalising")


def test_a_character_spread_over_several_tokens_sits_on_the_first(tiny, byte_level):
    assert [token.text for token in tiny.encode("a👩b")] == ["a", "👩", "", "", "", "b"]
    assert [token.text for token in byte_level.encode("a👩b")] == [
        "a",
        "👩",
        "",
        "",
        "b",
    ]  # two of its bytes are one token


def test_a_token_has_a_real_space(tiny, byte_level):
    assert [token.text for token in tiny.encode("a cat")] == ["a", " cat"]
    assert [token.text for token in byte_level.encode("a cat")] == ["a", " cat"]


@pytest.mark.parametrize("typed", ["<bos>", "<eos>", "<pad>", "say <eos> now"])
def test_a_typed_special_token_is_text(tiny, typed):
    ids = {token.id for token in tiny.encode(typed)}
    assert not ids & {0, 1, 2}
    assert joined(tiny.encode(typed)) == typed


def test_every_prompt_begins_with_the_beginning_of_sequence(tiny):
    assert tiny.encode_prompt("") == (Token("<bos>", 2),)
    assert tiny.encode_prompt("a cat") == (Token("<bos>", 2), *tiny.encode("a cat"))


def test_without_a_beginning_token_a_text_begins_with_nothing(network):
    tokenizer = byte_level_tokenizer()
    tokenizer.bos_token = None
    model = LanguageModel(TorchEngine(network), tokenizer, name="qwen", title="Qwen kind")
    assert model.begin == ()
    assert model.encode_prompt("the cat") == model.encode("the cat")
    with pytest.raises(NothingToRead) as caught:
        model.encode_prompt("")
    assert caught.value.facts == {"title": "Qwen kind"}


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", None, 7, b"bytes"])
def test_what_is_no_text_is_unreadable(tiny, text):
    with pytest.raises(UnreadableText):
        tiny.encode(text)


def test_a_text_of_too_many_characters_is_refused_with_the_limit(tiny):
    assert len(tiny.encode("a" * MAX_CHARACTERS)) == MAX_CHARACTERS
    with pytest.raises(TextTooLong) as caught:
        tiny.encode("a" * (MAX_CHARACTERS + 1))
    assert caught.value.facts == {"length": MAX_CHARACTERS + 1, "limit": MAX_CHARACTERS, "unit": "characters"}


@pytest.mark.parametrize(("asked", "limit"), [(5, 5), (None, 2_048), (10_000, 2_048)])
def test_a_prompt_of_too_many_tokens_is_refused_with_the_limit(tiny, asked, limit):
    assert len(tiny.encode_prompt("x" * (limit - 1), asked)) == limit  # <bos> counts
    with pytest.raises(TextTooLong) as caught:
        tiny.encode_prompt("x" * limit, asked)
    assert caught.value.facts == {"length": limit + 1, "limit": limit, "unit": "tokens"}


def test_every_id_of_the_vocabulary_has_a_text(tiny, byte_level):
    for model in (tiny, byte_level):
        assert all(model.text(token_id) for token_id in range(model.vocabulary_size))
        assert model.text(1) == "<eos>"
        assert model.text(VOCABULARY - 1) == f"<id {VOCABULARY - 1}>"


def test_a_lone_byte_is_named_and_a_space_is_a_space(tiny, byte_level):
    piece = tiny.encode("👩")[0].id
    assert tiny.text(piece) == "<0xF0>"
    assert byte_level.text(byte_level.encode("👩")[0].id) == "<0xF0><0x9F>"
    assert tiny.text(tiny.encode(" cat")[0].id) == byte_level.text(byte_level.encode(" cat")[0].id) == " cat"


def test_an_origin_says_which_model_and_on_what(tiny):
    origin = tiny.origin
    assert (origin.model, origin.title, origin.device, origin.dtype) == ("tiny", "Tiny", "cpu", "float32")


# ── forward passes ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [1, 5, 3 * SLIDING_WINDOW, 2 * CHUNK_POSITIONS + 1])
def test_next_logits_are_those_of_a_plain_forward_pass(fresh, network, count):
    logits = fresh.next_logits(some_ids(count))
    assert logits.shape == (VOCABULARY,)
    assert logits.dtype == torch.float32
    assert close(logits, plain_logits(network, some_ids(count))[-1])


def test_a_continuation_predicts_as_if_it_had_read_all_at_once(tiny, network):
    ids = some_ids(3 * SLIDING_WINDOW)
    expected = plain_logits(network, ids)
    for prompt_length in (1, SLIDING_WINDOW - 1, SLIDING_WINDOW + 3):
        continuation = tiny.continuation(ids[:prompt_length])
        for position in range(prompt_length, len(ids)):
            assert close(continuation.logits, expected[position - 1]), (prompt_length, position)
            continuation.append(ids[position])
        assert close(continuation.logits, expected[-1])


@pytest.mark.parametrize("count", [2, CHUNK_POSITIONS, CHUNK_POSITIONS + 1, CHUNK_POSITIONS + 2, 150])
@pytest.mark.parametrize("from_end", [None, 1, 3, 70])
def test_each_logits_are_those_of_a_plain_forward_pass(tiny, network, count, from_end):
    ids = some_ids(count)
    first = 1 if from_end is None else max(1, count - from_end)
    each = torch.stack(list(tiny.each_logits(ids, first)))
    assert close(each, plain_logits(network, ids)[first - 1 : -1])


def test_the_sliding_window_is_narrower_than_these_texts(network):
    """Otherwise the tests above would say nothing about it: a first token far back still matters, but differently."""
    assert SLIDING_WINDOW == network.config.sliding_window < CHUNK_POSITIONS
    wide = deepcopy(network)
    for layer in wide.model.layers:
        layer.self_attn.sliding_window = None
    wide.config.layer_types = ["full_attention"] * 3
    ids = some_ids(3 * SLIDING_WINDOW)
    assert not close(plain_logits(wide, ids)[-1], plain_logits(network, ids)[-1])


def test_recent_prompts_are_remembered_and_old_ones_forgotten(fresh, network):
    passes = []
    hook = network.register_forward_hook(lambda *_: passes.append(1))
    try:
        first = fresh.next_logits([2, 5])
        assert torch.equal(fresh.next_logits((2, 5)), first)
        assert len(passes) == 1
        for other in range(REMEMBERED_PROMPTS - 1):
            fresh.next_logits([2, 6, other])
        fresh.next_logits([2, 5])  # remembered, and now the most recent
        fresh.next_logits([2, 7])
        fresh.next_logits([2, 5])
        assert len(passes) == 1 + REMEMBERED_PROMPTS
        fresh.next_logits([2, 6, 0])  # the one that had to go
        assert len(passes) == 2 + REMEMBERED_PROMPTS
    finally:
        hook.remove()


# ── several visitors ─────────────────────────────────────────────────────────────────────────────────────────


def visit(model: LanguageModel, number: int) -> tuple:
    """All that a visitor may ask, with a prompt of their own."""
    prompt = f"the cat sat on {number} tables, {'x' * number}"
    *_, written = backend.generate(model, prompt, SamplingSettings(1.2, 0.9), seed=number, max_new_tokens=12)
    return written, backend.next_token(model, prompt, watch=["phone", "the cat"]), backend.surprise(model, prompt * 3)


def test_visitors_at_once_get_exactly_the_quiet_figures(network):
    quiet, busy = (LanguageModel(TorchEngine(network), sentencepiece_tokenizer(), name="tiny") for _ in range(2))
    expected = [visit(quiet, number) for number in range(8)]
    with ThreadPoolExecutor(8) as visitors:
        assert list(visitors.map(lambda number: visit(busy, number), range(8))) == expected


def test_no_two_forward_passes_ever_run_at_once(fresh, network):
    inside, most, names, lock = 0, 0, set(), Lock()

    def enter(*_):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            names.add(current_thread().name)

    def leave(*_):
        nonlocal inside
        with lock:
            inside -= 1

    hooks = network.register_forward_pre_hook(enter), network.register_forward_hook(leave)
    try:
        with ThreadPoolExecutor(4) as visitors:
            list(visitors.map(lambda number: visit(fresh, number), range(4)))
    finally:
        for hook in hooks:
            hook.remove()
    assert most == 1
    assert len(names) == 1


def test_without_memory_on_the_device_the_model_moves_to_the_processor_and_answers_next_time(network, monkeypatch):
    model = LanguageModel(TorchEngine(deepcopy(network).to(torch.bfloat16)), sentencepiece_tokenizer(), name="card")
    assert model.origin.dtype == "bfloat16"

    def full(*_args, **_kwargs):
        raise torch.OutOfMemoryError()

    with monkeypatch.context() as patch:
        patch.setattr(TorchEngine, "read", full)
        with pytest.raises(OutOfDeviceMemory):
            model.next_logits([2, 5])
    assert (model.origin.device, model.origin.dtype) == ("cpu", "float32")
    assert model.next_logits([2, 5]).shape == (VOCABULARY,)
