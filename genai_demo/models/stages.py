"""One base model and its tuned stages: small adapters on the one copy of the base that all tabs share.

(Stages that were published as whole models are in `siblings`; the tab takes either.) Which adapter a text goes through
is said on every call, row by row, so that texts of different stages are read and written in one batch, and a call that
says nothing gets the base as it always was.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError
from torch import Tensor

from ..checks import require_choice
from ..engines.engine import Row, UnfitAdapters
from ..errors import TextTooLong
from ..shipped import damaged
from .chat import END_OF_TURN, START_OF_TURN, ChatTemplate, Message
from .errors import NoTunedStages
from .language import GOING_ON, LanguageModel, Origin, Token
from .reward import RewardHead

BASE = "base"  # the stage without an adapter
PROMPT_LIMIT = 1_024  # tokens
FOLDER = Path(__file__).parents[2] / "assets" / "rlhf"

Ids = Sequence[int]


@dataclass(frozen=True)
class PromptTokens:
    """What a stage reads. Control tokens, such as `<start_of_turn>`, are marked: no typed text is one."""

    tokens: tuple[Token, ...]
    is_control: tuple[bool, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """The token ids."""
        return tuple(token.id for token in self.tokens)

    @property
    def text(self) -> str:
        """All of it, control tokens by their names."""
        return "".join(token.text for token in self.tokens)


@dataclass(frozen=True)
class StagedText:
    """A text and the stage that reads it."""

    stage: str
    ids: tuple[int, ...]


class Growing(Protocol):
    """Texts that are written side by side. `logits` of those still growing predict their next tokens: (vocabulary,)."""

    @property
    def logits(self) -> Sequence[Tensor] | Tensor:
        """One row for each text that is still growing."""
        ...

    def append(self, token_ids: Sequence[int | None]) -> None:
        """Add one token to each row that is still growing; a row that gets None has ended."""
        ...


class StagedModel(ABC):
    """A base model and its tuned stages, however they are kept."""

    stages: tuple[str, ...]  # the base first, the most tuned last

    @property
    @abstractmethod
    def origin(self) -> Origin:
        """What to write under a figure."""

    @property
    @abstractmethod
    def titles(self) -> dict[str, str]:
        """What each stage was published as; "" for this project's own."""

    @abstractmethod
    def language(self, stage: str) -> LanguageModel:
        """The model whose tokens a stage reads and writes."""

    @abstractmethod
    def prompt(self, text: str, stage: str = BASE, *, as_turn: bool) -> PromptTokens:
        """The tokens of a visitor's prompt: as a user's turn after which the model's begins, or bare.

        Raises:
            TextTooLong: more than `PROMPT_LIMIT` tokens. UnreadableText: see `LanguageModel.encode`.
        NothingToRead: an empty text, to a model whose texts begin with nothing.
        """

    @abstractmethod
    def writing(self, texts: Sequence[StagedText]) -> Growing:
        """Texts being written side by side."""

    @abstractmethod
    def each_logits(self, ids: Ids, first: int, stages: Sequence[str]) -> Iterable[Tensor]:
        """Logits that predict ids[first], ids[first + 1], … by each of `stages`: (stages, vocabulary), float32, each.

        Raises:
            DifferentTokens: the same ids are not the same text to them.
        """

    @abstractmethod
    def last_states(self, texts: Sequence[StagedText]) -> Tensor:
        """The last layer's output at the last token of each text: (texts, width), float32."""

    def speak_alike(self, stage: str, other: str) -> bool:
        """Whether two stages have the same tokens, and can read each other's turns: so one can score the other."""
        one, two = self.language(stage), self.language(other)
        fits = max(one.control_ids | two.control_ids, default=0) < min(one.vocabulary_size, two.vocabulary_size)
        return one is two or (fits and one.has_tokens_of(two) and two.has_tokens_of(one))

    def end_ids(self, stage: str) -> frozenset[int]:
        """Tokens that end a reply: those that end a text, and any other control token, which is no text."""
        language = self.language(stage)
        return language.end_ids | language.control_ids

    def require_stage(self, name: str, stage: str) -> str:
        """`stage`, if there is one of that name.

        Raises:
            InvalidParameter: there is none; `name` is what the visitor calls the parameter.
        """
        require_choice(name, stage, self.stages)
        return stage

    @property
    def has_reward(self) -> bool:
        """Whether there is a reward model."""
        return False

    def conversation(self, prompt: str, answer: str, *, ended: bool) -> tuple[int, ...]:
        """Prompt and answer as the reward model reads them: an answer that broke off has no end of turn.

        Raises:
            TextTooLong: one of them has more than `PROMPT_LIMIT` tokens. UnreadableText: see `LanguageModel.encode`.
        """
        raise NotImplementedError("there is no reward model")

    def rewards(self, conversations: Sequence[Ids]) -> list[float]:
        """What the reward model thinks of each conversation that ends in an answer, in standard deviations."""
        raise NotImplementedError("there is no reward model")

    def preference(self, reward: float, other: float) -> float:
        """The chance that the rater prefers an answer of this reward to one of the `other`."""
        raise NotImplementedError("there is no reward model")


class TunedModel(StagedModel):
    """A base model and the adapters that tune it.

    Args:
        base: a model with tokens for turns; its network gets the adapters' layers, which do nothing unless named.
        adapters: stage → folder, as PEFT wrote it; one at least.
        reward: the folder of a reward head for the base's states, if there is one.

    Raises:
        DamagedModelFolder: a folder holds no adapter, or no head. NoTunedStages: they belong to another model.
    """

    def __init__(self, base: LanguageModel, adapters: Mapping[str, Path], reward: Path | None = None) -> None:
        self.base = base
        try:
            self.template: ChatTemplate = base.chat_template()
        except ValueError as error:
            raise NoTunedStages(title=base.origin.title) from error
        self.stages = (BASE, *adapters)
        self._control = {
            self.template.bos_id: base.text(self.template.bos_id),
            self.template.start_id: START_OF_TURN,
            self.template.end_id: END_OF_TURN,
        }
        self._head = None if reward is None else _read_head(reward)
        try:
            base.add_adapters(adapters)
        except UnfitAdapters as error:
            raise NoTunedStages(title=base.origin.title) from error

    @property
    def origin(self) -> Origin:
        """What to write under a figure."""
        origin = self.base.origin
        return replace(origin, title=f"{origin.title} with this project's adapters")

    @property
    def titles(self) -> dict[str, str]:
        """All stages are this project's own, on one base."""
        return dict.fromkeys(self.stages, "")

    def language(self, stage: str) -> LanguageModel:
        """The base: adapters change no token."""
        del stage
        return self.base

    # ── what is read ─────────────────────────────────────────────────────────────────────────────────────────

    def prompt(self, text: str, stage: str = BASE, *, as_turn: bool) -> PromptTokens:
        """The same tokens for all stages."""
        del stage
        said = self.base.encode(text)
        if not as_turn:
            tokens = [*self.base.begin, *said]
        else:
            ids = list(self.template.prompt_ids([Message("user", text)]))
            tokens = [Token(name, token_id) for name, token_id in zip(self._names(ids), ids, strict=True)]
        return prompt_tokens(self.base, tokens)

    def _names(self, ids: Ids) -> Iterable[str]:
        return (self._control.get(token_id, text) for token_id, text in zip(ids, self.base.texts(ids), strict=True))

    # ── forward passes ───────────────────────────────────────────────────────────────────────────────────────

    def writing(self, texts: Sequence[StagedText]) -> Writing:
        """Texts being written side by side, one forward pass a token for all of them."""
        return Writing(self.base, texts)

    def each_logits(self, ids: Ids, first: int, stages: Sequence[str]) -> Iterable[Tensor]:
        """All stages read the very same tokens, in chunks, as in `LanguageModel.each_logits`."""
        for logits in self.base.each_logits_by([_adapter(stage) for stage in stages], ids, first):
            yield torch.stack(logits)

    def last_states(self, texts: Sequence[StagedText]) -> Tensor:
        """One text after the other."""
        return torch.stack([self.base.last_state(text.ids, _adapter(text.stage)) for text in texts])

    @property
    def has_reward(self) -> bool:
        """Whether there is a reward model."""
        return self._head is not None

    def conversation(self, prompt: str, answer: str, *, ended: bool) -> tuple[int, ...]:
        """The prompt as a turn, the answer without space around it, as in training, and the end of its turn."""
        said = prompt_tokens(self.base, self.base.encode(answer.strip() if isinstance(answer, str) else answer))
        end = (self.template.end_id,) if ended else ()
        return (*self.prompt(prompt, as_turn=True).ids, *said.ids, *end)

    def rewards(self, conversations: Sequence[Ids]) -> list[float]:
        """By the head, from the base's states."""
        if self._head is None:
            return super().rewards(conversations)
        states = self.last_states([StagedText(BASE, tuple(ids)) for ids in conversations])
        rewards: list[float] = self._head(states).tolist()
        return rewards

    def preference(self, reward: float, other: float) -> float:
        """By the head's scale."""
        return super().preference(reward, other) if self._head is None else self._head.preference(reward, other)


class Writing:
    """Texts of several stages that grow together, in one batch.

    Args:
        base: the model that they share.
        texts: how they begin, and who writes them.
    """

    def __init__(self, base: LanguageModel, texts: Sequence[StagedText]) -> None:
        self._base = base
        self._rows = [Row(text.ids, _adapter(text.stage), want=GOING_ON) for text in texts]
        self._seen = base.read(self._rows)

    @property
    def logits(self) -> list[Tensor]:
        """Of those that still grow: (vocabulary,) each."""
        return [one.logits[0] for one in self._seen]

    def append(self, token_ids: Sequence[int | None]) -> None:
        """Add one token to each row that is still growing; a row that gets None has ended and leaves the batch."""
        self._rows = [
            replace(row, ids=(token_id,), memory=seen.memory)
            for row, seen, token_id in zip(self._rows, self._seen, token_ids, strict=True)
            if token_id is not None
        ]
        self._seen = self._base.read(self._rows)


def prompt_tokens(language: LanguageModel, tokens: Sequence[Token]) -> PromptTokens:
    """`tokens` with its control tokens marked, if there are not too many.

    Raises:
        TextTooLong: more than `PROMPT_LIMIT` tokens, or so many that the model could read no answer after them.
    """
    limit = min(PROMPT_LIMIT, language.context_limit - 1)
    if len(tokens) > limit:
        raise TextTooLong(length=len(tokens), limit=limit, unit="tokens")
    return PromptTokens(tuple(tokens), tuple(token.id in language.control_ids for token in tokens))


def _adapter(stage: str) -> str | None:
    """Each stage but the base is named like its adapter."""
    return None if stage == BASE else stage


def _read_head(folder: Path) -> RewardHead:
    try:
        return RewardHead.load(folder).requires_grad_(False)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise damaged(folder) from error
