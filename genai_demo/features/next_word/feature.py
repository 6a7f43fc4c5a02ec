"""The Next-word tab: its five scenes, and what they and other programs may ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated

from annotated_types import Ge, Le

from ...asks import Ask, Feature, Json, Openings
from ...models.language import LanguageModel
from ...models.sampling import SamplingSettings
from ...page.texts import load_texts
from ...params import ListOf, Seed, Temperature, TopK, TopP, Whole
from . import backend, view
from .retelling import retold

NAME = "next_word"
PREDICT_COUNT = 50
SAMPLE_COUNT = 100  # as far as the top-k slider reaches
MAX_DRAWS = 100
WRITTEN_TOKENS = 24  # of the recorded example

Watch = Annotated[tuple[str, ...], ListOf(backend.MAX_WATCHED)]
NewTokens = Annotated[int, Whole(0, backend.MAX_NEW_TOKENS)]


# ── what the scenes ask ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Text:
    """A text to be read."""

    text: str


@dataclass(frozen=True)
class Prompt:
    """A text to be continued."""

    prompt: str


@dataclass(frozen=True)
class WatchedPrompt(Prompt):
    """A text to be continued, and words that might."""

    watch: Watch = ()


@dataclass(frozen=True)
class Draws:
    """Numbers that have drawn tokens from beyond the bars. uniforms: from 0 to 1, as `uniform_number` makes them."""

    prompt: str
    uniforms: Annotated[tuple[Annotated[float, Ge(0), Le(1)], ...], ListOf(MAX_DRAWS)]
    temperature: Temperature = 1.0
    top_p: TopP = 1.0
    top_k: TopK = 0


@dataclass(frozen=True)
class Generate:
    """How a text is to be continued."""

    prompt: str
    temperature: Temperature = 1.0
    top_p: TopP = 1.0
    top_k: TopK = 0
    seed: Seed = 0
    max_new_tokens: NewTokens = 60


@dataclass(frozen=True)
class Write(Generate):
    """The same, after tokens that were chosen already.

    chosen: their ids. tell_chosen: whether their figures are wanted, too.
    """

    chosen: Annotated[tuple[Annotated[int, Whole(0, 2**31)], ...], ListOf(backend.PROMPT_LIMIT)] = ()
    tell_chosen: bool = False


def tokenize_text(model: LanguageModel, asked: Text) -> Json:
    """The Tokens scene: a text, and the same text with or without its leading space."""
    text = asked.text
    variant = text[1:] if text.startswith(" ") else " " + text
    return view.tokens_payload(backend.tokenize(model, text), backend.tokenize(model, variant))


def predict_next(model: LanguageModel, asked: WatchedPrompt) -> Json:
    """Bars and watched words."""
    result = backend.next_token(model, asked.prompt, count=PREDICT_COUNT, watch=asked.watch)
    return view.next_token_payload(result, model.control_ids)


def predict_for_sliders(model: LanguageModel, asked: Prompt) -> Json:
    """As many bars as the sliders can cut."""
    result = backend.next_token(model, asked.prompt, count=SAMPLE_COUNT)
    return view.next_token_payload(result, model.control_ids)


def slider_stops(model: LanguageModel, asked: Prompt) -> Json:
    """The table with which the browser moves the sliders by itself; it says of which prompt and whose it is."""
    table = view.sliders_payload(backend.next_token_sliders(model, asked.prompt))
    return {"provenance": model.origin.provenance(), "prompt": asked.prompt, **table}


def name_drawn(model: LanguageModel, asked: Draws) -> Json:
    """The tokens drawn from beyond the bars."""
    settings = SamplingSettings(asked.temperature, asked.top_p, asked.top_k)
    drawn = backend.name_draws(model, asked.prompt, settings, asked.uniforms)
    control = model.control_ids
    return {"tokens": [{"text": token.text, "id": token.id, "control": token.id in control} for token in drawn]}


def write(model: LanguageModel, asked: Write) -> Iterator[Json]:
    """A growing continuation; `asked`: what it answers; `chosen`: the tokens before it, if they are to be told."""
    told: list[Json] | None = None
    for step in _generated(model, asked, asked.chosen):
        if told is None:
            told = _retold(model, asked) if asked.tell_chosen else []
        yield {**view.writing_payload(step), "asked": asdict(asked), "chosen": told}


def measure_surprise(model: LanguageModel, asked: Text) -> Json:
    """The loss of each token of a text."""
    return view.surprise_payload(backend.surprise(model, asked.text), asked.text)


def _generated(model: LanguageModel, asked: Generate, chosen: tuple[int, ...] = ()) -> Iterator[backend.Generation]:
    settings = SamplingSettings(asked.temperature, asked.top_p, asked.top_k)
    return backend.generate(model, asked.prompt, settings, asked.seed, asked.max_new_tokens, chosen)


def _retold(model: LanguageModel, asked: Write) -> list[Json]:
    settings = SamplingSettings(asked.temperature, asked.top_p, asked.top_k)
    return view.written_tokens_json(retold(model, asked.prompt, asked.chosen, settings))


# ── what other programs ask ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class NextToken:
    """A text to be continued, and how much is to be told of what could come."""

    prompt: str
    temperature: Temperature = 1.0
    top_p: TopP = 1.0
    top_k: TopK = 0
    count: Annotated[int, Whole(1, backend.MAX_CANDIDATES)] = 50
    watch: Watch = ()


def next_token(model: LanguageModel, asked: NextToken) -> Json:
    """The probabilities of the token that follows `prompt`."""
    settings = SamplingSettings(asked.temperature, asked.top_p, asked.top_k)
    return view.next_token_json(backend.next_token(model, asked.prompt, settings, asked.count, asked.watch))


def generate(model: LanguageModel, asked: Generate) -> Iterator[Json]:
    """A continuation of `prompt`, streamed token by token; the last value is complete."""
    yield from map(view.generation_json, _generated(model, asked))


def tokenize(model: LanguageModel, asked: Text) -> Json:
    """The tokens that the model reads for `text`."""
    return view.tokenization_json(backend.tokenize(model, asked.text))


def surprise(model: LanguageModel, asked: Text) -> Json:
    """−log₂ p of each token of `text`, their mean, and the perplexity."""
    return view.surprise_json(backend.surprise(model, asked.text))


# ── the tab ──────────────────────────────────────────────────────────────────────────────────────────────────


def openings(model: LanguageModel) -> Openings:
    """What each scene opens with."""
    texts, ask = load_texts(FEATURE.package), partial(FEATURE.opening, model)
    phone, pair = texts["predict"]["presets"][0], texts["focus"]["presets"][0]
    watch = list(dict.fromkeys([*phone["watch"], phone["word"]]))
    prompt, sampling = phone["prompt"], texts["common"]["sampling"][1]
    settings = {name: sampling[name] for name in ("temperature", "top_p", "top_k")}
    writing = {"seed": 1, "max_new_tokens": WRITTEN_TOKENS, "chosen": [], "tell_chosen": False}
    return {
        "tokens": {"tokens": ask("tokenize_text", text=texts["tokens"]["presets"][0]["text"])},
        "predict": {"next": ask("predict_next", prompt=prompt, watch=watch)},
        "sample": {
            "bars": ask("predict_for_sliders", prompt=prompt),
            "stops": ask("slider_stops", prompt=prompt),
        },
        "repeat": {"writing": ask("write", prompt=prompt, **settings, **writing)},
        "focus": {
            "left": ask("predict_next", prompt=pair["left"], watch=[]),
            "right": ask("predict_next", prompt=pair["right"], watch=[]),
            "surprise": ask("measure_surprise", text=texts["focus"]["sentences"][0]),
        },
    }


FEATURE = Feature(
    name=NAME,
    loader=lambda models: models.language,
    asks=(
        Ask(Text, tokenize_text),
        Ask(WatchedPrompt, predict_next),
        Ask(Prompt, predict_for_sliders),
        Ask(Prompt, slider_stops),
        Ask(Draws, name_drawn),
        Ask(Write, write),
        Ask(Text, measure_surprise),
        Ask(
            NextToken,
            next_token,
            public=True,
            returns=(
                "model",
                "tokens",
                "candidates",
                "watched",
                "other_probability",
                "other_count",
                "entropy_bits",
                "effective_choices",
                "nucleus_size",
            ),
        ),
        Ask(Generate, generate, public=True, returns=("text", "tokens", "stop_reason")),
        Ask(Text, tokenize, public=True, returns=("tokens", "characters", "begin")),
        Ask(Text, surprise, public=True, returns=("tokens", "mean_bits", "perplexity")),
    ),
    scenes={
        "tokens": ("tokenize_text",),
        "predict": ("predict_next",),
        "sample": ("predict_for_sliders", "slider_stops", "name_drawn"),
        "repeat": ("write",),
        "focus": ("predict_next", "measure_surprise"),
    },
    openings=openings,
)
