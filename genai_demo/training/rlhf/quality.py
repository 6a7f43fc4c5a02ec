"""How good is each stage? `python -m genai_demo.training.rlhf.quality --help`.

Base, tuned and RLHF model answer every evaluation prompt, greedily and sampled; none of them has learnt from these
prompts. Programs count what programs can see, by `rules`: a share of 97 % means that, and no more. The replies are kept
beside the table, to be read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from ...datasets.conversations.demonstrations import FOLDER
from ...datasets.conversations.prompts import PROMPTS, Prompt, load_prompts
from ...datasets.conversations.rankings import RatedAnswer, Rating, save_ratings
from ...models.chat import ChatTemplate, LabelledIds
from ..options import Option, read_command
from .adapters import BASE, Base, Stages
from .answers import Drawing, draw_many
from .conversation import conversation, prompt_ids
from .likelihood import batch_of, first_choices, kl_divergence
from .reward import STAGE as REWARD
from .reward import RewardModel
from .rl import STAGE as RLHF
from .rl import parts_of_similar_length
from .rules import VERDICTS
from .sft import STAGE as SFT

DRAWINGS = {
    "greedy": Drawing(temperature=0.0, max_new_tokens=120),
    "sampled": Drawing(temperature=0.7, top_p=0.95, max_new_tokens=120),
}
COMPARED = 60  # prompts of a blind comparison


@dataclass(frozen=True)
class Subject:
    """A model to examine, and the form in which it gets the prompts."""

    name: str
    stage: str
    form: str = "turns"


SUBJECTS = {
    "base": Subject("base", BASE, "text"),  # the bare text of the prompt
    "base_turns": Subject("base_turns", BASE),  # the same turns as the tuned models
    SFT: Subject(SFT, SFT),
    RLHF: Subject(RLHF, RLHF),
}


@dataclass(frozen=True)
class Reply:
    """What a model wrote to the prompt `id`. `tokens` is their number; `ended`: by itself, within the limit."""

    id: str
    text: str
    tokens: int
    ended: bool


@dataclass(frozen=True)
class Share:
    """How many replies have a quality, of those to which it applies."""

    count: int
    of: int

    def __str__(self) -> str:
        return f"{self.count / self.of:.1%} ({self.count}/{self.of})" if self.of else "none"


@dataclass(frozen=True)
class Quality:
    """One column of the table. Rewards are in standard deviations, divergences from the base in nats."""

    subject: str
    drawing: str
    shares: dict[str, Share]
    mean_tokens: float
    reward: float | None = None
    shifted: float | None = None  # the share of tokens that are not the base's first choice (Lin et al. 2023)
    kl_per_token: float | None = None
    kl_per_answer: float | None = None


def count_shares(prompts: Sequence[Prompt], replies: Sequence[Reply]) -> dict[str, Share]:
    """The share of each of `VERDICTS`, over the prompts that it applies to."""
    found = {}
    for name, (_, verdict) in VERDICTS.items():
        given = [verdict(prompt, reply.text, reply.ended) for prompt, reply in zip(prompts, replies, strict=True)]
        found[name] = Share(given.count(True), len(given) - given.count(None))
    return found


# ── what needs the models ────────────────────────────────────────────────────────────────────────────────────


def ask(
    stages: Stages, template: ChatTemplate, prompts: Sequence[Prompt], subject: Subject, drawing: Drawing, seed: int
) -> list[Reply]:
    """The subject's reply to each prompt."""
    ids = [prompt_ids(template, one.prompt, subject.form) for one in prompts]
    with stages.through(subject.stage):
        answers = draw_many(stages.network, template, ids, [drawing] * len(ids), seed)
    return [
        Reply(prompt.id, answer.text, len(answer.ids), answer.ended)
        for prompt, answer in zip(prompts, answers, strict=True)
    ]


def divergences(stages: Stages, sequences: Sequence[LabelledIds], stage: str) -> tuple[float, float]:
    """KL(stage ‖ base) over the whole vocabulary, both reading the same turns: nats per token, and per answer."""
    total, tokens = 0.0, 0
    for part in parts_of_similar_length(sequences):
        found = kl_divergence(stages, batch_of([sequences[index] for index in part], stages.device), stage, BASE)
        total, tokens = total + float(found.sum()), tokens + len(found)
    return total / max(1, tokens), total / len(sequences)


def shifted_share(stages: Stages, sequences: Sequence[LabelledIds]) -> float:
    """The share of answer tokens that are not the base's first choice, when it reads the same turns."""
    shifted, tokens = 0, 0
    for part in parts_of_similar_length(sequences):
        batch = batch_of([sequences[index] for index in part], stages.device)
        shifted += int((first_choices(stages, batch, BASE) != batch.targets).sum())
        tokens += len(batch.targets)
    return shifted / max(1, tokens)


def examine(
    stages: Stages,
    template: ChatTemplate,
    judge: RewardModel | None,
    prompts: Sequence[Prompt],
    replies: Sequence[Reply],
    subject: Subject,
    drawing: str,
) -> Quality:
    """One column of the table."""
    sequences = [
        conversation(template, prompt.prompt, reply.text, reply.ended)
        for prompt, reply in zip(prompts, replies, strict=True)
    ]
    answered = [one for one in sequences if any(one.is_answer)]  # an empty reply that did not end has no token
    is_base = subject.stage == BASE
    per_token, per_answer = (0.0, 0.0) if is_base else divergences(stages, answered, subject.stage)
    return Quality(
        subject.name,
        drawing,
        count_shares(prompts, replies),
        mean_tokens=sum(reply.tokens for reply in replies) / len(replies),
        reward=None if judge is None else judge.rewards(sequences).mean().item(),
        shifted=None if is_base else shifted_share(stages, answered),
        kl_per_token=per_token,
        kl_per_answer=per_answer,
    )


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────


def save_replies(replies: Sequence[Reply], path: Path) -> None:
    """One JSON object a line; either all of them are written, or none."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(
        "".join(json.dumps(asdict(reply), ensure_ascii=False) + "\n" for reply in replies), encoding="utf-8"
    )
    unfinished.replace(path)


def load_replies(path: Path, prompts: Sequence[Prompt]) -> list[Reply]:
    """The replies in `path` to `prompts`, in their order.

    Raises:
        ValueError: one is missing.
    """
    by_id = {reply.id: reply for line in path.read_text(encoding="utf-8").splitlines() for reply in (_reply(line),)}
    missing = [prompt.id for prompt in prompts if prompt.id not in by_id]
    if missing:
        raise ValueError(f"{path.name}: no reply to {', '.join(missing[:3])}")
    return [by_id[prompt.id] for prompt in prompts]


def _reply(line: str) -> Reply:
    row = json.loads(line)
    return Reply(row["id"], row["text"], row["tokens"], row["ended"])


def table(rows: Sequence[Quality]) -> Iterator[str]:
    """The lines of a Markdown table: a column for each subject and drawing."""
    yield "| | " + " | ".join(f"{row.subject}, {row.drawing}" for row in rows) + " |"
    yield "| --- |" + " --- |" * len(rows)
    for name, (label, _) in VERDICTS.items():
        yield f"| {label} | " + " | ".join(str(row.shares[name]) for row in rows) + " |"
    figures: dict[str, Callable[[Quality], float | None]] = {
        "tokens": lambda row: row.mean_tokens,
        "reward (standard deviations)": lambda row: row.reward,
        "tokens that are not the base's first choice (share)": lambda row: row.shifted,
        "KL to the base, nats per token": lambda row: row.kl_per_token,
        "KL to the base, nats per answer": lambda row: row.kl_per_answer,
    }
    for label, figure in figures.items():
        yield f"| {label} | " + " | ".join(_number(figure(row)) for row in rows) + " |"


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.2f}"


def comparison(
    prompts: Sequence[Prompt], replies: Mapping[str, Sequence[Reply]], count: int = COMPARED
) -> list[Rating]:
    """Replies of several subjects to `count` prompts of all kinds, to be read blind with the command `rankings`.

    Args:
        prompts: all that were asked.
        replies: each subject's, in the order of `prompts`.
        count: how many are compared, spread evenly.
    """
    count = min(count, len(prompts))
    chosen = [number * len(prompts) // count for number in range(count)]
    return [
        Rating(
            prompts[number].id,
            prompts[number].kind,
            prompts[number].prompt,
            tuple(
                RatedAnswer(of[number].text, name, 0.0, SUBJECTS[name].form, of[number].ended)
                for name, of in replies.items()
            ),
        )
        for number in chosen
    ]


@dataclass(frozen=True)
class Command:
    """What can be said on the command line."""

    folder: Annotated[Path, Option("for replies, table (quality.md), figures (quality.json) and comparisons")]
    subjects: Annotated[tuple[str, ...], Option("default: base sft rlhf", choices=tuple(SUBJECTS))] = (
        "base",
        SFT,
        RLHF,
    )
    adapters: Annotated[Path, Option("folder of sft, rlhf and reward (default: the shipped)")] = FOLDER
    prompts: Annotated[Path, Option("default: those of the project")] = PROMPTS
    peer: Annotated[tuple[Path, ...], Option("files of another model's replies, to be counted alike")] = ()
    seed: Annotated[int, Option("of the sampled replies")] = 0
    max_new_tokens: Annotated[int | None, Option("of a reply (default: 120, as the table says)")] = None
    base: Base = field(default_factory=Base)


def main(words: Sequence[str] | None = None) -> None:
    """Ask, count, and write the table."""
    command = read_command(
        Command,
        words,
        prog="python -m genai_demo.training.rlhf.quality",
        description="Measure base, tuned and RLHF model on the evaluation prompts. Replies that the folder already "
        "holds are not asked for again.",
        epilog="%(prog)s runs/quality --subjects base sft  |  %(prog)s assets/rlhf/evaluation  |  a blind reading: "
        "python -m genai_demo.training.rlhf.rankings sheet --file assets/rlhf/evaluation/compare-sft-rlhf.jsonl",
    )
    prompts = load_prompts(command.prompts)["evaluation"]
    stages, template = command.base.load()
    subjects = [SUBJECTS[name] for name in command.subjects]
    for stage in dict.fromkeys(one.stage for one in subjects if one.stage != BASE):
        stages.read(stage, command.adapters / stage)
    judged = (command.adapters / REWARD).is_dir()
    judge = RewardModel.read(stages, command.adapters / REWARD) if judged else None
    command.folder.mkdir(parents=True, exist_ok=True)
    replies: dict[tuple[str, str], list[Reply]] = {}
    rows = []
    drawings = drawings_of(command.max_new_tokens)
    for name, drawing in drawings.items():
        for subject in subjects:
            path = command.folder / f"replies-{subject.name}-{name}.jsonl"
            if not path.is_file():
                save_replies(ask(stages, template, prompts, subject, drawing, command.seed), path)
            replies[subject.name, name] = load_replies(path, prompts)
            rows.append(examine(stages, template, judge, prompts, replies[subject.name, name], subject, name))
            print("\n".join(table(rows[-1:])), flush=True)
    rows += [peer_column(path, prompts) for path in command.peer]
    write(command.folder, rows, len(prompts), command.seed, drawings)
    for one, other in pairwise(subjects):
        compared = {each.name: replies[each.name, "greedy"] for each in (one, other)}
        path = command.folder / f"compare-{one.name}-{other.name}.jsonl"
        if not path.is_file():  # it may have been read
            save_ratings(comparison(prompts, compared), path)


def drawings_of(max_new_tokens: int | None) -> dict[str, Drawing]:
    """How replies are drawn, with another longest length if one is given."""
    if max_new_tokens is None:
        return DRAWINGS
    return {name: replace(drawing, max_new_tokens=max_new_tokens) for name, drawing in DRAWINGS.items()}


def peer_column(path: Path, prompts: Sequence[Prompt]) -> Quality:
    """What can be counted without the models, for replies from elsewhere; the file's name is the subject's."""
    replies = load_replies(path, prompts)
    mean = sum(reply.tokens for reply in replies) / len(replies)
    return Quality(path.stem, "as given", count_shares(prompts, replies), mean)


def write(folder: Path, rows: Sequence[Quality], prompts: int, seed: int, drawings: Mapping[str, Drawing]) -> None:
    """`quality.md` and `quality.json`."""
    (folder / "quality.md").write_text("\n".join(table(rows)) + "\n", encoding="utf-8")
    figures: dict[str, Any] = {
        "prompts": prompts,
        "seed": seed,
        "drawings": {name: asdict(drawing) for name, drawing in drawings.items()},
        "rows": [asdict(row) for row in rows],
    }
    (folder / "quality.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
