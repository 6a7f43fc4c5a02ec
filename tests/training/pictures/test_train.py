"""Training end to end on a network small enough to learn in a second, and all that it is made of."""

from __future__ import annotations

import math
import signal
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from genai_demo.datasets.drawings.compositions import Rung, World
from genai_demo.datasets.drawings.sprites import Sprites
from genai_demo.datasets.records import LOG, read_json, read_log
from genai_demo.models.picture import (
    FOLDER,
    PictureModel,
    PictureModelConfig,
    alpha_bars,
    load_picture_model,
    save_weights,
)
from genai_demo.models.text_encoder import TextEncoder, TextStates
from genai_demo.training.pictures import train as command
from genai_demo.training.pictures.batches import Batches, CaptionCache, without_prompt
from genai_demo.training.pictures.objective import diffusion_loss, learning_rate_factor
from genai_demo.training.pictures.recipe import Pace, Recipe
from genai_demo.training.pictures.train import train
from genai_demo.training.pictures.trainer import PictureTrainer, see_patches
from genai_demo.training.runs import CHECKPOINT, Limits, hardware, load_checkpoint

SIDE, TEXT = 16, 8
RECIPE = Recipe(
    batch=8,
    warmup=16,
    ema_pictures=64,
    model=PictureModelConfig(
        side=SIDE, patch=4, components=48, channels=(8, 16), attention=(False, True), heads=2, text_size=TEXT, steps=100
    ),
    rung=Rung(objects=3, colours=("red", "blue")),
)


class Reader:
    """Stands in for the text encoder: each word is a fixed random vector."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> TextStates:
        self.asked += texts
        words = [["[CLS]", *text.split()] for text in texts]
        states = torch.zeros(len(texts), max(map(len, words)), TEXT)
        mask = torch.zeros(states.shape[:2], dtype=torch.long)
        for row, said in enumerate(words):
            for place, word in enumerate(said):
                generator = torch.Generator().manual_seed(zlib.crc32(word.encode()))
                states[row, place] = torch.randn(TEXT, generator=generator)
                mask[row, place] = 1
        return TextStates(states, mask, states.sum(1) / mask.sum(1, keepdim=True))


@pytest.fixture(scope="module")
def world() -> World:
    return World(Sprites.load(), RECIPE.rung)


@pytest.fixture
def trainer(world: World, tmp_path: Path) -> Callable[..., PictureTrainer]:
    """Makes a trainer for so many pictures, in a folder of its own."""

    def make(pictures: int = 0, folder: str = "run", recipe: Recipe = RECIPE) -> PictureTrainer:
        pace = Pace(pictures=pictures, sheet_minutes=math.inf, log_pictures=16)
        (tmp_path / folder).mkdir(exist_ok=True)
        return PictureTrainer(recipe, Reader(), world, torch.device("cpu"), tmp_path / folder, pace)

    return make


def weights(made: PictureTrainer) -> list[torch.Tensor]:
    return [*made.model.parameters(), *made.average.parameters()]


def test_a_batch_depends_on_its_number_and_the_seed_alone(world):
    one, again = Batches(world, RECIPE), Batches(world, RECIPE)
    again[0]
    assert torch.equal(one[5][0], again[5][0])
    assert one[5][1] == again[5][1]
    assert not torch.equal(one[5][0], one[6][0])
    assert not torch.equal(one[5][0], Batches(world, replace(RECIPE, seed=1))[5][0])
    assert one[5][0].shape == (8, 3, SIDE, SIDE)
    assert one[5][0].dtype == torch.uint8


def test_a_scene_has_few_captions(world):
    batches = Batches(world, replace(RECIPE, phrasings=1, batch=64))
    scene = world.singles[0]
    rng = np.random.default_rng(0)
    assert len({batches._phrase(scene, rng) for _ in range(20)}) == 1


def test_a_caption_is_encoded_once_and_padded_to_the_longest():
    reader = Reader()
    cache = CaptionCache(reader)
    alone = cache(["a red cat"])
    both = cache(["a red cat", "a red cat on a green background"])
    assert reader.asked == ["a red cat", "a red cat on a green background"]
    assert both.states.shape == (2, 8, TEXT)
    assert both.mask.tolist() == [[1, 1, 1, 1, 0, 0, 0, 0], [1] * 8]
    assert torch.equal(both.states[0, :4], alone.states[0])
    assert torch.equal(both.pooled[0], alone.pooled[0])
    small = CaptionCache(reader, limit=1)
    for text in ("a", "b", "c"):
        small([text])
    assert len(small._known) <= 2


def test_dropped_prompts_become_the_empty_one():
    reader = Reader()
    text, nothing = reader.encode(["a red cat", "a blue dog"]), reader.encode([""])
    mixed = without_prompt(text, nothing, torch.tensor([True, False]))
    assert mixed.mask.tolist() == [[1, 0, 0, 0], [1, 1, 1, 1]]
    assert torch.equal(mixed.pooled[0], nothing.pooled[0])
    assert torch.equal(mixed.states[1], text.states[1])


def test_the_loss_is_the_error_in_v_where_the_cap_does_not_bite():
    model = PictureModel(RECIPE.model)
    generator = torch.Generator().manual_seed(0)
    clean, noise = (torch.randn(4, 3, SIDE, SIDE, generator=generator) for _ in range(2))
    text = Reader().encode(["a cat"] * 4)
    timesteps = torch.tensor([60, 70, 80, 90])
    with torch.no_grad():
        loss, errors = diffusion_loss(model, clean, text, timesteps, noise, snr_cap=1e9)
        bars = alpha_bars(RECIPE.model)[timesteps].float()[:, None, None, None]
        signal, spread = bars.sqrt(), (1 - bars).sqrt()
        noisy = signal * clean + spread * noise
        guess = model(noisy, timesteps, text)
        guessed_noise = (noisy - signal * guess) / spread
        error = (signal * guessed_noise - spread * guess) - (signal * noise - spread * clean)
    assert float(loss) == pytest.approx(float(error.square().mean()), rel=1e-4)
    assert torch.allclose(errors, (guess - clean).square().mean(dim=(1, 2, 3)))


def test_the_learning_rate_rises_stays_and_falls():
    def factor(pictures: int) -> float:
        return learning_rate_factor(pictures, warmup=100, total=1_000, cooldown=200)

    assert factor(0) == pytest.approx(0.01)
    assert factor(100) == factor(800) == 1
    assert factor(850) == pytest.approx(0.5)
    assert factor(1_000) == 0
    assert learning_rate_factor(10**9, 100, None, 0) == 1


@torch.no_grad()
def examined(made: PictureTrainer, world: World) -> float:
    """The loss on pictures, noise levels and noise that are always the same."""
    total = 0.0
    for number in range(10_000, 10_008):
        pictures, captions = Batches(world, made.recipe)[number]
        generator = torch.Generator().manual_seed(number)
        noise = torch.randn(pictures.shape, generator=generator)
        clean, levels = pictures.float() / 127.5 - 1, torch.arange(6, 100, 12)
        total += float(diffusion_loss(made.model, clean, made.captions(captions), levels, noise, snr_cap=5)[0])
    return total


def test_training_learns_and_leaves_a_log_and_a_checkpoint(trainer, world):
    made = trainer(640, recipe=replace(RECIPE, learning_rate=3e-3))
    see_patches(made)
    before = examined(made, world)
    assert train(made)
    assert examined(made, world) < 0.93 * before  # and the best linear guess was its beginning
    lines = read_log(made.folder)
    assert lines[0]["parameters"] > 1_000
    assert lines[-1]["pictures"] == 640
    assert {"hours", "busy_hours", "pictures_per_second", "rate", "error_by_noise"} <= set(lines[-1])
    assert load_checkpoint(made.folder, made.device)["recipe"] == asdict(made.recipe)
    assert not list(made.folder.glob("*.unfinished"))


def test_a_killed_run_goes_on_as_if_it_had_never_stopped(trainer, monkeypatch):
    whole = trainer(96, "whole")
    train(whole)
    learn = PictureTrainer.learn

    def killed(self: PictureTrainer) -> dict:
        if self.pictures == 48:
            raise SystemError("power cut")
        return learn(self)

    with monkeypatch.context() as patch:
        patch.setattr(PictureTrainer, "learn", killed)
        with pytest.raises(SystemError):
            train(trainer(96, "stopped"), Limits(checkpoint_minutes=0))
    going_on = trainer(96, "stopped")
    train(going_on)
    assert [line["from_pictures"] for line in read_log(going_on.folder) if "from_pictures" in line] == [0, 48]
    assert going_on.pictures == whole.pictures == 96
    for one, other in zip(weights(whole), weights(going_on), strict=True):
        assert torch.equal(one, other)


def test_a_run_goes_on_with_another_batch_but_not_with_another_network(trainer):
    train(trainer(16))
    train(trainer(32, recipe=replace(RECIPE, batch=4, rung=replace(RECIPE.rung, pair_share=0.5))))
    other = replace(RECIPE, seed=1, rung=replace(RECIPE.rung, objects=4))
    with pytest.raises(ValueError, match=r"seed was 0, rung\.objects was 3"):
        train(trainer(48, recipe=other))
    with pytest.raises(ValueError, match=r"model\.channels was \(8, 16\)"):
        train(trainer(48, recipe=replace(RECIPE, model=replace(RECIPE.model, channels=(16, 16)))))


def test_another_seed_gives_another_model(trainer):
    one, other = trainer(16, "one"), trainer(16, "other", recipe=replace(RECIPE, seed=1))
    for made in (one, other):
        train(made)
    assert not torch.equal(next(one.model.parameters()), next(other.model.parameters()))


def test_a_request_to_stop_is_heeded_and_saved(trainer, monkeypatch):
    made, learn = trainer(10_000), PictureTrainer.learn

    def asked(self: PictureTrainer) -> dict:
        if self.pictures == 16:
            signal.raise_signal(signal.SIGTERM)
        return learn(self)

    monkeypatch.setattr(PictureTrainer, "learn", asked)
    assert not train(made)
    assert made.pictures == 24
    assert (made.folder / CHECKPOINT).exists()


def test_time_ends_a_run_too(trainer):
    made = trainer(10**9)
    train(made, Limits(minutes=0.0))
    assert made.pictures == 0


def test_a_sheet_shows_what_the_averaged_weights_draw(trainer):
    made = trainer()
    made.write_sheet(["a red cat", "a dog"])
    assert [file.name for file in made.folder.iterdir()] == ["sheet-00000000.png"]


def test_the_command_trains_stops_goes_on_and_exports(encoder: TextEncoder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(TextEncoder, "load", lambda *_: encoder)
    network = ["--side", 16, "--patch", 4, "--components", 12, "--channels", 32, 32, "--attention-levels", 1]
    own = ["--batch", 8, "--objects", 3, "--device", "cpu", "--threads", torch.get_num_threads(), *network]

    def run(*words: object) -> None:
        command.main([str(word) for word in (tmp_path / "run", *own, *words)])

    run("--pictures", 16, "--sheet-minutes", "inf")
    run("--pictures", 32, "--cooldown", 8, "--sheet-minutes", "inf", "--export", tmp_path / "weights")
    torch.set_flush_denormal(False)
    assert [line["from_pictures"] for line in read_log(tmp_path / "run") if "from_pictures" in line] == [0, 16]
    made = load_picture_model(tmp_path / "weights").config
    assert made == PictureModelConfig(
        side=16, patch=4, components=12, channels=(32, 32), attention=(False, True), text_size=encoder.size
    )
    record = read_json(tmp_path / "weights" / "training.json")
    assert (record["pictures"], record["recipe"]["rung"]["objects"]) == (32, 3)
    assert (tmp_path / "weights" / LOG).exists()
    with pytest.raises(SystemExit):
        run("--help")
    assert "go on after a stop" in capsys.readouterr().out


def test_training_can_start_from_finished_weights(trainer, tmp_path):
    made = trainer()
    save_weights(made.average, tmp_path)
    read = load_picture_model(tmp_path)
    for one, other in zip(made.average.parameters(), read.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-3)


def test_hardware_is_named():
    assert "threads" in hardware(torch.device("cpu"))


def test_the_shipped_log_is_readable():
    lines = read_log(FOLDER)
    assert lines[0]["parameters"] > 1e6
    assert [line["pictures"] for line in lines if "pictures" in line][-1] > 0
