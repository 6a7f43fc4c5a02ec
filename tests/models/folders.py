"""Tiny models of the families that people bring in folders, with random weights and with tokenizers of their kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE, Unigram
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    Mamba2Config,
    Mamba2ForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    MptConfig,
    MptForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    Phi3Config,
    Phi3ForCausalLM,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    RwkvConfig,
    RwkvForCausalLM,
    XGLMConfig,
    XGLMForCausalLM,
)

from tests.conftest import LETTERS, _merged

WORDS = ("the", "cat", "capital", "of", "France", "is", "Paris", "paris", "user", "assistant", "king", "queen", "man")
PARTS = ("un", "for", "get", "table", "sat")

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA_2 = "{% for m in messages %}{{ bos_token + '[INST] ' + m.content | trim + ' [/INST]' }}{% endfor %}"
MISTRAL = "{{ bos_token }}{% for m in messages %}[INST] {{ m.content }}[/INST]{% endfor %}"
PHI_3 = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
PARTS_ONLY = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ m.role }}\n"
    "{% for part in m.content %}{% if part.type == 'text' %}{{ part.text | trim }}{% endif %}{% endfor %}"
    "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


# ── tokenizers ───────────────────────────────────────────────────────────────────────────────────────────────


def _pieces(mark: str, special: tuple[str, ...], alphabet: list[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    vocabulary = {token: index for index, token in enumerate(special)}
    for token in alphabet:
        vocabulary.setdefault(token, len(vocabulary))
    words = (*(mark + word for word in (*WORDS, *PARTS)), *WORDS, *PARTS)
    return vocabulary, _merged(words, vocabulary)


def sentencepiece(
    *,
    prepend: bool = False,
    scheme: str | None = None,
    special: tuple[str, ...] = ("<unk>", "<s>", "</s>"),
    turns: tuple[AddedToken, ...] = (),
    bos: str = "<s>",
    eos: str = "</s>",
) -> PreTrainedTokenizerFast:
    """As converters write SentencePiece's: the space first is put by a normalizer, or by Metaspace, or not at all."""
    alphabet = [*(f"<0x{byte:02X}>" for byte in range(256)), *LETTERS, "[", "]", "_", "|"]
    vocabulary, merges = _pieces("▁", special, alphabet)
    tokenizer = Tokenizer(BPE(vocabulary, merges, byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    if prepend:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    elif scheme is None:
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
    strip = [decoders.Strip(" ", 1, 0)] if prepend or scheme else []
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
    )
    tokenizer.add_special_tokens([*(AddedToken(name, special=True) for name in special), *turns])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=bos, eos_token=eos, unk_token="<unk>")


def byte_level(
    special: tuple[str, ...] = ("<|endoftext|>",),
    turns: tuple[AddedToken, ...] = (),
    bos: str | None = "<|endoftext|>",
    eos: str | None = "<|endoftext|>",
    prefix_space: bool = False,
    normalizer: Any = None,
) -> PreTrainedTokenizerFast:
    """As GPT-2's and Qwen's: every byte is one printable character, and `Ġ` is a space."""
    vocabulary, merges = _pieces("Ġ", special, sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer = Tokenizer(BPE(vocabulary, merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens([*(AddedToken(name, special=True) for name in special), *turns])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=bos, eos_token=eos)


def unigram() -> PreTrainedTokenizerFast:
    """As XGLM's and T5's: words are split at spaces, and each is marked with one of its own."""
    pieces = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), ("▁", -6.0)]
    pieces += [(mark + word, -8.0) for word in (*WORDS, *PARTS) for mark in ("▁", "")]
    known = {piece for piece, _ in pieces}
    pieces += [(letter, -12.0) for letter in dict.fromkeys(LETTERS) if letter not in known]
    tokenizer = Tokenizer(Unigram(pieces, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in ("<unk>", "<s>", "</s>")])
    tokenizer.post_processor = processors.TemplateProcessing(single="</s> $A", special_tokens=[("</s>", 2)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def _with(tokenizer: PreTrainedTokenizerFast, template: Any) -> PreTrainedTokenizerFast:
    tokenizer.chat_template = template
    return tokenizer


def _commands(*names: str, rstrip: bool = False, special: bool = True) -> tuple[AddedToken, ...]:
    return tuple(AddedToken(name, special=special, rstrip=rstrip, normalized=False) for name in names)


GEMMA_SPECIAL = ("<pad>", "<eos>", "<bos>", "<unk>")
GEMMA_TURNS = _commands("<start_of_turn>", "<end_of_turn>")

TOKENIZERS: dict[str, Callable[[], PreTrainedTokenizerFast]] = {
    "llama-2": lambda: _with(sentencepiece(prepend=True), LLAMA_2),
    "phi-3": lambda: _with(
        sentencepiece(prepend=True, turns=_commands("<|user|>", "<|assistant|>", "<|end|>", rstrip=True)), PHI_3
    ),
    "mistral": lambda: _with(sentencepiece(scheme="first", turns=_commands("[INST]", "[/INST]")), MISTRAL),
    "metaspace-always": lambda: _with(
        sentencepiece(scheme="always", turns=_commands("<|im_start|>", "<|im_end|>")), CHATML
    ),
    "gemma": lambda: _with(sentencepiece(special=GEMMA_SPECIAL, turns=GEMMA_TURNS, bos="<bos>", eos="<eos>"), GEMMA),
    "gemma-parts": lambda: _with(
        sentencepiece(special=GEMMA_SPECIAL, turns=GEMMA_TURNS, bos="<bos>", eos="<eos>"), PARTS_ONLY
    ),
    "gpt-2": byte_level,
    "gpt-2-space": lambda: byte_level(prefix_space=True),
    "qwen": lambda: _with(
        byte_level(
            ("<|endoftext|>",),
            _commands("<|im_start|>", "<|im_end|>"),
            bos=None,
            eos="<|im_end|>",
            normalizer=normalizers.NFC(),
        ),
        CHATML,
    ),
    "smollm": lambda: _with(
        byte_level(("<|endoftext|>",), _commands("<|im_start|>", "<|im_end|>"), bos="<|im_start|>", eos="<|im_end|>"),
        CHATML,
    ),
    "half-declared": lambda: _with(  # as some ChatML tunes: turns are told apart by tokens that count as text
        sentencepiece(
            prepend=True, turns=(*_commands("<|im_end|>"), *_commands("<|im_start|>", special=False)), eos="<|im_end|>"
        ),
        CHATML,
    ),
    "unigram": unigram,
    "nameless": lambda: byte_level(("<|other|>",), bos=None, eos=None),
}
SPACE_FIRST = ("llama-2", "phi-3", "mistral", "metaspace-always", "gpt-2-space", "half-declared")
CHATS = tuple(kind for kind in TOKENIZERS if TOKENIZERS[kind]().chat_template)


# ── networks ─────────────────────────────────────────────────────────────────────────────────────────────────

WIDTH = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
GROUPED = {**WIDTH, "num_key_value_heads": 1, "initializer_range": 0.4}


def _gemma_3(size: int) -> Any:
    """Gemma 3 as published from 4B up: it also sees, and its text model has a configuration of its own."""
    text = {**GROUPED, "vocab_size": size, "head_dim": 16, "sliding_window": 8, "max_position_embeddings": 512}
    sight = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    sight |= {"image_size": 28, "patch_size": 14}
    return Gemma3ForConditionalGeneration(Gemma3Config(text_config=text, vision_config=sight, mm_tokens_per_image=4))


def _opt(size: int) -> Any:
    names = {"hidden_size": 32, "word_embed_proj_dim": 32, "ffn_dim": 48, "num_hidden_layers": 2}
    return OPTForCausalLM(
        OPTConfig(vocab_size=size, num_attention_heads=2, max_position_embeddings=128, init_std=0.4, **names)
    )


NETWORKS: dict[str, Callable[[int], Any]] = {
    "llama": lambda size: LlamaForCausalLM(LlamaConfig(vocab_size=size, max_position_embeddings=512, **GROUPED)),
    "phi3": lambda size: Phi3ForCausalLM(
        Phi3Config(vocab_size=size, max_position_embeddings=512, pad_token_id=0, **GROUPED)
    ),
    "mistral": lambda size: MistralForCausalLM(MistralConfig(vocab_size=size, sliding_window=8, **GROUPED)),
    "qwen3": lambda size: Qwen3ForCausalLM(
        Qwen3Config(vocab_size=size, head_dim=16, tie_word_embeddings=True, **GROUPED)
    ),
    "gemma3": _gemma_3,
    "gpt2": lambda size: GPT2LMHeadModel(
        GPT2Config(vocab_size=size, n_embd=32, n_layer=2, n_head=2, n_positions=64, initializer_range=0.4)
    ),
    "opt": _opt,
    "bloom": lambda size: BloomForCausalLM(
        BloomConfig(vocab_size=size, hidden_size=32, n_layer=2, n_head=2, initializer_range=0.4)
    ),
    "mpt": lambda size: MptForCausalLM(
        MptConfig(vocab_size=size, d_model=32, n_heads=2, n_layers=2, max_seq_len=96, initializer_range=0.4)
    ),
    "mamba": lambda size: MambaForCausalLM(
        MambaConfig(vocab_size=size, hidden_size=32, num_hidden_layers=2, state_size=4, initializer_range=0.4)
    ),
    "mamba2": lambda size: Mamba2ForCausalLM(
        Mamba2Config(
            vocab_size=size, hidden_size=32, num_hidden_layers=2, state_size=4, num_heads=4, head_dim=16, n_groups=1
        )
    ),
    "xglm": lambda size: XGLMForCausalLM(
        XGLMConfig(vocab_size=size, d_model=32, num_layers=2, attention_heads=2, ffn_dim=48, max_position_embeddings=64)
    ),
    "rwkv": lambda size: RwkvForCausalLM(
        RwkvConfig(vocab_size=size, hidden_size=32, num_hidden_layers=2, attention_hidden_size=32)
    ),
}
FAMILIES = {  # a network, its tokenizer, and the tokens it can read
    "llama": ("llama-2", 512),
    "phi3": ("phi-3", 512),
    "mistral": ("mistral", 131_072),
    "qwen3": ("qwen", 32_768),
    "gemma3": ("gemma-parts", 512),
    "gpt2": ("gpt-2", 64),
    "opt": ("gpt-2", 128),
    "bloom": ("gpt-2", 1_000_000),
    "mpt": ("nameless", 96),
    "mamba": ("gpt-2", 1_000_000),
    "mamba2": ("gpt-2", 1_000_000),
    "xglm": ("unigram", 64),
}


def network(kind: str, tokenizer: PreTrainedTokenizerFast, *, filling: int = 3, seed: int = 0) -> Any:
    """A network of random weights; `filling`: rows of its table that no token has."""
    torch.manual_seed(seed)
    return NETWORKS[kind](len(tokenizer) + filling).eval()


def save(
    folder: Path, kind: str, tokenizer: PreTrainedTokenizerFast | None = None, *, filling: int = 3, seed: int = 0
) -> Path:
    """A folder as `save_pretrained` writes it, of a network and, if no other is given, its family's tokenizer."""
    chosen = TOKENIZERS[FAMILIES[kind][0] if kind in FAMILIES else "gpt-2"]() if tokenizer is None else tokenizer
    network(kind, chosen, filling=filling, seed=seed).save_pretrained(folder)
    chosen.save_pretrained(folder)
    return folder
