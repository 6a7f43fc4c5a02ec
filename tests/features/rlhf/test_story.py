"""The records of the three steps, read from a folder as training leaves it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from genai_demo.datasets.conversations.rankings import RatedAnswer, Rating, save_ratings
from genai_demo.errors import InvalidParameter
from genai_demo.features.rlhf import story, view
from genai_demo.features.rlhf.feature import FEATURE
from genai_demo.models.stages import FOLDER
from genai_demo.page.texts import load_texts
from genai_demo.training.rlhf.conversation import rated_sequence


def write_log(folder, lines):
    folder.mkdir()
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def folder(tmp_path):
    for name in ("demonstrations.jsonl", "prompts.json"):
        shutil.copy(FOLDER / name, tmp_path)
    write_log(tmp_path / "sft", [{"step": 0, "held_out_loss": 4.0}, {"step": 1, "loss": 3.5}])
    prompts = json.loads((FOLDER / "prompts.json").read_text())["rl"]
    first, danger = prompts[0], next(one for one in prompts if one.get("topic"))
    lines = [
        {"step": 0, "samples": [{"id": one["id"], "text": "before", "reward": -1.0} for one in (first, danger)]},
        {"step": 1, "reward": 0.5, "kl": 2.0, "broken_rules": 0.5},
        {"step": 20, "reward": 0.7, "samples": [{"id": first["id"], "text": "after", "reward": 1.0, "ended": True}]},
    ]
    write_log(tmp_path / "rlhf", lines)
    (tmp_path / "rlhf" / "training.json").write_text(json.dumps({"steps": 20}))
    write_log(tmp_path / "reward", [{"step": 8, "held_out_sft_sft": 0.6}, {"step": 16, "held_out_sft_sft": 0.7}])
    right = {"accuracy": {"all": 0.75}, "calibration": [{"chance": 0.6, "right": 0.5, "pairs": 4}]}
    (tmp_path / "reward" / "reward.json").write_text(json.dumps(right))
    return tmp_path


@pytest.fixture
def rankings(folder):
    answers = tuple(RatedAnswer(text, "sft", 0.5, "turns", ended=True) for text in ("on a", "the cat", "sat"))
    rated = Rating("reward-1", "question", "a cat", answers, ((2,), (0, 1)))
    save_ratings([rated, replace(rated, id="reward-2", ranking=None)], folder / "rankings.jsonl")
    return story.read_rankings(folder)


def test_the_story_tells_what_training_left(folder):
    told = story.read_story(folder)
    assert told.curves["sft held_out_loss"] == ((0, 4.0),)
    assert told.curves["rlhf reward"] == ((1, 0.5), (20, 0.7))
    assert told.curves["rlhf broken_rules"] == ((1, 0.5),)
    assert told.practices.keys() == {"rlhf"}
    ((prompt, samples),) = told.practices["rlhf"].samples.values()
    assert "-" not in prompt.split()[0]  # the prompt itself, not its id
    assert [(one.step, one.text) for one in samples] == [(0, "before"), (20, "after")]
    assert told.practices["rlhf"].step == 20
    assert told.curves["reward held_out_sft_sft"] == ((8, 0.6), (16, 0.7))
    assert told.accuracy == {"all": 0.75}
    assert told.calibration == ((0.6, 0.5, 4),)
    assert told.demonstrations > 300
    assert {one.kind for one in told.examples} >= {"question", "harmful"}


def test_only_demonstrations_that_were_trained_on_are_shown(folder):
    held_out = {
        one["messages"][0]["content"]
        for one in map(json.loads, (folder / "demonstrations.jsonl").read_text().splitlines())
        if one["split"] == "held_out"
    }
    assert not held_out & {one.prompt for one in story.read_story(folder).examples}


def test_a_step_that_has_not_been_taken_leaves_nothing(folder):
    shutil.rmtree(folder / "rlhf")
    shutil.rmtree(folder / "reward")
    told = story.read_story(folder)
    assert told.practices == {}
    assert told.accuracy == {}
    assert told.calibration == ()
    assert story.read_rankings(folder) == ()


def test_answers_come_best_first_with_shared_places_and_rewards_of_now(tuned, rankings):
    assert len(rankings) == 1
    shown = story.ranked_example(tuned, rankings, 0)
    assert [(answer.text, answer.place) for answer in shown.answers] == [("sat", 1), ("on a", 2), ("the cat", 2)]
    expected = tuned.rewards([rated_sequence(tuned.template, rankings[0], 2).ids])[0]
    assert shown.answers[0].reward == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("number", [-1, 1, 0.5, "0", None])
def test_a_ranking_that_is_not_there_is_refused(tuned, rankings, number):
    with pytest.raises(InvalidParameter):
        story.ranked_example(tuned, rankings, number)


def test_long_curves_are_thinned_and_keep_their_end(folder):
    curve = tuple((step, step / 7) for step in range(500))
    told = replace(story.read_story(folder), curves={"sft loss": curve})
    points = view.story_payload(told)["curves"]["sft loss"]
    assert len(points) <= view.CURVE_POINTS
    assert points[-1] == (499, round(499 / 7, 3))


def test_the_share_of_changed_words_that_the_page_tells_is_the_measured_one():
    rows = json.loads((FOLDER / "evaluation" / "quality.json").read_text())["rows"]
    shifted = next(row["shifted"] for row in rows if (row["subject"], row["drawing"]) == ("rlhf", "greedy"))
    told = " ".join(load_texts(FEATURE.package)["changed"]["story"])
    assert f"{100 * shifted:.0f} % of its tokens are not the base's first choice" in told
