"""A base model and tuned stages of it that were published as whole models: each is a network of its own.

They cannot share a batch, so their texts are written one after the other, a token each. What they can share is the
vocabulary: where the same ids mean the same text, one model scores the other's words as if they were stages here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from .errors import DifferentTokens, NoRowForTurns, NothingToRead
from .language import Continuation, LanguageModel, Origin
from .stages import BASE, Ids, PromptTokens, StagedModel, StagedText, prompt_tokens


class SiblingModels(StagedModel):
    """Models of one family.

    Args:
        models: stage → model, "base" first; the last one's chat template is that of all.

    Raises:
        NoChatTemplate: it has none.
    """

    def __init__(self, models: Mapping[str, LanguageModel]) -> None:
        self._models = dict(models)
        self.stages = tuple(models)
        self._template = self._models[self.stages[-1]].makers_template()

    @property
    def origin(self) -> Origin:
        """The base's, with all names."""
        return replace(self._models[BASE].origin, title=", ".join(self.titles.values()))

    @property
    def titles(self) -> dict[str, str]:
        """The models' names."""
        return {stage: model.origin.title for stage, model in self._models.items()}

    def language(self, stage: str) -> LanguageModel:
        """The stage is a model of its own."""
        return self._models[stage]

    def prompt(self, text: str, stage: str = BASE, *, as_turn: bool) -> PromptTokens:
        """In the tokens of `stage`. What a visitor types is text, whatever it looks like.

        Raises:
            NoRowForTurns: its network has not been given rows for the template's commands.
        """
        language = self._models[stage]
        tokens = language.encode_turn(text, self._template) if as_turn else (*language.begin, *language.encode(text))
        if not tokens:
            raise NothingToRead(title=language.origin.title)
        for token in tokens:
            if token.id >= language.vocabulary_size:
                raise NoRowForTurns(title=language.origin.title, token=token.text.strip())
        return prompt_tokens(language, tokens)

    def writing(self, texts: Sequence[StagedText]) -> SeparateWriting:
        """Each text by its own model."""
        models = [self._models[text.stage] for text in texts]
        growing = [model.continuation(text.ids) for model, text in zip(models, texts, strict=True)]
        return SeparateWriting(growing, [model.tokens_known for model in models])

    def each_logits(self, ids: Ids, first: int, stages: Sequence[str]) -> Iterable[Tensor]:
        """All read the very same tokens. Rows that only one model has, to fill up its table, are left out."""
        for stage in stages[1:]:
            if not self.speak_alike(stages[0], stage):
                raise DifferentTokens(one=self.titles[stages[0]], other=self.titles[stage])
        models = [self._models[stage] for stage in stages]
        size = min(model.vocabulary_size for model in models)
        for each in zip(*(model.each_logits(ids, first) for model in models), strict=True):
            yield torch.stack([logits[:size] for logits in each])

    def last_states(self, texts: Sequence[StagedText]) -> Tensor:
        """All texts must be of models of one width."""
        return torch.stack([self._models[text.stage].last_state(text.ids) for text in texts])


class SeparateWriting:
    """Texts that grow side by side, each by its own model.

    Args:
        growing: the texts.
        known: how many rows of each one's table are tokens: those that only fill it up are never written.
    """

    def __init__(self, growing: Sequence[Continuation], known: Sequence[int]) -> None:
        self._growing = list(zip(growing, known, strict=True))

    @property
    def logits(self) -> list[Tensor]:
        """Of those that still grow: (vocabulary,) each."""
        return [one.logits[:known] for one, known in self._growing]

    def append(self, token_ids: Sequence[int | None]) -> None:
        """Add one token to each text that is still growing; one that gets None has ended."""
        staying = []
        for (one, known), token_id in zip(self._growing, token_ids, strict=True):
            if token_id is not None:
                one.append(token_id)
                staying.append((one, known))
        self._growing = staying
