"""The visitor's reward head: the optimum of its equation, and what it says of their taste."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch.nn.functional import layer_norm, logsigmoid

from genai_demo.errors import InvalidParameter
from genai_demo.features.rlhf import rater
from genai_demo.models.reward import fit_bradley_terry
from genai_demo.models.stages import StagedText

PROMPT = "the cat sat"


def final(results):
    *_, last = results
    return last


def test_answers_grow_side_by_side_and_are_described_by_their_last_state(tuned):
    *growing, last = rater.sample(tuned, PROMPT, "sft", seed=3, max_new_tokens=12)
    assert all(one.rated == () for one in growing)
    assert len({reply.text for reply in last.replies}) > 1
    asked = tuned.prompt(PROMPT, as_turn=True).ids
    for reply, one in zip(last.replies, last.rated, strict=True):
        assert one.reply == reply
        (state,) = tuned.last_states([StagedText("sft", (*asked, *reply.ids))])
        expected = layer_norm(state, state.shape) / state.shape[0] ** 0.5
        np.testing.assert_allclose(one.features, expected, atol=1e-5)
        assert np.linalg.norm(one.features) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("wrong", [{"stage": "reward"}, {"count": 1}, {"count": 9}, {"seed": -3}, {"seed": "a"}])
def test_a_bad_question_is_refused(tuned, wrong):
    with pytest.raises(InvalidParameter):
        list(rater.sample(tuned, **{"prompt": PROMPT, "stage": "sft", "max_new_tokens": 1, **wrong}))


def test_the_head_minimises_its_equation():
    rng = np.random.default_rng(0)
    differences = rng.normal(size=(9, 6)) / 3

    def loss(head):
        w = torch.tensor(head, requires_grad=True)
        value = -logsigmoid(torch.from_numpy(differences) @ w).sum() + w @ w / (2 * rater.SOFTNESS)
        value.backward()
        return float(value.detach()), w.grad.numpy()

    best = minimize(loss, np.zeros(6), jac=True, tol=1e-12)
    np.testing.assert_allclose(fit_bradley_terry(differences, rater.SOFTNESS), best.x, atol=1e-3)


def test_one_pair_has_a_closed_form_direction():
    difference = np.array([[0.6, -0.8, 0.0]])
    head = fit_bradley_terry(difference, rater.SOFTNESS)
    np.testing.assert_allclose(head / np.linalg.norm(head), difference[0], atol=1e-6)
    # with w = a·d and |d| = 1 the optimum obeys a / C = σ(−a)
    size = float(np.linalg.norm(head))
    assert size / rater.SOFTNESS == pytest.approx(1 / (1 + np.exp(size)), rel=1e-3)


def test_a_rater_who_likes_short_answers_is_told_so():
    rng = np.random.default_rng(1)
    texts = ["word " * length for length in rng.permutation(np.arange(3, 43))]
    lengths = np.array([len(text.split()) for text in texts], dtype=float)
    features = rng.normal(size=(40, 64)) / 8
    features[:, 0] = (lengths - lengths.mean()) / lengths.std() / 2
    rankings = [sorted(range(at, at + 4), key=lambda place: lengths[place]) for at in range(0, 24, 4)]
    pairs = [pair for ranking in rankings for pair in rater.pairs_of(ranking)]
    taste = rater.learn(texts, features, pairs)
    assert taste.pairs == 36
    assert taste.agreement > 0.9
    assert taste.traits[0].name == "long"
    assert taste.traits[0].correlation < -0.6
    assert np.corrcoef(taste.scores[24:], lengths[24:])[0, 1] < -0.5  # of answers that were never put in order
    assert np.mean(taste.scores) == pytest.approx(0, abs=1e-9)
    assert np.std(taste.scores) == pytest.approx(1)


def test_answers_that_are_all_alike_teach_nothing_and_break_nothing():
    taste = rater.learn(["same"] * 4, np.ones((4, 8)) / 8, rater.pairs_of((0, 1, 2, 3)))
    assert taste.scores == (0, 0, 0, 0)
    assert taste.traits == ()
    assert taste.agreement == 0


@pytest.mark.parametrize(
    ("trait", "text", "count"),
    [
        ("long", "one two three", 3),
        ("lists", "Here:\n- a\n* b\n 2. c\nnot - one", 3),
        ("questions", "Why? How?", 2),
        ("exclamations", "Oh! No!", 2),
        ("numbers", "In 1969, 3 people, 12 % of x2", 3),
        ("first_person", "I think my cat likes me.", 3),
    ],
)
def test_traits_are_counted_as_one_would(trait, text, count):
    assert rater.TRAITS[trait](text) == count
