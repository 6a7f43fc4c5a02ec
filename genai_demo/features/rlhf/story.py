"""How the tuned stages were made, read from what training left behind: data, curves, samples.

Curves and samples are records. What the reward model thinks of ranked answers is computed anew, by the model itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from ...checks import require_whole
from ...datasets.conversations.demonstrations import load_demonstrations
from ...datasets.conversations.rankings import Rating, load_ratings
from ...datasets.records import TRAINING, Line, read_json, read_log
from ...models.language import Origin
from ...models.stages import FOLDER, StagedModel
from ...shipped import reading

PRACTICES = ("rlhf", "unleashed")  # the stage that is shipped, and one that was trained for the reward alone
CURVES = (
    "loss",
    "held_out_loss",
    "held_out_sft_sft",
    "held_out_base_sft",
    "reward",
    "broken_rules",
    "kl",
    "length",
)
EXAMPLES_A_KIND = 3
LONGEST = 420  # characters of a ranked answer or a sample that are shown

Curve = tuple[tuple[int, float], ...]  # (step, value), …


@dataclass(frozen=True)
class Example:
    """A demonstration: the first prompt of a conversation, and the answer that was written for it."""

    kind: str
    prompt: str
    answer: str


@dataclass(frozen=True)
class RankedAnswer:
    """place: by reading, 1 is best, equal ones share a place. reward: by the reward model, now; None without one."""

    text: str
    stage: str
    temperature: float
    place: int
    reward: float | None


@dataclass(frozen=True)
class RankedExample:
    """One of the `count` rankings that the reward model learned from or was examined on."""

    origin: Origin
    number: int
    count: int
    prompt: str
    answers: tuple[RankedAnswer, ...]


@dataclass(frozen=True)
class Sample:
    """What the model answered to a fixed prompt, greedily, after so many steps of reinforcement learning."""

    step: int
    text: str
    reward: float


@dataclass(frozen=True)
class Practice:
    """A run of reinforcement learning. samples: by prompt id, with the prompt; step: whose weights were exported."""

    samples: dict[str, tuple[str, tuple[Sample, ...]]]
    step: int


@dataclass(frozen=True)
class Story:
    """The three steps. curves: by name ("sft loss", …); accuracy: of the reward model on held-out pairs, by group.

    calibration: (the chance it gave, the share in which it was right, pairs), from the unsurest pairs to the surest;
    practices: of `PRACTICES` those that have been run.
    """

    demonstrations: int
    examples: tuple[Example, ...]
    curves: dict[str, Curve]
    accuracy: dict[str, float]
    calibration: tuple[tuple[float, float, int], ...]
    practices: dict[str, Practice]


def read_story(folder: Path = FOLDER) -> Story:
    """What is recorded of the three steps; what a step has not left is empty."""
    demonstrations = [one for one in load_demonstrations(folder / "demonstrations.jsonl") if one.split == "train"]
    examples, seen = [], dict[str, int]()
    for one in demonstrations:
        seen[one.kind] = seen.get(one.kind, 0) + 1
        if seen[one.kind] <= EXAMPLES_A_KIND:
            examples.append(Example(one.kind, one.prompts[0], one.answers[0]))
    logs = {stage: read_log(folder / stage) for stage in ("sft", "reward", *PRACTICES)}
    curves = {f"{stage} {name}": _curve(lines, name) for stage, lines in logs.items() for name in CURVES}
    quality = read_json(folder / "reward" / "reward.json")
    return Story(
        demonstrations=len(demonstrations),
        examples=tuple(examples),
        curves={name: curve for name, curve in curves.items() if curve},
        accuracy=dict(quality.get("accuracy", {})),
        calibration=tuple((row["chance"], row["right"], row["pairs"]) for row in quality.get("calibration", [])),
        practices={
            name: Practice(_samples(logs[name], folder), read_json(folder / name / TRAINING)["steps"])
            for name in PRACTICES
            if logs[name]
        },
    )


def read_rankings(folder: Path = FOLDER) -> tuple[Rating, ...]:
    """The prompts whose answers have been put in order by reading."""
    file = folder / "rankings.jsonl"
    if not file.is_file():
        return ()
    with reading(file):
        return tuple(one for one in load_ratings(file) if one.ranking)


def ranked_example(model: StagedModel, rankings: tuple[Rating, ...], number: int) -> RankedExample:
    """Ranking `number` (from 0), the best answer first, with what the reward model thinks of each answer now.

    Raises:
        InvalidParameter: there is no such ranking.
    """
    require_whole("number", number, 0, len(rankings) - 1)
    one = rankings[int(number)]
    rewards: Iterable[float | None] = repeat(None, len(one.answers))
    if model.has_reward:
        rewards = model.rewards(
            [model.conversation(one.prompt, answer.text, ended=answer.ended) for answer in one.answers]
        )
    groups = one.ranking or ()
    places = {index: 1 + sum(map(len, groups[:at])) for at, group in enumerate(groups) for index in group}
    answers = [
        RankedAnswer(_shown(answer.text, answer.ended), answer.source, answer.temperature, places[index], reward)
        for index, (answer, reward) in enumerate(zip(one.answers, rewards, strict=True))
    ]
    ordered = tuple(sorted(answers, key=lambda answer: answer.place))
    return RankedExample(model.origin, int(number), len(rankings), one.prompt, ordered)


def _samples(lines: list[Line], folder: Path) -> dict[str, tuple[str, tuple[Sample, ...]]]:
    """Those to everyday prompts: what a half-trained model says to someone in danger is not for a classroom wall."""
    asked = read_json(folder / "prompts.json").get("rl", [])
    prompts = {one["id"]: str(one["prompt"]) for one in asked if not one.get("topic")}
    found: dict[str, list[Sample]] = {}
    for line in lines:
        for one in line.get("samples", []):
            if one["id"] in prompts:
                sample = Sample(line["step"], _shown(one["text"], one.get("ended", True)), one["reward"])
                found.setdefault(one["id"], []).append(sample)
    return {name: (prompts[name], tuple(samples)) for name, samples in found.items()}


def _shown(text: str, ended: bool) -> str:
    """Its beginning, with a mark where it was cut here or broke off itself."""
    return text if ended and len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _curve(lines: list[Line], name: str) -> Curve:
    return tuple((int(line["step"]), float(line[name])) for line in lines if name in line)
