"""Text to tokens, exactly as a model's own tokenizer cuts it, and with every character of the text on one token.

Tokenizers of SentencePiece's kind may put a space of their own before a text ("Paris" is read as `▁Paris`), some before
whatever follows a command, too. So the tokens of a part are not always part of the tokens of the whole: a text, what
continues it, and a user's turn inside a template are three different questions, and each has its own method here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tokenizers import AddedToken, Tokenizer
from transformers import PreTrainedTokenizerFast

from ..errors import TextTooLong, UnreadableText
from .token_text import TokenBytes, characters_on_first_token

MAX_CHARACTERS = 20_000  # a text longer than this is refused before it reaches the tokenizer
PLACEHOLDER = "qxzjwvqkxz"  # stands for a user's words in a template: letters that nobody writes in a row


@dataclass(frozen=True)
class Token:
    """A token as it is read: `text` has real spaces, and "" where an earlier token shows the whole character."""

    text: str
    id: int


@dataclass(frozen=True)
class WrittenTurn:
    """A user's words inside what a chat template writes around them, up to where the model's answer begins."""

    before: str
    words: str
    after: str


class TextEncoding:
    """A fast tokenizer, asked in the ways that this app needs.

    Args:
        tokenizer: it is set to cut nothing off and to take the names of commands in a text for text.
        turn_marks: names of added tokens that a chat template writes, though they are not declared as commands.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, turn_marks: Iterable[str] = ()) -> None:
        self._tokenizer: Tokenizer = tokenizer.backend_tokenizer
        self._tokenizer.no_truncation()  # a folder's tokenizer.json may ask for both
        self._tokenizer.no_padding()
        added = {token.content: token for token in self._tokenizer.get_added_tokens_decoder().values()}
        self._tokenizer.add_special_tokens([_as_command(added[name]) for name in turn_marks if name in added])
        self._tokenizer.encode_special_tokens = True  # "<eos>" typed by a visitor is text, not a command
        self._bytes = TokenBytes(tokenizer)
        self._state = _state_of(self._tokenizer)
        self._prepends = any(step["type"] == "Prepend" for step in _steps(self._state["normalizer"]))
        self._first_only = _is_first_only(self._state) and not self._prepends
        self.control_ids = frozenset(
            token_id for token_id, token in self._tokenizer.get_added_tokens_decoder().items() if token.special
        )
        self.begin = tuple(Token(self._bytes.of(one).decode(), one) for one in begin_ids(tokenizer, turn_marks))

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """The id of every token, commands included."""
        found: dict[str, int] = self._tokenizer.get_vocab()
        return found

    # ── from text to tokens ──────────────────────────────────────────────────────────────────────────────────

    def encode(self, text: str) -> tuple[Token, ...]:
        """The tokens of a whole text. Their texts, joined, are `text` again.

        Raises:
            UnreadableText: `text` is not a string of whole characters.
            TextTooLong: more than `MAX_CHARACTERS` characters.
        """
        require_readable(text, MAX_CHARACTERS)
        return self._cut(self._tokenizer.encode(text, add_special_tokens=False), text, spaced=self._prepends)

    def encode_following(self, text: str, more: str) -> tuple[Token, ...]:
        """The tokens by which `text` goes on if `more` comes after it: those of both, less those of `text`.

        Where both together are cut differently ("wait." and "." become one token ".."), the text stays as it was read.

        Raises: as `encode`.
        """
        require_readable(text, MAX_CHARACTERS)
        require_readable(more, MAX_CHARACTERS)
        known: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        encoding = self._tokenizer.encode(text + more, add_special_tokens=False)
        if encoding.ids[: len(known)] == known:
            return self._cut(encoding, text + more, len(known), len(text))
        return self._cut(self._inside.encode(more, add_special_tokens=False), more)

    def encode_turn(self, turn: WrittenTurn) -> tuple[Token, ...]:
        """The tokens of a turn. Names of commands are those commands where the template wrote them, and text elsewhere.

        Raises: as `encode`, about the user's words.
        """
        require_readable(turn.words, MAX_CHARACTERS)
        text = turn.before + turn.words + turn.after
        whole = self._commanded.encode(text, add_special_tokens=False)
        expected = self._commanded.encode(turn.before + PLACEHOLDER + turn.after, add_special_tokens=False)
        if self._commands(whole) == self._commands(expected):
            return self._cut(whole, text)
        return self._encode_guarded(turn, expected)

    def _encode_guarded(self, turn: WrittenTurn, expected: Any) -> tuple[Token, ...]:
        """The words hold a command's name. So what stands between the template's own commands is encoded as text."""
        start, pattern = len(turn.before), turn.before + PLACEHOLDER + turn.after
        spans = [
            (place, *span)
            for place, (one, span) in enumerate(zip(expected.ids, expected.offsets, strict=True))
            if one in self.control_ids
        ]
        left, begin = max(((place + 1, end) for place, _, end in spans if end <= start), default=(0, 0))
        right, end = min(
            ((place, first) for place, first, _ in spans if first >= start + len(PLACEHOLDER)),
            default=(len(expected.ids), len(pattern)),
        )
        section = pattern[begin:start] + turn.words + pattern[start + len(PLACEHOLDER) : end]
        tokenizer = self._inside if left and self._first_only else self._tokenizer
        return (
            *self._cut(expected, pattern[:begin])[:left],
            *self._cut(tokenizer.encode(section, add_special_tokens=False), section),
            *self._cut(expected, pattern, right, end),
        )

    def _commands(self, encoding: Any) -> list[int]:
        return [one for one in encoding.ids if one in self.control_ids]

    def _cut(
        self, encoding: Any, text: str, skip: int = 0, shown: int = 0, *, spaced: bool = False
    ) -> tuple[Token, ...]:
        """The tokens of an encoding from number `skip` on, which share out text[shown:].

        Each shows the text from the one before it to its own end. So the first token of a multi-byte character shows
        it whole, and what a tokenizer's offsets leave out (spaces, combined accents) is not lost. A space that the
        tokenizer itself put in shows nothing. (spaced: one stands before the text, whatever the text begins with.)
        """
        ids = encoding.ids[skip:]
        ends = [end for _, end in encoding.offsets[skip:]]
        ends[-1:] = [len(text)] * bool(ends)
        tokens = []
        for number, (token_id, end) in enumerate(zip(ids, ends, strict=True), 1):
            space = self._bytes.of(token_id) == b" " and number < len(ids)
            own = space and (text[shown:end].strip(" ▁") or (spaced and number == 1))
            tokens.append(Token("" if own else text[shown:end], token_id))
            shown = shown if own else max(shown, end)
        return tuple(tokens)

    # ── from tokens to text ──────────────────────────────────────────────────────────────────────────────────

    def texts(self, ids: Iterable[int], after: Sequence[int] | None = None) -> tuple[str, ...]:
        """The text of each token of a sequence; `after`: what stood before it, for a text's own beginning."""
        texts = list(characters_on_first_token([self._bytes.of(token_id) for token_id in ids]))
        if texts and texts[0].startswith(" ") and after is not None and self.puts_space_after(after):
            texts[0] = texts[0][1:]
        return tuple(texts)

    def text(self, token_id: int, after: Sequence[int] | None = None) -> str:
        """One token by itself; a lone piece of a multi-byte character is named by its byte, as in `<0xF0>`."""
        text = self._bytes.label(token_id)
        own = text.startswith(" ") and len(text) > 1 and after is not None and self.puts_space_after(after)
        return text[1:] if own and token_id not in self.control_ids else text

    def puts_space_after(self, ids: Sequence[int]) -> bool:
        """Whether the first word after `ids` is written with a space that belongs to no text."""
        if not self._puts_space:
            return False
        begins = tuple(ids) == tuple(token.id for token in self.begin)
        return begins or (not self._first_only and bool(ids) and ids[-1] in self.control_ids)

    # ── tokenizers that put a space first ────────────────────────────────────────────────────────────────────

    @cached_property
    def _puts_space(self) -> bool:
        return _without_space_first(self._state) != self._state

    @cached_property
    def _inside(self) -> Tokenizer:
        """The tokenizer as it cuts what stands inside a text: it puts no space first."""
        if not self._puts_space:
            return self._tokenizer
        whole = json.loads(self._tokenizer.to_str()) | _without_space_first(self._state)
        inside = Tokenizer.from_str(json.dumps(whole))
        inside.encode_special_tokens = True
        return inside

    @cached_property
    def _commanded(self) -> Tokenizer:
        """The tokenizer for templates: the name of a command is the command."""
        commanded = deepcopy(self._tokenizer)
        commanded.encode_special_tokens = False
        return commanded


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


def _as_command(token: AddedToken) -> AddedToken:
    return AddedToken(
        token.content,
        single_word=token.single_word,
        lstrip=token.lstrip,
        rstrip=token.rstrip,
        normalized=token.normalized,
        special=True,
    )


def begin_ids(tokenizer: PreTrainedTokenizerFast, turn_marks: Iterable[str] = ()) -> tuple[int, ...]:
    """What stands before every text: what the tokenizer puts there, or else its beginning-of-sequence token.

    A model that has no such token was trained without one: its texts begin with nothing.
    """
    encoding = tokenizer.backend_tokenizer.encode("a", add_special_tokens=True)
    put = []
    for token_id, special in zip(encoding.ids, encoding.special_tokens_mask, strict=True):
        if not special:
            break
        put.append(int(token_id))
    bos = tokenizer.bos_token_id
    if put or bos is None or str(tokenizer.bos_token) in turn_marks:
        return tuple(put)
    return (int(bos),)


def _state_of(tokenizer: Tokenizer) -> dict[str, Any]:
    """How a tokenizer prepares texts: its normalizer and pre-tokenizer, as tokenizer.json writes them."""
    parts = {"normalizer": tokenizer.normalizer, "pre_tokenizer": tokenizer.pre_tokenizer}
    return {name: None if part is None else json.loads(part.__getstate__()) for name, part in parts.items()}


def _steps(part: dict[str, Any] | None) -> list[dict[str, Any]]:
    if part is None:
        return []
    inner = part.get("normalizers") or part.get("pretokenizers") or []
    return [step for one in inner for step in _steps(one)] if part["type"] == "Sequence" else [part]


def _is_first_only(state: dict[str, Any]) -> bool:
    """Whether a space is put at the very beginning only, and not after each command."""
    schemes = [step.get("prepend_scheme") for step in _steps(state["pre_tokenizer"]) if step["type"] == "Metaspace"]
    return schemes == ["first"]


def _without_space_first(state: dict[str, Any]) -> dict[str, Any]:
    """The same preparation without the space. Where words are split at spaces, the mark is the word's own: it stays."""
    splits = {"WhitespaceSplit", "Whitespace", "BertPreTokenizer"} & {
        step["type"] for step in _steps(state["pre_tokenizer"])
    }
    if splits:
        return state
    changed: dict[str, Any] = deepcopy(state)
    for step in _steps(changed["pre_tokenizer"]):
        if step["type"] == "Metaspace":
            step["prepend_scheme"] = "never"
        elif step["type"] == "ByteLevel":
            step["add_prefix_space"] = False
    if any(step["type"] == "Prepend" for step in _steps(changed["normalizer"])):
        kept = [step for step in _steps(changed["normalizer"]) if step["type"] != "Prepend"]
        changed["normalizer"] = {"type": "Sequence", "normalizers": kept}
    return changed
