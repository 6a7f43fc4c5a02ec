"""Bradley and Terry's model: its gradient, a closed form, and a reward model that learns a reader's taste."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch.nn.functional import layer_norm

from genai_demo.datasets.conversations.rankings import RatedAnswer, Rating, save_ratings
from genai_demo.datasets.records import LOG
from genai_demo.models.reward import RewardHead
from genai_demo.training.rlhf import reward
from genai_demo.training.rlhf.adapters import BASE, Stages
from genai_demo.training.rlhf.conversation import rated_sequence
from genai_demo.training.rlhf.reward import (
    Pair,
    Ranked,
    RewardModel,
    accuracy,
    bradley_terry_loss,
    calibration,
    cross_validate,
    fit,
    folds_of,
    judged_pairs,
    mean_loss,
    shares,
    states_of,
)
from tests.training.conftest import disturb, sequence

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


def test_the_fitted_head_is_where_loss_and_penalty_balance():
    """At the minimum of loss + ‖u‖² / (2 C · pairs), u the weights of features of spread 1, no gradient is left."""
    generator = torch.Generator().manual_seed(4)
    states = torch.randn(40, 6, generator=generator) * torch.tensor([9.0, 1, 1, 1, 1, 0.2]) + 2
    pairs = [[(n, n + 1), (n, n + 2), (n + 1, n + 2)] for n in range(0, 36, 3)]
    softness = 3.0
    head = fit(states, pairs, softness)
    head.weight.requires_grad_(True)
    scale = layer_norm(states, (6,)).std(0) * 6**0.5
    penalty = (head.weight * scale).square().sum() / (2 * softness * sum(map(len, pairs)))
    (bradley_terry_loss(head.scores(states), pairs) + penalty).backward()
    assert head.weight.detach().abs().max() > 0.1
    torch.testing.assert_close(head.weight.grad, torch.zeros(6), atol=1e-4, rtol=0)


def test_every_prompt_counts_the_same_however_many_pairs_it_has():
    states = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    once = fit(states, [[(0, 1)], [(2, 3), (2, 4)]])
    twice = fit(states, [[(0, 1), (0, 1)], [(2, 3), (2, 4), (2, 3), (2, 4)]], reward.SOFTNESS * 3 / 6)
    torch.testing.assert_close(once.weight, twice.weight, atol=1e-4, rtol=1e-3)


def test_prompts_are_dealt_out_by_kind():
    folds = folds_of([*RATINGS, Rating("x", "list", "the", ())])
    assert [folds.count(fold) for fold in range(5)] == [5, 4, 4, 4, 4]


def test_nobody_judges_the_prompts_it_learned_from():
    """Rankings that nothing can foretell: whoever learns them scores 1 on them and about 1/2 on others."""
    generator = torch.Generator().manual_seed(1)
    answers = tuple(RatedAnswer("a cat", "sft", 1.0, "turns", ended=True) for _ in range(2))
    ratings = tuple(Rating(str(n), "question", "the", answers, ((0,), (1,))) for n in range(200))
    ranked = Ranked(ratings, torch.randn(400, 256, generator=generator))
    scores, loss = cross_validate(ranked, softness=1_000.0)
    assert loss < 0.1
    assert 0.38 < accuracy(judged_pairs(ratings, scores)) < 0.62


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
    head = RewardHead(32)
    with torch.no_grad():
        head.weight.normal_(generator=torch.Generator().manual_seed(1))
    model = RewardModel(tuned, head)
    several = [sequence([2, *range(5, 5 + length)], 1) for length in (9, 3, 12, 5, 4)]
    alone = torch.cat([model.scores([one]) for one in several])
    torch.testing.assert_close(model.scores(several), alone, atol=1e-4, rtol=1e-3)


def test_the_base_reads_whatever_stage_is_in_use(tuned: Stages):
    disturb(tuned, "sft")
    read = [sequence([2, 5, 6, 7, 8], 2)]
    with tuned.through(BASE):
        expected = states_of(tuned, read)
    tuned.use("sft")
    assert torch.equal(states_of(tuned, read), expected)


def command(folder, model_folder, *more: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_ratings(RATINGS, folder / "rankings.jsonl")
    data = ["--model", str(model_folder), "--rankings", str(folder / "rankings.jsonl")]
    reward.main([str(folder / "out"), *data, "--threads", "1", "--device", "cpu", *more])


def test_the_command_learns_the_taste_and_exports(stages: Stages, template, model_folder, tmp_path):
    command(tmp_path, model_folder)
    quality = json.loads((tmp_path / "out" / "reward.json").read_text())
    assert quality["accuracy"]["all"] > 0.9
    assert set(quality["pairs"]) == {"all", "sft_sft", "base_sft", "worse_is_longer"}
    assert "Gemma" in (tmp_path / "out" / "NOTICE").read_text()
    model = RewardModel.read(stages, tmp_path / "out")
    sequences = [rated_sequence(template, one, n) for one in RATINGS for n in range(3)]
    pairs = judged_pairs(RATINGS, model.scores(sequences))
    assert accuracy(pairs) >= quality["accuracy"]["all"]  # what it has learned from, and more of it
    assert mean_loss(pairs) < math.log(2)


def test_the_log_tells_how_well_fewer_prompts_would_have_done(model_folder, tmp_path):
    command(tmp_path, model_folder)
    command(tmp_path, model_folder)  # the figures of now, not those of before as well
    lines = [json.loads(line) for line in (tmp_path / "out" / LOG).read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 8, 12, 16]
    quality = json.loads((tmp_path / "out" / "reward.json").read_text())
    assert lines[-1]["held_out_loss"] == pytest.approx(quality["loss"], abs=1e-4)
    assert lines[0]["held_out_loss"] > lines[-1]["held_out_loss"]


def test_the_same_rankings_give_the_same_head(model_folder, tmp_path):
    command(tmp_path / "one", model_folder)
    command(tmp_path / "other", model_folder)
    one, other = (RewardHead.load(tmp_path / name / "out").weight for name in ("one", "other"))
    assert torch.equal(one, other)
