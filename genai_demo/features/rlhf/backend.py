"""The computation behind the Base-vs-RLHF tab: two stages of one model write, and score each other's words.

What is compared is always the models and never their contexts: an answer is scored, by both stages, in the one context
of the conversation it belongs to, whatever its writer was given to read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from ...checks import MAX_SEED, require_whole
from ...errors import TextTooLong
from ...models.errors import DifferentTokens
from ...models.language import LanguageModel, Origin, Token
from ...models.sampling import SamplingSettings, draw, rank_of, ranked, uniform_number
from ...models.stages import BASE, PromptTokens, StagedModel, StagedText

MAX_NEW_TOKENS = 200
CANDIDATES = 10  # of each model, kept of every token that is scored

EVERYDAY = SamplingSettings(temperature=0.7, top_p=0.95)

StopReason = Literal["end_of_sequence", "length", "context", "stopped"]


@dataclass(frozen=True)
class Reply:
    """What a stage has written so far after what it was given to read. `stop_reason` is None until it ends.

    tokens: the reply alone, without any control token. end_id: the control token that ended it, if one did.
    """

    stage: str
    read: PromptTokens
    tokens: tuple[Token, ...]
    stop_reason: StopReason | None
    end_id: int | None = None

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(token.text for token in self.tokens)

    @property
    def ids(self) -> tuple[int, ...]:
        """The token ids."""
        return tuple(token.id for token in self.tokens)


@dataclass(frozen=True)
class Likely:
    """A token that a model could have written at some place, and its probability (T = 1, nothing cut)."""

    text: str
    id: int
    probability: float


@dataclass(frozen=True)
class ScoredToken:
    """A token of an answer as two models see it in the same place of the same conversation.

    probability, rank: by the answer's own model; other_probability, other_rank: by the other. Raw: T = 1, nothing cut.
    kl_nats: KL(own ‖ other) of the two distributions over the whole vocabulary at this place, in nats.
    candidates, other_candidates: the most probable tokens of each.
    """

    text: str
    id: int
    probability: float
    rank: int
    other_probability: float
    other_rank: int
    kl_nats: float
    candidates: tuple[Likely, ...]
    other_candidates: tuple[Likely, ...]


@dataclass(frozen=True)
class Scored:
    """An answer by `stage`, scored by it and by `other`, both reading the prompt as a turn and the answer so far."""

    origin: Origin
    prompt: str
    stage: str
    other: str
    tokens: tuple[ScoredToken, ...]

    @property
    def kl_nats_total(self) -> float:
        """Their sum, in nats."""
        return math.fsum(token.kl_nats for token in self.tokens)

    @property
    def kl_nats(self) -> float | None:
        """The mean a token; None of an empty answer."""
        return self.kl_nats_total / len(self.tokens) if self.tokens else None

    @property
    def shifted_share(self) -> float | None:
        """The share of tokens that are not the other model's first choice; None of an empty answer."""
        return sum(token.other_rank > 1 for token in self.tokens) / len(self.tokens) if self.tokens else None


@dataclass(frozen=True)
class Comparison:
    """Two stages' replies to one prompt. Scores, rewards and KL(right ‖ left) come when both have ended.

    ended: this is the last part. Without scores then: the stages have different tokens.

    left_scored: the left reply, scored by right; right_scored: the other way round.
    rewards: (left, right), in standard deviations of the reward model's calibration; None without a reward model.
    chance: that the rater prefers the right one, σ of the difference of their scores (Bradley & Terry 1952).
    """

    origin: Origin
    prompt: str
    left: Reply
    right: Reply
    left_scored: Scored | None = None
    right_scored: Scored | None = None
    ended: bool = False
    rewards: tuple[float, float] | None = None
    chance: float | None = None


@dataclass(frozen=True)
class ChangedWords:
    """An answer while `reply.stage` writes it; `scored` when it has ended."""

    origin: Origin
    prompt: str
    other: str
    reply: Reply
    scored: Scored | None = None


def compare(
    model: StagedModel,
    prompt: str,
    left: str = "base",
    right: str = "rlhf",
    settings: SamplingSettings = EVERYDAY,
    seed: int = 0,
    max_new_tokens: int = 120,
    same_prompt: bool = False,
) -> Iterator[Comparison]:
    """Both stages reply to `prompt` at once, one token each a step, from one batch; the last value has the scores.

    Both draw their i-th token with `uniform_number(seed, i)`. The base reads the bare text, as raw models are used, and
    a tuned stage reads it as a turn; with `same_prompt` the base reads the turn as well.

    Raises:
        InvalidParameter: an unknown stage, or a value out of range. TextTooLong, UnreadableText: the prompt.
    """
    stages = [model.require_stage(name, stage) for name, stage in (("left", left), ("right", right))]
    reads = [model.prompt(prompt, stage, as_turn=same_prompt or stage != BASE) for stage in stages]
    first, second = stages
    alike = model.speak_alike(first, second)
    rooms = scorable_rooms(model, prompt, stages, reads) if alike else None
    for left_reply, right_reply in write(model, stages, reads, settings, [seed, seed], max_new_tokens, rooms):
        result = Comparison(model.origin, prompt, left_reply, right_reply)
        yield result
    result = replace(result, ended=True)
    if alike:
        result = replace(
            result,
            left_scored=score(model, prompt, result.left.ids, first, second),
            right_scored=score(model, prompt, result.right.ids, second, first),
        )
    yield _rewarded(model, result) if model.has_reward else result


def write(
    model: StagedModel,
    stages: Sequence[str],
    reads: Sequence[PromptTokens],
    settings: SamplingSettings,
    seeds: Sequence[int],
    max_new_tokens: int,
    rooms: Sequence[int] | None = None,
) -> Iterator[tuple[Reply, ...]]:
    """Replies to several prompts at once, one batch for all; all of them so far, after each token.

    rooms: how many tokens each may have before its context ends; by default, as many as its model can read.

    Raises:
        InvalidParameter: a seed or a length out of range.
    """
    for seed in seeds:
        require_whole("seed", seed, 0, MAX_SEED)
    require_whole("max_new_tokens", max_new_tokens, 1, MAX_NEW_TOKENS)
    replies = [Reply(stage, read, (), None) for stage, read in zip(stages, reads, strict=True)]
    writing = model.writing([StagedText(stage, read.ids) for stage, read in zip(stages, reads, strict=True)])
    growing = list(range(len(replies)))
    rooms = rooms or [model.language(one.stage).context_limit - len(one.read.tokens) for one in replies]
    for step in range(int(max_new_tokens)):
        chosen = [
            draw(logits, settings, uniform_number(int(seeds[number]), step))
            for number, logits in zip(growing, writing.logits, strict=True)
        ]
        for number, token_id in zip(growing, chosen, strict=True):
            cut: StopReason | None = "context" if step + 1 >= rooms[number] else None
            cut = "length" if step + 1 == int(max_new_tokens) else cut
            replies[number] = _continued(model, replies[number], token_id, cut)
        yield tuple(replies)
        ended = [replies[number].stop_reason is not None for number in growing]
        if all(ended):
            return
        writing.append([None if over else token_id for over, token_id in zip(ended, chosen, strict=True)])
        growing = [number for number in growing if replies[number].stop_reason is None]


def scorable_rooms(model: StagedModel, prompt: str, stages: Sequence[str], reads: Sequence[PromptTokens]) -> list[int]:
    """How many tokens a reply to each of `reads` may have so that all `stages` can read it, also after the turn.

    Raises:
        TextTooLong: none. UnreadableText: see `StagedModel.prompt`.
    """
    turns = [model.prompt(prompt, stage, as_turn=True) for stage in stages]
    longest = max(len(one.tokens) for one in (*reads, *turns))
    limit = min(model.language(stage).context_limit for stage in stages)
    if longest >= limit:
        raise TextTooLong(length=longest, limit=limit - 1, unit="tokens")
    return [limit - longest] * len(reads)


def changed_words(
    model: StagedModel,
    prompt: str,
    stage: str = "rlhf",
    other: str = "base",
    settings: SamplingSettings = EVERYDAY,
    seed: int = 0,
    max_new_tokens: int = 80,
) -> Iterator[ChangedWords]:
    """`stage` answers `prompt`, read as a turn; the last value says of each token what `other` thinks of it.

    The control token by which the answer ended is one of them: when to stop is learned, too.

    Raises:
        As `compare`. DifferentTokens: `other` cannot score the words of `stage`.
    """
    model.require_stage("stage", stage)
    model.require_stage("other", other)
    if not model.speak_alike(stage, other):
        raise DifferentTokens(one=model.titles[stage], other=model.titles[other])
    read = model.prompt(prompt, stage, as_turn=True)
    rooms = scorable_rooms(model, prompt, [stage, other], [read])
    for (reply,) in write(model, [stage], [read], settings, [seed], max_new_tokens, rooms):
        yield ChangedWords(model.origin, prompt, other, reply)
    written = reply.ids if reply.end_id is None else (*reply.ids, reply.end_id)
    yield ChangedWords(model.origin, prompt, other, reply, score(model, prompt, written, stage, other))


def score(model: StagedModel, prompt: str, answer: Sequence[int], stage: str, other: str) -> Scored:
    """The tokens of an `answer` by `stage`, each as `stage` and `other` see it after the same words.

    Raises:
        InvalidParameter: an unknown stage. TextTooLong, UnreadableText: see `StagedModel.prompt`. DifferentTokens: one
            cannot score the other's words.
    """
    stages = (model.require_stage("stage", stage), model.require_stage("other", other))
    before = model.prompt(prompt, stage, as_turn=True).ids
    each = model.each_logits([*before, *answer], len(before), stages)
    language = model.language(stage)
    texts = language.texts(answer, after=before)
    tokens = tuple(
        _scored(language, logits, token_id, language.text(token_id) if token_id in language.control_ids else text)
        for logits, token_id, text in zip(each, answer, texts, strict=True)
    )
    return Scored(model.origin, prompt, stage, other, tokens)


def kl_divergence(log_p: Tensor, log_q: Tensor) -> float:
    """KL(p ‖ q) = Σ p (log p − log q), in nats (Kullback & Leibler 1951); log-probabilities (vocabulary,), float64."""
    return max(0.0, float(torch.dot(log_p.exp(), log_p - log_q)))


def reward(model: StagedModel, prompt: str, answer: str) -> float | None:
    """What the reward model thinks of a finished answer, in standard deviations; None without a reward model.

    Raises:
        TextTooLong, UnreadableText: see `StagedModel.conversation`.
    """
    if not model.has_reward:
        return None
    return model.rewards([model.conversation(prompt, answer, ended=True)])[0]


def _scored(language: LanguageModel, logits: Tensor, token_id: int, text: str) -> ScoredToken:
    own, other = logits.double().log_softmax(-1)
    return ScoredToken(
        text=text,
        id=token_id,
        probability=math.exp(float(own[token_id])),
        rank=rank_of(logits[0], token_id),
        other_probability=math.exp(float(other[token_id])),
        other_rank=rank_of(logits[1], token_id),
        kl_nats=kl_divergence(own, other),
        candidates=_likely(language, own),
        other_candidates=_likely(language, other),
    )


def _likely(language: LanguageModel, log_probabilities: Tensor) -> tuple[Likely, ...]:
    return tuple(
        Likely(language.text(token_id), token_id, math.exp(float(log_probabilities[token_id])))
        for token_id in ranked(log_probabilities, CANDIDATES).tolist()
    )


def _continued(model: StagedModel, reply: Reply, token_id: int, cut: StopReason | None) -> Reply:
    if token_id in model.end_ids(reply.stage):
        return replace(reply, stop_reason="end_of_sequence", end_id=token_id)
    ids = (*reply.ids, token_id)
    texts = model.language(reply.stage).texts(ids, after=reply.read.ids)
    tokens = tuple(Token(text, one) for text, one in zip(texts, ids, strict=True))
    return replace(reply, tokens=tokens, stop_reason=cut)


def _rewarded(model: StagedModel, result: Comparison) -> Comparison:
    """With what the reward model thinks of both replies."""
    left, right = model.rewards(
        [
            model.conversation(result.prompt, reply.text, ended=reply.stop_reason == "end_of_sequence")
            for reply in (result.left, result.right)
        ]
    )
    return replace(result, rewards=(left, right), chance=model.preference(right, left))
