"""Train the picture model: `python -m genai_demo.training.pictures.train --help`.

Every batch is a function of the seed and of its number alone, and a checkpoint holds all else, so a run that was
stopped, or killed, goes on as if nothing had happened: run the same command again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ...datasets.drawings.captions import caption
from ...datasets.drawings.compositions import Rung, Scene, World, paint_many
from ...datasets.drawings.sprites import Sprites
from ...models.device import choose_device
from ...models.picture import (
    PictureModel,
    PictureModelConfig,
    alpha_bars,
    load_picture_model,
    parameter_count,
    read_config,
    save_weights,
    to_model_space,
)
from ...models.text_encoder import TextEncoder, TextStates
from .sampling import contact_sheet, draw

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
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


@dataclass(frozen=True)
class Recipe:
    """How to train. Rates and lengths count pictures, not steps, so that the batch size can change."""

    batch: int = 32
    learning_rate: float = 1e-3
    warmup: int = 3_000  # pictures over which the rate rises
    weight_decay: float = 0.01
    unprompted_share: float = 0.1  # of the pictures are shown without their prompt, for guidance
    snr_cap: float = 20.0  # of pixels: what a patch shows is seen through more noise than what one pixel shows
    ema_pictures: float = 64_000.0  # over about so many the weights are averaged
    phrasings: int = 6  # captions that one scene can have
    seed: int = 0
    model: PictureModelConfig = field(default_factory=PictureModelConfig)
    rung: Rung = field(default_factory=Rung)


class Reads(Protocol):
    """Anything that turns prompts into vectors, as `TextEncoder` does."""

    def encode(self, texts: Sequence[str]) -> TextStates:
        """One entry a prompt."""


class Batches(Dataset[tuple[Tensor, list[str]]]):
    """Pictures (B, 3, side, side), uint8, and their captions. Batch `n` is the same whoever asks for it."""

    def __init__(self, world: World, recipe: Recipe) -> None:
        self.world, self.recipe = world, recipe

    def __getitem__(self, number: int) -> tuple[Tensor, list[str]]:
        rng = np.random.default_rng([self.recipe.seed, number])
        scenes = [self.world.draw_scene(rng) for _ in range(self.recipe.batch)]
        pictures = paint_many(scenes, self.world.sprites, rng, self.recipe.model.side)
        return torch.from_numpy(pictures), [self._phrase(scene, rng) for scene in scenes]

    def _phrase(self, scene: Scene, rng: np.random.Generator) -> str:
        """One of a fixed number of captions, so that encoding them once is enough."""
        sizes = "".join(thing.size for thing in scene.things)
        name = f"{scene.combination}{sizes}{rng.integers(self.recipe.phrasings)}"
        return caption(scene, np.random.default_rng(list(name.encode())))


class CaptionCache:
    """Captions are few and pictures many, so each caption is encoded once. It is emptied when it grows too large."""

    def __init__(self, encoder: Reads, limit: int = 100_000) -> None:
        self._encoder, self._limit = encoder, limit
        self._known: dict[str, tuple[Tensor, Tensor]] = {}  # caption → states (T, C) in float16, pooled (C,)

    def __call__(self, captions: Sequence[str]) -> TextStates:
        """What `encode` returns, padded to the longest of `captions`."""
        new = sorted({text for text in captions if text not in self._known})
        if new:
            self._learn(new)
        states = [self._known[text][0] for text in captions]
        lengths = torch.tensor([len(state) for state in states], device=states[0].device)
        padded = torch.nn.utils.rnn.pad_sequence(states, batch_first=True).float()
        mask = (torch.arange(padded.shape[1], device=lengths.device) < lengths[:, None]).long()
        return TextStates(padded, mask, torch.stack([self._known[text][1] for text in captions]))

    def _learn(self, new: Sequence[str]) -> None:
        if len(self._known) > self._limit:
            self._known.clear()
        encoded = self._encoder.encode(new)
        for index, text in enumerate(new):
            length = int(encoded.mask[index].sum())
            states = encoded.states[index, :length]
            self._known[text] = (states.half(), states.mean(0))  # a mean that no padding can change by a rounding error


def without_prompt(text: TextStates, nothing: TextStates, dropped: Tensor) -> TextStates:
    """`text` with the empty prompt in the rows where `dropped` is true. Shapes as in `TextStates`; dropped: (B,)."""
    length = text.mask.shape[1]
    states = torch.nn.functional.pad(nothing.states, (0, 0, 0, length - nothing.mask.shape[1]))
    mask = torch.nn.functional.pad(nothing.mask, (0, length - nothing.mask.shape[1]))
    return TextStates(
        torch.where(dropped[:, None, None], states, text.states),
        torch.where(dropped[:, None], mask, text.mask),
        torch.where(dropped[:, None], nothing.pooled, text.pooled),
    )


def diffusion_loss(
    model: PictureModel, pictures: Tensor, text: TextStates, timesteps: Tensor, noise: Tensor, snr_cap: float
) -> tuple[Tensor, Tensor]:
    """The weighted squared error of x̂0, and the plain one of each picture (B,).

    An error in x0 weighs SNR + 1 in v (Salimans & Ho 2022); the weight is capped, so that nearly clean pictures, whose
    finest details cost the network most, do not take all its attention (min-SNR-γ, Hang et al. 2023, section 3.4).

    Args:
        model: predicts x0.
        pictures: clean ones in [-1, 1], (B, 3, side, side).
        text: their prompts.
        timesteps: a noise level for each, (B,), integers.
        noise: standard normal, shaped like the pictures.
        snr_cap: γ.
    """
    bars = alpha_bars(model.config).to(pictures.device)[timesteps]
    snr = bars / (1 - bars)
    signal, spread = bars.sqrt().float(), (1 - bars).sqrt().float()
    noisy = signal[:, None, None, None] * pictures + spread[:, None, None, None] * noise
    error = (model(noisy, timesteps, text).float() - pictures).square().mean(dim=(1, 2, 3))
    return ((snr.clamp(max=snr_cap) + 1).float() * error).mean(), error.detach()


def learning_rate_factor(pictures: int, warmup: int, total: int | None, cooldown: int) -> float:
    """Rises over `warmup` pictures, then stays; over the last `cooldown` of `total` it falls to zero (1 − √x)."""
    factor = min(1.0, (pictures + 1) / max(1, warmup))
    if total is not None and cooldown and pictures > total - cooldown:
        factor *= 1 - math.sqrt(min(1.0, (pictures - (total - cooldown)) / cooldown))
    return factor


class Trainer:
    """A model in training, with all that a checkpoint has to hold."""

    def __init__(self, recipe: Recipe, encoder: Reads, device: torch.device) -> None:
        self.recipe, self.device = recipe, device
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
        self.hours = {"wall": 0.0, "cpu": 0.0}

    def learn(self, pictures: Tensor, captions: Sequence[str], factor: float) -> tuple[float, Tensor, Tensor]:
        """One step; the loss, each picture's plain error and its noise level."""
        here: dict[str, Any] = {"device": self.device}
        generator = torch.Generator(**here).manual_seed(self.recipe.seed * 1_000_003 + self.step)
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

    def save(self, folder: Path) -> None:
        """A checkpoint that is either the old one or the new one, whenever the process may be killed."""
        state = {
            "recipe": asdict(self.recipe),
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": {"step": self.step, "pictures": self.pictures, "hours": self.hours},
        }
        unfinished = folder / f"{CHECKPOINT}.unfinished"
        torch.save(state, unfinished)
        unfinished.replace(folder / CHECKPOINT)

    def restore(self, folder: Path) -> None:
        """Go on where a checkpoint of the same model stopped."""
        state = torch.load(folder / CHECKPOINT, map_location=self.device, weights_only=True)
        for name, part in (("model", self.model), ("average", self.average), ("optimizer", self.optimizer)):
            part.load_state_dict(state[name])
        progress = state["progress"]
        self.step, self.pictures, self.hours = progress["step"], progress["pictures"], dict(progress["hours"])


def see_patches(trainer: Trainer, world: World) -> None:
    """Give a new network the principal components of the patches of its first pictures."""
    batches = Batches(world, trainer.recipe)
    pictures = torch.cat([batches[number][0] for number in range(-(-FIRST_PICTURES // trainer.recipe.batch))])
    for model in (trainer.model, trainer.average):
        model.fit_patches(to_model_space(pictures.to(trainer.device).float() / 255))


def saved_recipe(folder: Path) -> Recipe:
    """The recipe of the checkpoint in a folder."""
    values = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)["recipe"]
    model, rung = read_config(values.pop("model")), values.pop("rung")
    return Recipe(**values, model=model, rung=Rung(**rung | {"colours": tuple(rung["colours"])}))


@dataclass
class Limits:
    """When to stop, and what to write meanwhile. `cooldown` needs `pictures`."""

    pictures: int | None = None
    minutes: float | None = None
    cooldown: int = 0
    checkpoint_minutes: float = 5.0
    sheet_minutes: float = 15.0
    log_pictures: int = 2_048
    workers: int = 0


class _Recent:
    """Losses since the last line of the log: all, and the plain error by noise level, in fifths."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._losses: list[float] = []
        self._sums, self._counts = torch.zeros(5), torch.zeros(5)

    def add(self, loss: float, errors: Tensor, timesteps: Tensor) -> None:
        self._losses.append(loss)
        fifths = timesteps * 5 // self._steps
        self._sums.index_add_(0, fifths, errors)
        self._counts.index_add_(0, fifths, torch.ones_like(errors))

    def line(self) -> dict[str, Any]:
        errors = (self._sums / self._counts.clamp(min=1)).tolist()
        line = {
            "loss": round(sum(self._losses) / len(self._losses), 5),
            "error_by_noise": [round(error, 5) for error in errors],
        }
        self.__init__(self._steps)  # type: ignore[misc]
        return line


def train(trainer: Trainer, world: World, folder: Path, limits: Limits) -> None:
    """Learn until a limit, SIGTERM or Ctrl-C, then save. The log has one JSON line every `log_pictures`."""
    folder.mkdir(parents=True, exist_ok=True)
    recipe, stop = trainer.recipe, _StopOnSignal()
    clocks, began = _Clocks(trainer), time.monotonic()
    saved = drawn = began
    recent, logged = _Recent(recipe.model.steps), trainer.pictures
    with stop, tqdm(total=limits.pictures, initial=trainer.pictures, unit="pictures", unit_scale=True) as bar:
        for pictures, captions in _batches(world, recipe, trainer.step, limits.workers):
            if _reached(limits, trainer.pictures, began) or stop.asked:
                break
            factor = learning_rate_factor(trainer.pictures, recipe.warmup, limits.pictures, limits.cooldown)
            loss, errors, timesteps = trainer.learn(pictures, captions, factor)
            recent.add(loss, errors, timesteps)
            bar.update(len(pictures))
            clocks.update()
            if trainer.pictures - logged >= limits.log_pictures:
                line = {"pictures": trainer.pictures, **recent.line(), "rate": recipe.learning_rate * factor}
                _log(folder, line | clocks.line(trainer.pictures - logged))
                bar.set_postfix(loss=line["loss"])
                logged = trainer.pictures
            if time.monotonic() - saved > 60 * limits.checkpoint_minutes:
                trainer.save(folder)
                saved = time.monotonic()
            if time.monotonic() - drawn > 60 * limits.sheet_minutes:
                write_sheet(trainer, folder)
                drawn = time.monotonic()
    trainer.save(folder)
    if trainer.pictures > 0 and math.isfinite(limits.sheet_minutes):
        write_sheet(trainer, folder)


def _batches(world: World, recipe: Recipe, first: int, workers: int) -> Iterator[tuple[Tensor, list[str]]]:
    """Endless batches from number `first` on; with workers they are painted by other processes."""
    numbers = range(first, 2**40)
    return iter(DataLoader(Batches(world, recipe), batch_size=None, sampler=numbers, num_workers=workers))


def _reached(limits: Limits, pictures: int, began: float) -> bool:
    enough = limits.pictures is not None and pictures >= limits.pictures
    late = limits.minutes is not None and time.monotonic() - began >= 60 * limits.minutes
    return enough or late


class _Clocks:
    """Adds up the hours a run took: on the wall, and of the processor (per core in use)."""

    def __init__(self, trainer: Trainer) -> None:
        self._hours = trainer.hours
        self._wall, self._cpu = time.monotonic(), time.process_time()
        self._logged = self._wall

    def update(self) -> None:
        wall, cpu = time.monotonic(), time.process_time()
        self._hours["wall"] += (wall - self._wall) / 3600
        self._hours["cpu"] += (cpu - self._cpu) / 3600 / torch.get_num_threads()
        self._wall, self._cpu = wall, cpu

    def line(self, pictures: int) -> dict[str, float]:
        speed = pictures / max(1e-9, self._wall - self._logged)
        self._logged = self._wall
        return {
            "pictures_per_second": round(speed, 1),
            "hours": round(self._hours["wall"], 4),
            "busy_hours": round(self._hours["cpu"], 4),
        }


class _StopOnSignal:
    """While it is open, SIGTERM and Ctrl-C are a request to finish the step and save."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.asked = True

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _log(folder: Path, line: dict[str, Any]) -> None:
    with (folder / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def write_sheet(trainer: Trainer, folder: Path, prompts: Sequence[str] = SHEET_PROMPTS) -> None:
    """`sheet-<pictures>.png`: what the averaged weights draw for fixed prompts and seeds."""
    text = trainer.captions(prompts)
    pictures = draw(trainer.average.eval(), text, trainer.nothing, range(len(prompts)))
    contact_sheet(pictures, columns=8).save(folder / f"sheet-{trainer.pictures:08d}.png", optimize=True)


def export(trainer: Trainer, folder: Path, target: Path) -> None:
    """What the app ships: averaged weights in half precision, how they were made, the log and the newest sheet."""
    save_weights(trainer.average, target)
    shutil.copy(folder / LOG, target / LOG)
    for sheet in sorted(folder.glob("sheet-*.png"))[-1:]:
        shutil.copy(sheet, target / "sheet.png")
    about = {
        "pictures": trainer.pictures,
        "steps": trainer.step,
        "hours": {name: round(hours, 2) for name, hours in trainer.hours.items()},
        "hardware": hardware(trainer.device),
        "parameters": parameter_count(trainer.model.parameters()),
        "recipe": asdict(trainer.recipe),
    }
    (target / "training.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def hardware(device: torch.device) -> str:
    """The processor or graphics card, in words, for the log."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} processor, {torch.get_num_threads()} threads"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m genai_demo.training.pictures.train",
        description="Train the picture model on compositions of emoji drawings, made as they are needed. Run the same "
        "command again to go on after a stop (Ctrl-C, SIGTERM, --minutes or a crash).",
        epilog="Two cores, until stopped: %(prog)s runs/a   |   a graphics card, ten minutes at a time: "
        "%(prog)s runs/b --batch 512 --minutes 9.5 --workers 12   |   the end of a run: %(prog)s runs/a --pictures "
        "400000 --cooldown 80000   |   a larger world from finished weights: %(prog)s runs/c --start-from "
        "assets/picture_model --objects 64 --pair-share 0.3",
    )
    recipe, limits = Recipe(), Limits()
    add = parser.add_argument
    add("folder", type=Path, help="for checkpoint, log and sample sheets; a checkpoint there is gone on with")
    add("--minutes", type=float, help="stop after this time, saved; the next run goes on")
    add("--pictures", type=int, help="stop after so many pictures, counted from the very first")
    add("--cooldown", type=int, default=0, help="over how many of the last of --pictures the learning rate falls")
    add("--batch", type=int, default=recipe.batch, help="pictures a step (default: %(default)s)")
    add("--warmup", type=int, default=recipe.warmup, help="pictures over which the rate rises (default: %(default)s)")
    add(
        "--learning-rate",
        type=float,
        default=recipe.learning_rate,
        help="AdamW's, at its highest (default: %(default)s)",
    )
    add("--snr-cap", type=float, default=recipe.snr_cap, help="γ of min-SNR-γ (default: %(default)s)")
    add("--seed", type=int, default=recipe.seed, help="of weights, pictures and noise (default: %(default)s)")
    add("--objects", type=int, default=recipe.rung.objects, help="how many kinds are drawn (default: %(default)s)")
    add("--pair-share", type=float, default=0.0, help="share of pictures with two objects (default: %(default)s)")
    add("--side", type=int, default=recipe.model.side, help="pixels of a picture (default: %(default)s)")
    add("--patch", type=int, default=recipe.model.patch, help="pixels a side of a patch (default: %(default)s)")
    add("--components", type=int, default=recipe.model.components, help="of a patch (default: %(default)s)")
    add("--channels", type=int, nargs="+", default=recipe.model.channels, help="of each level, finest first")
    add("--attention-levels", type=int, default=2, help="coarsest levels that read the prompt's tokens")
    add("--pooled-only", action="store_true", help="give the network the prompt's mean alone (for comparison)")
    add("--signal-scale", type=float, default=recipe.model.signal_scale, help="< 1: noisier (default: %(default)s)")
    add("--start-from", type=Path, help="folder of finished weights to begin with, whose network is then used")
    add("--device", default="auto", help="auto, cuda, mps or cpu (default: %(default)s)")
    add("--threads", type=int, default=os.cpu_count() or 1, help="of the processor (default: all)")
    add("--workers", type=int, default=0, help="processes that paint pictures; for graphics cards")
    add("--checkpoint-minutes", type=float, default=limits.checkpoint_minutes, help="default: %(default)s")
    add("--sheet-minutes", type=float, default=limits.sheet_minutes, help="between sample sheets (default: 15)")
    add("--export", type=Path, help="write there what the app ships, when done (with --minutes 0: now)")
    return parser.parse_args()


def _recipe(arguments: argparse.Namespace) -> Recipe:
    levels = len(arguments.channels)
    model = PictureModelConfig(
        side=arguments.side,
        patch=arguments.patch,
        components=arguments.components,
        channels=tuple(arguments.channels),
        attention=tuple(level >= levels - arguments.attention_levels for level in range(levels)),
        reads_tokens=not arguments.pooled_only,
        signal_scale=arguments.signal_scale,
    )
    if arguments.start_from:
        model = load_picture_model(arguments.start_from).config
    return Recipe(
        batch=arguments.batch,
        learning_rate=arguments.learning_rate,
        warmup=arguments.warmup,
        snr_cap=arguments.snr_cap,
        seed=arguments.seed,
        model=model,
        rung=Rung(objects=arguments.objects, pair_share=arguments.pair_share),
    )


def main() -> None:
    """Train, or go on training, as the command line says."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    device = choose_device(arguments.device)
    recipe = _recipe(arguments)
    resumed = (arguments.folder / CHECKPOINT).exists()
    if resumed:  # its network and its objects; the batch, the rate and the share of pairs may be others
        before = saved_recipe(arguments.folder)
        recipe = replace(
            before,
            batch=arguments.batch,
            learning_rate=arguments.learning_rate,
            snr_cap=arguments.snr_cap,
            rung=replace(before.rung, pair_share=arguments.pair_share),
        )
    trainer = Trainer(recipe, TextEncoder.load(device), device)
    if resumed:
        trainer.restore(arguments.folder)
    elif arguments.start_from:
        for model in (trainer.model, trainer.average):
            model.load_state_dict(load_picture_model(arguments.start_from, device).state_dict())
    world = World(Sprites.load(), recipe.rung)
    if trainer.pictures == 0 and not arguments.start_from:
        see_patches(trainer, world)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    start = {
        "hardware": hardware(device),
        "torch": torch.__version__,
        "parameters": parameter_count(trainer.model.parameters()),
        "from_pictures": trainer.pictures,
    }
    _log(arguments.folder, start | {"recipe": asdict(recipe)})
    limits = Limits(
        pictures=arguments.pictures,
        minutes=arguments.minutes,
        cooldown=arguments.cooldown,
        checkpoint_minutes=arguments.checkpoint_minutes,
        sheet_minutes=arguments.sheet_minutes,
        workers=arguments.workers,
    )
    train(trainer, world, arguments.folder, limits)
    if arguments.export:
        export(trainer, arguments.folder, arguments.export)


if __name__ == "__main__":
    main()
