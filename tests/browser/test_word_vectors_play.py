"""The games of the word vectors, played as by a visitor, and held against numpy on the planted table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from visiting import Visit
from word_vectors import TEXTS, best_answer, press, row

from genai_demo.features.word_vectors import backend
from genai_demo.models.word_vectors import WordVectors


def odd_one(table: WordVectors, words: Sequence[str]) -> str:
    rows = np.stack([row(table, word) for word in words])
    return words[int((rows @ rows.T).sum(axis=1).argmin())]


@pytest.mark.parametrize("game", ["Where does it land?", "Odd one out"])
def test_a_whole_game_is_played_by_keyboard(calm: Visit, table: WordVectors, game: str) -> None:
    page = calm.open("play")
    press(calm, game)
    rounds = TEXTS["bank"]["formulas"] if game.startswith("Where") else TEXTS["bank"]["groups"]
    seen, points = set(), 0
    with calm.no_request():
        for number in range(1, len(rounds) + 1):
            assert f"Round {number} of {len(rounds)}" in calm.find(".gx-quiz").inner_text()
            assert not calm.find(".gx-chart:visible").count()
            options = [one.split(": ", 1)[1] for one in calm.find(".gx-option").all_inner_texts()]
            assert len(set(options)) == len(options) == 4
            if game.startswith("Where"):
                formula = calm.find(".gx-formula").inner_text().removesuffix(" = ?")
                answer = best_answer(table, formula)
                seen.add(formula)
            else:
                answer = odd_one(table, options)
                seen.add(frozenset(options))
            guess = options.index(answer) if number % 2 else number % 4
            page.keyboard.press(str(guess + 1))
            page.keyboard.press(str((guess + 1) % 4 + 1))
            points += options[guess] == answer
            assert calm.find(".gx-score").inner_text() == f"Score: {points} of {number}"
            assert f"“{answer}”" in calm.find(".gx-verdict").inner_text()
            assert ("Yes" in calm.find(".gx-verdict").inner_text()) == (options[guess] == answer)
            assert calm.find(".gx-option.gx-answer").inner_text().endswith(f": {answer}")
            assert calm.find(".gx-chart:visible").count() == 1
            if number < len(rounds):
                page.keyboard.press("Enter")
    assert len(seen) == len(rounds)
    assert "last round" in calm.find(".gx-verdict").inner_text()
    assert not calm.find("button:text-is('Next round')").is_visible()


def test_the_right_option_is_written_like_the_others(calm: Visit) -> None:
    calm.open("play")
    calm.find(".gx-option").first.click()
    written = "(one) => ['textAlign', 'display', 'flexDirection'].map((name) => getComputedStyle(one)[name])"
    right, other = calm.find(".gx-option.gx-answer").first, calm.find(".gx-option:not(.gx-answer)").first
    assert right.evaluate(written) == other.evaluate(written)


def test_each_game_keeps_its_own_score_and_a_new_game_begins_at_zero(calm: Visit) -> None:
    page = calm.open("play")
    page.keyboard.press("1")
    press(calm, "Odd one out")
    assert calm.find(".gx-score").inner_text() == "Score: 0 of 0"
    press(calm, "Where does it land?")
    assert calm.find(".gx-score").inner_text().endswith("of 1")
    with calm.answer():
        press(calm, "New game")
    assert calm.find(".gx-score").inner_text() == "Score: 0 of 0"
    assert "Round 1 of" in calm.find(".gx-quiz").inner_text()


def test_a_seed_deals_the_game_of_the_backend(calm: Visit, table: WordVectors) -> None:
    calm.open("play")
    seed = calm.page.get_by_label("Seed").locator("visible=true")
    with calm.answer():
        seed.fill("7")
        seed.press("Enter")
    expected = backend.deal_game(table, TEXTS["bank"]["formulas"], TEXTS["bank"]["groups"], 7).sums[0]
    assert calm.find(".gx-formula").inner_text() == f"{expected.formula} = ?"
    assert calm.find(".gx-option").all_inner_texts() == [f"{at}: {word}" for at, word in enumerate(expected.options, 1)]
