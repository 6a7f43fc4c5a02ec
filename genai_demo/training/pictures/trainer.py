"""The picture model in training: one step, and all that the next one depends on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...datasets.drawings.compositions import World
from ...models.picture import PictureModel, parameter_count, to_model_space
from ..runs import Figures, Stopwatch, hardware, seed_of_step
from .batches import Batches, CaptionCache, Reads, batches_from, without_prompt
from .objective import diffusion_loss, learning_rate_factor
from .recipe import Pace, Recipe
from .sampling import contact_sheet, draw

FIRST_PICTURES = 2_048
SHEET_PROMPTS = (
    "a red apple on a blue background",
    "a cat on a green background",
    "sunflower, blue background",
    "the moon on black",
    "a white background with a red rose",
    "a small yellow car on a purple background",
    "a large green butterfly on pink",
    "a frog on yellow",
    "a rocket on a black background",
    "a purple heart on a white background",
    "a penguin on orange",
    "a house on a blue background",
    "a puppy on a pink background",
    "a small blue fish on white",
    "a tiny ladybug on a white background",
    "an orange balloon on grey",
    "a huge pizza on a blue background",
    "a pink octopus on a blue background",
    "a small black cat on a yellow background",
    "a ghost on a purple background",
    "a green shirt on white",
    "a blue guitar on a yellow background",
    "an owl on a green background",
    "a white umbrella on a red background",
)


class PictureTrainer:
    """A model in training, with all that a checkpoint has to hold.

    Args:
        recipe: how.
        encoder: reads the captions.
        world: what pictures show.
        device: where.
        folder: for sample sheets.
        pace: how far.
    """

    unit = "pictures"

    def __init__(
        self, recipe: Recipe, encoder: Reads, world: World, device: torch.device, folder: Path, pace: Pace
    ) -> None:
        self.recipe, self.device, self.world = recipe, device, world
        self.folder, self.pace = folder, pace
        torch.manual_seed(recipe.seed)
        self.model = PictureModel(recipe.model).to(device)
        self.average = PictureModel(recipe.model).to(device).requires_grad_(False)
        self.average.load_state_dict(self.model.state_dict())
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=recipe.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=recipe.weight_decay,
            fused=device.type in ("cpu", "cuda"),
        )
        self.captions = CaptionCache(encoder)
        self.nothing = encoder.encode([""]).to(device)
        self.step = 0
        self.pictures = 0
        self._batches: Iterator[tuple[Tensor, list[str]]] | None = None
        self._recent = _Recent(recipe.model.steps)
        self._since_sheet = Stopwatch()

    @property
    def progress(self) -> int:
        """Pictures learnt from."""
        return self.pictures

    @property
    def total(self) -> int | None:
        """Pictures in all, if the pace says so."""
        return self.pace.pictures

    def start(self, *, new: bool) -> Figures:  # noqa: ARG002 - as every trainer is asked
        """What is at work, and how."""
        return {
            "hardware": hardware(self.device),
            "torch": torch.__version__,
            "parameters": parameter_count(self.model.parameters()),
            "from_pictures": self.pictures,
            "recipe": asdict(self.recipe),
        }

    def learn(self) -> Figures:
        """One step on the next batch; the figures of all steps since the last line of the log, if that was long ago."""
        if self._batches is None:
            self._batches = batches_from(self.world, self.recipe, self.step, self.pace.workers)
        pace = self.pace
        factor = learning_rate_factor(self.pictures, self.recipe.warmup, pace.pictures, pace.cooldown)
        pictures, captions = next(self._batches)
        self._recent.add(*self.learn_from(pictures, captions, factor))
        if self._recent.pictures < pace.log_pictures:
            return {}
        line = {"pictures": self.pictures, **self._recent.figures(), "rate": self.recipe.learning_rate * factor}
        self._recent = _Recent(self.recipe.model.steps)
        return line

    def learn_from(self, pictures: Tensor, captions: Sequence[str], factor: float) -> tuple[float, Tensor, Tensor]:
        """One step on these pictures: the loss, each picture's plain error and its noise level."""
        here: dict[str, Any] = {"device": self.device}
        generator = torch.Generator(**here).manual_seed(seed_of_step(self.recipe.seed, self.step))
        count, steps = len(pictures), self.recipe.model.steps
        turns = torch.rand(1, generator=generator, **here) + torch.arange(count, **here) / count
        timesteps = (turns % 1 * steps).long().clamp(max=steps - 1)  # all noise levels, evenly
        dropped = torch.rand(count, generator=generator, **here) < self.recipe.unprompted_share
        noise = torch.randn(pictures.shape, generator=generator, **here)
        text = without_prompt(self.captions(captions).to(self.device), self.nothing, dropped)
        clean = to_model_space(pictures.to(self.device).float() / 255)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda"):
            loss, errors = diffusion_loss(self.model, clean, text, timesteps, noise, self.recipe.snr_cap)
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * factor
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self.pictures += count
        self._follow()
        return float(loss.detach()), errors.cpu(), timesteps.cpu()

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the averaged weights a little towards the newest (a shorter average at the beginning)."""
        memory = max(1.0, min(self.recipe.ema_pictures, self.pictures / 5) / self.recipe.batch)
        torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 / memory)

    def is_due(self) -> bool:
        """A sample sheet now and then, by the clock."""
        return self._since_sheet.minutes > self.pace.sheet_minutes

    def examine(self) -> Figures:
        """`sheet-<pictures>.png`; no figures."""
        self.write_sheet()
        self._since_sheet = Stopwatch()
        return {}

    def write_sheet(self, prompts: Sequence[str] = SHEET_PROMPTS) -> None:
        """What the averaged weights draw for fixed prompts and seeds."""
        text = self.captions(prompts)
        pictures = draw(self.average.eval(), text, self.nothing, range(len(prompts)))
        contact_sheet(pictures, columns=8).save(self.folder / f"sheet-{self.pictures:08d}.png", optimize=True)

    def state(self) -> dict[str, Any]:
        """Weights, their average, optimiser and progress; pictures and noise follow from the seed and the step."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "pictures": self.pictures,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state` of the same model."""
        for name, part in (("model", self.model), ("average", self.average), ("optimizer", self.optimizer)):
            part.load_state_dict(state[name])
        self.step, self.pictures = state["step"], state["pictures"]


def see_patches(trainer: PictureTrainer) -> None:
    """Give a new network the principal components of the patches of its first pictures."""
    batches = Batches(trainer.world, trainer.recipe)
    pictures = torch.cat([batches[number][0] for number in range(-(-FIRST_PICTURES // trainer.recipe.batch))])
    for model in (trainer.model, trainer.average):
        model.fit_patches(to_model_space(pictures.to(trainer.device).float() / 255))


class _Recent:
    """The steps since the last line of the log: their losses, and the plain error by noise level, in fifths."""

    def __init__(self, steps: int) -> None:
        self.pictures = 0
        self._steps, self._began = steps, time.monotonic()
        self._losses: list[float] = []
        self._sums, self._counts = torch.zeros(5), torch.zeros(5)

    def add(self, loss: float, errors: Tensor, timesteps: Tensor) -> None:
        """One step: its loss, each picture's error, (B,), and noise level, (B,)."""
        self.pictures += len(errors)
        self._losses.append(loss)
        fifths = timesteps * 5 // self._steps
        self._sums.index_add_(0, fifths, errors)
        self._counts.index_add_(0, fifths, torch.ones_like(errors))

    def figures(self) -> Figures:
        """Their means, and how fast it went."""
        errors = (self._sums / self._counts.clamp(min=1)).tolist()
        return {
            "loss": sum(self._losses) / len(self._losses),
            "error_by_noise": [round(error, 5) for error in errors],
            "pictures_per_second": round(self.pictures / max(1e-9, time.monotonic() - self._began), 1),
        }
