"""The Base-vs-RLHF tab: its four scenes, and what they and other programs may ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import numpy as np

from ...asks import Ask, Feature, Json, Openings
from ...errors import InvalidParameter
from ...models.sampling import SamplingSettings
from ...models.stages import StagedModel
from ...models.stages_loader import stage_names
from ...page.texts import load_texts
from ...params import ListOf, Seed, Temperature, TopP, Whole
from . import backend, rater, story, view

NAME = "rlhf"
MAX_CHARACTERS = 200_000  # of all answers that a taste is learned from
MOST_TEXTS = rater.MAX_RATED + rater.MAX_ANSWERS
MAX_WIDTH = 8_192  # of a model's states
WRITTEN_TOKENS = 120
MARKED_TOKENS = 40  # more would not fit into a recorded file

NewTokens = Annotated[int, Whole(1, backend.MAX_NEW_TOKENS)]
Ranking = Annotated[tuple[Annotated[int, Whole(0, MOST_TEXTS - 1)], ...], ListOf(rater.MAX_ANSWERS)]


@dataclass(frozen=True)
class Nothing:
    """There is nothing to say."""


@dataclass(frozen=True)
class Compare:
    """A prompt for two stages. same_prompt: both read it bare, as text to be continued."""

    prompt: str
    left: str = "base"
    right: str = "rlhf"
    temperature: Temperature = 0.7
    top_p: TopP = 0.95
    seed: Seed = 0
    max_new_tokens: NewTokens = 120
    same_prompt: bool = False


@dataclass(frozen=True)
class Mark:
    """A prompt for one stage, whose answer another one scores."""

    prompt: str
    stage: str = "rlhf"
    other: str = "base"
    temperature: Temperature = 0.7
    top_p: TopP = 0.95
    seed: Seed = 0
    max_new_tokens: NewTokens = 80


@dataclass(frozen=True)
class RankingNumber:
    """Which of the rankings of the second step."""

    number: Annotated[int, Whole(0, 10**6)] = 0


@dataclass(frozen=True)
class Sample:
    """A prompt that gets several answers. stage: the first tuned one, if none is named."""

    prompt: str
    stage: str = ""
    seed: Seed = 0


@dataclass(frozen=True)
class Orders:
    """A visitor's orders. A ranking lists places in `texts`, the best first; features: see `view.packed`.

    Of the answers, the last few may be new ones, in no ranking yet.
    """

    texts: Annotated[tuple[str, ...], ListOf(MOST_TEXTS)]
    features: Annotated[tuple[str, ...], ListOf(MOST_TEXTS)]
    rankings: Annotated[tuple[Ranking, ...], ListOf(MOST_TEXTS)]


@dataclass(frozen=True)
class Answered:
    """A prompt and a finished answer to it."""

    prompt: str
    answer: str


# ── what the scenes ask ──────────────────────────────────────────────────────────────────────────────────────


def write_both(model: StagedModel, asked: Compare) -> Iterator[Json]:
    """Two growing replies; when both have ended, how the stages see each other's words."""
    yield from map(view.comparison_payload, _compared(model, asked))


def list_stages(model: StagedModel, _: Nothing) -> Json:
    """The stages, and what each was published as; "" for this project's own."""
    return {"stages": [{"name": name, "title": title} for name, title in model.titles.items()]}


def mark(model: StagedModel, asked: Mark) -> Iterator[Json]:
    """A reply, then its marks."""
    settings, how = SamplingSettings(asked.temperature, asked.top_p), (asked.seed, asked.max_new_tokens)
    steps = backend.changed_words(model, asked.prompt, asked.stage, asked.other, settings, *how)
    yield from map(view.changed_payload, steps)


def tell_story(_: StagedModel, __: Nothing) -> Json:
    """What is recorded of the three steps, whatever model is loaded."""
    return view.story_payload(story.read_story())


def tell_ranking(model: StagedModel, asked: RankingNumber) -> Json:
    """One ranking of the second step, with rewards of now."""
    return view.ranking_payload(story.ranked_example(model, story.read_rankings(), asked.number))


def sample(model: StagedModel, asked: Sample) -> Iterator[Json]:
    """Four growing answers to be put in order, and the seed that they were asked with."""
    stage = asked.stage or model.stages[1]
    for answers in rater.sample(model, asked.prompt, stage, seed=asked.seed):
        yield {**view.answers_payload(answers), "seed": asked.seed}


def learn_taste(_: StagedModel, asked: Orders) -> Json:
    """The visitor's reward head, and what it makes of all answers."""
    features = _features(asked.features)
    if len(asked.texts) != len(features) or sum(map(len, asked.texts)) > MAX_CHARACTERS:
        raise _not_from_this_page("texts")
    for ranking in asked.rankings:
        if len(set(ranking)) < len(ranking) or any(place >= len(features) for place in ranking):
            raise _not_from_this_page("rankings")
    pairs = [pair for ranking in asked.rankings for pair in rater.pairs_of(ranking)]
    if not pairs:
        raise _not_from_this_page("rankings")
    return view.taste_payload(rater.learn(asked.texts, features, pairs))


def _features(packed: tuple[str, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        found = np.stack([view.unpacked(text) for text in packed])
    except ValueError as error:
        raise _not_from_this_page("features") from error
    if not 0 < found.shape[1] <= MAX_WIDTH or not np.isfinite(found).all():
        raise _not_from_this_page("features")
    return found


def _not_from_this_page(name: str) -> InvalidParameter:
    return InvalidParameter(name=name, value="this", allowed="what this page collects from your own rankings")


def _compared(model: StagedModel, asked: Compare) -> Iterator[backend.Comparison]:
    settings = SamplingSettings(asked.temperature, asked.top_p)
    how = (settings, asked.seed, asked.max_new_tokens, asked.same_prompt)
    return backend.compare(model, asked.prompt, asked.left, asked.right, *how)


# ── what other programs ask ──────────────────────────────────────────────────────────────────────────────────


def compare(model: StagedModel, asked: Compare) -> Iterator[Json]:
    """Two stages reply to `prompt`, streamed token by token; the last value holds scores, rewards and KL."""
    yield from map(view.comparison_json, _compared(model, asked))


def score(model: StagedModel, asked: Answered) -> Json:
    """What the reward model thinks of a finished answer, in standard deviations from an average one."""
    return {"reward": backend.reward(model, asked.prompt, asked.answer)}


def stages(model: StagedModel, _: Nothing) -> Json:
    """The stages that can be compared."""
    return {"stages": list(model.stages)}


# ── the tab ──────────────────────────────────────────────────────────────────────────────────────────────────


def openings(model: StagedModel) -> Openings:
    """What each scene opens with."""
    presets, ask = load_texts(FEATURE.package)["common"]["presets"], partial(FEATURE.opening, model)
    base, tuned, prompt = model.stages[0], model.stages[-1], presets[0]["prompt"]
    drawn = {"temperature": 0.7, "top_p": 0.95, "seed": 1, "max_new_tokens": WRITTEN_TOKENS, "same_prompt": False}
    greedy = {"temperature": 0, "max_new_tokens": MARKED_TOKENS}
    several_ways = presets[1]["prompt"]  # a short fact leaves nothing to prefer
    stages = ask("list_stages")
    return {
        "compare": {"stages": stages, "replies": ask("write_both", prompt=prompt, left=base, right=tuned, **drawn)},
        "changed": {"stages": stages, "marked": ask("mark", prompt=prompt, stage=tuned, other=base, **greedy)},
        "recipe": {"story": ask("tell_story"), "ranking": ask("tell_ranking", number=0)},
        "rater": {"answers": ask("sample", prompt=several_ways, seed=1)},
    }


FEATURE = Feature(
    name=NAME,
    loader=lambda models: models.stages,
    asks=(
        Ask(Compare, write_both),
        Ask(Nothing, list_stages),
        Ask(Mark, mark),
        Ask(Nothing, tell_story),
        Ask(RankingNumber, tell_ranking),
        Ask(Sample, sample),
        Ask(Orders, learn_taste),
        Ask(
            Compare,
            compare,
            public=True,
            returns=("left", "right", "kl_nats", "kl_nats_total"),
            remark="a side is `{stage, prompt_text, text, tokens, reward, stop_reason}`",
        ),
        Ask(
            Answered,
            score,
            public=True,
            returns=("reward",),
            remark="in standard deviations, null without a reward model",
        ),
        Ask(Nothing, stages, public=True, returns=("stages",)),
    ),
    scenes={
        "compare": ("write_both", "list_stages"),
        "changed": ("mark", "list_stages"),
        "recipe": ("tell_story", "tell_ranking"),
        "rater": ("sample", "learn_taste"),
    },
    openings=openings,
    settings=lambda loader: {
        "stages": stage_names(loader),
        "recorded_tokens": MARKED_TOKENS,
        "most_rated": rater.MAX_RATED,
        "most_characters": MAX_CHARACTERS,
    },
)
