from __future__ import annotations

import json
from dataclasses import replace

import pytest

from genai_demo.datasets.conversations.checks import satisfies
from genai_demo.datasets.conversations.demonstrations import KINDS, Demonstration, load_demonstrations
from genai_demo.datasets.conversations.prompts import Prompt, load_prompts
from genai_demo.datasets.conversations.proofread import demonstration_problems, main, problems
from genai_demo.models.chat import Message

LEAST = {
    "question": 80,
    "how_to": 50,
    "writing": 50,
    "list": 30,
    "summary": 25,
    "rewrite": 20,
    "reasoning": 25,
    "conversation": 35,
    "honesty": 35,
    "harmful": 40,
    "harmless_sounding": 40,
    "classification": 20,
    "greeting": 15,
}


@pytest.fixture(scope="module")
def demonstrations() -> tuple[Demonstration, ...]:
    return load_demonstrations()


@pytest.fixture(scope="module")
def prompts() -> dict[str, tuple[Prompt, ...]]:
    return load_prompts()


def one(answer: str, prompt: str = "Why do owls hunt at night?", **more: object) -> Demonstration:
    messages = (Message("user", prompt), Message("assistant", answer))
    return replace(Demonstration("planted", "question", "train", messages), **more)


def test_the_shipped_files_break_no_rule(demonstrations, prompts):
    assert problems(demonstrations, prompts) == []


def test_there_are_enough_of_every_kind(demonstrations):
    assert set(LEAST) == set(KINDS)
    for kind, least in LEAST.items():
        assert sum(one.kind == kind for one in demonstrations) >= least, kind


def test_as_many_harmless_as_harmful(demonstrations, prompts):
    kinds = [one.kind for one in demonstrations]
    harmful, harmless = kinds.count("harmful"), kinds.count("harmless_sounding")
    assert abs(harmful - harmless) <= 0.1 * harmful
    for kind in ("harmful", "harmless_sounding"):
        assert sum(one.kind == kind for one in prompts["evaluation"]) >= 25


def test_the_prompt_sets_are_large_enough(prompts):
    assert len(prompts["reward"]) >= 170
    assert len(prompts["rl"]) >= 240
    evaluation = prompts["evaluation"]
    assert len(evaluation) >= 180
    assert sum(bool(one.facts) for one in evaluation) >= 50
    assert sum(one.check is not None for one in evaluation) >= 40
    for rows in prompts.values():
        assert {one.kind for one in rows} == set(KINDS)


def test_the_rules_cover_someone_in_danger(demonstrations, prompts):
    assert {one.split for one in demonstrations if one.topic == "self_harm"} == {"train", "held_out"}
    for rows in prompts.values():
        assert any(one.topic == "self_harm" for one in rows)


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        (one("Owls " * 81 + "."), "words"),
        (one("Their eyes are large \u2014 and their ears are good."), "dash"),
        (one("**Owls** hunt at night."), "markdown"),
        (one("Owls hunt at night because their eyes are large and their ears"), "without an end"),
        (one(" Owls see well."), "space"),
        (one("Owls see well.", kind="conversation"), "turns"),
        (replace(one("Yes."), messages=one("Yes.").messages * 2), "turns"),
        (one("Take a wire. I can't help more.", kind="harmful"), "decline"),
        (one("I can't help with that.", kind="harmful", topic="self_harm"), "warmth"),
        (one("Three words here.", check={"type": "words", "count": 1}), "check"),
    ],
)
def test_a_planted_fault_is_found(planted, fault):
    assert demonstration_problems(one("Owls see well in the dark.")) == []
    assert any(fault in problem for problem in demonstration_problems(planted))


def test_planted_repetition_is_found(demonstrations, prompts):
    def found(*planted: Demonstration) -> str:
        return "\n".join(problems((*demonstrations, *planted), prompts))

    same = demonstrations[0]
    assert "used 2 times" in found(same)
    assert "ask the same" in found(replace(same, id="planted"))
    openings = [one(f"It is always wise to wait {n}.", f"Owl riddle {n}{n}?", id=f"planted-{n}") for n in range(200)]
    assert "first four words" in found(*openings)
    assert "held out" in found(*openings)
    train = [one for one in demonstrations if one.split == "train"]
    copies = [replace(one, id=f"planted-{one.id}", split="held_out") for one in train[::9]]
    assert "occur in the training part" in found(*copies)


def test_a_prompt_in_two_sets_is_found(demonstrations, prompts):
    leaked = replace(prompts["rl"][0], id="planted", prompt=prompts["rl"][0].prompt.lower())
    found = problems(demonstrations, {**prompts, "evaluation": (*prompts["evaluation"], leaked)})
    assert any(problem.startswith("rl / evaluation") for problem in found)
    copied = replace(leaked, prompt=demonstrations[5].prompts[0])
    found = problems(demonstrations, {**prompts, "reward": (*prompts["reward"], copied)})
    assert any(problem.startswith("demonstrations / reward") for problem in found)


ROW = {
    "id": "a",
    "kind": "question",
    "split": "train",
    "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "riddle"}, "kind"),
        ({"split": "test"}, "split"),
        ({"topic": "sport"}, "topic"),
        ({"messages": ROW["messages"][:1]}, "take turns"),
        ({"messages": []}, "take turns"),
        ({"messages": [ROW["messages"][0], {"role": "assistant", "content": " "}]}, "empty"),
        ({"check": {"type": "rhymes"}}, "check"),
    ],
)
def test_a_line_that_is_no_demonstration_is_named(tmp_path, change, message):
    path = tmp_path / "some.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + json.dumps(ROW | change) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"some.jsonl, line 2: .*{message}"):
        load_demonstrations(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "riddle"}, "kind"),
        ({"prompt": ""}, "empty"),
        ({"facts": ["Paris"]}, "lower case"),
        ({"check": {"type": "bullets"}}, "count"),
    ],
)
def test_an_entry_that_is_no_prompt_is_named(tmp_path, change, message):
    path = tmp_path / "prompts.json"
    row = {"id": "p-1", "kind": "question", "prompt": "Hi"}
    sets = {"reward": [row], "rl": [row], "evaluation": [row | change]}
    path.write_text(json.dumps(sets), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"evaluation, p-1: .*{message}"):
        load_prompts(path)
    path.write_text(json.dumps({"reward": [row]}), encoding="utf-8")
    with pytest.raises(ValueError, match="expected the sets"):
        load_prompts(path)


def test_facts_and_checks_of_one_prompt_agree(prompts):
    """What can be right by its facts can also pass its check, where the answer is nothing but the fact."""
    for row in prompts["evaluation"]:
        if row.facts and row.check is not None and row.check["type"] in ("number_only", "words", "one_of"):
            assert satisfies(row.check, row.facts[0]), row.id


def test_the_report_counts_and_passes(capsys):
    assert main() == 0
    shown = capsys.readouterr().out
    assert "harmless_sounding" in shown
    assert "0 broken rules" in shown
