"""What the browser asks for, and the answers: request (JSON) → backend → view → payload (JSON)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..checks import require_whole
from ..errors import InvalidParameter
from ..models.sampling import SamplingSettings
from ..models.stages import StagedModel
from ..ui.request import Json, text_field, texts_field
from . import backend, rater, story, view

MAX_CHARACTERS = 200_000  # of all answers that a taste is learned from
MOST_TEXTS = rater.MAX_RATED + rater.MAX_ANSWERS
MAX_WIDTH = 8_192  # of a model's states


def compare(model: StagedModel, request: Json) -> Iterator[Json]:
    """{run, prompt, left, right, temperature, top_p, seed, max_new_tokens, same_prompt} → two growing replies."""
    steps = backend.compare(
        model,
        text_field(request, "prompt"),
        request.get("left", "base"),
        request.get("right", "rlhf"),
        _settings(request),
        seed=request.get("seed", 0),
        max_new_tokens=request.get("max_new_tokens", 120),
        same_prompt=bool(request.get("same_prompt")),
    )
    for step in steps:
        yield view.comparison_payload(step, _run(request))


def list_stages(model: StagedModel, _: Json) -> Json:
    """{} → the stages, and what each was published as; "" for this project's own."""
    return {"stages": [{"name": name, "title": title} for name, title in model.titles.items()]}


def mark_changed(model: StagedModel, request: Json) -> Iterator[Json]:
    """{run, prompt, stage, other, temperature, top_p, seed, max_new_tokens} → a reply, then its marks."""
    steps = backend.changed_words(
        model,
        text_field(request, "prompt"),
        request.get("stage", "rlhf"),
        request.get("other", "base"),
        _settings(request),
        seed=request.get("seed", 0),
        max_new_tokens=request.get("max_new_tokens", 80),
    )
    for step in steps:
        yield view.changed_payload(step, _run(request))


def tell_ranking(model: StagedModel, request: Json) -> Json:
    """{number} → that ranking of the second step, with rewards of now."""
    return view.ranking_payload(story.ranked_example(model, story.read_rankings(), request.get("number", 0)))


def sample_answers(model: StagedModel, request: Json) -> Iterator[Json]:
    """{run, prompt, stage, seed} → four growing answers to be put in order."""
    stage, seed = request.get("stage", model.stages[1]), request.get("seed", 0)
    for step in rater.sample(model, text_field(request, "prompt"), stage, seed=seed):
        yield view.answers_payload(step, _run(request))


def learn_taste(_: StagedModel, request: Json) -> Json:
    """{texts, features, rankings} → the visitor's reward head; a ranking lists places in `texts`, the best first.

    Of the answers, the last few may be new ones, in no ranking yet.
    """
    texts = texts_field(request, "texts")
    features = _features(texts_field(request, "features"))
    if len(texts) != len(features) or sum(map(len, texts)) > MAX_CHARACTERS or len(texts) > MOST_TEXTS:
        raise _not_from_this_page("texts")
    pairs = [pair for ranking in _rankings(request, len(texts)) for pair in rater.pairs_of(ranking)]
    if not pairs:
        raise _not_from_this_page("rankings")
    return view.taste_payload(rater.learn(texts, features, pairs))


def _features(packed: list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        found = np.stack([view.unpacked(text) for text in packed])
    except ValueError as error:
        raise _not_from_this_page("features") from error
    if not 0 < found.shape[1] <= MAX_WIDTH or not np.isfinite(found).all():
        raise _not_from_this_page("features")
    return found


def _rankings(request: Json, count: int) -> list[list[int]]:
    rankings = request.get("rankings")
    if not isinstance(rankings, list) or not all(isinstance(ranking, list) for ranking in rankings):
        raise _not_from_this_page("rankings")
    if len(rankings) > MOST_TEXTS:
        raise _not_from_this_page("rankings")
    for place in (place for ranking in rankings for place in ranking):
        require_whole("rankings", place, 0, count - 1)
    if any(len(set(ranking)) < len(ranking) or len(ranking) > rater.MAX_ANSWERS for ranking in rankings):
        raise _not_from_this_page("rankings")
    return rankings


def _not_from_this_page(name: str) -> InvalidParameter:
    return InvalidParameter(name=name, value="this", allowed="what this page collects from your own rankings")


def _run(request: Json) -> Json:
    return {"run": request.get("run")}


def _settings(request: Json) -> SamplingSettings:
    return SamplingSettings(temperature=request.get("temperature", 0.7), top_p=request.get("top_p", 0.95))
