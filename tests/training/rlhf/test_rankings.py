"""Answers are sampled once, read blind, and ranked by letters that only the file can translate."""

from __future__ import annotations

import io

import pytest

from genai_demo.datasets.conversations.prompts import load_prompts
from genai_demo.datasets.conversations.rankings import RatedAnswer, Rating, load_ratings
from genai_demo.models.chat import ChatTemplate
from genai_demo.training.rlhf import rankings
from genai_demo.training.rlhf.adapters import Stages
from genai_demo.training.rlhf.conversation import conversation
from genai_demo.training.rlhf.rankings import agreement, fill, lettered, sample, sheet


@pytest.fixture(autouse=True)
def short_answers(monkeypatch):
    monkeypatch.setattr(rankings, "MAX_NEW_TOKENS", 6)
    monkeypatch.setattr(rankings, "CHUNK", 8)


def rating(name="reward-001", ranking=None, second=None, read_twice=True) -> Rating:
    answers = tuple(RatedAnswer(text, source, 1.0, "turns", ended=True) for text, source in ANSWERS)
    return Rating(name, "question", "the cat?", answers, ranking, read_twice, second)


ANSWERS = (("first words", "sft"), ("second", "sft"), ("third\nline", "base"))


def test_every_prompt_gets_three_answers_and_a_second_run_adds_none(tuned: Stages, template, prompts_file, tmp_path):
    path = tmp_path / "rankings.jsonl"
    prompts = load_prompts(prompts_file)["reward"]
    sample(tuned, template, prompts, path, seed=1)
    written = path.read_bytes()
    found = load_ratings(path)
    assert [one.id for one in found] == [one.id for one in prompts]
    assert all(len(one.answers) == 3 and one.ranking is None for one in found)
    assert {answer.source for one in found for answer in one.answers} == {"sft", "base"}
    assert {answer.form for one in found for answer in one.answers} == {"turns", "text"}
    sample(tuned, template, prompts, path, seed=1)
    assert path.read_bytes() == written


def test_a_killed_run_goes_on_with_the_same_answers(tuned: Stages, template, prompts_file, tmp_path):
    prompts = load_prompts(prompts_file)["reward"]
    whole, part = tmp_path / "whole", tmp_path / "part"
    sample(tuned, template, prompts, whole, seed=1)
    part.write_text("".join(whole.read_text().splitlines(keepends=True)[:8]))
    sample(tuned, template, prompts, part, seed=1)
    assert part.read_bytes() == whole.read_bytes()


def test_thirty_prompts_are_read_twice(tuned: Stages, template, prompts_file, tmp_path, monkeypatch):
    monkeypatch.setattr(rankings, "READ_TWICE", 5)
    sample(tuned, template, load_prompts(prompts_file)["reward"], tmp_path / "r", seed=1)
    assert sum(one.read_twice for one in load_ratings(tmp_path / "r")) == 5


def test_the_sheet_names_no_model():
    text = "\n".join(sheet([rating()], second=False))
    assert "sft" not in text
    assert "base" not in text
    assert all(answer.split("\n")[0] in text for answer, _ in ANSWERS)


def test_letters_are_translated_back():
    one = rating()
    order = lettered(one, second=False)
    filled = fill([one], "a remark\nreward-001: C > A = B\n", second=False)[0]
    assert filled.ranking == ((order[2],), tuple(sorted((order[0], order[1]))))
    assert filled.second_ranking is None
    assert list(sheet([filled], second=False)) == []
    again = fill([filled], "reward-001:B>C>A", second=True)[0]
    letters = lettered(one, second=True)
    assert again.second_ranking == ((letters[1],), (letters[2],), (letters[0],))
    assert again.ranking == filled.ranking


def test_letters_differ_from_prompt_to_prompt_and_from_reading_to_reading():
    orders = {tuple(lettered(rating(f"reward-{n:03}"), second)) for n in range(30) for second in (False, True)}
    assert len(orders) == 6


def test_only_some_are_read_twice():
    assert list(sheet([rating(ranking=((0, 1, 2),), read_twice=False)], second=True)) == []
    assert list(sheet([rating(ranking=((0, 1, 2),))], second=True)) != []


@pytest.mark.parametrize(
    ("line", "complaint"), [("reward-009: A > B > C", "no prompt"), ("reward-001: A > B", "each letter")]
)
def test_a_reading_that_cannot_be_right_is_refused(line, complaint):
    with pytest.raises(ValueError, match=complaint):
        fill([rating()], line, second=False)


def test_agreement_counts_pairs():
    same = rating(ranking=((0,), (1,), (2,)), second=((0,), (1, 2)))  # 0-1, 0-2 agree; 1-2: order against tie
    turned = rating(ranking=((0,), (1,), (2,)), second=((1,), (0,), (2,)))  # 0-1 turned round
    found = agreement([same, turned, rating(ranking=((0,), (1,), (2,)))])
    assert (found.prompts, found.pairs, found.strict) == (2, 6, 5)
    assert found.same_verdict == pytest.approx(4 / 6)
    assert found.same_order == pytest.approx(4 / 5)


def test_an_answer_that_broke_off_has_no_end_of_turn(template: ChatTemplate):
    ended = conversation(template, "the", "cat", ended=True)
    broken = conversation(template, "the", "cat", ended=False)
    assert ended.ids == (*broken.ids, template.end_id)


def test_the_commands(model_folder, sft_folder, prompts_file, tmp_path, monkeypatch, capsys):
    file = ["--file", str(tmp_path / "r"), "--prompts", str(prompts_file), "--device", "cpu", "--threads", "1"]
    rankings.main(["sample", *file, "--model", str(model_folder), "--sft", str(sft_folder)])
    rankings.main(["sheet", *file])
    assert "## reward-019" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("reward-000: A > B > C"))
    rankings.main(["fill", *file])
    rankings.main(["report", *file])
    assert "1 of 20 prompts ranked, 3 pairs" in capsys.readouterr().out


def test_wins_are_counted_by_source():
    first = rating(ranking=((2,), (0,), (1,)))  # the base's answer is number 2
    second = rating(ranking=((0,), (1, 2)))
    assert rankings.wins([first, second]) == {("base", "sft"): (2, 1, 1)}
