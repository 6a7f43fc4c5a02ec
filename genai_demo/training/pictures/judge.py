"""Who marks the picture model's work: a small classifier that has only ever seen real compositions.

It shares nothing with the picture model but the drawings. So that it is not too kind, it also learns to say that a
picture shows nothing known, from pictures that were spoiled on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from ...datasets.drawings.colours import PALETTE
from ...datasets.drawings.compositions import OBJECT_COLOURS, SIZES, Scene, World, paint_many

NOTHING = "nothing known"
QUESTIONS = ("object", "colour", "background", "size")
JUDGE_PICTURES = 60_000
SKIP = -100  # cross_entropy leaves such answers out


@dataclass(frozen=True)
class Answer:
    """What the judge sees in one picture. `sure` is its probability for the object."""

    object: str
    colour: str
    background: str
    size: str
    sure: float


class Judge(nn.Module):
    """Four convolutions and one linear layer for each of four questions."""

    def __init__(self, objects: Sequence[str]) -> None:
        super().__init__()
        self.choices = {
            "object": (*objects, NOTHING),
            "colour": OBJECT_COLOURS,
            "background": tuple(PALETTE),
            "size": SIZES,
        }
        widths = (3, 32, 64, 96, 128)
        self.body = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), nn.GroupNorm(8, b), nn.SiLU())
                for a, b in pairwise(widths)
            ),
        )
        features = 2 * widths[-1]
        self.heads = nn.ModuleDict({name: nn.Linear(features, len(these)) for name, these in self.choices.items()})

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Pictures in [0, 1], (B, 3, side, side) → the logits of each question, (B, choices)."""
        seen = self.body(2 * pictures - 1)
        pooled = torch.cat([seen.mean(dim=(2, 3)), seen.amax(dim=(2, 3))], dim=1)
        return {name: head(pooled) for name, head in self.heads.items()}

    @torch.inference_mode()
    def answers(self, pictures: Tensor) -> list[Answer]:
        """One answer a picture."""
        logits = self(pictures)
        best = {name: [self.choices[name][index] for index in logits[name].argmax(1)] for name in QUESTIONS}
        sure = logits["object"].softmax(1).amax(1).tolist()
        words = zip(*(best[name] for name in QUESTIONS), strict=True)
        return [Answer(a, b, c, d, p) for (a, b, c, d), p in zip(words, sure, strict=True)]

    def labels(self, scenes: Sequence[Scene]) -> dict[str, Tensor]:
        """The right answers, (B,) each. An object in its own colour is not asked for its colour."""
        first = [scene.things[0] for scene in scenes]
        said = {
            "object": [thing.name for thing in first],
            "colour": [thing.colour for thing in first],
            "background": [scene.background for scene in scenes],
            "size": [thing.size for thing in first],
        }
        return {
            name: torch.tensor([self.choices[name].index(word) if word else SKIP for word in words])
            for name, words in said.items()
        }


def spoil(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Pictures that show nothing any more: each is half one and half another, or has its parts swapped around."""
    side = pictures.shape[-1]
    spoiled = pictures.clone()
    for index in range(len(pictures)):
        other = pictures[(index + 1) % len(pictures)]
        way = rng.integers(3)
        if way == 0:
            spoiled[index, :, :, side // 2 :] = other[:, :, side // 2 :]
        elif way == 1:
            spoiled[index] = (pictures[index] + other) / 2
        else:
            quarter = side // 4
            blocks = pictures[index].unfold(1, quarter, quarter).unfold(2, quarter, quarter).reshape(3, 16, quarter, -1)
            mixed = blocks[:, rng.permutation(16)].reshape(3, 4, 4, quarter, quarter)
            spoiled[index] = mixed.permute(0, 1, 3, 2, 4).reshape(3, side, side)
    return spoiled


def train_judge(world: World, side: int, *, pictures: int = JUDGE_PICTURES, batch: int = 64, seed: int = 7) -> Judge:
    """A judge that has seen so many compositions, held-out combinations among them: it marks, it does not draw."""
    torch.manual_seed(seed)
    judge = Judge([kind.name for kind in world.kinds])
    steps = pictures // batch
    optimizer = torch.optim.AdamW(judge.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=max(2, steps))
    rng = np.random.default_rng(seed)
    for _ in tqdm(range(steps), desc="judge"):
        scenes = [world.singles[index] for index in rng.integers(len(world.singles), size=batch)]
        seen = torch.from_numpy(paint_many(scenes, world.sprites, rng, side)).float() / 255
        labels = judge.labels(scenes)
        ruined = batch // 8
        seen[:ruined] = spoil(seen[:ruined], rng)
        for name in QUESTIONS:
            labels[name][:ruined] = len(world.kinds) if name == "object" else SKIP
        seen += torch.randn_like(seen) * 0.06 * torch.rand(batch, 1, 1, 1)  # what is drawn is never quite clean
        logits = judge(seen)
        loss = torch.stack([nn.functional.cross_entropy(logits[name], labels[name]) for name in QUESTIONS]).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return judge.eval()


def judge_for(world: World, side: int, file: Path | None, pictures: int = JUDGE_PICTURES) -> Judge:
    """The judge kept in `file`, or a new one that has learned from so many `pictures`, which is kept there."""
    if file is not None and file.exists():
        judge = Judge([kind.name for kind in world.kinds])
        judge.load_state_dict(torch.load(file, weights_only=True))
        return judge.eval()
    judge = train_judge(world, side, pictures=pictures)
    if file is not None:
        torch.save(judge.state_dict(), file)
    return judge
