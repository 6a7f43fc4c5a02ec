"""A language model with one door: text to tokens, tokens to logits, ids back to text.

Every forward pass goes through the model's single worker thread, first come, first served, one token at a time,
so that several visitors interleave and no two passes ever run at once.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ..errors import TextTooLong
from .chat import ChatTemplate
from .encoding import MAX_CHARACTERS, TextEncoding, Token, require_readable
from .errors import NothingToRead, OutOfDeviceMemory
from .memory import Memory, new_cache, reads_on_in_chunks
from .turns import MakersTemplate, turn_marks

__all__ = ["MAX_CHARACTERS", "Continuation", "LanguageModel", "Origin", "Token", "is_punctuation", "require_readable"]

REMEMBERED_PROMPTS = 16  # next-token logits are kept for so many prompts (1 MB each)
NO_LIMIT = 1_000_000  # tokens: more than anybody is allowed to ask for
LIMIT_NAMES = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx", "context_length")
CHUNK_POSITIONS = 64  # positions whose logits are held at once: 64 × 262,144 × 4 bytes = 67 MB

Result = TypeVar("Result")


@dataclass(frozen=True)
class Origin:
    """Which model computed a figure, and on what. Every result on the page names it."""

    model: str
    title: str
    weights: str
    device: str
    dtype: str


class LanguageModel:
    """A causal language model and its tokenizer.

    Args:
        model: any transformers causal language model; it stays where it is and is set to evaluation.
        tokenizer: its fast tokenizer.
        name: the catalogue's name.
        title: the name that people read.
        weights: how the weights were stored ("quantised (…)", "full precision").
        context_limit: tokens the model can read; 0 takes the figure in the model's own configuration.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerFast,
        *,
        name: str,
        title: str | None = None,
        weights: str = "full precision",
        context_limit: int = 0,
    ) -> None:
        self._model: Any = model.eval()  # type: ignore[no-untyped-call]
        self._fast_tokenizer = tokenizer
        self._encoding = TextEncoding(tokenizer, turn_marks(tokenizer))
        self._name = name
        self._title = title or name
        self._weights = weights
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"model-{name}")
        self._remembered: OrderedDict[tuple[int, ...], torch.Tensor] = OrderedDict()
        self._remembered_lock = Lock()
        self._chunk = CHUNK_POSITIONS if reads_on_in_chunks(model) else 1
        self.context_limit = context_limit or _context_limit(self._model.config)
        self.vocabulary_size = int(self._model.get_output_embeddings().weight.shape[0])
        self.begin = self._encoding.begin  # what every text begins with: one token, or none
        self.control_ids = self._encoding.control_ids  # tokens that are commands and no text, such as the end of a turn
        self.end_ids = _end_ids(tokenizer, model)

    @property
    def origin(self) -> Origin:
        """What to write under a figure that this model computed."""
        return Origin(
            model=self._name,
            title=self._title,
            weights=self._weights,
            device=self._model.device.type,
            dtype=str(self._model.dtype).removeprefix("torch."),
        )

    # ── text and tokens ──────────────────────────────────────────────────────────────────────────────────────

    def encode(self, text: str) -> tuple[Token, ...]:
        """The tokens of a whole `text`, without what every text begins with. Their texts, joined, are `text` again.

        Raises:
            UnreadableText: `text` is not a string of whole characters.
            TextTooLong: more than `MAX_CHARACTERS` characters.
        """
        return self._encoding.encode(text)

    def encode_following(self, text: str, more: str) -> tuple[Token, ...]:
        """The tokens by which `text` goes on if `more` comes after it.

        Raises: as `encode`.
        """
        return self._encoding.encode_following(text, more)

    def encode_prompt(self, text: str, limit: int | None = None) -> tuple[Token, ...]:
        """What every text begins with, and the tokens of `text`: what the model reads.

        Raises:
            TextTooLong: more tokens than `limit` or the model's own context limit.
            NothingToRead: an empty text, to a model whose texts begin with nothing.
        """
        tokens = (*self.begin, *self.encode(text))
        allowed = self.context_limit if limit is None else min(limit, self.context_limit)
        if len(tokens) > allowed:
            raise TextTooLong(length=len(tokens), limit=allowed, unit="tokens")
        if not tokens:
            raise NothingToRead(title=self._title)
        return tokens

    def encode_turn(self, words: str, template: MakersTemplate) -> tuple[Token, ...]:
        """A user's turn as `template` writes it, up to the model's answer. Whatever the `words` look like is text.

        Raises: as `encode`.
        """
        require_readable(words, MAX_CHARACTERS)
        return self._encoding.encode_turn(template.write(words))

    def chat_template(self) -> ChatTemplate:
        """How conversations are written for this project's own tuned stages, in Gemma's turns.

        Raises:
            ValueError: its vocabulary has no tokens for turns.
        """
        return ChatTemplate(self._fast_tokenizer)

    def makers_template(self) -> MakersTemplate:
        """How the makers write a conversation.

        Raises:
            NoChatTemplate: they do not say, or not in a way that can be used here.
        """
        return MakersTemplate(self._fast_tokenizer, self._title)

    @cached_property
    def tokens_known(self) -> int:
        """How many ids are tokens. Large models' tables may have some rows more, only to fill them up."""
        return 1 + max(self._encoding.vocabulary.values())

    def has_tokens_of(self, other: LanguageModel) -> bool:
        """Whether all that is text in the `other` vocabulary is the same token here: commands may differ."""
        here = self._encoding.vocabulary.items()
        return all(one[1] in other.control_ids for one in other._encoding.vocabulary.items() - here)

    def texts(self, ids: Iterable[int], after: Sequence[int] | None = None) -> tuple[str, ...]:
        """The text of each token of a sequence that the model wrote after the tokens `after`."""
        return self._encoding.texts(ids, after)

    def text(self, token_id: int, after: Sequence[int] | None = None) -> str:
        """One token by itself; a lone piece of a multi-byte character is named by its byte, as in `<0xF0>`.

        After the tokens `after` it may lack a space that the tokenizer itself puts before a text.
        """
        return self._encoding.text(token_id, after)

    def input_rows(self, ids: Sequence[int]) -> np.ndarray:
        """Rows of the input table, the vectors that the model reads for `ids`: float32, shape (ids, width)."""

        def gather() -> torch.Tensor:
            table = self._model.get_input_embeddings().weight
            rows: torch.Tensor = table[torch.tensor(list(ids), dtype=torch.long, device=table.device)].float().cpu()
            return rows

        return self._run(gather).numpy()

    # ── forward passes ───────────────────────────────────────────────────────────────────────────────────────

    def next_logits(self, ids: Sequence[int]) -> torch.Tensor:
        """Logits of the token after `ids`: float32, on the CPU, shape (vocabulary,). Recent prompts are remembered."""
        key = tuple(ids)
        with self._remembered_lock:
            if key in self._remembered:
                self._remembered.move_to_end(key)
                return self._remembered[key]
        logits = self._run(partial(self._forward, key, cache=None, positions=1))[0]
        with self._remembered_lock:
            self._remembered[key] = logits
            while len(self._remembered) > REMEMBERED_PROMPTS:
                self._remembered.popitem(last=False)
        return logits

    def continuation(self, ids: Sequence[int]) -> Continuation:
        """A text being written, token by token, after the prompt `ids`."""
        return Continuation(self, ids)

    def each_logits(self, ids: Sequence[int], first: int = 1) -> Iterable[torch.Tensor]:
        """Logits that predict ids[first], ids[first + 1], …: one float32 tensor of shape (vocabulary,) each.

        The sequence is read in chunks, so that a long text never needs all its logits at once.
        """
        cache = self._new_cache()
        start = 0
        while start < len(ids) - 1:
            size = self._chunk if start else CHUNK_POSITIONS
            chunk = list(ids[start : min(start + size, len(ids) - 1)])
            wanted = start + len(chunk) - max(start, first - 1)  # of this chunk's positions
            start += len(chunk)
            logits = self._run(partial(self._forward, chunk, cache, positions=max(1, wanted)))
            if wanted > 0:
                yield from logits

    def through_the_door(self, work: Callable[[Any], Result]) -> Result:
        """`work(network)`, done by the worker, while no other pass goes on. It must leave the network as it was."""
        return self._run(lambda: work(self._model))

    def _new_cache(self) -> Memory:
        return new_cache(self._model)

    def _forward(self, ids: Sequence[int], cache: Memory | None, positions: int) -> torch.Tensor:
        """Logits at the last `positions` of `ids`, shape (positions, vocabulary). Only the worker calls this."""
        batch = torch.tensor([list(ids)], device=self._model.device)
        output = self._model(
            input_ids=batch,
            use_cache=cache is not None,
            logits_to_keep=positions,
            **(cache or {}),
        )
        logits: torch.Tensor = output.logits[0].float().cpu()
        return logits

    def _run(self, work: Callable[[], Result]) -> Result:
        """Do `work` in the worker, wait for it and return its result."""
        return self._worker.submit(self._guarded, work).result()

    def _guarded(self, work: Callable[[], Result]) -> Result:
        try:
            with torch.inference_mode():
                return work()
        except torch.OutOfMemoryError as error:
            self._model.to("cpu", torch.float32)
            raise OutOfDeviceMemory() from error


class Continuation:
    """A growing sequence with its key-value cache: `logits` always predicts the token that comes next."""

    def __init__(self, model: LanguageModel, ids: Sequence[int]) -> None:
        self._model = model
        self._cache = model._new_cache()
        self.logits = self._read(ids)

    def append(self, token_id: int) -> None:
        """Add one token and predict the next."""
        self.logits = self._read([token_id])

    def _read(self, ids: Sequence[int]) -> torch.Tensor:
        return self._model._run(partial(self._model._forward, ids, self._cache, positions=1))[0]


def is_punctuation(text: str) -> bool:
    """Whether `text` is made of nothing but punctuation and symbols."""
    return bool(text) and all(unicodedata.category(character)[0] in "PS" for character in text)


def _context_limit(config: Any) -> int:
    """Tokens that a network can read, by its own configuration; some kinds have no limit but that of the machine."""
    config = config.get_text_config(decoder=True)
    named = (getattr(config, name, None) for name in LIMIT_NAMES)
    return next((int(limit) for limit in named if isinstance(limit, int) and limit > 0), NO_LIMIT)


def _end_ids(tokenizer: PreTrainedTokenizerFast, model: PreTrainedModel) -> frozenset[int]:
    """Tokens that end a text: the tokenizer's own, those of the generation settings, and Gemma's end of a turn."""
    configured: Any = getattr(model.generation_config, "eos_token_id", None)
    named = configured if isinstance(configured, list) else [configured]
    added = tokenizer.added_tokens_decoder  # where a folder names no end, its kind's default may be any word's number
    ids = {tokenizer.eos_token_id, tokenizer.get_vocab().get("<end_of_turn>"), *(one for one in named if one in added)}
    return frozenset(int(token_id) for token_id in ids if token_id is not None)
