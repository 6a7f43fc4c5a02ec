"""How well the picture model draws what it never saw: `python -m genai_demo.training.pictures.quality --help`.

Prompts are held-out combinations of object, colour and background; seeds are fixed; a classifier that was trained on
real compositions marks the pictures, and is itself examined on real compositions first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad
from tqdm import tqdm

from ...datasets.drawings.captions import plain_caption
from ...datasets.drawings.compositions import SIZES, Rung, Scene, Thing, World, paint_many
from ...datasets.drawings.sprites import Sprites
from ...models.picture import FOLDER, PictureModel, load_picture_model
from ...models.text_encoder import TextEncoder
from ..options import Option, read_command
from ..runs import Machine
from .judge import JUDGE_PICTURES, QUESTIONS, Answer, Judge, judge_for
from .sampling import GUIDANCE, STEPS, contact_sheet, draw

PROMPTS = 400
GOALS = {"object": 0.95, "colour": 0.90, "background": 0.98}


@dataclass(frozen=True)
class Marks:
    """Shares of right answers, from 0 to 1, over `pictures`. `everything` counts pictures with no mistake at all.

    by_object, by_size: the share of right objects among the pictures of each.
    """

    pictures: int
    object: float
    colour: float
    background: float
    size: float
    everything: float
    by_object: tuple[tuple[str, float], ...]
    by_size: tuple[tuple[str, float], ...]


def mark(scenes: Sequence[Scene], answers: Sequence[Answer]) -> Marks:
    """Compare what was asked for with what the judge sees; colour only where the prompt names one."""
    rows = [_right(scene, answer) for scene, answer in zip(scenes, answers, strict=True)]
    found = [(scene.things[0], row["object"]) for scene, row in zip(scenes, rows, strict=True)]
    names = sorted({thing.name for thing, _ in found})
    sizes = [size for size in SIZES if any(thing.size == size for thing, _ in found)]
    shares = {name: _share(row[name] for row in rows if name in row) for name in QUESTIONS}
    return Marks(
        len(rows),
        **shares,
        everything=_share(all(row.values()) for row in rows),
        by_object=tuple((name, _share(right for thing, right in found if thing.name == name)) for name in names),
        by_size=tuple((size, _share(right for thing, right in found if thing.size == size)) for size in sizes),
    )


def _right(scene: Scene, answer: Answer) -> dict[str, bool]:
    thing = scene.things[0]
    right = {
        "object": answer.object == thing.name,
        "background": answer.background == scene.background,
        "size": answer.size == thing.size,
    }
    return right | ({"colour": answer.colour == thing.colour} if thing.colour else {})


def _share(rights: Iterable[bool]) -> float:
    values = list(rights)
    return sum(values) / len(values) if values else float("nan")


def exam_scenes(world: World, count: int) -> list[Scene]:
    """Held-out scenes in a fixed order that goes round the objects, so that each has its share."""
    by_object: dict[str, list[Scene]] = {}
    for scene in world.held_out:
        by_object.setdefault(scene.things[0].name, []).append(scene)
    rng = np.random.default_rng(11)
    queues = [[scenes[index] for index in rng.permutation(len(scenes))] for scenes in by_object.values()]
    longest = max(len(queue) for queue in queues)
    return [queue[turn] for turn in range(longest) for queue in queues if turn < len(queue)][:count]


def exam_pairs(world: World, count: int) -> list[Scene]:
    """Held-out scenes with two objects, the same every time; fewer where there are not so many."""
    rng = np.random.default_rng(13)
    drawn = (world.draw_pair(rng) for _ in range(50 * count))
    return list(dict.fromkeys(scene for scene in drawn if scene.held_out))[:count]


def mark_pairs(scenes: Sequence[Scene], pictures: Tensor, judge: Judge) -> float:
    """Share of pictures in which each half shows one of the two objects, in its colour, whichever is on the left."""
    half = pictures.shape[-1] // 2
    halves = (pictures[..., :half], pictures[..., half:])
    left, right = (judge.answers(pad(part, (half // 2, half // 2, 0, 0), mode="replicate")) for part in halves)
    return _share(
        any(_shows(a, first) and _shows(b, second) for first, second in (scene.things, scene.things[::-1]))
        for scene, a, b in zip(scenes, left, right, strict=True)
    )


def _shows(answer: Answer, thing: Thing) -> bool:
    return answer.object == thing.name and thing.colour in ("", answer.colour)


def examine_judge(judge: Judge, world: World, side: int, count: int = 2_000) -> Marks:
    """The judge's own marks, on real compositions."""
    rng = np.random.default_rng(12)
    scenes = [world.singles[index] for index in rng.integers(len(world.singles), size=count)]
    return mark(scenes, judge.answers(_painted(scenes, world, side, rng)))


def _painted(scenes: Sequence[Scene], world: World, side: int, rng: np.random.Generator) -> Tensor:
    return torch.from_numpy(paint_many(scenes, world.sprites, rng, side)).float() / 255


def draw_exam(
    model: PictureModel, encoder: TextEncoder, scenes: Sequence[Scene], guidance: float, batch: int = 50
) -> Tensor:
    """One picture a scene; picture n has seed n."""
    nothing, drawn = encoder.encode([""]), []
    for first in tqdm(range(0, len(scenes), batch), desc=f"guidance {guidance:g}"):
        part = scenes[first : first + batch]
        text = encoder.encode([plain_caption(scene) for scene in part])
        drawn.append(draw(model, text, nothing, range(first, first + len(part)), steps=STEPS, guidance=guidance))
    return torch.cat(drawn)


def table(marks: dict[str, Marks]) -> str:
    """Markdown: one row for each entry, in per cent."""
    lines = ["| | pictures | object | object's colour | background | size | all of it |", "| --- |" + " --- |" * 6]
    for name, row in marks.items():
        shares = (row.object, row.colour, row.background, row.size, row.everything)
        lines.append(f"| {name} | {row.pictures} | " + " | ".join(f"{100 * share:.1f} %" for share in shares) + " |")
    goals = " | ".join(f"{100 * GOALS[name]:.0f} %" if name in GOALS else "" for name in QUESTIONS)
    lines.append(f"| goal | | {goals} | |")
    return "\n".join(lines)


def report(
    marks: dict[str, Marks], best: str, guidance: float, rung: Rung, pairs: dict[str, float] | None = None
) -> str:
    """The whole page, in Markdown."""
    worst = sorted(marks[best].by_object, key=lambda entry: entry[1])
    objects, sizes = (
        " · ".join(f"{name} {100 * share:.0f} %" for name, share in entries) for entries in (worst, marks[best].by_size)
    )
    return "\n".join(
        [
            "# Quality of the picture model",
            "",
            f"Prompts are combinations of object, colour and background that were never trained on ({rung.objects} "
            f"objects, own colour or one of {len(rung.colours)}, ten backgrounds, three sizes), drawn with fixed "
            f"seeds in {STEPS} steps of DDIM and marked by a small classifier trained on real compositions alone. It "
            "also knows the answer *nothing known*. Made by `python -m genai_demo.training.pictures.quality`.",
            "",
            table(marks),
            "",
            f"Right objects by size, at guidance {guidance:g}: {sizes}.",
            "",
            f"By object, worst first: {objects}.",
            "",
            *(f"Two objects, both right, {name}: {100 * share:.1f} %.\n" for name, share in (pairs or {}).items()),
        ]
    )


@dataclass(frozen=True)
class Command:
    """What can be said on the command line."""

    folder: Annotated[Path, Option("of the weights (default: the shipped ones)")] = FOLDER
    prompts: Annotated[int, Option("how many pictures")] = PROMPTS
    guidance: Annotated[tuple[float, ...], Option(f"one or several (default: {GUIDANCE:g})")] = (GUIDANCE,)
    pairs: Annotated[int, Option("how many pictures with two objects")] = 0
    objects: Annotated[int, Option("how many kinds the model was trained on")] = Rung.objects
    judge: Annotated[Path | None, Option("file in which the classifier is kept from one run to the next")] = None
    judge_pictures: Annotated[int, Option("that the classifier learns from")] = JUDGE_PICTURES
    machine: Machine = field(default_factory=Machine)


def main(words: Sequence[str] | None = None) -> None:
    """Draw, mark, and write the table beside the weights."""
    command = read_command(
        Command,
        words,
        prog="python -m genai_demo.training.pictures.quality",
        description="Mark the picture model on combinations that it was never trained on.",
    )
    device = command.machine.prepare()
    model, encoder = load_picture_model(command.folder, device), TextEncoder.load(device)
    rung = Rung(objects=command.objects)
    world, side = World(Sprites.load(), rung), model.config.side
    judge = judge_for(world, side, command.judge, command.judge_pictures)
    scenes = exam_scenes(world, command.prompts)
    marks = {"the classifier itself, on real compositions": examine_judge(judge, world, side)}
    for guidance in command.guidance:
        pictures = draw_exam(model, encoder, scenes, guidance)
        name = f"the model, guidance {guidance:g}"
        marks[name] = mark(scenes, judge.answers(pictures))
        if guidance == command.guidance[0]:
            contact_sheet(pictures[:80], columns=16, zoom=1).save(command.folder / "quality.png", optimize=True)
    best = f"the model, guidance {command.guidance[0]:g}"
    pairs = {}
    if command.pairs:
        twos = exam_pairs(world, command.pairs)
        real = _painted(twos, world, side, np.random.default_rng(14))
        pairs["real compositions"] = mark_pairs(twos, real, judge)
        pairs["the model"] = mark_pairs(twos, draw_exam(model, encoder, twos, command.guidance[0]), judge)
    text = report(marks, best, command.guidance[0], rung, pairs)
    write(command.folder, text, marks, pairs)
    print(text)


def write(folder: Path, text: str, marks: Mapping[str, Marks], pairs: Mapping[str, float]) -> None:
    """`quality.md` and `quality.json`."""
    (folder / "quality.md").write_text(text, encoding="utf-8")
    values: dict[str, Any] = {
        name: vars(row) | {"by_object": dict(row.by_object), "by_size": dict(row.by_size)}
        for name, row in marks.items()
    }
    if pairs:
        values["pairs"] = pairs
    (folder / "quality.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
