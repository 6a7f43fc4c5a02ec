"""A language model: text to tokens, tokens to logits, ids back to text.

The network itself is an engine behind a desk (`engines`): every pass goes through that one door, first come, first
served, one token at a time, so that several visitors interleave and no two passes ever run at once.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from ..engines.desk import Desk
from ..engines.engine import Engine, EngineFacts, Memory, Row, Seen, Want
from ..errors import TextTooLong
from .chat import ChatTemplate
from .encoding import MAX_CHARACTERS, TextEncoding, Token, require_readable
from .errors import NothingToRead
from .turns import MakersTemplate, turn_marks

__all__ = ["MAX_CHARACTERS", "Continuation", "LanguageModel", "Origin", "Token", "is_punctuation", "require_readable"]

REMEMBERED_PROMPTS = 16  # next-token logits are kept for so many prompts (1 MB each)
CHUNK_POSITIONS = 64  # positions whose logits are held at once: 64 × 262,144 × 4 bytes = 67 MB

GOING_ON = Want(memory=True)  # of a text that is being written: what comes next, and what to go on from
LAST_STATE = Want(logits=0, state=True)


@dataclass(frozen=True)
class Origin:
    """Which model computed a figure, and on what. Every result on the page names it."""

    model: str
    title: str
    weights: str
    device: str
    dtype: str

    def provenance(self) -> dict[str, Any]:
        """What stands under a figure, as JSON. A recording replaces `kind` and adds `recorded_on`."""
        return {"kind": "real", **asdict(self)}


class LanguageModel:
    """A causal language model and its tokenizer.

    Args:
        engine: what reads its tokens; nobody else may use it from now on.
        tokenizer: its fast tokenizer.
        name: the catalogue's name.
        title: the name that people read.
        weights: how the weights were stored ("quantised (…)", "full precision").
        context_limit: tokens the model can read; 0 takes the engine's own figure.
    """

    def __init__(
        self,
        engine: Engine,
        tokenizer: PreTrainedTokenizerFast,
        *,
        name: str,
        title: str | None = None,
        weights: str = "full precision",
        context_limit: int = 0,
    ) -> None:
        self._desk = Desk(engine, name)
        self._fast_tokenizer = tokenizer
        self._encoding = TextEncoding(tokenizer, turn_marks(tokenizer))
        self._name = name
        self._title = title or name
        self._weights = weights
        self._remembered: OrderedDict[tuple[int, ...], torch.Tensor] = OrderedDict()
        self._remembered_lock = Lock()
        self.context_limit = context_limit or self.facts.context
        self.vocabulary_size = self.facts.vocabulary
        self.begin = self._encoding.begin  # what every text begins with: one token, or none
        self.control_ids = self._encoding.control_ids  # tokens that are commands and no text, such as the end of a turn
        self.end_ids = _end_ids(tokenizer, self.facts)

    @property
    def facts(self) -> EngineFacts:
        """What is known of the network, and what it can give."""
        return self._desk.facts

    @property
    def origin(self) -> Origin:
        """What to write under a figure that this model computed."""
        return Origin(
            model=self._name,
            title=self._title,
            weights=self._weights,
            device=self.facts.device,
            dtype=self.facts.dtype,
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
        return self._desk.input_rows(ids).numpy()

    # ── forward passes ───────────────────────────────────────────────────────────────────────────────────────

    def read(self, rows: Sequence[Row]) -> list[Seen]:
        """What the engine sees of `rows`, in their order; in one pass where it can.

        Raises:
            OutOfDeviceMemory: the device was full; now the model runs on the processor. Else as `Engine.read`.
        """
        return self._desk.read(rows)

    def next_logits(self, ids: Sequence[int]) -> torch.Tensor:
        """Logits of the token after `ids`: float32, on the CPU, shape (vocabulary,). Recent prompts are remembered."""
        key = tuple(ids)
        with self._remembered_lock:
            if key in self._remembered:
                self._remembered.move_to_end(key)
                return self._remembered[key]
        (seen,) = self.read([Row(key)])
        logits = seen.logits[0]
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
        for (logits,) in self.each_logits_by([None], ids, first):
            yield logits

    def each_logits_by(
        self, adapters: Sequence[str | None], ids: Sequence[int], first: int = 1
    ) -> Iterator[list[torch.Tensor]]:
        """As `each_logits`, by the network with each of `adapters`, all of which read the sequence in one batch."""
        rows = [Row((), adapter, want=GOING_ON) for adapter in adapters]
        chunk, start = CHUNK_POSITIONS, 0
        while start < len(ids) - 1:
            part = tuple(ids[start : min(start + chunk, len(ids) - 1)])
            wanted = start + len(part) - max(start, first - 1)  # of this part's positions
            want = Want(logits=max(0, wanted), memory=True)
            seen = self.read([replace(row, ids=part, want=want) for row in rows])
            rows = [replace(row, memory=one.memory) for row, one in zip(rows, seen, strict=True)]
            yield from map(list, zip(*(one.logits for one in seen), strict=True))
            start += len(part)
            chunk = 1 if self.facts.recurrent else CHUNK_POSITIONS

    def last_state(self, ids: Sequence[int], adapter: str | None = None) -> torch.Tensor:
        """The last layer's output at the last token of `ids`: (width,), float32."""
        (seen,) = self.read([Row(tuple(ids), adapter, want=LAST_STATE)])
        assert seen.state is not None
        return seen.state

    def add_adapters(self, folders: Mapping[str, Path]) -> None:
        """Adapters by name. A text that does not name one is read as ever.

        Raises: as `Engine.add_adapters`.
        """
        self._desk.add_adapters(folders)


class Continuation:
    """A growing sequence and the memory of it: `logits` always predicts the token that comes next."""

    def __init__(self, model: LanguageModel, ids: Sequence[int]) -> None:
        self._model = model
        self._memory: Memory | None = None
        self.logits = self._read(ids)

    def append(self, token_id: int) -> None:
        """Add one token and predict the next."""
        self.logits = self._read([token_id])

    def _read(self, ids: Sequence[int]) -> torch.Tensor:
        (seen,) = self._model.read([Row(tuple(ids), memory=self._memory, want=GOING_ON)])
        self._memory = seen.memory
        return seen.logits[0]


def is_punctuation(text: str) -> bool:
    """Whether `text` is made of nothing but punctuation and symbols."""
    return bool(text) and all(unicodedata.category(character)[0] in "PS" for character in text)


def _end_ids(tokenizer: PreTrainedTokenizerFast, facts: EngineFacts) -> frozenset[int]:
    """Tokens that end a text: the tokenizer's own, those of the weights' makers, and Gemma's end of a turn."""
    added = tokenizer.added_tokens_decoder  # where a folder names no end, its kind's default may be any word's number
    named = (one for one in facts.end_ids if one in added)
    ids = {tokenizer.eos_token_id, tokenizer.get_vocab().get("<end_of_turn>"), *named}
    return frozenset(int(token_id) for token_id in ids if token_id is not None)
