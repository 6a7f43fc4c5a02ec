"""Supervised fine-tuning of a tiny model: it learns, and a stop changes nothing."""

from __future__ import annotations

import json
import os
import signal

import pytest
import torch

from genai_demo.datasets.records import LOG
from genai_demo.models.chat import LabelledIds
from genai_demo.training import runs
from genai_demo.training.rlhf import sft
from genai_demo.training.rlhf.likelihood import batch_of
from genai_demo.training.runs import load_checkpoint

CPU = torch.device("cpu")


def command(folder, model_folder, demonstrations_file, *more: str) -> None:
    data = ["--model", str(model_folder), "--demonstrations", str(demonstrations_file), "--device", "cpu"]
    recipe = ["--batch", "4", "--epochs", "3", "--learning-rate", "0.01", "--threads", "1"]
    sft.main([str(folder), *data, *recipe, *more])


def log(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / LOG).read_text().splitlines()]


def test_the_command_trains_and_exports(model_folder, demonstrations_file, tmp_path):
    command(tmp_path / "run", model_folder, demonstrations_file, "--export", str(tmp_path / "out"))
    lines = log(tmp_path / "run")
    assert [line["step"] for line in lines] == list(range(10))
    held_out = [line["held_out_loss"] for line in lines if "held_out_loss" in line]
    assert len(held_out) == 4
    assert held_out[-1] < 0.7 * held_out[0]
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"adapter_model.safetensors", "adapter_config.json", "NOTICE", "training.json", LOG}
    about = json.loads((tmp_path / "out" / "training.json").read_text())
    assert about["steps"] == 9
    assert about["recipe"]["learning_rate"] == 0.01


def test_the_first_tokens_of_every_answer_weigh_more():
    two_turns = LabelledIds((2, 5, 6, 7, 8, 9, 3), (False, True, True, True, False, True, True))
    one_turn = LabelledIds((2, 5, 6), (False, False, True))
    weights = sft.token_weights(batch_of([two_turns, one_turn], CPU), opening=2, weight=4.0)
    assert torch.allclose(weights, torch.tensor([4.0, 4.0, 1.0, 4.0, 4.0, 4.0]) / 21)
    same = sft.token_weights(batch_of([two_turns], CPU), opening=2, weight=1.0)
    assert torch.allclose(same, torch.full((5,), 0.2))


def test_the_weight_of_the_openings_changes_what_is_learned(model_folder, demonstrations_file, tmp_path):
    command(tmp_path / "weighted", model_folder, demonstrations_file)
    command(tmp_path / "plain", model_folder, demonstrations_file, "--opening-weight", "1")
    first, second = (log(tmp_path / name) for name in ("weighted", "plain"))
    assert first[1]["loss"] == second[1]["loss"]  # of the same model on the same batch, and always the plain mean
    assert first[-1]["loss"] != second[-1]["loss"]


def test_a_stopped_run_ends_with_the_weights_of_one_that_was_not(
    model_folder, demonstrations_file, tmp_path, monkeypatch
):
    command(tmp_path / "whole", model_folder, demonstrations_file)
    learn = sft.SftTrainer.learn

    def stopping(trainer):
        if trainer.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return learn(trainer)

    monkeypatch.setattr(sft.SftTrainer, "learn", stopping)
    command(tmp_path / "parts", model_folder, demonstrations_file)
    monkeypatch.undo()
    assert load_checkpoint(tmp_path / "parts", CPU)["trainer"]["step"] == 4
    command(tmp_path / "parts", model_folder, demonstrations_file)
    assert_same_run(tmp_path / "whole", tmp_path / "parts")


def test_a_killed_run_ends_with_the_weights_of_one_that_was_not(
    model_folder, demonstrations_file, tmp_path, monkeypatch
):
    command(tmp_path / "whole", model_folder, demonstrations_file)
    learn, save = sft.SftTrainer.learn, torch.save

    def dying(trainer):
        if trainer.step == 5:
            raise KeyboardInterrupt
        return learn(trainer)

    def saving_once_a_step(state, path):
        if state["trainer"]["step"] == 4:  # killed while it writes the next checkpoint
            path.write_bytes(b"half")
            raise KeyboardInterrupt
        save(state, path)

    monkeypatch.setattr(sft.SftTrainer, "learn", dying)
    monkeypatch.setattr(runs.torch, "save", saving_once_a_step)
    with pytest.raises(KeyboardInterrupt):
        command(tmp_path / "parts", model_folder, demonstrations_file, "--checkpoint-minutes", "0")
    monkeypatch.undo()
    assert load_checkpoint(tmp_path / "parts", CPU)["trainer"]["step"] == 3
    assert log(tmp_path / "parts")[-1]["step"] == 4
    command(tmp_path / "parts", model_folder, demonstrations_file)
    assert_same_run(tmp_path / "whole", tmp_path / "parts")


def assert_same_run(one, other) -> None:
    first, second = (load_checkpoint(folder, CPU)["trainer"] for folder in (one, other))
    assert first["step"] == second["step"]
    for name, weight in first["adapter"].items():
        assert torch.equal(weight, second["adapter"][name]), name
    without_hours = [
        [{key: value for key, value in line.items() if "hours" not in key} for line in log(folder)]
        for folder in (one, other)
    ]
    assert without_hours[0] == without_hours[1]


def test_another_recipe_is_refused(model_folder, demonstrations_file, tmp_path):
    command(tmp_path, model_folder, demonstrations_file, "--minutes", "0")
    with pytest.raises(ValueError, match="seed was 0"):
        command(tmp_path, model_folder, demonstrations_file, "--seed", "1")


def test_an_epoch_shows_every_sequence_once_and_batches_are_of_similar_length():
    lengths = [10 + 7 * number % 90 for number in range(50)]
    epoch = [sft.numbers_of_batch(lengths, 8, seed=3, step=step) for step in range(7)]
    assert sorted(number for batch in epoch for number in batch) == list(range(50))
    assert epoch != [sft.numbers_of_batch(lengths, 8, seed=3, step=step) for step in range(7, 14)]
    spans = [max(lengths[n] for n in batch) - min(lengths[n] for n in batch) for batch in epoch]
    assert sum(spans) / len(spans) < 25


def test_the_rate_rises_and_falls():
    rates = [runs.warm_up_and_cosine(step, 20, 4) for step in range(21)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[20] == pytest.approx(0)


def test_half_a_line_of_a_killed_run_is_dropped_from_the_log(tmp_path):
    (tmp_path / LOG).write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"ste')
    runs.forget_log_after(tmp_path, 2)
    assert [line["step"] for line in log(tmp_path)] == [1, 2]
