"""Folders that hold no usable model: each is refused with a sentence that says why, and none of its code is run."""

from __future__ import annotations

import json
import shutil

import pytest
from transformers import BertConfig, BertForMaskedLM, LlamaConfig, LlamaModel, T5Config, T5ForConditionalGeneration

from genai_demo.errors import DamagedModelFolder
from genai_demo.features.next_word import backend
from genai_demo.models.catalogue import find_model, find_siblings
from genai_demo.models.errors import (
    AdapterFolder,
    CompressedWeights,
    ForeignTokenizer,
    IncompleteWeights,
    NeedsOwnCode,
    NoFastTokenizer,
    NoModelFolder,
    PickledWeights,
    PictureFolder,
    UnsupportedModel,
)
from genai_demo.models.loading import load_model
from genai_demo.page.messages import sentence
from tests.models.folders import TOKENIZERS, save

# ── what cannot be used ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def llama(folders, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(folders["llama"], tmp_path / "mine")


def bert() -> BertForMaskedLM:
    return BertForMaskedLM(
        BertConfig(vocab_size=500, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48)
    )


def rewrite(folder, **changes):
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(values | changes))


def refusal(folder, kind):
    with pytest.raises(kind) as caught:
        load_model(find_model(str(folder)), device="cpu")
    assert type(caught.value) is kind
    said = sentence(caught.value)
    assert str(folder) in said
    assert "Error" not in said
    return caught.value


def test_pickled_weights_are_not_read(llama):
    (llama / "model.safetensors").rename(llama / "pytorch_model.bin")
    refusal(llama, PickledWeights)


def test_safetensors_are_read_though_pickles_lie_beside_them(llama):
    (llama / "pytorch_model.bin").write_bytes(b"a program")
    assert load_model(find_model(str(llama)), device="cpu").vocabulary_size


def test_missing_weights_are_never_made_up(llama):
    """The library fills them with random numbers, and goes on."""
    LlamaModel(LlamaConfig.from_pretrained(llama)).save_pretrained(llama)
    assert refusal(llama, IncompleteWeights).facts["missing"] == "lm_head.weight"


def test_weights_of_other_sizes_are_damaged(llama):
    rewrite(llama, hidden_size=48)
    refusal(llama, DamagedModelFolder)


def test_without_any_weights_a_folder_is_damaged(llama):
    (llama / "model.safetensors").unlink()
    refusal(llama, DamagedModelFolder)


@pytest.mark.parametrize(
    "network",
    [
        bert,
        lambda: T5ForConditionalGeneration(
            T5Config(vocab_size=500, d_model=32, num_layers=1, num_heads=2, d_kv=16, d_ff=32)
        ),
    ],
    ids=["fills gaps", "translates"],
)
def test_what_does_not_write_from_left_to_right_is_refused(llama, network):
    network().save_pretrained(llama)
    refusal(llama, UnsupportedModel)


def test_what_looks_ahead_is_refused_whatever_it_calls_itself(llama):
    """The library loads it, and it would predict words that it has already seen."""
    config = BertConfig(
        vocab_size=500, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48
    )
    BertForMaskedLM(config).save_pretrained(llama)
    rewrite(llama, architectures=None)
    assert refusal(llama, UnsupportedModel).facts["kind"] == "bert"


def test_a_kind_that_remembers_in_a_way_of_its_own_is_refused_by_its_name(tmp_path):
    assert refusal(save(tmp_path / "rwkv", "rwkv"), UnsupportedModel).facts["kind"] == "rwkv"


def test_a_kind_that_nobody_knows_is_refused_by_its_name(llama):
    rewrite(llama, model_type="llama-9")
    assert refusal(llama, UnsupportedModel).facts["kind"] == "llama-9"


def test_code_that_comes_with_a_model_is_not_run(llama):
    (llama / "configuration_mine.py").write_text("raise SystemExit('run')")
    rewrite(llama, model_type="mine", auto_map={"AutoConfig": "configuration_mine.MineConfig"})
    refusal(llama, NeedsOwnCode)


def test_compressed_weights_that_cannot_be_read_are_said_to_be_compressed(llama):
    rewrite(llama, quantization_config={"quant_method": "gptq", "bits": 4, "group_size": 128})
    assert refusal(llama, CompressedWeights).facts["method"] == "gptq"


def test_without_a_fast_tokenizer_that_is_said(llama):
    (llama / "tokenizer.json").unlink()
    refusal(llama, NoFastTokenizer)


def test_a_kind_of_tokenizer_without_a_fast_version_is_said(llama):
    (llama / "tokenizer.json").unlink()
    (llama / "tokenizer_config.json").write_text('{"tokenizer_class": "ByT5Tokenizer"}')
    refusal(llama, NoFastTokenizer)


def test_a_tokenizer_of_another_model_is_said(tmp_path):
    small = save(tmp_path / "small", "gpt2", filling=-40)
    facts = refusal(small, ForeignTokenizer).facts
    assert facts["tokens"] >= facts["rows"]


def test_commands_beyond_the_table_are_no_reason_to_refuse(tmp_path):
    tokenizer = TOKENIZERS["gpt-2"]()
    rows = len(tokenizer)
    tokenizer.add_special_tokens({"pad_token": "<pad>"})  # without making the table larger, as many have done
    model = load_model(find_model(str(save(tmp_path / "padded", "gpt2", tokenizer, filling=-1))), device="cpu")
    assert model.vocabulary_size == rows
    assert backend.next_token(model, "<pad> the cat").candidates


# ── what is no model's folder ────────────────────────────────────────────────────────────────────────────────


def test_an_adapter_is_named_as_what_it_is(adapter_folders):
    folder = adapter_folders["sft"]
    with pytest.raises(AdapterFolder) as caught:
        find_model(str(folder))
    assert str(folder) in sentence(caught.value)
    with pytest.raises(AdapterFolder):
        find_siblings(find_model("gemma-3-270m"), str(folder))


def test_an_adapter_names_its_base(tmp_path):
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "meta-llama/Llama-3.2-1B"}')
    with pytest.raises(AdapterFolder) as caught:
        find_model(str(tmp_path))
    assert "meta-llama/Llama-3.2-1B" in sentence(caught.value)


def test_a_picture_model_is_named_as_what_it_is(tmp_path):
    (tmp_path / "model_index.json").write_text("{}")
    with pytest.raises(PictureFolder) as caught:
        find_model(str(tmp_path))
    assert "--pictures" in sentence(caught.value)


def test_a_folder_of_something_else_is_said_to_hold_no_model(tmp_path):
    with pytest.raises(NoModelFolder) as caught:
        find_model(str(tmp_path))
    said = sentence(caught.value)
    assert str(tmp_path) in said
    assert "config.json" in said
