"""Print every figure that the README quotes about the Word-vectors tab: `python -m benchmarks.word_vectors`.

The first table times a query beside gensim's `most_similar` on the same float32 matrix, in turn, in one run. The
second answers the Google analogy questions (Mikolov et al. 2013, "Efficient Estimation of Word Representations in
Vector Space", section 4.1), which gensim carries for its tests.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

from genai_demo.features.word_vectors import backend
from genai_demo.features.word_vectors.formula import parse_formula
from genai_demo.models.catalogue import DEFAULT_MODEL, find_model
from genai_demo.models.language import LanguageModel
from genai_demo.models.loading import load_model
from genai_demo.models.word_vectors import TableOrigin, WordVectors, centred
from genai_demo.models.word_vectors.loader import load_table

from .next_word import row, seconds, side_by_side

QUERIES = 60
TOP = 20
BATCH = 256  # questions answered by one product of matrices
SYNTACTIC = "gram"  # how the names of the syntactic categories begin


def loading(model: LanguageModel) -> WordVectors:
    """Extraction, once, into an empty cache; then reading it again."""
    entry = find_model(DEFAULT_MODEL)
    with tempfile.TemporaryDirectory() as name:
        first = seconds(lambda: load_table(model, entry, Path(name)))
        later = seconds(lambda: load_table(model, entry, Path(name)))
    row("Extracting the table, once", f"{first:.1f} s", "", "", "")
    row("Loading it afterwards", f"{later * 1000:.0f} ms", "", "", "")
    return load_table(model, entry)


def queries(vectors: WordVectors) -> None:
    """Formulas of three words, top 20, each beside gensim's `most_similar` for the same words."""
    reference = KeyedVectors(vectors.dimensions)
    reference.add_vectors(list(vectors.words), np.asarray(vectors.unit))
    reference.fill_norms()
    order = random.Random(0)
    triples = [order.sample(vectors.words[: vectors.latin_count], 3) for _ in range(QUERIES)]

    def ours(words: list[str]) -> None:
        first, second, third = words
        terms = parse_formula(f"{first} − {second} + {third}")
        total = sum(term.weight * vectors.vector(term.word) for term in terms)
        vectors.nearest(np.asarray(total, np.float32), TOP + len(terms))

    def theirs(words: list[str]) -> None:
        first, second, third = words
        reference.most_similar(positive=[first, third], negative=[second], topn=TOP)

    ours(triples[0])
    theirs(triples[0])
    a, b = side_by_side([partial(ours, t) for t in triples], [partial(theirs, t) for t in triples])
    row(
        f"Formula of three words, top {TOP}",
        f"{a * 1000:.1f} ms",
        f"gensim's `most_similar` {b * 1000:.1f} ms",
        f"{a / b:.2f} ×",
        "≤ 1 ×, ≤ 20 ms",
    )
    family = ["mother", "father", "sister", "brother", "aunt", "uncle", "woman", "man", "girl", "boy"]
    whole = [seconds(partial(backend.arithmetic, vectors, f"{a} − {b} + {c}", family)) for a, b, c in triples]
    row("The Arithmetic scene's whole answer", f"{float(np.median(whole)) * 1000:.0f} ms", "", "", "")


@dataclass(frozen=True)
class Category:
    """Analogy questions a : b = c : d of one kind. covered: rows of those whose four words are in the table."""

    name: str
    asked: int
    covered: np.ndarray


def categories(vectors: WordVectors, path: Path) -> Iterator[Category]:
    """The Google questions by category; words are looked up ignoring case, as everywhere in the app."""
    for part in path.read_text(encoding="utf-8").split(": ")[1:]:
        name, *lines = part.strip().splitlines()
        rows = [[vectors.row(word) for word in line.split()] for line in lines]
        covered = [found for found in rows if None not in found]
        yield Category(name, len(lines), np.array(covered, dtype=int).reshape(-1, 4))


def right_answers(vectors: WordVectors, questions: np.ndarray) -> int:
    """How many questions a − b … are answered: nearest to b − a + c by cosine, the three given words left out."""
    right = 0
    for begin in range(0, len(questions), BATCH):
        a, b, c, d = questions[begin : begin + BATCH].T
        cosines = (vectors.unit[b] - vectors.unit[a] + vectors.unit[c]) @ vectors.unit.T
        for given in (a, b, c):
            cosines[np.arange(len(given)), given] = -np.inf
        right += int((cosines.argmax(axis=1) == d).sum())
    return right


def lowercase_spellings(model: LanguageModel, vectors: WordVectors) -> WordVectors:
    """The same words with another choice: of each word the lower-case spelling, where that is a token."""
    ids = {model.text(token_id): token_id for token_id in reversed(range(model.vocabulary_size))}
    spaced = [f" {word.lower()}" if f" {word.lower()}" in ids else f" {word}" for word in vectors.words]
    unit, mean = centred(model.input_rows([ids[text] for text in spaced]))
    words, dimensions = unit.shape
    origin = TableOrigin(
        "lowercase", "lower-case spellings", model.origin.weights, "cpu", "float32", words, dimensions, False
    )
    return WordVectors([text[1:] for text in spaced], unit, mean, origin)


Line = tuple[str, int, int, int]  # the name of a category, and how many questions were asked, covered, right


def _sum_of(name: str, lines: list[Line]) -> Line:
    _, asked, covered, right = zip(*lines, strict=True)
    return name, sum(asked), sum(covered), sum(right)


def analogies(vectors: WordVectors, model: LanguageModel) -> None:
    """One line a category, and the sums; at last all of them with another choice of spellings."""
    print("\n| Google analogy questions | asked | covered | right of the covered |")
    print("| --- | --- | --- | --- |")
    lines: list[Line] = [
        (one.name, one.asked, len(one.covered), right_answers(vectors, one.covered))
        for one in categories(vectors, Path(datapath("questions-words.txt")))
    ]
    kinds = {
        "semantic": [line for line in lines if not line[0].startswith(SYNTACTIC)],
        "syntactic": [line for line in lines if line[0].startswith(SYNTACTIC)],
        "all": lines,
    }
    sums = [_sum_of(f"**{name}**", part) for name, part in kinds.items()]
    other = lowercase_spellings(model, vectors)
    again = list(categories(other, Path(datapath("questions-words.txt"))))
    right = sum(right_answers(other, one.covered) for one in again)
    asked_again, covered_again = sum(one.asked for one in again), sum(len(one.covered) for one in again)
    sums.append(("all, with each word's lower-case spelling instead", asked_again, covered_again, right))
    for name, asked, covered, right in (*lines, *sums):
        print(f"| {name} | {asked:,} | {covered / asked:.1%} | {right / max(1, covered):.1%} |")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--without-analogies", action="store_true", help="only the timings")
    options = parser.parse_args()
    print("| What | Median | Beside it | Ratio | Goal |\n| --- | --- | --- | --- | --- |")
    model = load_model(find_model(DEFAULT_MODEL), device="cpu")
    vectors = loading(model)
    queries(vectors)
    if not options.without_analogies:
        analogies(vectors, model)


if __name__ == "__main__":
    main()
