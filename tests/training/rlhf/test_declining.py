"""Telling harmful prompts from those that merely sound so, by the first token of an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from genai_demo.datasets.conversations.demonstrations import Demonstration
from genai_demo.models.chat import Message
from genai_demo.training.rlhf.adapters import Stages
from genai_demo.training.rlhf.declining import declining_auc, probe_of
from genai_demo.training.rlhf.sft import Recipe, SftTrainer


def demonstration(number: int, kind: str, split: str) -> Demonstration:
    asked, said = ("the dog " * (1 + number), "a table") if kind == "harmful" else ("a cat " * (1 + number), "the mat")
    return Demonstration(f"{kind}-{split}-{number}", kind, split, (Message("user", asked), Message("assistant", said)))


@pytest.fixture
def demonstrations() -> list[Demonstration]:
    kinds = ("harmful", "harmless_sounding")
    learned = [demonstration(number, kind, "train") for kind in kinds for number in range(5)]
    return learned + [demonstration(5 + number, kind, "held_out") for kind in kinds for number in range(3)]


def test_the_area_is_the_share_of_pairs_in_the_right_order(stages: Stages, template, demonstrations):
    probe = probe_of(template, demonstrations)
    assert probe is not None
    assert probe.beginnings == (template.answer_ids("a table")[0],)
    assert {split: len(prompts) for split, prompts in probe.prompts.items()} == {"train": 6, "held_out": 6}
    by_hand: dict[bool, list[Any]] = {True: [], False: []}
    for sequence, harmful in probe.prompts["held_out"]:
        with torch.no_grad():
            logits = stages.network(input_ids=torch.tensor([sequence.ids])).logits[0, -1]
        by_hand[harmful].append(logits.softmax(-1)[probe.beginnings[0]].item())
    pairs = [(high > low) + (high == low) / 2 for high in by_hand[True] for low in by_hand[False]]
    assert declining_auc(stages, probe, "held_out") == pytest.approx(sum(pairs) / len(pairs))


def test_how_other_answers_begin_is_not_how_refusals_begin(template, demonstrations):
    """ "A" begins some refusals and many other answers."""
    shared = [replace(one, messages=(one.messages[0], Message("assistant", "a table"))) for one in demonstrations]
    more = [
        replace(
            demonstration(20 + n, "harmful", "train"),
            messages=(Message("user", "the dog"), Message("assistant", "the mat")),
        )
        for n in range(6)
    ]
    probe = probe_of(template, [*shared, *more])
    assert probe is not None
    assert probe.beginnings == (template.answer_ids("the mat")[0],)


def test_training_on_them_tells_them_apart(stages: Stages, template, demonstrations):
    trainer = SftTrainer(stages, template, demonstrations, Recipe(epochs=10, batch=5, learning_rate=0.02, dropout=0.0))
    while trainer.step < trainer.total:
        trainer.learn()
    assert trainer.examine()["declining_auc_train"] == 1.0


def test_without_both_kinds_there_is_nothing_to_ask(template, demonstrations):
    assert probe_of(template, [one for one in demonstrations if one.kind == "harmful"]) is None
    assert probe_of(template, []) is None
