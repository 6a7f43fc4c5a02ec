"""From the one file of llama.cpp (GGUF) to the folder that transformers reads, for Gemma 3.

A GGUF file holds metadata (the model's sizes and its vocabulary), a table of tensors, and the
tensors themselves, most of them quantised: blocks of small integers that share a scale. We write
the same model as `config.json`, `tokenizer.json` and float32 weights, so that every later start
only has to read them.

Sources: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md for the file's format, the gguf
package's `quants` for the blocks, and llama.cpp's `llama-vocab.cpp` for the tokens.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import (
    MODEL_ARCH,
    GGUFEndian,
    GGUFReader,
    GGUFValueType,
    ReaderTensor,
    TokenType,
    dequantize,
    get_tensor_name_map,
)
from huggingface_hub.errors import StrictDataclassError
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, normalizers, processors
from tokenizers.models import BPE
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, GenerationConfig

Report = Callable[[float, str], None]  # (fraction of the work that is done, what comes next)

SPACE = "▁"  # how SentencePiece writes a space, U+2581
ROWS_AT_ONCE = 8192  # rows of a matrix that are unpacked together: 21 MB of Gemma's embeddings

# Where each part of the work begins on the progress bar, by the time it takes.
TOKENIZER_FROM, WEIGHTS_FROM, WRITING_FROM = 0.08, 0.35, 0.8

CONFIG_KEYS = {
    "gemma3.context_length": "max_position_embeddings",
    "gemma3.block_count": "num_hidden_layers",
    "gemma3.embedding_length": "hidden_size",
    "gemma3.feed_forward_length": "intermediate_size",
    "gemma3.attention.head_count": "num_attention_heads",
    "gemma3.attention.head_count_kv": "num_key_value_heads",
    "gemma3.attention.key_length": "head_dim",
    "gemma3.attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "gemma3.attention.sliding_window": "sliding_window",
    "gemma3.rope.freq_base": "rope_theta",
    "tokenizer.ggml.bos_token_id": "bos_token_id",
    "tokenizer.ggml.eos_token_id": "eos_token_id",
    "tokenizer.ggml.padding_token_id": "pad_token_id",
    "tokenizer.ggml.unknown_token_id": "unk_token_id",
}

# What the conversion takes for granted; a file that says otherwise would be converted wrongly.
EXPECTED = {
    "general.architecture": "gemma3",
    "tokenizer.ggml.model": "llama",  # llama.cpp's name for SentencePiece's byte-pair encoding
    "tokenizer.ggml.add_space_prefix": False,
    "tokenizer.ggml.add_bos_token": True,
    "tokenizer.ggml.add_eos_token": False,
}

TOKEN_ROLES = {
    "bos_token": "tokenizer.ggml.bos_token_id",
    "eos_token": "tokenizer.ggml.eos_token_id",
    "pad_token": "tokenizer.ggml.padding_token_id",
    "unk_token": "tokenizer.ggml.unknown_token_id",
}


class ConversionError(Exception):
    """The GGUF file is damaged, or not one that we can convert. The message says what to do."""


def _silent(fraction: float, doing: str) -> None:
    """A report that nobody reads."""


def convert_gguf(gguf_path: Path, target: Path, report: Report = _silent) -> None:
    """Write the Gemma 3 model of a GGUF file into the empty folder `target`.

    The weights come out as float32, bit for bit as transformers itself would read them from the
    GGUF file. Texts are cut into tokens as llama.cpp cuts them.

    Args:
        gguf_path: the file to read.
        target: an existing folder; after an error it may hold some of the files.
        report: told the fraction of the work done, rising from 0 to 1, and what comes next.

    Raises:
        ConversionError: the file is damaged, incomplete or no Gemma 3 model.
        OSError: the file cannot be read, or the folder cannot be written.
    """
    report(0.0, "Reading the GGUF file.")
    reader = _open(gguf_path)
    metadata = _read_metadata(reader)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    config = _model_config(metadata, tensors)
    parameters = _match_parameters(config, tensors)

    report(TOKENIZER_FROM, "Rebuilding the tokenizer.")
    _write_tokenizer(metadata, target)

    weights = _unpack_all(parameters, report)
    report(WRITING_FROM, "Writing the weights.")
    with _disk_errors():
        save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    config.save_pretrained(target)
    GenerationConfig.from_model_config(config).save_pretrained(target)
    report(1.0, "The model is converted.")


@contextmanager
def _disk_errors() -> Iterator[None]:
    """An OSError for what libraries written in Rust say of a disk that is full, in an exception of their own."""
    try:
        yield
    except Exception as error:  # safetensors has a kind of its own; tokenizers raises Exception itself
        number = re.search(r"\(os error (\d+)\)", str(error))
        if number is None:
            raise
        code = int(number[1])
        raise OSError(code, str(error), None, code) from error  # on Windows, the last is what counts


class _QuickReader(GGUFReader):
    """The gguf package's reader, without its numpy calls for each element of an array.

    They take 11 s for Gemma's vocabulary of 262,144 tokens; this takes less than one. Nothing but
    the speed depends on this override: a GGUFReader gives the same `contents()`.
    """

    def _get_field_parts(self, orig_offs: int, raw_type: int) -> tuple[int, list[Any], list[int], list[GGUFValueType]]:
        """The value at byte `orig_offs`: its bytes, its parts, which of them count, its types."""
        if raw_type != GGUFValueType.ARRAY:
            return super()._get_field_parts(orig_offs, raw_type)
        order = "<" if self.endianess == GGUFEndian.LITTLE else ">"
        element, count = struct.unpack_from(order + "IQ", self.data.data, orig_offs)
        element_type = GGUFValueType(element)
        start = orig_offs + 12
        if element_type == GGUFValueType.STRING:
            strings, end = self._strings(start, count, order)
            types = [GGUFValueType.ARRAY, element_type]
            return end - orig_offs, strings, list(range(count)), types
        if element_type not in self.gguf_scalar_to_np:
            return super()._get_field_parts(orig_offs, raw_type)
        numbers = self._get(start, self.gguf_scalar_to_np[element_type], count)
        if len(numbers) != count:
            raise ValueError("the file ends within an array")
        return 12 + numbers.nbytes, [numbers], [0], [GGUFValueType.ARRAY, element_type]

    def _strings(self, start: int, count: int, order: str) -> tuple[list[memoryview], int]:
        """The bytes of `count` strings from byte `start` on, each after its length; their end."""
        data = self.data.data
        length_at = struct.Struct(order + "Q").unpack_from
        strings = []
        for _ in range(count):
            (length,) = length_at(data, start)
            end = start + 8 + length
            strings.append(data[start + 8 : end])
            start = end
        return strings, start


class _Metadata(dict[str, Any]):
    """The metadata by key; asking for one that the file lacks is a ConversionError."""

    def __missing__(self, key: str) -> Any:
        raise ConversionError(f"The GGUF file lacks “{key}”. Use a complete Gemma 3 file.")


def _open(path: Path) -> GGUFReader:
    """Read everything but the tensors' values.

    Raises:
        ConversionError: this is no GGUF file, or it ends too early.
    """
    try:
        return _QuickReader(path)
    except (ValueError, IndexError, KeyError, OverflowError, struct.error) as error:
        raise ConversionError(
            f"“{path.name}” is damaged, incomplete or no GGUF file ({error}). Fetch it again."
        ) from error


def _read_metadata(reader: GGUFReader) -> _Metadata:
    """The metadata of a Gemma 3 file that we can convert.

    Raises:
        ConversionError: a text is not UTF-8, or this is another kind of model.
    """
    try:
        metadata = _Metadata((key, field.contents()) for key, field in reader.fields.items())
    except UnicodeDecodeError as error:
        raise ConversionError("The GGUF file's metadata is damaged. Fetch it again.") from error
    for key, value in EXPECTED.items():
        if metadata[key] != value:
            raise ConversionError(
                f"The GGUF file's “{key}” is {metadata[key]!r}, and only {value!r} can be "
                "converted. Use a Gemma 3 file, or a folder that transformers can read."
            )
    if "gemma3.rope.scaling.type" in metadata:  # these models' configs have more to them
        raise ConversionError(
            "Of Gemma 3, only the models up to 1B can be converted, and this file is of a larger "
            "one. Use a smaller model, or a folder that transformers can read."
        )
    return metadata


def _model_config(metadata: _Metadata, tensors: dict[str, ReaderTensor]) -> Gemma3TextConfig:
    """The model's sizes under transformers' names; what the file leaves out is its default.

    Raises:
        ConversionError: a value is missing or impossible.
    """
    values = {name: metadata[key] for key, name in CONFIG_KEYS.items()}
    tokens = metadata["tokenizer.ggml.tokens"]
    try:
        if values["num_hidden_layers"] > len(tensors):
            raise ValueError("more layers than tensors")
        return Gemma3TextConfig(
            **values,
            vocab_size=len(tokens),
            tie_word_embeddings="output.weight" not in tensors,
            architectures=["Gemma3ForCausalLM"],
            dtype="float32",
        )
    except (ValueError, TypeError, StrictDataclassError) as error:
        raise ConversionError(f"The GGUF file describes an impossible model ({error}). Fetch it again.") from error


def _match_parameters(config: Gemma3TextConfig, tensors: dict[str, ReaderTensor]) -> dict[str, ReaderTensor]:
    """The tensor in which each parameter of the transformers model is stored.

    Raises:
        ConversionError: a tensor is missing, left over or of the wrong shape.
    """
    shapes = _parameter_shapes(config)
    names = get_tensor_name_map(MODEL_ARCH.GEMMA3, config.num_hidden_layers)
    stored_as = {name: str(names.get_name(name, try_suffixes=(".weight",))) for name in shapes}
    if differing := set(stored_as.values()) ^ tensors.keys():
        raise ConversionError(
            f"The GGUF file lacks tensors of Gemma 3, or has others: {_some(differing)}. "
            "Use a complete Gemma 3 file, as llama.cpp writes it."
        )
    for parameter, name in stored_as.items():
        if _shape(tensors[name]) != shapes[parameter]:
            raise ConversionError(
                f"The GGUF file's tensor “{name}” has the shape {_shape(tensors[name])} instead "
                f"of {shapes[parameter]}. Use a complete Gemma 3 file."
            )
    return {parameter: tensors[name] for parameter, name in stored_as.items()}


def _parameter_shapes(config: Gemma3TextConfig) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter that is stored, by its name in transformers."""
    with torch.device("meta"):  # shapes without memory
        parameters = Gemma3ForCausalLM(config).state_dict()
    if config.tie_word_embeddings:
        del parameters["lm_head.weight"]
    return {name: tuple(parameter.shape) for name, parameter in parameters.items()}


def _shape(tensor: ReaderTensor) -> tuple[int, ...]:
    """The shape that the unpacked tensor has; GGUF names the innermost size first."""
    return tuple(int(size) for size in reversed(tensor.shape))


def _some(names: set[str]) -> str:
    """The first of some names, for a message."""
    return ", ".join(sorted(names)[:3]) + (", …" if len(names) > 3 else "")


def _unpack_all(parameters: dict[str, ReaderTensor], report: Report) -> dict[str, NDArray[np.float32]]:
    """The float32 weights of all parameters, in their shapes.

    Raises:
        ConversionError: a tensor is quantised in a way that the gguf package cannot undo.
    """
    numbers = sum(tensor.n_elements for tensor in parameters.values())
    weights: dict[str, NDArray[np.float32]] = {}
    done = 0
    for parameter, tensor in parameters.items():
        weight = np.empty(_shape(tensor), np.float32)
        for rows, values in _unpack(tensor):
            fraction = WEIGHTS_FROM + (WRITING_FROM - WEIGHTS_FROM) * done / numbers
            report(fraction, f"Unpacking {parameter}.")
            weight[rows] = values
            done += values.size
        if parameter.endswith("norm.weight"):
            weight -= 1  # llama.cpp stores the factor, transformers what has to be added to 1
        weights[parameter] = weight
    return weights


def _unpack(tensor: ReaderTensor) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """A tensor's float32 values, some rows at a time, and which rows they are.

    Small steps keep the memory for what is between integers and floats small.
    """
    for start in range(0, len(tensor.data), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        try:
            yield rows, dequantize(tensor.data[rows], tensor.tensor_type)
        except NotImplementedError as error:
            raise ConversionError(
                f"The GGUF file's tensor “{tensor.name}” is of the type {tensor.tensor_type.name}, "
                "which cannot be converted. Use a file with another quantisation, such as Q8_0."
            ) from error


def _write_tokenizer(metadata: _Metadata, target: Path) -> None:
    """Write `tokenizer.json` (how texts are cut) and `tokenizer_config.json` (tokens with a role).

    Raises:
        ConversionError: the vocabulary is damaged.
    """
    tokens: list[str] = metadata["tokenizer.ggml.tokens"]
    scores: list[float] = metadata["tokenizer.ggml.scores"]
    types: list[int] = metadata["tokenizer.ggml.token_type"]
    ids = {role: metadata[key] for role, key in TOKEN_ROLES.items()}
    if not len(set(tokens)) == len(scores) == len(types) > max(ids.values()):
        raise ConversionError("The GGUF file's vocabulary is damaged. Fetch it again.")
    roles = {role: tokens[token_id] for role, token_id in ids.items()}

    tokenizer = _build_tokenizer(tokens, scores, types, unknown=roles["unk_token"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=[roles["bos_token"], "$A"],
        special_tokens=[(roles["bos_token"], ids["bos_token"])],
    )
    with _disk_errors():
        tokenizer.save(str(target / "tokenizer.json"), pretty=False)
    settings = {
        # GemmaTokenizer, the other choice, would rebuild tokenizer.json's contents at each start.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "padding_side": "left",  # as GemmaTokenizer: texts are continued at the right
        **roles,
    }
    if "tokenizer.chat_template" in metadata:
        settings["chat_template"] = metadata["tokenizer.chat_template"]
    (target / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")


def _build_tokenizer(tokens: list[str], scores: list[float], types: list[int], unknown: str) -> Tokenizer:
    """SentencePiece's byte-pair encoding, as llama.cpp does it, in terms of the tokenizers library.

    Tokens that the model's makers defined (“<table>”, runs of spaces or line breaks) are found in
    a text before anything is merged. Control tokens (“<bos>”) are found as well, unless the
    tokenizer's `encode_special_tokens` is set: then they are text like any other, as they are for
    llama.cpp without `parse_special`. A character without a token of its own becomes its bytes.
    """
    vocabulary = {token: token_id for token_id, token in enumerate(tokens)}
    merges = _merges(vocabulary, scores)
    tokenizer = Tokenizer(BPE(vocabulary, merges, unk_token=unknown, fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    tokenizer.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(_added_tokens(tokens, types, TokenType.CONTROL))
    tokenizer.add_tokens(_added_tokens(tokens, types, TokenType.USER_DEFINED))
    return tokenizer


def _added_tokens(tokens: list[str], types: list[int], wanted: TokenType) -> list[AddedToken]:
    """The tokens of one type, to be found in the text as typed, not in its normalised form.

    So only real spaces make a token of several spaces, and a typed “▁▁” stays two characters.
    """
    special = wanted == TokenType.CONTROL
    return [
        AddedToken(token, normalized=False, special=special)
        for token, token_type in zip(tokens, types, strict=True)
        if token_type == wanted
    ]


def _merges(vocabulary: dict[str, int], scores: list[float]) -> list[tuple[str, str]]:
    """All pairs of tokens that make a third when joined, best first.

    SentencePiece keeps no merges: it joins whichever neighbours make the token with the highest
    score. Listing all pairs by that score tells the tokenizers library to do the same.
    """
    merges = [
        (scores[token_id], token[:cut], token[cut:])
        for token, token_id in vocabulary.items()
        for cut in range(1, len(token))
        if token[:cut] in vocabulary and token[cut:] in vocabulary
    ]
    merges.sort(key=lambda merge: merge[0], reverse=True)
    return [(left, right) for _, left, right in merges]
