"""A language model with one door: text to tokens, tokens to logits, ids back to text.

Every forward pass goes through the model's single worker thread, first come, first served, one token at a time,
so that several visitors interleave and no two passes ever run at once.
"""

from __future__ import annotations

import re
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
from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerFast

from ..errors import NoChatTemplate, OutOfDeviceMemory, TextTooLong, UnreadableText
from .chat import ChatTemplate
from .token_text import TokenBytes, characters_on_first_token

MAX_CHARACTERS = 20_000  # a text longer than this is refused before it reaches the tokenizer
REMEMBERED_PROMPTS = 16  # next-token logits are kept for so many prompts (1 MB each)
PLACEHOLDER = "{the user's words}"  # in a chat template that is written once
CHUNK_POSITIONS = 64  # positions whose logits are held at once: 64 × 262,144 × 4 bytes = 67 MB

Result = TypeVar("Result")


@dataclass(frozen=True)
class Token:
    """A token as it is read: `text` has real spaces, and "" where an earlier token shows the whole character."""

    text: str
    id: int


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
        self._tokenizer = tokenizer.backend_tokenizer
        self._tokenizer.encode_special_tokens = True  # "<eos>" typed by a visitor is text, not a command
        self._bytes = TokenBytes(tokenizer)
        self._name = name
        self._title = title or name
        self._weights = weights
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"model-{name}")
        self._remembered: OrderedDict[tuple[int, ...], torch.Tensor] = OrderedDict()
        self._remembered_lock = Lock()
        self.context_limit = context_limit or int(model.config.max_position_embeddings)
        self.vocabulary_size = int(self._model.get_output_embeddings().weight.shape[0])
        # Models without a beginning-of-sequence token separate documents by their end token: the same place.
        bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        self.bos_id = int(bos if bos is not None else eos)
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
        """The tokens of `text`, without `<bos>`. Their texts, joined, are `text` again.

        Raises:
            UnreadableText: `text` is not a string of whole characters.
            TextTooLong: more than `MAX_CHARACTERS` characters.
        """
        require_readable(text, MAX_CHARACTERS)
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        # Each token shows the text from the one before it to its own end. So the first token of a multi-byte character
        # shows it whole, and what a tokenizer's offsets leave out (spaces, combined accents) is not lost.
        ends = [end for _, end in encoding.offsets]
        ends[-1:] = [len(text)] * bool(ends)
        tokens, shown = [], 0
        for token_id, end in zip(encoding.ids, ends, strict=True):
            tokens.append(Token(text[shown:end], token_id))
            shown = max(shown, end)
        return tuple(tokens)

    def encode_prompt(self, text: str, limit: int | None = None) -> tuple[Token, ...]:
        """`<bos>` and the tokens of `text`: what the model reads.

        Raises:
            TextTooLong: more tokens than `limit` or the model's own context limit.
        """
        tokens = (self.bos, *self.encode(text))
        allowed = self.context_limit if limit is None else min(limit, self.context_limit)
        if len(tokens) > allowed:
            raise TextTooLong(length=len(tokens), limit=allowed, unit="tokens")
        return tokens

    def chat_template(self) -> ChatTemplate:
        """How conversations are written for this model's tuned stages.

        Raises:
            ValueError: its vocabulary has no tokens for turns.
        """
        return ChatTemplate(self._fast_tokenizer)

    @cached_property
    def control_ids(self) -> frozenset[int]:
        """Tokens that are commands and no text, such as the end of a turn."""
        added = self._tokenizer.get_added_tokens_decoder().items()
        return frozenset(token_id for token_id, token in added if token.special)

    @cached_property
    def tokens_known(self) -> int:
        """How many ids are tokens. Large models' tables may have some rows more, only to fill them up."""
        return 1 + max(self._tokenizer.get_vocab().values())

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """The id of every token that is text. Two models with the same one can score each other's words."""
        return {
            text: token_id for text, token_id in self._tokenizer.get_vocab().items() if token_id not in self.control_ids
        }

    def turn(self) -> tuple[str, str]:
        """What the makers' own chat template writes before and after a user's words, up to the model's answer.

        Raises:
            NoChatTemplate: there is none: it is no tuned model.
        """
        if not self._fast_tokenizer.chat_template:
            raise NoChatTemplate(title=self._title)
        message = {"role": "user", "content": PLACEHOLDER}
        written = self._fast_tokenizer.apply_chat_template(
            [message], tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        before, _, after = str(written).partition(PLACEHOLDER)
        return before, after

    def encode_template(self, text: str) -> tuple[Token, ...]:
        """Like `encode`, but the name of a control token is that token: for templates, never for what people write."""
        control = {token.content: token_id for token_id, token in self._tokenizer.get_added_tokens_decoder().items()}
        names = sorted(control, key=len, reverse=True)
        parts = re.split("|".join(f"({re.escape(name)})" for name in names), text) if names else [text]
        tokens: list[Token] = []
        for part in filter(None, parts):
            tokens += [Token(part, control[part])] if part in control else self.encode(part)
        return tuple(tokens)

    @property
    def bos(self) -> Token:
        """The token that every text begins with."""
        return Token(self._bytes.of(self.bos_id).decode(), self.bos_id)

    def texts(self, ids: Iterable[int]) -> tuple[str, ...]:
        """The text of each token of a sequence that the model wrote."""
        return characters_on_first_token([self._bytes.of(token_id) for token_id in ids])

    def text(self, token_id: int) -> str:
        """One token by itself; a lone piece of a multi-byte character is named by its byte, as in `<0xF0>`."""
        return self._bytes.label(token_id)

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
        for start in range(0, len(ids) - 1, CHUNK_POSITIONS):
            chunk = list(ids[start : min(start + CHUNK_POSITIONS, len(ids) - 1)])
            wanted = start + len(chunk) - max(start, first - 1)  # of this chunk's positions
            logits = self._run(partial(self._forward, chunk, cache, positions=max(1, wanted)))
            if wanted > 0:
                yield from logits

    def through_the_door(self, work: Callable[[Any], Result]) -> Result:
        """`work(network)`, done by the worker, while no other pass goes on. It must leave the network as it was."""
        return self._run(lambda: work(self._model))

    def _new_cache(self) -> DynamicCache:
        return DynamicCache(config=self._model.config)

    def _forward(self, ids: Sequence[int], cache: DynamicCache | None, positions: int) -> torch.Tensor:
        """Logits at the last `positions` of `ids`, shape (positions, vocabulary). Only the worker calls this."""
        batch = torch.tensor([list(ids)], device=self._model.device)
        output = self._model(
            input_ids=batch,
            past_key_values=cache,
            use_cache=cache is not None,
            logits_to_keep=positions,
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


def require_readable(text: str, limit: int) -> None:
    """Refuse what is no text of whole characters, or has more than `limit` of them.

    Raises:
        UnreadableText, TextTooLong.
    """
    if not isinstance(text, str):
        raise UnreadableText()
    if len(text) > limit:
        raise TextTooLong(length=len(text), limit=limit, unit="characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UnreadableText() from error


def _end_ids(tokenizer: PreTrainedTokenizerFast, model: PreTrainedModel) -> frozenset[int]:
    """Tokens that end a text: the tokenizer's own, those of the generation settings, and Gemma's end of a turn."""
    configured: Any = getattr(model.generation_config, "eos_token_id", None)
    ids = {tokenizer.eos_token_id, tokenizer.get_vocab().get("<end_of_turn>")}
    ids.update(configured if isinstance(configured, list) else [configured])
    return frozenset(int(token_id) for token_id in ids if token_id is not None)
