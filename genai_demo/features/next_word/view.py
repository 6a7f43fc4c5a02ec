"""From results to what is drawn and what the API returns: plain JSON, made by pure functions."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import asdict
from typing import Any

from ...models.sampling import SliderTable
from .backend import Candidate, Generation, NextToken, Surprise, Tokenization, WrittenToken

Json = dict[str, Any]


def tokenization_json(result: Tokenization) -> Json:
    """`/tokenize`: {tokens: [{text, id}], characters, begin}; the first `begin` tokens are none of the text's."""
    tokens = [asdict(token) for token in result.tokens]
    return {"tokens": tokens, "characters": result.characters, "begin": result.begin}


def tokens_payload(result: Tokenization, variant: Tokenization) -> Json:
    """The Tokens scene: a text, and the same text with or without its leading space."""
    return {
        "provenance": result.origin.provenance(),
        "text": result.text,
        **tokenization_json(result),
        "variant": {"text": variant.text, **tokenization_json(variant)},
    }


def next_token_json(result: NextToken) -> Json:
    """`/next_token`: everything but the origin's details and the prompt."""
    return {
        "model": result.origin.model,
        "tokens": [asdict(token) for token in result.tokens],
        "candidates": [asdict(candidate) for candidate in result.candidates],
        "watched": [asdict(word) for word in result.watched],
        "other_probability": result.other_probability,
        "other_count": result.other_count,
        "entropy_bits": result.entropy_bits,
        "effective_choices": result.effective_choices,
        "nucleus_size": result.nucleus_size,
    }


def next_token_payload(result: NextToken, control_ids: Set[int] = frozenset()) -> Json:
    """The bars of one prompt. `control`: which of them are no text, so that nobody can type them."""
    control = [one.id for one in result.candidates if one.id in control_ids]
    shown = {"provenance": result.origin.provenance(), "prompt": result.prompt, "control": control}
    return shown | next_token_json(result)


def sliders_payload(table: SliderTable) -> Json:
    """The slider table. Masses keep nine digits, more than the sliders' exactness needs; curves only what is seen."""
    return {
        "temperatures": table.temperatures.tolist(),
        "top_ps": table.top_ps.tolist(),
        "log_normalizers": table.log_normalizers.tolist(),
        "nucleus_sizes": table.nucleus_sizes.tolist(),
        "nucleus_masses": table.nucleus_masses.round(9).tolist(),
        "curve_ranks": table.curve_ranks.tolist(),
        "curves": table.curves.round(4).tolist(),
    }


def generation_json(result: Generation) -> Json:
    """`/generate`: {text, tokens: [{text, id, probability, rank, entropy_bits}], stop_reason}."""
    return {
        "text": result.text,
        "tokens": [_figures(token) for token in result.tokens],
        "stop_reason": result.stop_reason,
    }


def writing_payload(result: Generation) -> Json:
    """The Repeat scene: every written token with the bars it was drawn from, and the bars of the next."""
    return {
        "provenance": result.origin.provenance(),
        **generation_json(result),
        "tokens": written_tokens_json(result.tokens),
        "upcoming": [_bar(candidate) for candidate in result.upcoming],
    }


def written_tokens_json(tokens: Sequence[WrittenToken]) -> list[Json]:
    """Written tokens, each with the bars it was drawn from: [{text, id, probability, rank, entropy_bits, bars}]."""
    return [_figures(token) | {"bars": [_bar(candidate) for candidate in token.candidates]} for token in tokens]


def _figures(token: WrittenToken) -> Json:
    return {
        "text": token.text,
        "id": token.id,
        "probability": token.probability,
        "rank": token.rank,
        "entropy_bits": token.entropy_bits,
    }


def _bar(candidate: Candidate) -> Json:
    """A candidate as a small bar; six digits are more than a bar can show, and keep sixty tokens under 100 KB."""
    return {
        "text": candidate.text,
        "id": candidate.id,
        "probability": float(f"{candidate.probability:.6g}"),
        "sampling_probability": float(f"{candidate.sampling_probability:.6g}"),
    }


def surprise_json(result: Surprise) -> Json:
    """`/surprise`: {tokens: [{text, id, bits}], mean_bits, perplexity}."""
    return {
        "tokens": [asdict(token) for token in result.tokens],
        "mean_bits": result.mean_bits,
        "perplexity": result.perplexity,
    }


def surprise_payload(result: Surprise, text: str) -> Json:
    """The training penalty of a sentence."""
    return {"provenance": result.origin.provenance(), "text": text, **surprise_json(result)}
