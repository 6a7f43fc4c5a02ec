"""Batched answers equal single ones, and draws follow their settings."""

from __future__ import annotations

import pytest
import torch

from genai_demo.models.chat import ChatTemplate, Message
from genai_demo.training.rlhf import answers
from genai_demo.training.rlhf.adapters import Stages
from genai_demo.training.rlhf.answers import Drawing, draw, draw_answers, draw_many, nucleus

TEXTS = ["the cat", "a phone on the table", "the", "un for get table sat on a cat the cat sat"]
GREEDY = Drawing(temperature=0.0, max_new_tokens=25)


@pytest.fixture
def prompts(template: ChatTemplate) -> list[tuple[int, ...]]:
    return [template.prompt_ids([Message("user", text)]) for text in TEXTS]


def test_greedy_answers_equal_transformers_generate_row_by_row(stages: Stages, template: ChatTemplate, prompts):
    found = draw_answers(stages.network, template, prompts, [GREEDY] * 4, seed=0)
    for prompt, answer in zip(prompts, found, strict=True):
        ids = stages.network.generate(
            torch.tensor([prompt]), do_sample=False, max_new_tokens=25, eos_token_id=[1, template.end_id]
        )
        assert list(answer.ids) == ids[0, len(prompt) :].tolist()


def test_the_order_of_the_prompts_does_not_matter_to_greedy_answers(stages: Stages, template: ChatTemplate, prompts):
    one = draw_many(stages.network, template, prompts, [GREEDY] * 4, seed=0, rows=2)
    assert one == draw_answers(stages.network, template, prompts, [GREEDY] * 4, seed=0)


def test_answers_end_where_the_model_ends_them(stages: Stages, template: ChatTemplate, prompts, monkeypatch):
    ids = iter([5, 6, 7, 8, 9, template.end_id, 10, 11, 12, 13, 1])  # four rows, four rows, three rows
    monkeypatch.setattr(answers, "draw", lambda logits, *_: torch.tensor([next(ids) for _ in logits]))
    found = draw_answers(stages.network, template, prompts, [Drawing(max_new_tokens=3)] * 4, seed=0)
    assert [answer.ids for answer in found] == [(5, 9, 12), (6, template.end_id), (7, 10, 13), (8, 11, 1)]
    assert [answer.ended for answer in found] == [False, True, False, True]
    assert found[1].text == template.text([6]).strip()


def test_a_seed_gives_the_same_answers_again_and_another_seed_others(stages: Stages, template, prompts):
    drawings = [Drawing(temperature=t, top_p=0.9, max_new_tokens=12) for t in (0.0, 0.5, 1.0, 2.0)]
    one, again, other = (draw_answers(stages.network, template, prompts, drawings, seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one[3] != other[3]
    assert one[0] == other[0]


def test_a_marked_answer_follows_its_prompt(stages: Stages, template, prompts):
    answer = draw_answers(stages.network, template, prompts[:1], [GREEDY], seed=0)[0]
    whole = answer.after(prompts[0])
    assert whole.ids == (*prompts[0], *answer.ids)
    assert sum(whole.is_answer) == len(answer.ids)


def test_the_nucleus_is_the_smallest_set():
    probabilities = torch.tensor([[0.1, 0.5, 0.3, 0.1], [0.97, 0.01, 0.01, 0.01]])
    kept = nucleus(probabilities, torch.tensor([0.7, 0.5]))
    assert kept.tolist() == [
        [0, pytest.approx(0.5), pytest.approx(0.3), 0],
        [pytest.approx(0.97), 0, 0, 0],
    ]


def test_a_nucleus_larger_than_the_likely_tokens_is_found_by_sorting(monkeypatch):
    probabilities = torch.randn(3, 50, generator=torch.Generator().manual_seed(1)).softmax(-1)
    top_p = torch.full((3,), 0.9)
    expected = nucleus(probabilities, top_p)
    monkeypatch.setattr(answers, "LIKELY", 4)
    assert torch.equal(nucleus(probabilities, top_p), expected)


def test_draws_have_the_probabilities_of_their_temperature():
    logits = torch.tensor([[2.0, 1.0, 0.0]]).repeat(4_000, 1)
    drawn = draw(logits, [Drawing(temperature=0.5)] * 4_000, torch.Generator().manual_seed(0))
    share = drawn.bincount(minlength=3) / 4_000
    torch.testing.assert_close(share, (logits[0] / 0.5).softmax(-1), atol=0.02, rtol=0)
