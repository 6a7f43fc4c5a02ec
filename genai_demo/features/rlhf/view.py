"""From results to what is drawn and what the API returns: plain JSON, made by pure functions."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

import numpy as np

from .backend import ChangedWords, Comparison, Likely, Reply, Scored
from .rater import Answers, Rated, Taste
from .story import Curve, Practice, RankedExample, Story

CURVE_POINTS = 60

Json = dict[str, Any]


def comparison_json(result: Comparison) -> Json:
    """`/compare`: both sides, and KL(right ‖ left) over the right answer, in nats; null until both have ended."""
    scored = result.right_scored
    return {
        "left": _side(result.left, result.left_scored, result.rewards and result.rewards[0]),
        "right": _side(result.right, scored, result.rewards and result.rewards[1]),
        "kl_nats": scored and scored.kl_nats,
        "kl_nats_total": scored and scored.kl_nats_total,
    }


def comparison_payload(result: Comparison) -> Json:
    """The scene of two columns."""
    return {
        "provenance": result.origin.provenance(),
        "prompt": result.prompt,
        **comparison_json(result),
        "ended": result.ended,
        "chance": result.chance,
        "read": {"left": _read(result.left), "right": _read(result.right)},
    }


def changed_payload(result: ChangedWords) -> Json:
    """The scene of marked words: the answer as it grows, and its scores when it has ended."""
    scored = result.scored
    return {
        "provenance": result.origin.provenance(),
        "prompt": result.prompt,
        "stage": result.reply.stage,
        "other": result.other,
        "text": result.reply.text,
        "stop_reason": result.reply.stop_reason,
        "scored": scored and scored_json(scored),
    }


def scored_json(result: Scored) -> Json:
    """An answer's tokens as two models see them. Six digits are more than a bar can show."""
    return {
        "kl_nats": result.kl_nats,
        "kl_nats_total": result.kl_nats_total,
        "shifted_share": result.shifted_share,
        "tokens": [
            {
                "text": token.text,
                "id": token.id,
                "probability": _short(token.probability),
                "rank": token.rank,
                "other_probability": _short(token.other_probability),
                "other_rank": token.other_rank,
                "kl_nats": _short(token.kl_nats),
                "candidates": [_bar(one) for one in token.candidates],
                "other_candidates": [_bar(one) for one in token.other_candidates],
            }
            for token in result.tokens
        ],
    }


def answers_payload(result: Answers) -> Json:
    """Answers to be put in order; with `features` when all have ended."""
    return {
        "provenance": result.origin.provenance(),
        "prompt": result.prompt,
        "answers": [_answer(reply) for reply in result.replies]
        if not result.rated
        else [_answer(one.reply) | {"features": packed(one)} for one in result.rated],
    }


def taste_payload(result: Taste) -> Json:
    """What a visitor's reward head has learned."""
    return {
        "scores": [round(score, 4) for score in result.scores],
        "pairs": result.pairs,
        "agreement": result.agreement,
        "traits": [{"name": trait.name, "correlation": round(trait.correlation, 3)} for trait in result.traits],
    }


def ranking_payload(result: RankedExample) -> Json:
    """One ranking of the second step, with rewards of now."""
    return {
        "provenance": result.origin.provenance(),
        "number": result.number,
        "count": result.count,
        "prompt": result.prompt,
        "answers": [asdict(answer) for answer in result.answers],
    }


def story_payload(result: Story) -> Json:
    """What the three steps left. Curves keep three digits and at most `CURVE_POINTS` points."""
    return {
        "demonstrations": result.demonstrations,
        "examples": [asdict(example) for example in result.examples],
        "curves": {name: _points(curve) for name, curve in result.curves.items()},
        "accuracy": result.accuracy,
        "calibration": [(round(chance, 3), round(right, 3), pairs) for chance, right, pairs in result.calibration],
        "practices": {name: _practice(practice) for name, practice in result.practices.items()},
    }


def _practice(practice: Practice) -> Json:
    samples = {
        name: {"prompt": prompt, "answers": [asdict(sample) for sample in samples]}
        for name, (prompt, samples) in practice.samples.items()
    }
    return {"step": practice.step, "samples": samples}


def _points(curve: Curve) -> list[tuple[int, float]]:
    """About `CURVE_POINTS` points of a curve, evenly spread, the last among them."""
    stride = -(-len(curve) // CURVE_POINTS)
    return [(step, round(value, 3)) for step, value in curve[::-1][::stride][::-1]]


def packed(answer: Rated) -> str:
    """Its features as the browser keeps them: float16, little-endian, in base64."""
    return base64.b64encode(answer.features.astype("<f2").tobytes()).decode()


def unpacked(text: str) -> np.ndarray:
    """What `packed` wrote: (width,), float64.

    Raises:
        ValueError: it is something else.
    """
    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f2").astype(np.float64)


def _side(reply: Reply, scored: Scored | None, reward: float | None) -> Json:
    figures = scored.tokens if scored else (None,) * len(reply.tokens)
    return {
        "stage": reply.stage,
        "prompt_text": reply.read.text,
        "text": reply.text,
        "tokens": [
            {
                "text": token.text,
                "id": token.id,
                "probability": one and _short(one.probability),
                "other_rank": one and one.other_rank,
                "other_probability": one and _short(one.other_probability),
            }
            for token, one in zip(reply.tokens, figures, strict=True)
        ],
        "reward": reward,
        "stop_reason": reply.stop_reason,
    }


def _read(reply: Reply) -> list[Json]:
    """What a model was given to read, in pieces; control tokens are marked, for text of the same letters is none."""
    pieces: list[Json] = []
    for token, control in zip(reply.read.tokens, reply.read.is_control, strict=True):
        if pieces and not control and not pieces[-1]["control"]:
            pieces[-1]["text"] += token.text
        else:
            pieces.append({"text": token.text, "control": control})
    return pieces


def _answer(reply: Reply) -> Json:
    return {"text": reply.text, "stop_reason": reply.stop_reason}


def _bar(candidate: Likely) -> Json:
    return {"text": candidate.text, "id": candidate.id, "probability": _short(candidate.probability)}


def _short(number: float) -> float:
    return float(f"{number:.6g}")
