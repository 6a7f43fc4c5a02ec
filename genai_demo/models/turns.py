"""A user's turn as the makers of a model write it: their chat template, asked once where the user's words stand."""

from __future__ import annotations

import logging
from typing import Any

from transformers import PreTrainedTokenizerFast

from .encoding import PLACEHOLDER, WrittenTurn
from .errors import NoChatTemplate, UnusableChatTemplate

logger = logging.getLogger(__name__)


class MakersTemplate:
    """What a model's own chat template writes around a user's words, up to the model's answer.

    Args:
        tokenizer: it has the template.
        title: what people call the model.

    Raises:
        NoChatTemplate: there is none: it is no tuned model.
        UnusableChatTemplate: it refuses a single question, or does not write the question down exactly once.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, title: str) -> None:
        if not tokenizer.chat_template:
            raise NoChatTemplate(title=title)
        self._tokenizer = tokenizer
        for self._in_parts in (False, True):  # templates of models that also see want a list of parts
            pattern = self._try(PLACEHOLDER)
            if pattern.count(PLACEHOLDER) == 1:
                break
        else:
            raise UnusableChatTemplate(title=title)
        self._before, _, self._after = pattern.partition(PLACEHOLDER)

    @property
    def around(self) -> str:
        """All that is written beside the words."""
        return self._before + self._after

    def write(self, words: str) -> WrittenTurn:
        """The turn in which a user says `words`, trimmed as the template trims them."""
        written, around = self._try(words), len(self._before) + len(self._after)
        if written.startswith(self._before) and written.endswith(self._after) and len(written) >= around:
            words = written[len(self._before) : len(written) - len(self._after)]
        return WrittenTurn(self._before, words, self._after)

    def _try(self, words: str) -> str:
        """What the template writes; nothing where it refuses."""
        content = [{"type": "text", "text": words}] if self._in_parts else words
        message: dict[str, Any] = {"role": "user", "content": content}
        try:
            written = self._tokenizer.apply_chat_template(
                [message], tokenize=False, add_generation_prompt=True, enable_thinking=False
            )
        except Exception:  # a template is a program of its makers', and may raise whatever it likes
            logger.debug("A chat template refused a question.", exc_info=True)
            return ""
        return str(written)


def turn_marks(tokenizer: PreTrainedTokenizerFast) -> frozenset[str]:
    """The names of added tokens by which the chat template tells turns apart, whether or not they count as commands.

    A beginning-of-sequence token is one only if it stands before every turn.
    """
    try:
        around = MakersTemplate(tokenizer, "").around
    except NoChatTemplate:
        return frozenset()
    added = {str(token) for token in tokenizer.added_tokens_decoder.values()}
    named = {name for name in added if name in around and any(character.isalnum() for character in name)}
    return frozenset(name for name in named if name != tokenizer.bos_token or around.count(name) > 1)
