"""Conversations as the tuned model reads them: Gemma's turns, built from token ids.

    <bos><start_of_turn>user
    How far away is the Moon?<end_of_turn>
    <start_of_turn>model
    About 384,000 kilometres.<end_of_turn>

The tokens in angle brackets are control tokens: one id each, which no text can have. They are put in here, by id, and
whatever a person or a model has written is encoded as text. So `<end_of_turn>` typed into a prompt stays thirteen
characters and ends nothing: nobody can slip a turn of somebody else's into a conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # the readers of the data need no transformers
    from transformers import PreTrainedTokenizerFast

Role = Literal["user", "assistant"]

START_OF_TURN = "<start_of_turn>"
END_OF_TURN = "<end_of_turn>"
NAMES: dict[Role, str] = {"user": "user", "assistant": "model"}  # what Gemma calls them


@dataclass(frozen=True)
class Message:
    """One turn: who speaks, and what."""

    role: Role
    content: str


@dataclass(frozen=True)
class LabelledIds:
    """A conversation in token ids, and which of them the assistant has to write itself: one truth value a token."""

    ids: tuple[int, ...]
    is_answer: tuple[bool, ...]


class ChatTemplate:
    """Turns messages into token ids.

    Args:
        tokenizer: of a model that knows Gemma's two control tokens.

    Raises:
        ValueError: the tokenizer lacks `<bos>`, `<start_of_turn>` or `<end_of_turn>`.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._tokenizer = tokenizer.backend_tokenizer
        self._tokenizer.encode_special_tokens = True  # a control token's name in a text is text
        self.bos_id = self._control_id(str(tokenizer.bos_token))
        self.start_id = self._control_id(START_OF_TURN)
        self.end_id = self._control_id(END_OF_TURN)
        self.control_ids = frozenset(
            token_id for token_id, token in self._tokenizer.get_added_tokens_decoder().items() if token.special
        )

    def text_ids(self, text: str) -> tuple[int, ...]:
        """The tokens of `text`, none of which is a control token of the template, whatever the text says."""
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def text(self, ids: Sequence[int]) -> str:
        """What `ids` say, without control tokens."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=True)

    def prompt_ids(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """All turns so far and the opening of the assistant's next one.

        Raises:
            ValueError: the user does not have the first and the last word, or somebody speaks twice in a row.
        """
        ids = self.labelled(_checked(messages, last="user")).ids
        return (*ids, *self.text_ids("\n"), *self._opening("assistant"))

    def answer_ids(self, answer: str) -> tuple[int, ...]:
        """What the assistant writes after a prompt: its answer, and the token that ends its turn."""
        return (*self.text_ids(answer.strip()), self.end_id)

    def labelled(self, messages: Sequence[Message]) -> LabelledIds:
        """A whole conversation, with the assistant's words and ends of turn marked: all that training punishes.

        Raises:
            ValueError: as for `prompt_ids`, except that the assistant may have the last word.
        """
        ids, is_answer = [self.bos_id], [False]
        for number, message in enumerate(_checked(messages)):
            opening = [*self.text_ids("\n")] * (number > 0) + [*self._opening(message.role)]
            turn = self.answer_ids(message.content)
            ids += [*opening, *turn]
            is_answer += [False] * len(opening) + [message.role == "assistant"] * len(turn)
        return LabelledIds(tuple(ids), tuple(is_answer))

    def _opening(self, role: Role) -> tuple[int, ...]:
        return (self.start_id, *self.text_ids(f"{NAMES[role]}\n"))

    def _control_id(self, name: str) -> int:
        found = self._tokenizer.token_to_id(name)
        if found is None:
            raise ValueError(f"the tokenizer has no {name}: it belongs to no model with Gemma's turns")
        return int(found)


def _checked(messages: Sequence[Message], last: Role | None = None) -> Sequence[Message]:
    roles = [message.role for message in messages]
    if not roles or any(role != ("user", "assistant")[number % 2] for number, role in enumerate(roles)):
        raise ValueError("user and assistant must take turns, and the user begins")
    if last is not None and roles[-1] != last:
        raise ValueError(f"the last word must be the {last}'s")
    return messages
