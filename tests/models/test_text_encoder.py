"""What the text encoder returns, on a tiny random model; the real one is marked `model`."""

from __future__ import annotations

import importlib.util
from hashlib import sha256

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from genai_demo.models import text_encoder
from genai_demo.models.errors import CorruptedModelFile, MissingModelPackage
from genai_demo.models.text_encoder import MAX_TOKENS, TextEncoder, TextStates

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "red", "cat", "on", "blue")


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    return TextEncoder(BertModel(config, add_pooling_layer=False), fast)


def test_pieces_of_a_word_belong_together(encoder, monkeypatch):
    monkeypatch.setattr(encoder, "tokens", lambda _: ["[CLS]", "a", "sun", "##flow", "##er", "on", "[SEP]"])
    assert encoder.words("a sunflower on") == [
        ("[CLS]", [0]),
        ("a", [1]),
        ("sunflower", [2, 3, 4]),
        ("on", [5]),
        ("[SEP]", [6]),
    ]


def test_prompts_become_vectors_of_tokens_and_their_mean(encoder):
    text = encoder.encode(["A red cat", "cat"])
    assert text.states.shape == (2, 5, 16)
    assert text.mask.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
    assert torch.allclose(text.pooled[1], text.states[1, :3].mean(0), atol=1e-6)
    assert len(text) == 2
    assert encoder.size == 16


def test_company_changes_nothing(encoder):
    alone, together = encoder.encode(["cat"]), encoder.encode(["cat", "a red cat on a blue cat"])
    assert torch.allclose(alone.states[0], together.states[0, :3], atol=1e-5)
    assert torch.allclose(alone.pooled[0], together.pooled[0], atol=1e-5)


def test_the_empty_prompt_is_a_prompt(encoder):
    assert encoder.encode([""]).mask.tolist() == [[1, 1]]
    assert encoder.tokens("a red dog") == ["[CLS]", "a", "red", "[UNK]", "[SEP]"]


def test_only_the_beginning_of_a_long_prompt_is_read(encoder):
    assert encoder.encode(["cat " * 5_000]).mask.shape == (1, MAX_TOKENS)


def test_stacking_pads_the_shorter(encoder):
    both = TextStates.stack([encoder.encode(["a red cat"]), encoder.encode([""])]).to("cpu")
    assert both.mask.tolist() == [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]
    assert both.states.shape == (2, 5, 16)
    assert both.pooled.shape == (2, 16)


def test_a_missing_or_changed_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(text_encoder, "PACKAGE", "no_such_package_of_ours")
    with pytest.raises(MissingModelPackage):
        TextEncoder.load()
    monkeypatch.undo()
    monkeypatch.setattr(text_encoder, "_package_folder", lambda: tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not it")
    with pytest.raises(CorruptedModelFile):
        TextEncoder.load()


@pytest.mark.parametrize("damaged", [{}, {"config.json": "{"}, {"config.json": "[]"}])
def test_a_package_that_lost_a_file_beside_its_weights_is_to_be_installed_again(monkeypatch, tmp_path, damaged):
    weights = b"the very weights"
    monkeypatch.setattr(text_encoder, "_package_folder", lambda: tmp_path)
    monkeypatch.setattr(text_encoder, "SHA256", sha256(weights).hexdigest())
    (tmp_path / "model.safetensors").write_bytes(weights)
    for name, text in damaged.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(CorruptedModelFile) as caught:
        TextEncoder.load()
    assert caught.value.facts["requirement"] == text_encoder.REQUIREMENT


@pytest.mark.model
@pytest.mark.skipif(importlib.util.find_spec(text_encoder.PACKAGE) is None, reason="the package is not installed")
def test_the_real_encoder_knows_that_a_puppy_is_a_dog():
    pooled = torch.nn.functional.normalize(TextEncoder.load().encode(["a puppy", "a dog", "a rocket"]).pooled)
    dog, rocket = (pooled[1:] @ pooled[0]).tolist()
    assert dog > 0.7 > rocket + 0.2
