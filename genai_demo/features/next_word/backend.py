"""The computation behind the Next-word tab: tokens, next-token probabilities, generation, surprise.

Every function takes the model as an argument and returns a frozen result, which the page draws, the API returns and
the tests compare. Probabilities are computed in float64 from the model's float32 logits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from ...checks import MAX_SEED, require_whole
from ...errors import InvalidParameter, TextTooLong
from ...models.language import LanguageModel, Origin, Token, is_punctuation
from ...models.sampling import (
    HEAD,
    SamplingDistribution,
    SamplingSettings,
    SliderTable,
    draw,
    rank_of,
    ranked,
    sampling_distribution,
    slider_table,
    uniform_number,
)
from .errors import EmptyText

PROMPT_LIMIT = 1_024  # tokens; a longer text would keep other visitors waiting on two cores
MAX_CANDIDATES = 1_000
MAX_WATCHED = 20
MAX_WATCHED_TOKENS = 256
MAX_NEW_TOKENS = 400
STEP_CANDIDATES = 12  # kept of every written token, so that one can go back and see the bars as they were

PLAIN = SamplingSettings()  # the model's own distribution, nothing cut

StopReason = Literal["end_of_sequence", "length", "context", "stopped"]


@dataclass(frozen=True)
class Tokenization:
    """tokens: those of the text after `begin` others, such as `<bos>`; characters: Unicode code points in the text."""

    origin: Origin
    text: str
    tokens: tuple[Token, ...]
    characters: int
    begin: int


@dataclass(frozen=True)
class Candidate:
    """One token that could come next.

    probability: by the model itself (T = 1, nothing cut). sampling_probability: after temperature, top-k and top-p.
    """

    text: str
    id: int
    rank: int
    logit: float
    probability: float
    sampling_probability: float
    kept: bool


@dataclass(frozen=True)
class WatchedToken:
    """One piece of a watched word, and its probability after the prompt and the pieces before it."""

    text: str
    id: int
    probability: float


@dataclass(frozen=True)
class WatchedWord:
    """How likely the text continues with `word`: the product of its tokens' probabilities (the chain rule).

    rank: among all tokens; None for a word of several tokens.
    """

    word: str
    tokens: tuple[WatchedToken, ...]
    probability: float
    rank: int | None


@dataclass(frozen=True)
class NextToken:
    """What could come after a prompt.

    other_probability, other_count: the tokens not among the candidates. entropy_bits: H = −Σ p log₂ p of the whole
    raw distribution (Shannon 1948); effective_choices: 2^H. nucleus_size: tokens kept by the sampling settings.
    """

    origin: Origin
    prompt: str
    tokens: tuple[Token, ...]
    candidates: tuple[Candidate, ...]
    watched: tuple[WatchedWord, ...]
    other_probability: float
    other_count: int
    entropy_bits: float
    effective_choices: float
    nucleus_size: int


@dataclass(frozen=True)
class WrittenToken:
    """A token that was drawn; probability, rank and entropy_bits are of the raw distribution it was drawn from."""

    text: str
    id: int
    probability: float
    rank: int
    entropy_bits: float
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Generation:
    """A continuation while it is written. `stop_reason` is None until it ends.

    upcoming: what could come after the last token, or the distribution in which the end was drawn.
    """

    origin: Origin
    prompt: str
    text: str
    tokens: tuple[WrittenToken, ...]
    upcoming: tuple[Candidate, ...]
    stop_reason: StopReason | None


@dataclass(frozen=True)
class SurprisingToken:
    """bits: −log₂ p of this token, given `<bos>` and all tokens before it; None of one that nothing stands before."""

    text: str
    id: int
    bits: float | None


@dataclass(frozen=True)
class Surprise:
    """mean_bits: the cross-entropy loss per token, in bits; perplexity: 2^mean_bits, per token."""

    origin: Origin
    tokens: tuple[SurprisingToken, ...]
    mean_bits: float
    perplexity: float


def tokenize(model: LanguageModel, text: str) -> Tokenization:
    """The tokens that `model` reads for `text`.

    Raises:
        TextTooLong, UnreadableText: see `LanguageModel.encode`.
    """
    return Tokenization(model.origin, text, (*model.begin, *model.encode(text)), len(text), len(model.begin))


def next_token(
    model: LanguageModel,
    prompt: str,
    settings: SamplingSettings = PLAIN,
    count: int = 50,
    watch: Sequence[str] = (),
) -> NextToken:
    """The distribution of the token after `prompt`: its `count` most probable tokens and all `watch` words.

    Raises:
        TextTooLong: more than `PROMPT_LIMIT` tokens. UnreadableText, InvalidParameter: the request is malformed.
        NothingToRead: see `LanguageModel.encode_prompt`.
    """
    require_whole("count", count, 1, MAX_CANDIDATES)
    if not isinstance(watch, (list, tuple)) or len(watch) > MAX_WATCHED:
        raise InvalidParameter(name="watch", value=watch, allowed=f"a list of up to {MAX_WATCHED} words")
    tokens = model.encode_prompt(prompt, PROMPT_LIMIT)
    ids = [token.id for token in tokens]
    logits = model.next_logits(ids)
    distribution = sampling_distribution(logits, settings, head=max(int(count), HEAD))
    log_probabilities = torch.log_softmax(logits.double(), dim=0)
    candidates = candidates_of(model, logits, log_probabilities, distribution, int(count), ids)
    entropy = entropy_bits(log_probabilities)
    return NextToken(
        origin=model.origin,
        prompt=prompt,
        tokens=tokens,
        candidates=candidates,
        watched=tuple(_watch(model, prompt, ids, logits, word) for word in watch),
        other_probability=max(0.0, 1 - math.fsum(one.probability for one in candidates)),
        other_count=model.vocabulary_size - len(candidates),
        entropy_bits=entropy,
        effective_choices=2**entropy,
        nucleus_size=distribution.size,
    )


def next_token_sliders(model: LanguageModel, prompt: str) -> SliderTable:
    """The slider table of the token after `prompt` (its logits are remembered from `next_token`).

    Raises:
        TextTooLong, UnreadableText: as `next_token`.
    """
    ids = [token.id for token in model.encode_prompt(prompt, PROMPT_LIMIT)]
    return slider_table(model.next_logits(ids))


def name_draws(
    model: LanguageModel, prompt: str, settings: SamplingSettings, uniforms: Sequence[float]
) -> tuple[Token, ...]:
    """The token that each uniform number draws after `prompt`.

    Raises:
        TextTooLong, UnreadableText, InvalidParameter: as `next_token`.
    """
    ids = [token.id for token in model.encode_prompt(prompt, PROMPT_LIMIT)]
    logits = model.next_logits(ids)
    drawn = [draw(logits, settings, uniform) for uniform in uniforms]
    return tuple(Token(model.text(token_id, after=ids), token_id) for token_id in drawn)


def generate(
    model: LanguageModel,
    prompt: str,
    settings: SamplingSettings = PLAIN,
    seed: int = 0,
    max_new_tokens: int = 60,
    chosen: Sequence[int] = (),
) -> Iterator[Generation]:
    """Write on after `prompt` and the already `chosen` token ids, yielding the whole continuation after each token.

    The i-th token after the prompt, chosen ones included, is drawn with `uniform_number(seed, i)`: so going back and
    writing on with the same seed gives the same text again. Figures of chosen tokens are not computed anew.

    Raises:
        TextTooLong, UnreadableText, InvalidParameter: as `next_token`.
    """
    require_whole("seed", seed, 0, MAX_SEED)
    require_whole("max_new_tokens", max_new_tokens, 0, MAX_NEW_TOKENS)
    for token_id in chosen:
        require_whole("chosen", token_id, 0, model.vocabulary_size - 1)
    ids = [token.id for token in model.encode_prompt(prompt, PROMPT_LIMIT)] + [int(token_id) for token_id in chosen]
    limit = min(PROMPT_LIMIT, model.context_limit)
    if len(ids) > limit:
        raise TextTooLong(length=len(ids), limit=limit, unit="tokens")
    room = model.context_limit - len(ids)
    continuation = model.continuation(ids)
    written: list[WrittenToken] = []
    while True:
        logits = continuation.logits
        distribution = sampling_distribution(logits, settings)
        log_probabilities = torch.log_softmax(logits.double(), dim=0)
        read = [*ids, *(token.id for token in written)]
        upcoming = candidates_of(model, logits, log_probabilities, distribution, STEP_CANDIDATES, read)
        reason: StopReason | None = "length" if len(written) >= int(max_new_tokens) else None
        if reason is None and len(written) >= room:
            reason = "context"
        token_id = -1
        if reason is None:
            uniform = uniform_number(int(seed), len(chosen) + len(written))
            token_id = draw(logits, settings, uniform, distribution)
            reason = "end_of_sequence" if token_id in model.end_ids else None
        yield _generation(model, prompt, ids, written, upcoming, reason)
        if reason is not None:
            return
        written.append(written_token(model, logits, log_probabilities, token_id, upcoming, read))
        continuation.append(token_id)


def surprise(model: LanguageModel, text: str) -> Surprise:
    """How surprised the model is by each token of `text`: the loss that training pushes down.

    Loss of token t: −log₂ p(xₜ | <bos>, x₁ … xₜ₋₁) (Bengio et al. 2003, "A Neural Probabilistic Language Model").

    Raises:
        EmptyText: there is no token to predict. TextTooLong, UnreadableText: as `next_token`.
    """
    tokens = model.encode_prompt(text, PROMPT_LIMIT)
    ids = [token.id for token in tokens]
    if len(ids) < 2:
        raise EmptyText()
    first = max(1, len(model.begin))
    predicted = zip(tokens[first:], model.each_logits(ids, first), strict=True)
    bits = [-log_probability(logits, token.id) / math.log(2) for token, logits in predicted]
    unpredicted = [None] * (not model.begin)  # nothing stands before the first token
    said = zip(tokens[len(model.begin) :], [*unpredicted, *bits], strict=True)
    surprising = tuple(SurprisingToken(token.text, token.id, cost) for token, cost in said)
    mean = math.fsum(bits) / len(bits)
    return Surprise(model.origin, surprising, mean_bits=mean, perplexity=2**mean)


def log_probability(logits: torch.Tensor, token_id: int) -> float:
    """Natural logarithm of softmax(logits)[token_id], in float64."""
    exact = logits.double()
    return float(exact[token_id] - torch.logsumexp(exact, dim=0))


def entropy_bits(log_probabilities: torch.Tensor) -> float:
    """Shannon entropy in bits of a distribution given by its natural logarithms, float64."""
    return float(-torch.dot(log_probabilities.exp(), log_probabilities)) / math.log(2)


def candidates_of(
    model: LanguageModel,
    logits: torch.Tensor,
    log_probabilities: torch.Tensor,
    distribution: SamplingDistribution,
    count: int,
    read: Sequence[int],
) -> tuple[Candidate, ...]:
    """The `count` most probable tokens after those `read`, and what becomes of them in the sampling distribution."""
    ids = ranked(logits, count)
    probabilities = log_probabilities[ids].exp().tolist()
    # Temperature, top-k and top-p never change the order: the i-th kept token is the i-th candidate.
    kept = distribution.probabilities[:count].tolist()
    return tuple(
        Candidate(
            text=model.text(token_id, after=read),
            id=token_id,
            rank=rank,
            logit=float(logits[token_id]),
            probability=probability,
            sampling_probability=kept[rank - 1] if rank <= len(kept) else 0.0,
            kept=rank <= distribution.size,
        )
        for rank, (token_id, probability) in enumerate(zip(ids.tolist(), probabilities, strict=True), 1)
    )


def _watch(model: LanguageModel, prompt: str, ids: list[int], logits: torch.Tensor, word: str) -> WatchedWord:
    if not isinstance(word, str):
        raise InvalidParameter(name="watch", value=word, allowed="a list of words")
    bare = not prompt or word[:1].isspace() or is_punctuation(word) or prompt[-1:].isspace()
    pieces = model.encode_following(prompt, word if bare else " " + word)
    if not word or not 0 < len(pieces) <= MAX_WATCHED_TOKENS:
        allowed = f"words of up to {MAX_WATCHED_TOKENS} tokens"
        raise InvalidParameter(name="watch", value=word[:40], allowed=allowed)
    piece_ids = [piece.id for piece in pieces]
    if len(ids) + len(pieces) - 1 > model.context_limit:
        raise TextTooLong(length=len(ids) + len(pieces) - 1, limit=model.context_limit, unit="tokens")
    each = [logits]
    if len(pieces) > 1:
        each += model.each_logits([*ids, *piece_ids], first=len(ids) + 1)
    logs = [log_probability(one, piece) for one, piece in zip(each, piece_ids, strict=True)]
    return WatchedWord(
        word=word,
        tokens=tuple(
            WatchedToken(piece.text, piece.id, math.exp(log)) for piece, log in zip(pieces, logs, strict=True)
        ),
        probability=math.exp(math.fsum(logs)),
        rank=rank_of(logits, piece_ids[0]) if len(pieces) == 1 else None,
    )


def written_token(
    model: LanguageModel,
    logits: torch.Tensor,
    log_probabilities: torch.Tensor,
    token_id: int,
    candidates: tuple[Candidate, ...],
    read: Sequence[int],
) -> WrittenToken:
    """A token that was drawn, or chosen, from `candidates` and whatever lies beyond them, after those `read`."""
    return WrittenToken(
        text=model.text(token_id, after=read),
        id=token_id,
        probability=math.exp(float(log_probabilities[token_id])),
        rank=rank_of(logits, token_id),
        entropy_bits=entropy_bits(log_probabilities),
        candidates=candidates,
    )


def _generation(
    model: LanguageModel,
    prompt: str,
    ids: Sequence[int],
    written: list[WrittenToken],
    upcoming: tuple[Candidate, ...],
    reason: StopReason | None,
) -> Generation:
    """The result so far. A character's bytes may come as several tokens: texts are those of the whole sequence."""
    texts = model.texts((token.id for token in written), after=ids)
    tokens = tuple(replace(token, text=text) for text, token in zip(texts, written, strict=True))
    return Generation(model.origin, prompt, "".join(texts), tokens, upcoming, reason)
