"""Bradley and Terry's model: its gradient, a closed form, and a reward model that learns a reader's taste."""

from __future__ import annotations

import json
import math

import pytest
import torch

from genai_demo.models.reward import RewardHead
from genai_demo.training import reward
from genai_demo.training.adapters import Stages
from genai_demo.training.rankings import RatedAnswer, Rating, save_ratings
from genai_demo.training.reward import (
    Pair,
    RewardModel,
    accuracy,
    bradley_terry_loss,
    calibration,
    judged_pairs,
    mean_loss,
    shares,
    split,
)
from genai_demo.training.runs import LOG, load_checkpoint
from tests.training.conftest import sequence

CPU = torch.device("cpu")
PAIRS = [[(0, 1), (0, 2), (1, 2)], [(4, 3)]]


def taste(number: int) -> Rating:
    """A reader who likes cats, then phones, then nothing."""
    answers = ("a cat sat", "a phone", "the un")
    order = [number % 3, (number + 1) % 3, (number + 2) % 3]
    sources = ("sft", "sft", "base" if number % 2 else "sft")
    rated = tuple(RatedAnswer(answers[n], sources[n], 1.0, "turns", ended=True) for n in order)
    ranking = tuple((order.index(n),) for n in range(3))
    return Rating(f"reward-{number:03}", "question", "the " * (1 + number % 4), rated, ranking)


RATINGS = [taste(number) for number in range(20)]


def test_the_gradient_is_the_chance_of_the_wrong_order():
    scores = torch.tensor([0.3, -1.0, 2.0, 0.5, 0.1], requires_grad=True)
    bradley_terry_loss(scores, PAIRS).backward()
    expected = torch.zeros(5)
    for of_prompt in PAIRS:
        for better, worse in of_prompt:
            wrong = torch.sigmoid(scores.detach()[worse] - scores.detach()[better])
            expected[better] -= wrong / len(of_prompt) / len(PAIRS)
            expected[worse] += wrong / len(of_prompt) / len(PAIRS)
    torch.testing.assert_close(scores.grad, expected)


def test_a_model_that_knows_nothing_has_the_loss_log_two():
    assert bradley_terry_loss(torch.zeros(5), PAIRS).item() == pytest.approx(math.log(2))


def test_the_loss_of_one_pair_has_a_closed_form():
    assert bradley_terry_loss(torch.tensor([1.0, 3.0]), [[(0, 1)]]).item() == pytest.approx(math.log(1 + math.exp(2)))


def test_linear_features_give_the_solution_of_logistic_regression():
    """Of four readers, three prefer the answer whose feature is larger by 2: σ(2w) = 3/4, so w = log(3) / 2."""
    features = torch.tensor([1.0, -1.0])
    weight = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = bradley_terry_loss(weight * features, [[(0, 1)]] * 3 + [[(1, 0)]])
        loss.backward()
        return loss

    optimizer.step(closure)
    assert weight.item() == pytest.approx(math.log(3) / 2, abs=1e-4)


def test_prompts_are_split_by_kind_and_every_prompt_is_held_out_once():
    learnt, held_out = split([*RATINGS, Rating("x", "list", "the", ())], fold=1)
    assert len(held_out) == 4
    assert not {one.id for one in learnt} & {one.id for one in held_out}
    everyone = [one.id for fold in range(5) for one in split(RATINGS, fold)[1]]
    assert sorted(everyone) == sorted(one.id for one in RATINGS)


def test_accuracies_are_reported_apart():
    pairs = [Pair("sft_sft", True, 1.0), Pair("sft_sft", False, -1.0), Pair("base_sft", True, 0.0)]
    assert dict(shares(pairs)) == {"all": 0.5, "sft_sft": 0.5, "base_sft": 0.5, "worse_is_longer": 0.75}
    assert accuracy(pairs[:1]) == 1
    assert mean_loss(pairs[2:]) == pytest.approx(math.log(2))


def test_calibration_counts_every_pair_once():
    pairs = [Pair("sft_sft", False, difference) for difference in (-3.0, -0.1, 0.0, 0.2, 1.0, 5.0, 1e9)]
    table = calibration(pairs)
    assert sum(row["pairs"] for row in table) == len(pairs)
    assert all(row["from"] <= row["chance"] <= row["to"] for row in table)
    assert table[-1]["right"] == pytest.approx(2 / 3)


def test_rewards_of_the_calibrated_answers_have_mean_0_and_deviation_1(tmp_path):
    head = RewardHead(8)
    with torch.no_grad():
        head.weight.normal_(generator=torch.Generator().manual_seed(1))
    states = torch.randn(50, 8, generator=torch.Generator().manual_seed(2))
    scores = head.scores(states).detach()
    head.calibrate(scores)
    rewards = head(states).detach()
    assert rewards.mean().item() == pytest.approx(0, abs=1e-6)
    assert rewards.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    chance = head.preference(float(rewards[0]), float(rewards[1]))
    assert chance == pytest.approx(torch.sigmoid(scores[0] - scores[1]).item(), abs=1e-6)
    head.save(tmp_path)
    assert torch.equal(RewardHead.load(tmp_path)(states), head(states))


def test_scores_do_not_depend_on_the_company(tuned: Stages, monkeypatch):
    monkeypatch.setattr(reward, "ROWS", 2)
    tuned.copy("reward", "sft", reward.Lora())
    head = RewardHead(32)
    with torch.no_grad():
        head.weight.normal_(generator=torch.Generator().manual_seed(1))
    model = RewardModel(tuned, head)
    several = [sequence([2, *range(5, 5 + length)], 1) for length in (9, 3, 12, 5, 4)]
    alone = torch.cat([model.scores([one]) for one in several])
    torch.testing.assert_close(model.scores(several), alone, atol=1e-4, rtol=1e-3)


def command(folder, model_folder, sft_folder, *more: str) -> None:
    save_ratings(RATINGS, folder.parent / "rankings.jsonl")
    data = ["--model", str(model_folder), "--sft", str(sft_folder), "--rankings", str(folder.parent / "rankings.jsonl")]
    recipe = ["--epochs", "4", "--batch", "4", "--learning-rate", "0.01", "--threads", "1", "--device", "cpu"]
    reward.main([str(folder), *data, *recipe, *more])


def test_the_command_learns_the_taste_and_exports(tuned: Stages, template, model_folder, sft_folder, tmp_path):
    command(tmp_path / "run", model_folder, sft_folder, "--export", str(tmp_path / "out"))
    quality = json.loads((tmp_path / "out" / "reward.json").read_text())
    assert quality["accuracy"]["all"] > 0.9
    assert set(quality["pairs"]) == {"all", "sft_sft", "base_sft", "worse_is_longer"}
    first = json.loads((tmp_path / "out" / LOG).read_text().splitlines()[0])
    assert first["held_out_loss"] == pytest.approx(math.log(2), abs=1e-4)
    model = RewardModel.read(tuned, tmp_path / "out")
    held_out = split(RATINGS, 0)[1]
    assert accuracy(judged_pairs(model, template, held_out)) == pytest.approx(quality["accuracy"]["all"])
    answers = [one.sequence(template, n) for one in held_out for n in range(3) if one.answers[n].source == "sft"]
    rewards = model.rewards(answers)
    assert rewards.mean().item() == pytest.approx(0, abs=0.02)
    assert rewards.std(correction=0).item() == pytest.approx(1, abs=0.02)


def test_a_paused_run_ends_with_the_weights_of_one_that_was_not(model_folder, sft_folder, tmp_path, monkeypatch):
    command(tmp_path / "whole", model_folder, sft_folder)
    learn = reward.RewardTrainer.learn

    def dying(trainer):
        if trainer.step == 6:
            raise KeyboardInterrupt
        return learn(trainer)

    monkeypatch.setattr(reward.RewardTrainer, "learn", dying)
    with pytest.raises(KeyboardInterrupt):
        command(tmp_path / "parts", model_folder, sft_folder, "--checkpoint-minutes", "0")
    monkeypatch.undo()
    command(tmp_path / "parts", model_folder, sft_folder)
    one, other = (load_checkpoint(tmp_path / name, CPU)["trainer"] for name in ("whole", "parts"))
    assert one["step"] == other["step"] == 16
    assert torch.equal(one["head"]["weight"], other["head"]["weight"])
    assert all(torch.equal(weight, other["adapter"][name]) for name, weight in one["adapter"].items())
