"""Files of word vectors as hands and other programs write them: no number moves, and no word is lost unnoticed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.models.word_vectors.errors import DamagedVectorFile
from tests.models.vectors import check, from_text


def test_a_word_that_comes_twice_is_one_word_with_its_first_row(tmp_path):
    vectors, report = from_text(tmp_path, "king 1 2\nqueen 2 1\nking 3 3\nKING 4 4\n")
    check(vectors, {"king": [1, 2], "queen": [2, 1]})
    assert report.again == 2


def test_the_page_shows_the_spelling_that_comes_first_and_any_case_finds_it(tmp_path):
    vectors, _ = from_text(tmp_path, "Haus 1 2\nhaus 2 1\nBaum 3 5\n")
    check(vectors, {"Haus": [1, 2], "Baum": [3, 5]})
    assert vectors.spelling("hAUS") == "Haus"


@pytest.mark.parametrize("header", ["", "5 3\n"])
def test_words_with_spaces_move_no_number(tmp_path, header):
    content = header + "at 2000 0.1 0.2 0.3\ncat 1 2 3\n. . . 4 5 6\ndog 7 8 8\n0.5 2 2 1\n"
    vectors, report = from_text(tmp_path, content)
    check(vectors, {"cat": [1, 2, 3], "dog": [7, 8, 8]})
    assert (report.rows, report.not_words) == (5, 3)


def test_a_first_word_with_a_space_does_not_make_a_text_binary(tmp_path):
    vectors, _ = from_text(tmp_path, "3 2\nNew York 1 2\ncat 3 4\ndog 5 9\n")
    check(vectors, {"cat": [3, 4], "dog": [5, 9]})


def test_a_word_that_is_a_number_does_not_count_as_one_of_the_vector(tmp_path):
    vectors, _ = from_text(tmp_path, "2000 1 2 3\ncat 3 4 5\ndog 5 9 7\n")
    check(vectors, {"cat": [3, 4, 5], "dog": [5, 9, 7]})


def test_a_row_without_a_word_is_left_out(tmp_path):
    vectors, report = from_text(tmp_path, "cat 3 4 5\n 1 2 3\ndog 5 9 7\n")
    check(vectors, {"cat": [3, 4, 5], "dog": [5, 9, 7]})
    assert report.not_words == 1


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffcat 1 2\ndog 3 5\n",
        "\ufeff2 2\ncat 1 2\ndog 3 5\n",
        "cat\t1\t2\r\ndog\t3\t5\r\n",
        "cat  1   2 \n\n  dog 3  5\n\n",
        "cat 1e0 +2.0\ndog 3. 5",
        "2 2 \r\ncat 1 2\r\ndog 3 5",
    ],
    ids=["mark", "mark and header", "tabs", "spaces", "numbers", "header of another system"],
)
def test_marks_tabs_and_spaces_are_no_part_of_a_word(tmp_path, content):
    vectors, _ = from_text(tmp_path, content)
    check(vectors, {"cat": [1, 2], "dog": [3, 5]})


@pytest.mark.parametrize("header", [b"", b"4 2\n"])
@pytest.mark.parametrize("first", [True, False])
def test_one_byte_that_is_no_utf8_costs_one_word(tmp_path, header, first):
    rows = [b"na\xefve 9 9\n", b"cat 1 2\n", b"dog 3 5\n", "größe 4 1\n".encode()]
    vectors, report = from_text(tmp_path, header + b"".join(rows if first else [*rows[1:], rows[0]]))
    check(vectors, {"cat": [1, 2], "dog": [3, 5], "größe": [4, 1]})
    assert report.not_words == 1


@pytest.mark.parametrize(
    "keys",
    [
        ["cat_NOUN", "Hund_PROPN", "run_VERB", "cat_VERB"],
        ["cat|NOUN", "Hund|PROPN", "run|VERB", "New_York|PROPN"],
        ["/c/en/cat", "/c/de/Hund", "/c/en/run/v", "/c/en/new_york"],
    ],
)
def test_words_with_a_tag_or_a_language_are_the_words(tmp_path, keys):
    rows = [[1, 2], [3, 5], [6, 4], [7, 7]]
    vectors, _ = from_text(tmp_path, "".join(f"{key} {a} {b}\n" for key, (a, b) in zip(keys, rows, strict=True)))
    check(vectors, dict(zip(["cat", "Hund", "run"], rows[:3], strict=True)))


def test_where_words_are_bare_a_key_with_a_tag_is_none(tmp_path):
    vectors, _ = from_text(tmp_path, "vitamin 1 2\nvitamin_X 3 3\nplan_X 4 5\nplan 3 1\ncat 6 5\n")
    check(vectors, {"vitamin": [1, 2], "plan": [3, 1], "cat": [6, 5]})


@pytest.mark.parametrize("bad", ["nan nan", "1 nan", "inf 2", "-inf inf", "0 0", "-0.0 0", "1e39 1"])
@pytest.mark.parametrize("binary", [False, True])
def test_rows_that_are_zero_or_not_finite_are_left_out_and_counted(tmp_path, bad, binary):
    rows = {"cat": "1 2", "bad": bad, "dog": "3 5", "eel": "4 1"}
    if binary:
        with np.errstate(all="ignore"):
            numbers = {word: np.array(row.split(), np.float64).astype("<f4").tobytes() for word, row in rows.items()}
        content = b"4 2\n" + b"".join(word.encode() + b" " + row for word, row in numbers.items())
    else:
        content = "".join(f"{word} {row}\n" for word, row in rows.items()).encode()
    vectors, report = from_text(tmp_path, content)
    check(vectors, {"cat": [1, 2], "dog": [3, 5], "eel": [4, 1]})
    assert report.without_direction == 1


def test_a_word_whose_first_row_is_unusable_has_its_next(tmp_path):
    vectors, _ = from_text(tmp_path, "cat nan 1\ndog 1 2\nCAT 2 5\neel 0 1\n")
    check(vectors, {"dog": [1, 2], "CAT": [2, 5], "eel": [0, 1]})


LETTERS = st.text(st.sampled_from("abcäЖ中ि \t1_-"), min_size=1, max_size=5)
NUMBERS = st.lists(st.floats(-9, 9, width=16), min_size=3, max_size=3)


@given(st.lists(st.tuples(LETTERS, NUMBERS), min_size=3, max_size=8), st.booleans())
def test_whatever_the_words_are_no_row_is_read_as_that_of_another(tmp_path_factory, entries, header):
    lines = [" ".join([word, *map(repr, row)]) for word, row in entries]
    content = "\n".join([f"{len(lines)} 3", *lines] if header else lines) + "\n"
    expected: dict[str, list[float]] = {}
    for word, row in entries:
        if any(row):
            expected.setdefault(word.strip().lower(), row)
    try:
        vectors, _ = from_text(tmp_path_factory.mktemp("text"), content)
    except DamagedVectorFile:
        return
    raw = {word: expected[word.lower()] for word in vectors.words}
    mean = vectors._mean.astype(np.float64)
    for word, row in raw.items():
        difference = np.array(row) - mean
        assert vectors.vector(word) == pytest.approx(difference / np.linalg.norm(difference), abs=2e-3)
