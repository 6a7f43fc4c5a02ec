"""RLOO: its identities, a toy policy whose gradient is known, and a tiny model that learns to please."""

from __future__ import annotations

import json
from itertools import product

import pytest
import torch

from genai_demo.datasets.conversations.prompts import load_prompts
from genai_demo.datasets.records import LOG
from genai_demo.training.rlhf import reward, rl
from genai_demo.training.rlhf.adapters import Stages
from genai_demo.training.rlhf.answers import draw_answers
from genai_demo.training.rlhf.rl import Recipe, RlTrainer, leave_one_out, snapshot
from genai_demo.training.runs import load_checkpoint
from tests.training.conftest import disturb, sequence

CPU = torch.device("cpu")
RECIPE = Recipe(steps=6, prompts=4, samples=4, beta=0.02, learning_rate=0.01, max_new_tokens=6, examine_every=3)


LETTERS = range(259, 340)  # ids of the tokens that are not bytes


def likes_letters(sequences) -> torch.Tensor:
    """A judge of simple taste: letters, no bytes of half a character."""
    return torch.tensor([float(sum(token in LETTERS for token in one.ids)) for one in sequences])


@pytest.fixture
def trainer(tuned: Stages, template, prompts_file, tmp_path) -> RlTrainer:
    return RlTrainer(tuned, template, load_prompts(prompts_file)["rl"], likes_letters, RECIPE, tmp_path)


def test_leave_one_out_advantages_of_a_prompt_sum_to_zero():
    returns = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))
    advantages = leave_one_out(returns)
    torch.testing.assert_close(advantages.sum(1), torch.zeros(5), atol=1e-6, rtol=0)
    expected = returns[2, 1] - returns[2, [0, 2, 3]].mean()
    torch.testing.assert_close(advantages[2, 1], expected)
    torch.testing.assert_close(leave_one_out(returns + 7), advantages, atol=1e-5, rtol=0)


def test_a_broken_rule_costs_its_penalty(trainer: RlTrainer, monkeypatch):
    """Six tokens are too few to come to an end: what did not end, and it alone, loses the penalty."""
    monkeypatch.setattr(rl, "broken_rules", lambda _, __, ended: [] if ended else ["ends"])
    rollout = trainer.roll_out()
    ended = torch.tensor([answer.ended for answer in rollout.answers])
    assert torch.equal(rollout.broken, (~ended).float())
    figures = trainer.learn()
    expected = figures["reward"] - RECIPE.rule_penalty * figures["broken_rules"]
    assert figures["broken_rules"] > 0
    assert figures["return"] == pytest.approx(expected, abs=1e-5)


def test_one_answer_has_no_others():
    with pytest.raises(ValueError, match="at least 2"):
        leave_one_out(torch.zeros(3, 1))


@pytest.mark.parametrize("count", [2, 3, 4])
def test_on_average_the_estimator_is_the_gradient_of_the_expected_reward(count):
    """A policy of two tokens, all k-tuples of its answers weighed by their probabilities: no sampling error."""
    logits = torch.tensor([0.3, -0.4], dtype=torch.float64, requires_grad=True)
    rewards = torch.tensor([0.2, 1.5], dtype=torch.float64)
    log_p = logits.log_softmax(0)
    true = torch.autograd.grad((log_p.exp() * rewards).sum(), logits, retain_graph=True)[0]
    estimate = torch.zeros(2, dtype=torch.float64)
    for answers in product((0, 1), repeat=count):
        chosen = list(answers)
        advantages = leave_one_out(rewards[chosen][None])[0]
        gradient = torch.autograd.grad((advantages * log_p[chosen]).mean(), logits, retain_graph=True)[0]
        estimate += log_p.detach()[chosen].sum().exp() * gradient
    torch.testing.assert_close(estimate, true)
    assert true[1] > 0 > true[0]  # uphill: towards the better token


def test_at_the_start_the_divergence_is_zero(trainer: RlTrainer):
    rollout = trainer.roll_out()
    assert (rollout.divergences == 0).all()
    assert len(rollout.answers) == RECIPE.prompts * RECIPE.samples
    assert (rollout.entropies > 0).all()


def test_later_the_divergence_is_the_difference_of_log_probabilities(trainer: RlTrainer):
    disturb(trainer.stages, "rlhf", seed=8)
    rollout = trainer.roll_out()
    one = rollout.sequences[5]
    ids = torch.tensor(one.ids)
    sums = []
    for stage in ("rlhf", "sft"):
        with trainer.stages.through(stage), torch.no_grad():
            log_probs = trainer.stages.network(ids[None]).logits[0].log_softmax(-1)
        sums.append(sum(log_probs[place - 1, ids[place]] for place, marked in enumerate(one.is_answer) if marked))
    torch.testing.assert_close(rollout.divergences[5], sums[0] - sums[1], atol=1e-3, rtol=1e-3)


def test_a_step_makes_the_better_answer_likelier_and_the_worse_less_likely(trainer: RlTrainer, monkeypatch):
    monkeypatch.setattr(rl, "ROWS", 1)
    sequences = [sequence([2, 50, 51, 60, 61], 2), sequence([2, 50, 51, 70, 71, 72], 3)]

    def log_probabilities() -> torch.Tensor:
        batch = rl.batch_of(sequences, CPU)
        return batch.per_row(rl.log_probabilities(trainer.stages.network, batch)[0])

    before = log_probabilities()
    trainer.add_policy_gradient(sequences, torch.tensor([1.0, -1.0]))
    with torch.no_grad():
        for parameter in trainer.parameters:
            parameter -= 0.003 * parameter.grad  # type: ignore[misc]
    change = log_probabilities() - before
    assert change[0] > 0 > change[1]


def test_the_model_learns_to_please(trainer: RlTrainer):
    ids = trainer.ids[:2] * 32

    def pleases() -> float:
        drawings = [rl.Drawing(max_new_tokens=6)] * len(ids)
        answers = draw_answers(trainer.stages.network, trainer.template, ids, drawings, seed=0)
        return likes_letters([one.after(()) for one in answers]).mean().item()

    before = pleases()
    for _ in range(12):
        figures = trainer.learn()
    assert pleases() > 1.3 * before
    assert figures["kl"] > 0


@pytest.fixture(scope="module")
def reward_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reward")
    head = reward.RewardHead(32)
    with torch.no_grad():
        head.weight.normal_(generator=torch.Generator().manual_seed(4))
    head.save(folder)
    return folder


@pytest.fixture
def command(model_folder, sft_folder, reward_folder, prompts_file):
    def run(folder, *more: str) -> None:
        data = ["--model", str(model_folder), "--sft", str(sft_folder), "--reward", str(reward_folder)]
        data += ["--prompts-file", str(prompts_file), "--device", "cpu", "--threads", "1"]
        recipe = ["--steps", "4", "--prompts", "3", "--samples", "3", "--max-new-tokens", "5", "--examine-every", "2"]
        rl.main([str(folder), *data, *recipe, "--learning-rate", "0.01", *more])

    return run


def test_the_command_trains_and_exports_any_examined_step(command, tmp_path):
    command(tmp_path / "run", "--export", str(tmp_path / "last"))
    lines = [json.loads(line) for line in (tmp_path / "run" / LOG).read_text().splitlines()]
    assert [line["step"] for line in lines] == [0, 1, 2, 3, 4]
    assert {"reward", "broken_rules", "kl", "length", "entropy", "ended"} <= set(lines[1])
    assert lines[1]["kl"] == 0
    assert [len(line["samples"]) for line in lines if "samples" in line] == [8, 8, 8]
    command(tmp_path / "run", "--export", str(tmp_path / "early"), "--at-step", "2")
    early = rl.load_file(tmp_path / "early" / "adapter_model.safetensors")
    kept = rl.load_file(snapshot(tmp_path / "run", 2))
    assert all(torch.equal(weight, early[name]) for name, weight in kept.items())
    last = rl.load_file(tmp_path / "last" / "adapter_model.safetensors")
    assert not all(torch.equal(weight, early[name]) for name, weight in last.items())
    assert json.loads((tmp_path / "early" / "training.json").read_text())["steps"] == 2


def test_the_log_alone_can_be_exported(command, tmp_path):
    command(tmp_path / "run", "--export", str(tmp_path / "lesson"), "--log-only")
    assert {file.name for file in (tmp_path / "lesson").iterdir()} == {LOG, "training.json"}


def test_a_killed_run_ends_with_the_weights_of_one_that_was_not(command, tmp_path, monkeypatch):
    command(tmp_path / "whole")
    learn = rl.RlTrainer.learn

    def dying(trainer):
        if trainer.step == 3:
            raise KeyboardInterrupt
        return learn(trainer)

    monkeypatch.setattr(rl.RlTrainer, "learn", dying)
    with pytest.raises(KeyboardInterrupt):
        command(tmp_path / "parts", "--checkpoint-minutes", "0")
    monkeypatch.undo()
    command(tmp_path / "parts")
    one, other = (load_checkpoint(tmp_path / name, CPU)["trainer"] for name in ("whole", "parts"))
    assert one["step"] == other["step"] == 4
    assert all(torch.equal(weight, other["adapter"][name]) for name, weight in one["adapter"].items())
    whole, parts = ((tmp_path / name / LOG).read_text().splitlines() for name in ("whole", "parts"))
    assert [json.loads(line).get("samples") for line in whole] == [json.loads(line).get("samples") for line in parts]
