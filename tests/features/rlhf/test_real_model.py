"""The shipped stages on the real model."""

from __future__ import annotations

import json
import re

import pytest
import torch

from genai_demo.features.rlhf import backend
from genai_demo.models.catalogue import DEFAULT_MODEL, find_model
from genai_demo.models.loading import load_model
from genai_demo.models.sampling import SamplingSettings, rank_of
from genai_demo.models.stages import BASE, FOLDER, StagedModel
from genai_demo.models.stages_loader import load_adapters
from genai_demo.page.texts import load_texts

pytestmark = pytest.mark.model
GREEDY = SamplingSettings(temperature=0)


@pytest.fixture(scope="module")
def shipped() -> StagedModel:
    """On a base of its own: the adapters' layers stay in it."""
    return load_adapters(load_model(find_model(DEFAULT_MODEL), device="cpu"))


def final(results):
    *_, last = results
    return last


def test_the_base_of_the_stages_is_the_base_of_the_other_tabs(shipped, real):
    ids = [token.id for token in real.encode_prompt("The capital of Italy is")]
    if real.origin.device != "cpu":
        pytest.skip("only the same processor gives the same bits")
    assert torch.equal(shipped.base.next_logits(ids), real.next_logits(ids))


def test_stages_in_one_batch_say_what_each_says_alone(shipped):
    tuned, prompt = shipped.stages[-1], "What is the capital of Italy?"
    together = final(backend.compare(shipped, prompt, BASE, tuned, GREEDY, max_new_tokens=16))
    for reply, as_turn in ((together.left, False), (together.right, True)):
        read = shipped.prompt(prompt, as_turn=as_turn)
        ((alone,),) = list(backend.write(shipped, [reply.stage], [read], GREEDY, [0], 16))[-1:]
        assert alone.text == reply.text


def test_the_tuned_stage_answers_and_ends_where_the_base_goes_on(shipped):
    result = final(backend.compare(shipped, "What is the capital of Italy?", BASE, shipped.stages[-1], GREEDY))
    assert "Rome" in result.right.text
    assert result.right.stop_reason == "end_of_sequence"
    assert result.left.stop_reason == "length"
    assert 0.1 < result.right_scored.kl_nats < 3
    assert 0 < result.right_scored.shifted_share < 0.7


def test_the_share_of_boxes_is_the_one_that_the_page_names(shipped):
    told = " ".join(load_texts("genai_demo.features.rlhf")["changed"]["story"])
    said = re.search(
        r"over (\d+) test prompts, (\d+) of a hundred",
        told,
    )
    prompts = {one["id"]: one["prompt"] for one in json.loads((FOLDER / "prompts.json").read_text())["evaluation"]}
    lines = (FOLDER / "evaluation" / "replies-rlhf-greedy.jsonl").read_text(encoding="utf-8").splitlines()
    ranks = []
    for reply in map(json.loads, lines):
        ids = shipped.conversation(prompts[reply["id"]], reply["text"], ended=reply["ended"])
        first = len(shipped.prompt(prompts[reply["id"]], as_turn=True).ids)
        logits = shipped.each_logits(ids, first, (BASE,))
        ranks += [rank_of(base, token_id) for (base,), token_id in zip(logits, ids[first:], strict=True)]
    assert said
    assert int(said[1]) == len(lines)
    assert round(100 * sum(rank > 3 for rank in ranks) / len(ranks)) == pytest.approx(int(said[2]), abs=1)
