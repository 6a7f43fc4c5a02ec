"""Print every figure that the README quotes about the Base-vs-RLHF tab: `python -m benchmarks.rlhf`."""

from __future__ import annotations

import statistics
import time
from functools import partial

import numpy as np

from genai_demo.features.rlhf import backend, rater
from genai_demo.models.catalogue import DEFAULT_MODEL, find_model
from genai_demo.models.loading import load_model
from genai_demo.models.sampling import SamplingSettings
from genai_demo.models.stages import BASE, StagedModel
from genai_demo.models.stages_loader import load_adapters

from .next_word import row, seconds

PROMPTS = ("How do vaccines protect us?", "Give me three tips for sleeping better.", "Why is the sea salty?")
TOKENS = 40
DRAWN = SamplingSettings(1.0, 1.0)


def loading() -> StagedModel:
    """The adapters, on a base that is there already."""
    base = load_model(find_model(DEFAULT_MODEL), device="cpu")
    begin = time.perf_counter()
    stages = load_adapters(base)
    row("Loading the adapters", f"{time.perf_counter() - begin:.2f} s", "", "", "< 1 s")
    return stages


def writing(model: StagedModel) -> None:
    """Base and tuned stage in one batch, beside the tuned stage alone: tokens of all rows a second, in turn."""
    tuned = model.stages[-1]

    def rate(stages: tuple[str, ...], prompt: str) -> tuple[float, float]:
        reads = [model.prompt(prompt, as_turn=stage != BASE) for stage in stages]
        begin = time.perf_counter()
        steps = backend.write(model, stages, reads, DRAWN, [0] * len(stages), TOKENS)
        next(steps)
        first = time.perf_counter() - begin
        *_, replies = steps
        return sum(len(reply.tokens) for reply in replies) / (time.perf_counter() - begin), first

    pairs = [(rate((BASE, tuned), prompt), rate((tuned,), prompt)) for prompt in PROMPTS]
    both, alone = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
    beside = f"tuned side alone {alone:.1f} tokens/s"
    row("Both sides, one batch", f"{both:.1f} tokens/s", beside, f"{both / alone:.2f} ×", "≥ 1.4 ×")
    row("First token of both", f"{statistics.median(pair[0][1] for pair in pairs):.2f} s", "", "", "< 1 s")


def scoring(model: StagedModel) -> None:
    """An answer of 40 tokens under two models: ranks, probabilities, KL."""
    tuned = model.stages[-1]
    said = model.language(BASE).encode("Vaccines show your body a harmless piece of a germ. " * 4)
    answer = [token.id for token in said][:TOKENS]
    times = [seconds(partial(backend.score, model, prompt, answer, tuned, BASE)) for prompt in PROMPTS]
    row(f"Marking {TOKENS} tokens under two models", f"{statistics.median(times):.1f} s", "", "", "")


def taste(model: StagedModel) -> None:
    """Refitting a visitor's reward head after ten orders of four answers."""
    *_, last = rater.sample(model, PROMPTS[0], model.stages[1], max_new_tokens=8)
    texts = [one.reply.text for one in last.rated] * 10
    features = np.concatenate([[one.features for one in last.rated]] * 10)
    features += np.random.default_rng(0).normal(size=features.shape) / 100
    pairs = [(4 * group + a, 4 * group + b) for group in range(10) for a, b in rater.pairs_of((2, 0, 1, 3))]
    times = [seconds(lambda: rater.learn(texts, features, pairs)) for _ in range(5)]
    row("Refitting a visitor's reward head", f"{statistics.median(times) * 1000:.0f} ms", "", "", "< 1 s")


def main() -> None:
    """The table, in Markdown."""
    print("| What | Median | Beside it | Ratio | Goal |\n| --- | --- | --- | --- | --- |")
    model = loading()
    writing(model)
    scoring(model)
    taste(model)


if __name__ == "__main__":
    main()
