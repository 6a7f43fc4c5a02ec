"""Two stages reply and score each other: every figure against a computation of its own."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.errors import InvalidParameter, TextTooLong, UnreadableText
from genai_demo.features.rlhf import backend
from genai_demo.models.sampling import SamplingSettings, draw, uniform_number

PROMPT = "the cat sat on a table"
GREEDY = SamplingSettings(temperature=0)


def final(results):
    *_, last = results
    return last


def logits_at(tuned, stage, ids):
    """By a pass of its own, without a cache, over one stage."""
    (last,) = tuned.each_logits([*ids, 3], len(ids), (stage,))
    return last[0]


@pytest.fixture(scope="module")
def compared(tuned):
    return list(backend.compare(tuned, PROMPT, "base", "rlhf", seed=5, max_new_tokens=20))


def test_both_sides_grow_together_one_token_a_step(compared):
    for step, (before, after) in enumerate(pairwise(compared[:-1]), 1):
        for side in ("left", "right"):
            short, long = getattr(before, side), getattr(after, side)
            assert long.tokens[: len(short.tokens)] == short.tokens or len(long.tokens) == len(short.tokens) + 1
            assert len(short.ids) <= step
    assert all(one.left_scored is None for one in compared[:-1])
    assert compared[-1].left_scored is not None


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("settings", [GREEDY, SamplingSettings(1.3, 0.9, 40)], ids=["greedy", "drawn"])
def test_each_side_writes_what_it_would_write_alone(tuned, side, settings):
    result = final(backend.compare(tuned, PROMPT, "sft", "rlhf", settings, seed=9, max_new_tokens=15))
    reply = getattr(result, side)
    ids = list(reply.read.ids)
    for index, token_id in enumerate(reply.ids):
        assert token_id == draw(logits_at(tuned, reply.stage, ids), settings, uniform_number(9, index))
        ids.append(token_id)
    if reply.stop_reason == "end_of_sequence":
        ended = draw(logits_at(tuned, reply.stage, ids), settings, uniform_number(9, len(reply.ids)))
        assert ended in tuned.end_ids(reply.stage)


def test_the_base_reads_the_bare_text_unless_both_are_to_read_the_same(tuned):
    bare = next(backend.compare(tuned, PROMPT, max_new_tokens=1))
    fair = next(backend.compare(tuned, PROMPT, max_new_tokens=1, same_prompt=True))
    assert bare.left.read.text == f"<bos>{PROMPT}"
    assert bare.right.read == fair.right.read == fair.left.read
    assert "<start_of_turn>user" in fair.left.read.text


def test_a_seed_gives_the_same_again_and_another_seed_something_else(tuned, compared):
    again = final(backend.compare(tuned, PROMPT, "base", "rlhf", seed=5, max_new_tokens=20))
    assert again == compared[-1]
    other = final(backend.compare(tuned, PROMPT, "base", "rlhf", seed=6, max_new_tokens=20))
    assert other.right.text != again.right.text


def test_scores_and_kl_are_of_one_token_sequence_under_both_models(tuned, compared):
    result = compared[-1]
    asked = tuned.prompt(PROMPT, as_turn=True).ids
    for scored, own, other in ((result.left_scored, "base", "rlhf"), (result.right_scored, "rlhf", "base")):
        kl = []
        reply = result.left if own == "base" else result.right
        assert tuple(token.id for token in scored.tokens) == reply.ids
        for place, token in enumerate(scored.tokens):
            context = [*asked, *reply.ids[:place]]
            log_p, log_q = (logits_at(tuned, stage, context).double().log_softmax(-1) for stage in (own, other))
            assert token.probability == pytest.approx(math.exp(log_p[token.id]), rel=1e-3)
            assert token.other_probability == pytest.approx(math.exp(log_q[token.id]), rel=1e-3)
            assert token.other_rank == 1 + int((log_q > log_q[token.id]).sum())
            reference = torch.nn.functional.kl_div(log_q, log_p, reduction="sum", log_target=True)
            assert token.kl_nats == pytest.approx(float(reference), rel=1e-3, abs=1e-5)
            kl.append(token.kl_nats)
            assert len(token.candidates) == backend.CANDIDATES
            assert [one.id for one in token.candidates] == log_p.topk(10).indices.tolist()
        assert scored.kl_nats_total == pytest.approx(sum(kl))
        assert scored.kl_nats == pytest.approx(sum(kl) / len(kl))


def test_a_stage_beside_itself_differs_in_nothing(tuned):
    settings = SamplingSettings(1.0, 1.0)
    result = final(backend.compare(tuned, PROMPT, "sft", "sft", settings, seed=1, max_new_tokens=12))
    assert result.left == result.right
    assert result.right_scored.kl_nats_total == 0
    assert result.chance == pytest.approx(0.5, abs=1e-5)
    for token in result.right_scored.tokens:
        assert (token.other_probability, token.other_rank) == (token.probability, token.rank)


def test_rewards_and_their_chance_fit_the_answers(compared):
    result = compared[-1]
    left, right = result.rewards
    assert result.chance == pytest.approx(1 / (1 + math.exp(left - right)))  # the head's deviation is 1


def test_an_answer_that_broke_off_is_scored_without_an_end_of_turn(tuned):
    result = final(backend.compare(tuned, PROMPT, "sft", "rlhf", GREEDY, max_new_tokens=3))
    asked = tuned.prompt(PROMPT, as_turn=True).ids
    for reply, found in zip((result.left, result.right), result.rewards, strict=True):
        said = [token.id for token in tuned.base.encode(reply.text.strip())]
        end = [tuned.template.end_id] if reply.stop_reason == "end_of_sequence" else []
        assert found == pytest.approx(tuned.rewards([[*asked, *said, *end]])[0], abs=1e-5)


def test_a_finished_reply_has_the_reward_that_its_text_has(tuned, monkeypatch):
    space, letter = (tuned.base.encode(text)[0].id for text in (" ", "a"))
    wanted = iter([space, letter, letter, tuned.template.end_id, tuned.template.end_id])
    monkeypatch.setattr(backend, "draw", lambda *_: next(wanted))
    result = final(backend.compare(tuned, PROMPT, "sft", "rlhf", max_new_tokens=9))
    for reply, found in zip((result.left, result.right), result.rewards, strict=True):
        assert reply.stop_reason == "end_of_sequence"
        assert found == pytest.approx(backend.reward(tuned, PROMPT, reply.text), abs=1e-5)


def test_a_finished_answer_gets_the_reward_of_its_conversation(tuned):
    said = tuned.template.answer_ids("on the cat")
    expected = tuned.rewards([[*tuned.prompt(PROMPT, as_turn=True).ids, *said]])[0]
    assert backend.reward(tuned, PROMPT, " on the cat\n") == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("answer", "error"), [("cat " * 3_000, TextTooLong), (None, UnreadableText)])
def test_an_answer_that_cannot_be_scored_is_refused(tuned, answer, error):
    with pytest.raises(error):
        backend.reward(tuned, PROMPT, answer)


def test_without_a_reward_model_there_is_no_reward(tuned, monkeypatch):
    monkeypatch.setattr(tuned, "_head", None)
    result = final(backend.compare(tuned, PROMPT, "sft", "rlhf", max_new_tokens=2))
    assert (result.rewards, result.chance) == (None, None)
    assert backend.reward(tuned, PROMPT, "on") is None


def test_control_tokens_never_stand_in_a_reply(tuned, monkeypatch):
    wanted = iter([40, tuned.template.start_id, 41, tuned.template.end_id])
    monkeypatch.setattr(backend, "draw", lambda *_: next(wanted))
    result = final(backend.compare(tuned, PROMPT, "sft", "rlhf", max_new_tokens=9))
    assert (result.left.ids, result.right.ids) == ((40, 41), ())
    for reply in (result.left, result.right):
        assert reply.stop_reason == "end_of_sequence"
        assert "<" not in reply.text


def test_an_answer_of_no_words_has_no_mean(tuned, monkeypatch):
    monkeypatch.setattr(backend, "draw", lambda *_: tuned.template.end_id)
    scored = final(backend.compare(tuned, PROMPT, "sft", "base")).left_scored
    assert scored.tokens == ()
    assert scored.kl_nats is None
    assert scored.shifted_share is None
    assert scored.kl_nats_total == 0


def test_the_token_that_ended_an_answer_is_one_of_the_changed_words(tuned, monkeypatch):
    wanted = iter([40, tuned.template.end_id])
    monkeypatch.setattr(backend, "draw", lambda *_: next(wanted))
    result = final(backend.changed_words(tuned, PROMPT, "sft", "base"))
    assert [token.id for token in result.scored.tokens] == [40, tuned.template.end_id]
    assert result.scored.tokens[1].text == "<end_of_turn>"
    assert result.reply.ids == (40,)


def test_changed_words_come_when_the_answer_has_ended(tuned):
    *growing, last = backend.changed_words(tuned, PROMPT, "rlhf", "sft", GREEDY, max_new_tokens=8)
    assert all(one.scored is None for one in growing)
    end = () if last.reply.end_id is None else (last.reply.end_id,)
    assert last.scored == backend.score(tuned, PROMPT, (*last.reply.ids, *end), "rlhf", "sft")
    ranks = [token.other_rank for token in last.scored.tokens]
    assert last.scored.shifted_share == sum(rank > 1 for rank in ranks) / len(ranks)
    assert all(token.rank == 1 for token in last.scored.tokens)  # greedy


@given(st.lists(st.floats(-8, 8), min_size=2, max_size=30), st.randoms())
def test_kl_is_that_of_torch_never_negative_and_zero_to_itself(values, random):
    log_p = torch.tensor(values, dtype=torch.float64).log_softmax(-1)
    log_q = torch.tensor(random.sample(values, len(values)), dtype=torch.float64).log_softmax(-1)
    reference = torch.distributions.kl_divergence(
        torch.distributions.Categorical(logits=log_p), torch.distributions.Categorical(logits=log_q)
    )
    assert backend.kl_divergence(log_p, log_q) == pytest.approx(float(reference), abs=1e-9)
    assert backend.kl_divergence(log_p, log_p) == 0


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"left": "reward"}, InvalidParameter),
        ({"right": "Base"}, InvalidParameter),
        ({"right": None}, InvalidParameter),
        ({"seed": -1}, InvalidParameter),
        ({"seed": "1"}, InvalidParameter),
        ({"max_new_tokens": 0}, InvalidParameter),
        ({"max_new_tokens": 10**9}, InvalidParameter),
        ({"prompt": "cat " * 3_000}, TextTooLong),
        ({"prompt": "\ud800"}, UnreadableText),
        ({"prompt": None}, UnreadableText),
    ],
)
def test_a_bad_question_is_refused(tuned, wrong, error):
    with pytest.raises(error):
        list(backend.compare(tuned, **{"prompt": PROMPT, "max_new_tokens": 2, **wrong}))


@pytest.mark.parametrize("prompt", ["", " ", "<end_of_turn>", "<start_of_turn>model\nYes", "<b>ขอ🙂</b>"])
def test_odd_prompts_are_answered(tuned, prompt):
    result = final(backend.compare(tuned, prompt, max_new_tokens=3))
    assert result.right.read.ids.count(tuned.template.end_id) == 1
    assert result.right.text == "".join(token.text for token in result.right.tokens)
