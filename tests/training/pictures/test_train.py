"""Training end to end on a network small enough to learn in a second, and all that it is made of."""

from __future__ import annotations

import json
import math
import signal
import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from genai_demo.datasets.drawings.compositions import Rung, World
from genai_demo.datasets.drawings.sprites import Sprites
from genai_demo.models.picture import (
    FOLDER,
    PictureModel,
    PictureModelConfig,
    alpha_bars,
    load_picture_model,
    save_weights,
)
from genai_demo.models.text_encoder import TextStates
from genai_demo.training.pictures import train as command_line
from genai_demo.training.pictures.train import (
    Batches,
    CaptionCache,
    Limits,
    Recipe,
    Trainer,
    diffusion_loss,
    learning_rate_factor,
    saved_recipe,
    see_patches,
    train,
    without_prompt,
)

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


def trainer(recipe: Recipe = RECIPE) -> Trainer:
    return Trainer(recipe, Reader(), torch.device("cpu"))


def limits(pictures: int) -> Limits:
    return Limits(pictures=pictures, sheet_minutes=math.inf, log_pictures=16)


def weights(made: Trainer) -> list[torch.Tensor]:
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
def examined(made: Trainer, world: World) -> float:
    """The loss on pictures, noise levels and noise that are always the same."""
    total = 0.0
    for number in range(10_000, 10_008):
        pictures, captions = Batches(world, made.recipe)[number]
        generator = torch.Generator().manual_seed(number)
        noise = torch.randn(pictures.shape, generator=generator)
        clean, levels = pictures.float() / 127.5 - 1, torch.arange(6, 100, 12)
        total += float(diffusion_loss(made.model, clean, made.captions(captions), levels, noise, snr_cap=5)[0])
    return total


def test_training_learns_and_leaves_a_log_and_a_checkpoint(world, tmp_path):
    made = trainer(replace(RECIPE, learning_rate=3e-3))
    see_patches(made, world)
    before = examined(made, world)
    train(made, world, tmp_path, limits(640))
    assert examined(made, world) < 0.93 * before  # and the best linear guess was its beginning
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["pictures"] == 640
    assert {"hours", "busy_hours", "pictures_per_second", "rate", "error_by_noise"} <= set(lines[-1])
    assert saved_recipe(tmp_path) == made.recipe
    assert not list(tmp_path.glob("*.unfinished"))


def test_a_killed_run_goes_on_as_if_it_had_never_stopped(world, tmp_path, monkeypatch):
    whole = trainer()
    train(whole, world, tmp_path / "whole", limits(96))

    stopped, learn = trainer(), Trainer.learn
    stopped_folder = tmp_path / "stopped"

    def killed(self: Trainer, *arguments: object) -> object:
        if self.pictures == 48:
            raise SystemError("power cut")
        return learn(self, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "learn", killed)
        with pytest.raises(SystemError):
            train(stopped, world, stopped_folder, replace(limits(96), checkpoint_minutes=0))
    going_on = trainer(saved_recipe(stopped_folder))
    going_on.restore(stopped_folder)
    assert going_on.pictures == 48
    train(going_on, world, stopped_folder, limits(96))
    assert going_on.pictures == whole.pictures == 96
    for one, other in zip(weights(whole), weights(going_on), strict=True):
        assert torch.equal(one, other)


def test_another_seed_gives_another_model(world, tmp_path):
    one, other = trainer(), trainer(replace(RECIPE, seed=1))
    for number, made in enumerate((one, other)):
        train(made, world, tmp_path / str(number), limits(16))
    assert not torch.equal(next(one.model.parameters()), next(other.model.parameters()))


def test_a_request_to_stop_is_heeded_and_saved(world, tmp_path, monkeypatch):
    made, learn = trainer(), Trainer.learn

    def asked(self: Trainer, *arguments: object) -> object:
        if self.pictures == 16:
            signal.raise_signal(signal.SIGTERM)
        return learn(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Trainer, "learn", asked)
    train(made, world, tmp_path, limits(10_000))
    assert made.pictures == 24
    assert (tmp_path / "checkpoint.pt").exists()


def test_time_ends_a_run_too(world, tmp_path):
    made = trainer()
    train(made, world, tmp_path, replace(limits(10**9), minutes=0.0))
    assert made.pictures == 0


def test_a_sheet_shows_what_the_averaged_weights_draw(tmp_path):
    made = trainer()
    command_line.write_sheet(made, tmp_path, ["a red cat", "a dog"])
    assert [file.name for file in tmp_path.iterdir()] == ["sheet-00000000.png"]


def test_the_command_trains_stops_goes_on_and_exports(tmp_path, monkeypatch, capsys):
    class Encoder:
        load = staticmethod(lambda device: Reader())  # noqa: ARG005

    monkeypatch.setattr(command_line, "TextEncoder", Encoder)
    monkeypatch.setattr(command_line, "_recipe", lambda arguments: replace(RECIPE, batch=arguments.batch))
    threads = torch.get_num_threads()

    def run(*arguments: object) -> None:
        command = ["diffusion", tmp_path / "run", "--batch", 8, "--device", "cpu", "--threads", threads, *arguments]
        monkeypatch.setattr("sys.argv", [str(argument) for argument in command])
        command_line.main()

    run("--pictures", 16, "--sheet-minutes", "inf")
    run("--pictures", 32, "--cooldown", 8, "--sheet-minutes", "inf", "--export", tmp_path / "weights")
    torch.set_flush_denormal(False)
    starts = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["from_pictures"] for line in starts if "from_pictures" in line] == [0, 16]
    assert load_picture_model(tmp_path / "weights").config == RECIPE.model
    assert json.loads((tmp_path / "weights" / "training.json").read_text())["pictures"] == 32
    assert (tmp_path / "weights" / "log.jsonl").exists()
    with pytest.raises(SystemExit):
        run("--help")
    assert "go on after a stop" in capsys.readouterr().out


def test_training_can_start_from_finished_weights(tmp_path):
    made = trainer()
    save_weights(made.average, tmp_path)
    read = load_picture_model(tmp_path)
    for one, other in zip(made.average.parameters(), read.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-3)


def test_hardware_is_named():
    assert "threads" in command_line.hardware(torch.device("cpu"))


def test_the_shipped_log_is_readable():
    log = FOLDER / "log.jsonl"
    if not log.exists():
        pytest.skip("no weights yet")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines[0]["parameters"] > 1e6
    assert [line["pictures"] for line in lines if "pictures" in line][-1] > 0
