"""Files that hold no usable word vectors: each is named with the reason."""

from __future__ import annotations

import gzip
import pickle
import struct

import pytest

from genai_demo.models.catalogue import find_vectors
from genai_demo.models.word_vectors.errors import (
    BrokenVectorLine,
    DamagedVectorFile,
    NoWordsInFile,
    VectorFileEndsEarly,
)
from genai_demo.models.word_vectors.from_file import read_vectors
from genai_demo.page.messages import sentence
from tests.models.vectors import from_text, read

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
