"""Prompts and answers in token ids, as the models of this wing read them."""

from __future__ import annotations

from ...datasets.conversations.rankings import Rating
from ...models.chat import ChatTemplate, LabelledIds, Message


def conversation(template: ChatTemplate, prompt: str, answer: str, ended: bool = True) -> LabelledIds:
    """A prompt and an answer, which has an end of turn only if it `ended`."""
    asked = template.prompt_ids([Message("user", prompt)])
    said = template.answer_ids(answer)
    said = said if ended else said[:-1]
    return LabelledIds((*asked, *said), (False,) * len(asked) + (True,) * len(said))


def rated_sequence(template: ChatTemplate, rating: Rating, number: int) -> LabelledIds:
    """The prompt and one of its answers, as the reward model reads them."""
    answer = rating.answers[number]
    return conversation(template, rating.prompt, answer.text, answer.ended)


def prompt_ids(template: ChatTemplate, prompt: str, form: str) -> tuple[int, ...]:
    """The prompt in token ids, as a turn of a conversation or as the bare beginning of a text."""
    if form == "text":
        return (template.bos_id, *template.text_ids(prompt))
    return template.prompt_ids([Message("user", prompt)])
