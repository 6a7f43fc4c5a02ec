"""The figures of tokens that were written or chosen before: a link holds only their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from ...models.language import LanguageModel
from ...models.sampling import SamplingSettings, sampling_distribution
from .backend import PLAIN, PROMPT_LIMIT, STEP_CANDIDATES, WrittenToken, candidates_of, written_token


def retold(
    model: LanguageModel, prompt: str, chosen: Sequence[int], settings: SamplingSettings = PLAIN
) -> tuple[WrittenToken, ...]:
    """What `generate` would have told of the tokens `chosen` after `prompt`, had it drawn them with `settings`.

    They are read once, in chunks, and not one by one. `chosen` are ids of this model's vocabulary.

    Raises:
        TextTooLong, UnreadableText, NothingToRead: see `LanguageModel.encode_prompt`.
    """
    begin = [token.id for token in model.encode_prompt(prompt, PROMPT_LIMIT)]
    ids = [*begin, *chosen]
    if not chosen:
        return ()
    told = []
    for place, logits in enumerate(model.each_logits(ids, first=len(begin)), len(begin)):
        log_probabilities = torch.log_softmax(logits.double(), dim=0)
        distribution = sampling_distribution(logits, settings)
        read = ids[:place]
        bars = candidates_of(model, logits, log_probabilities, distribution, STEP_CANDIDATES, read)
        told.append(written_token(model, logits, log_probabilities, ids[place], bars, read))
    texts = model.texts(chosen, after=begin)  # a character's bytes may come as several tokens
    return tuple(replace(token, text=text) for text, token in zip(texts, told, strict=True))
