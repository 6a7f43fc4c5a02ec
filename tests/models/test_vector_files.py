"""Files of word vectors: every format, as gensim writes it and as hands and other programs do."""

from __future__ import annotations

import builtins
import bz2
import gzip
import logging
import os
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors, Word2Vec
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.models.catalogue import find_vectors
from genai_demo.models.word_vectors import WordVectors, centred, load_vectors
from genai_demo.models.word_vectors.errors import (
    BrokenVectorLine,
    DamagedVectorFile,
    MissingVectorPart,
    MissingVectorReader,
    NoWordsInFile,
    VectorDownloadFailed,
    VectorFileEndsEarly,
)
from genai_demo.models.word_vectors.from_file import Report, read_vectors
from genai_demo.page.messages import sentence

WORDS = ["cat", "dog", "Paris", "naïve", "x1", "New_York", "Dog"]
ROWS = np.random.default_rng(2).normal(size=(len(WORDS), 8)).astype(np.float32)
SENTENCES = [["Katze", "Hund", "Maus"], ["Hund", "Haus", "Katze"], ["Haus", "Baum", "Maus"]] * 20
SMALL = {"vector_size": 8, "min_count": 1, "seed": 1, "workers": 1, "epochs": 1}


def keyed() -> KeyedVectors:
    """gensim's own object with our rows."""
    vectors = KeyedVectors(ROWS.shape[1])
    vectors.add_vectors(WORDS, ROWS)
    return vectors


def read(path: Path) -> tuple[WordVectors, Report]:
    return read_vectors(find_vectors(str(path)))


def from_text(folder: Path, content: str | bytes) -> tuple[WordVectors, Report]:
    path = folder / "vectors.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path)


def check(vectors: WordVectors, rows: dict[str, list[float]]) -> None:
    """The table holds these words in this order, with these raw rows."""
    assert vectors.words == tuple(rows)
    unit, _ = centred(np.array(list(rows.values()), np.float32))
    assert vectors.unit == pytest.approx(unit, abs=1e-5)


# ── as gensim writes them ────────────────────────────────────────────────────────────────────────────────────


def packed(write: Callable[[Path], object], pack=gzip.compress) -> Callable[[Path], object]:
    """The same file, packed afterwards: its name does not say so."""

    def write_packed(path: Path) -> None:
        write(path)
        path.write_bytes(pack(path.read_bytes()))

    return write_packed


def text(path: Path) -> None:
    keyed().save_word2vec_format(str(path))


def binary(path: Path) -> None:
    keyed().save_word2vec_format(str(path), binary=True)


def glove(path: Path) -> None:
    keyed().save_word2vec_format(str(path), write_header=False)


def old_binary(path: Path) -> None:
    """As the C program writes it: a newline after each row."""
    rows = [word.encode() + b" " + row.tobytes() + b"\n" for word, row in zip(WORDS, ROWS, strict=True)]
    path.write_bytes(f"{len(WORDS)} 8\n".encode() + b"".join(rows))


FORMATS = {
    "word2vec text": text,
    "word2vec text, packed": packed(text),
    "word2vec binary": binary,
    "word2vec binary, packed": packed(binary),
    "word2vec binary by the C program": old_binary,
    "GloVe": glove,
    "GloVe, packed": packed(glove, bz2.compress),
    "KeyedVectors": lambda path: keyed().save(str(path)),
    "KeyedVectors, packed": packed(lambda path: keyed().save(str(path))),
    "KeyedVectors in two files": lambda path: keyed().save(str(path), separately=["vectors"]),
    "KeyedVectors of older Pythons": lambda path: keyed().save(str(path), pickle_protocol=2),
}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_gives_the_same_table(format_, tmp_path):
    path = tmp_path / "vectors.any"
    FORMATS[format_](path)
    vectors, report = read(path)
    check(vectors, dict(zip(WORDS[:4], ROWS[:4].tolist(), strict=True)))
    assert not vectors.origin.inside_model
    assert (vectors.origin.model, vectors.origin.words, vectors.origin.dimensions) == ("vectors.any", 4, 8)
    assert (report.rows, report.words, report.not_words, report.again, report.without_direction) == (7, 4, 2, 1, 0)
    assert report.keys == tuple(WORDS[:5])
    assert load_vectors(find_vectors(str(path))).words == vectors.words


@pytest.mark.parametrize("kind", [Word2Vec, FastText])
@pytest.mark.parametrize("part", ["whole", "wv"])
@pytest.mark.parametrize("options", [{}, {"sep_limit": 0}], ids=["one file", "several files"])
@pytest.mark.parametrize("name", ["saved.model", "saved.model.gz"])
def test_what_gensim_trained_and_saved_is_read_as_gensim_reads_it(kind, part, options, name, tmp_path):
    trained = kind(SENTENCES, **SMALL, **({"bucket": 50} if kind is FastText else {}))
    (trained if part == "whole" else trained.wv).save(str(tmp_path / name), **options)
    assert (len(list(tmp_path.iterdir())) > 1) == bool(options)
    vectors, _ = read(tmp_path / name)
    check(vectors, {word: trained.wv[word].tolist() for word in trained.wv.index_to_key})


def test_a_part_that_gensim_stored_beside_the_file_is_missed_by_its_name(tmp_path):
    path = tmp_path / "saved.kv"
    keyed().save(str(path), separately=["vectors"])
    (tmp_path / "saved.kv.vectors.npy").unlink()
    with pytest.raises(MissingVectorPart) as caught:
        read(path)
    assert "saved.kv.vectors.npy" in sentence(caught.value)


def test_pieces_of_fasttext_need_gensim_and_the_error_says_what_to_install(tmp_path, without_gensim):
    FastText(SENTENCES, **SMALL, bucket=50).save(str(tmp_path / "saved"))
    without_gensim()
    with pytest.raises(MissingVectorReader) as caught:
        read(tmp_path / "saved")
    assert caught.value.facts["package"] == "gensim"


@pytest.fixture
def without_gensim(monkeypatch) -> Callable[[], None]:
    """When called, gensim is no longer installed."""
    real_import = builtins.__import__

    def importing(name, *args, **named):
        if name.startswith("gensim"):
            raise ImportError(name)
        return real_import(name, *args, **named)

    return lambda: monkeypatch.setattr(builtins, "__import__", importing)


def test_all_other_formats_need_no_gensim(tmp_path, without_gensim):
    for number, write in enumerate(FORMATS.values()):
        write(tmp_path / f"{number}")
    without_gensim()
    for number in range(len(FORMATS)):
        assert len(read(tmp_path / f"{number}")[0].words) == 4


# ── nothing of a pickle is run ───────────────────────────────────────────────────────────────────────────────


class Trap:
    """An object that runs something when it is unpickled."""

    def __init__(self, work: Callable[..., object], *values: object) -> None:
        self._call = work, values

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_cannot_run_anything(tmp_path, protocol):
    sprung = tmp_path / "sprung"
    keep = tmp_path / "keep"
    keep.write_text("still here")
    traps = [
        Trap(os.system, f"touch {sprung}"),
        Trap(exec, f"open({str(sprung)!r}, 'w')"),
        Trap(eval, f"open({str(sprung)!r}, 'w')"),
        Trap(shutil.rmtree, str(keep)),
        Trap(os.remove, str(keep)),
        Trap(np.save, str(sprung), np.zeros(3)),
        Trap(getattr, "cat", "upper"),
    ]
    path = tmp_path / "trap.model"
    for trap in traps:
        path.write_bytes(pickle.dumps(trap, protocol))
        with pytest.raises(DamagedVectorFile):
            read(path)
    vectors = keyed()
    vectors.extra = traps
    path.write_bytes(pickle.dumps(vectors, protocol))
    assert read(path)[0].words == ("cat", "dog", "Paris", "naïve")
    assert keep.read_text() == "still here"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["keep", "trap.model"]


def test_an_array_beside_a_pickle_cannot_run_anything_either(tmp_path):
    path = tmp_path / "saved.kv"
    keyed().save(str(path), separately=["vectors"])
    sprung = tmp_path / "sprung"
    trap = np.array([[Trap(os.system, f"touch {sprung}")]], dtype=object)
    np.save(tmp_path / "saved.kv.vectors.npy", trap, allow_pickle=True)
    with pytest.raises(DamagedVectorFile):
        read(path)
    assert not sprung.exists()


# ── as others write them ─────────────────────────────────────────────────────────────────────────────────────


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


# ── what cannot be read ──────────────────────────────────────────────────────────────────────────────────────

ONE_ROW = b"cat " + struct.pack("<8f", *range(8))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", DamagedVectorFile),
        (b"\n\n", DamagedVectorFile),
        (b"\x80\x04not a pickle", DamagedVectorFile),
        (pickle.dumps([1, 2, 3]), DamagedVectorFile),
        (pickle.dumps({"cat": [1, 2]}), DamagedVectorFile),
        (b"cat one two three\n", DamagedVectorFile),
        (b"cat,1,2\ndog,2,3\n", DamagedVectorFile),
        (b"the 23135851162\nof 13151942776\n", DamagedVectorFile),
        (b'{"cat": [1, 2]}\n', DamagedVectorFile),
        (b"\xff\xfe\x00" * 50, DamagedVectorFile),
        (b"PK\x03\x04" + bytes(range(256)), DamagedVectorFile),
        (b"3 0\ncat\n", DamagedVectorFile),
        (gzip.compress(b"cat 1 2\ndog 2 3\n" * 99)[:-20], DamagedVectorFile),
        (b"\x1f\x8b\x08" + bytes(range(256)), DamagedVectorFile),
        (b"cat 1 2 3\ndog 1 2\n", BrokenVectorLine),
        (b"cat 1 2 3\ndog 1 2 3\nbee 1 x 3\n", BrokenVectorLine),
        (b"3 8\ncat 1 2", BrokenVectorLine),
        (b"3 2\ncat 1 2\ndog 3 4\n", VectorFileEndsEarly),
        (b"2 8\n" + ONE_ROW, VectorFileEndsEarly),
        (b"1 8\n" + ONE_ROW[:-1], VectorFileEndsEarly),
        (b"2 8\n" + ONE_ROW + b"x" * 2_000, VectorFileEndsEarly),
        (b"0 8\n", NoWordsInFile),
        (b"1 1 2\n2 3 4\n", NoWordsInFile),
        (b"cat 1 2\n3 3 4\n", NoWordsInFile),
        (b"cat 1 2\ndog 1 2\n", NoWordsInFile),
        (b"cat nan 2\ndog 0 0\n", NoWordsInFile),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(content, error, tmp_path):
    path = tmp_path / "damaged.bin"
    path.write_bytes(content)
    with pytest.raises(DamagedVectorFile) as caught:
        read(path)
    assert type(caught.value) is error
    assert caught.value.facts["path"] == path
    assert str(path) in sentence(caught.value)


def test_a_broken_line_is_named_by_its_number(tmp_path):
    for header, line in (("", 3), ("3 2\n", 4)):
        with pytest.raises(BrokenVectorLine) as caught:
            from_text(tmp_path, f"{header}cat 1 2\ndog 3 4\nbee 5\n")
        assert f"Line {line} " in sentence(caught.value)


def test_a_table_without_words_says_what_was_found(tmp_path):
    with pytest.raises(NoWordsInFile) as caught:
        from_text(tmp_path, "".join(f"x{number} 1 {number}\n" for number in range(1_200)))
    assert "1,200 rows" in sentence(caught.value)
    assert "x0, x1, x2" in sentence(caught.value)


def test_a_folder_or_a_file_that_is_gone_is_named(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("cat 1 2\n")
    entry = find_vectors(str(path))
    path.unlink()
    with pytest.raises(DamagedVectorFile):
        read_vectors(entry)


# ── the collection ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_collection_needs_gensim_and_the_error_says_what_to_install(without_gensim):
    without_gensim()
    with pytest.raises(MissingVectorReader) as caught:
        load_vectors(find_vectors("glove-wiki-gigaword-50"))
    assert caught.value.facts["package"] == "gensim"


def test_a_collection_that_cannot_be_reached_is_named(monkeypatch, caplog):
    import gensim.downloader

    def offline(name, return_path):
        raise OSError(f"no network for {name}: {return_path}")

    monkeypatch.setattr(gensim.downloader, "load", offline)
    with caplog.at_level(logging.CRITICAL), pytest.raises(VectorDownloadFailed) as caught:
        load_vectors(find_vectors("glove-wiki-gigaword-50"))
    assert caught.value.facts["name"] == "glove-wiki-gigaword-50"


def test_of_a_collection_the_file_is_read_and_none_of_its_code_is_run(monkeypatch, tmp_path):
    import gensim.downloader

    path = tmp_path / "glove-wiki-gigaword-50.gz"
    text(path)  # which packs it, for its name

    def fetch(name, return_path=False):
        assert return_path, "otherwise gensim imports a module that it has downloaded"
        return str(path) if name == "glove-wiki-gigaword-50" else None

    monkeypatch.setattr(gensim.downloader, "load", fetch)
    vectors = load_vectors(find_vectors("glove-wiki-gigaword-50"))
    assert vectors.words == ("cat", "dog", "Paris", "naïve")
    assert vectors.origin.title == "GloVe 6B, 50 numbers"
