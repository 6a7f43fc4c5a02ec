"""The records of rankings: which pairs they put in order, and that none is lost or changed on the way to a file."""

from __future__ import annotations

import pytest

from genai_demo.datasets.conversations.rankings import RatedAnswer, Rating, load_ratings, ordered_pairs, save_ratings

ANSWERS = tuple(RatedAnswer(text, "sft", 1.0, "turns", ended=True) for text in ("first words", "second", "third\nline"))


def rating(name="reward-001", ranking=None) -> Rating:
    return Rating(name, "question", "the cat?", ANSWERS, ranking)


def test_pairs_of_a_ranking():
    assert ordered_pairs(((2,), (0,), (1,))) == [(2, 0), (2, 1), (0, 1)]
    assert ordered_pairs(((0, 1, 2),)) == []


def test_what_is_saved_is_read_again(tmp_path):
    ratings = (rating(ranking=((2,), (0, 1))), rating("reward-002"))
    save_ratings(ratings, tmp_path / "r")
    assert load_ratings(tmp_path / "r") == ratings


def test_a_ranking_that_forgets_an_answer_is_refused(tmp_path):
    save_ratings([rating(ranking=((2,), (0,)))], tmp_path / "r")
    with pytest.raises(ValueError, match="line 1"):
        load_ratings(tmp_path / "r")
