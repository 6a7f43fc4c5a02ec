"""Neighbours, maps, sums, axes and games, against computations of their own: numpy in double precision, and gensim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.errors import InvalidParameter, TextTooLong
from genai_demo.features.word_vectors import backend
from genai_demo.features.word_vectors.errors import (
    EmptyFormula,
    OnlyMinusTerms,
    SamePoles,
    SumIsZero,
    TooFewWords,
    TooManyWords,
)
from genai_demo.features.word_vectors.formula import Term, parse_formula, write_formula
from genai_demo.features.word_vectors.maps import fit_projection
from genai_demo.features.word_vectors.neighbours import cosine
from genai_demo.models.word_vectors import unit_length
from genai_demo.models.word_vectors.errors import NotAWord, UnknownWord, WordNotInTable
from tests.features.word_vectors.conftest import DIMENSIONS, LATIN, OTHER, cut, raw_rows, table

WORDS = LATIN + OTHER
REFERENCE = LATIN[:12]
NIECE = "niece − female + male"


def unit_rows() -> dict[str, np.ndarray]:
    """The rows as the issue defines them, computed in double precision."""
    raw = raw_rows().astype(np.float64)
    rows = raw - raw.mean(axis=0)
    return dict(zip(WORDS, rows / np.linalg.norm(rows, axis=1, keepdims=True), strict=True))


def ranking(total: np.ndarray) -> list[tuple[str, float]]:
    """All words by their cosine with `total`, by brute force."""
    cosines = {word: row @ total / np.linalg.norm(total) for word, row in unit_rows().items()}
    return sorted(cosines.items(), key=lambda item: -item[1])


formulas = st.lists(
    st.builds(Term, st.sampled_from(WORDS), st.sampled_from([1.0, -1.0, 0.5, 2.0, -0.25])), min_size=1, max_size=6
).filter(lambda terms: sum(term.weight for term in terms) > 0.1)


# ── ranking ──────────────────────────────────────────────────────────────────────────────────────────────────


@given(formulas)
def test_sums_are_ranked_as_by_brute_force_in_double_precision(terms):
    vectors, rows = table(), unit_rows()
    total = sum(term.weight * rows[term.word] for term in terms)
    inputs = {term.word for term in terms}
    result = backend.arithmetic(vectors, write_formula(tuple(terms)), REFERENCE, count=10)
    cosines = dict(ranking(total))
    enough = 10 + len(inputs)
    found = [one.neighbour for one in result.neighbours]
    for words, some in ((WORDS, found[:enough]), (LATIN, [one for one in found if one.latin][:enough])):
        largest = sorted((cosines[word] for word in words), reverse=True)[:enough]
        assert [one.similarity for one in some] == pytest.approx(largest, abs=1e-6)
        assert {one.word for one in some} <= set(words)
    for one in found:
        assert one.similarity == pytest.approx(cosines[one.word], abs=1e-6)
        assert (one.is_input, one.latin) == (one.word in inputs, one.word in LATIN)
    others = [cosine for word, cosine in cosines.items() if word not in inputs]
    assert cosines[result.best] == pytest.approx(max(others), abs=1e-6)


@pytest.mark.parametrize("formula", [NIECE, "king − man + woman", "sushi − Japan + Italy", "0.5 × cat + dog − 2 cow"])
def test_sums_are_ranked_as_by_gensim(vectors, formula):
    keyed = KeyedVectors(DIMENSIONS)
    keyed.add_vectors(list(vectors.words), vectors.unit)
    terms = parse_formula(formula)
    positive = [(term.word, term.weight) for term in terms if term.weight > 0]
    negative = [(term.word, term.weight) for term in terms if term.weight < 0]
    expected = keyed.most_similar(positive=positive, negative=negative, topn=10)
    found = [one.neighbour for one in backend.arithmetic(vectors, formula, REFERENCE).neighbours]
    found = [one for one in found if not one.is_input][:10]
    assert [one.word for one in found] == [word for word, _ in expected]
    assert [one.similarity for one in found] == pytest.approx([cosine for _, cosine in expected], abs=1e-6)


def test_the_planted_analogy_is_found_and_the_input_words_stay_in_the_list(vectors):
    result = backend.arithmetic(vectors, NIECE, REFERENCE)
    assert result.best == "nephew"
    assert {one.neighbour.word for one in result.neighbours if one.neighbour.is_input} >= {"niece", "male"}


def test_neighbours_are_all_others_by_their_cosine(vectors):
    result = backend.neighbours(vectors, "NIECE", count=100)
    expected = [(word, cosine) for word, cosine in ranking(unit_rows()["niece"]) if word != "niece"]
    assert [one.word for one in result.neighbours] == [word for word, _ in expected]
    assert [one.similarity for one in result.neighbours] == pytest.approx([cosine for _, cosine in expected], abs=1e-6)
    assert [one.word for one in backend.neighbours(vectors, "niece", 3).neighbours] == [
        word for word, _ in expected[:3]
    ]


def test_lists_are_long_enough_for_the_switch_that_leaves_other_alphabets_out(vectors):
    found = backend.compare(vectors, "niece", "größe", count=10).neighbours[0]
    assert found[0].word == "племянница"
    expected = [word for word, _ in ranking(unit_rows()["niece"]) if word in LATIN and word != "niece"]
    assert [one.word for one in found if one.latin][:10] == expected[:10]


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_words_are_compared_number_by_number(vectors):
    result = backend.compare(vectors, "Niece", "nephew")
    rows = unit_rows()
    assert result.words == ("niece", "nephew")
    assert result.numbers == pytest.approx(np.stack([rows["niece"], rows["nephew"]]), abs=1e-6)
    assert result.cosine == pytest.approx(float(rows["niece"] @ rows["nephew"]), abs=1e-6)
    assert result.cosine == pytest.approx(float((result.numbers[0] * result.numbers[1]).sum()), abs=1e-6)


def test_a_word_without_a_row_can_be_the_mean_of_its_pieces(vectors):
    raw = raw_rows()
    expected = cut("kitten").rows.mean(axis=0) - raw.mean(axis=0)
    numbers = backend.compare(vectors, "~kitten", "cat").numbers[0]
    assert numbers == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)
    assert backend.neighbours(vectors, "~kitten").word == "~kitten"


def test_a_vector_of_length_zero_has_no_direction():
    assert cosine(np.zeros(3), np.ones(3)) == 0.0


# ── the map ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_map_is_that_of_a_direct_singular_value_decomposition(vectors, dimensions):
    result = backend.word_map(vectors, REFERENCE, dimensions)
    rows = np.stack([unit_rows()[word] for word in REFERENCE])
    centre = rows - rows.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centre, full_matrices=False)
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, np.newaxis]
    places = np.array([point.coordinates for point in result.points])
    assert places == pytest.approx(centre @ axes[:dimensions].T, abs=1e-6)
    shares = sizes**2 / (sizes**2).sum()
    assert result.explained_variance == pytest.approx(tuple(shares[:dimensions]), abs=1e-6)


def test_adding_or_removing_a_word_moves_no_other_point(vectors):
    before = {point.word: point for point in backend.word_map(vectors, REFERENCE).points}
    more = backend.word_map(vectors, [*REFERENCE, "pizza", "姪"], fitted=REFERENCE)
    fewer = backend.word_map(vectors, REFERENCE[:2], fitted=REFERENCE)
    for point in (*more.points, *fewer.points):
        if point.word in before:
            assert point == before[point.word]
    assert [point.word for point in more.points if not point.fitted] == ["pizza", "姪"]
    refitted = {point.word: point for point in backend.word_map(vectors, [*REFERENCE, "pizza"]).points}
    assert refitted["niece"].coordinates != pytest.approx(before["niece"].coordinates, abs=1e-3)


def test_an_added_word_is_projected_into_the_axes_of_the_others(vectors):
    rows = np.stack([unit_rows()[word] for word in REFERENCE])
    projection = fit_projection(rows.astype(np.float32), 2)
    (point,) = backend.word_map(vectors, ["pizza"], fitted=REFERENCE).points
    expected = projection.axes @ (unit_rows()["pizza"] - projection.mean)
    assert point.coordinates == pytest.approx(tuple(expected), abs=1e-6)
    assert projection.axes @ projection.axes.T == pytest.approx(np.eye(2), abs=1e-12)


def test_a_word_given_twice_or_in_capitals_appears_once(vectors):
    points = backend.word_map(vectors, ["cat", "Cat", "dog", "dog", "horse"]).points
    assert [point.word for point in points] == ["cat", "dog", "horse"]


def test_each_word_of_a_map_comes_with_its_neighbours_in_all_dimensions(vectors):
    result = backend.word_map(vectors, ["niece", "~kitten", "cat", "dog"], count=5)
    for point, found in zip(result.points, result.neighbours, strict=True):
        expected = [one for one, _ in ranking(vectors.vector(point.word).astype(np.float64)) if one != point.word]
        assert [one.word for one in found][:5] == expected[:5]
    assert backend.word_map(vectors, REFERENCE).neighbours == ()


# ── steps of a sum ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_arrows_are_the_partial_sums_that_are_ranked(vectors):
    result = backend.arithmetic(vectors, "niece − female + 0.5 × male", REFERENCE)
    rows = unit_rows()
    fitted = np.stack([rows[word] for word in REFERENCE]).astype(np.float32)
    projection = fit_projection(fitted, 2)
    partial = np.cumsum([rows["niece"], -rows["female"], 0.5 * rows["male"]], axis=0)
    assert result.origin_point == pytest.approx(tuple(projection.points(np.zeros((1, DIMENSIONS)))[0]), abs=1e-6)
    for step, total in zip(result.steps, partial, strict=True):
        assert step.coordinates == pytest.approx(tuple(projection.points(total[np.newaxis])[0]), abs=1e-6)
        assert step.length == pytest.approx(float(np.linalg.norm(total)), abs=1e-6)
    landing = np.array(result.steps[-1].coordinates)
    for one in result.neighbours:
        place = projection.points(rows[one.neighbour.word][np.newaxis])[0]
        assert one.coordinates == pytest.approx(tuple(place), abs=1e-6)
        assert one.map_distance == pytest.approx(float(np.linalg.norm(place - landing)), abs=1e-6)


def test_the_map_of_a_sum_is_fitted_to_the_reference_and_its_own_words_only(vectors):
    result = backend.arithmetic(vectors, "red − niece + pizza", REFERENCE)
    assert [point.word for point in result.points] == [*REFERENCE, "red", "pizza"]
    expected = backend.word_map(vectors, [*REFERENCE, "red", "pizza"])
    assert result.points == expected.points
    assert result.explained_variance == expected.explained_variance
    assert sum(result.explained_variance) < 0.9
    assert backend.arithmetic(vectors, "red − niece + pizza", [*REFERENCE, "no-such-word"]) == result


def test_the_parallelogram_is_that_of_the_four_corners(vectors):
    result = backend.arithmetic(vectors, NIECE, REFERENCE)
    rows = unit_rows()
    one, other = rows["male"] - rows["female"], rows["nephew"] - rows["niece"]
    assert result.parallelogram.first == ("female", "male")
    assert result.parallelogram.second == ("niece", "nephew")
    expected = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert result.parallelogram.cosine == pytest.approx(expected, abs=1e-6)
    assert expected > 0.8  # it was planted
    for formula in ("niece + male", "niece − female + 2 male", "niece − male + male", "2 niece − female + male"):
        assert backend.arithmetic(vectors, formula, REFERENCE).parallelogram is None


def test_random_arrows_in_many_dimensions_are_nearly_at_right_angles():
    rng = np.random.default_rng(1)
    unit = unit_length(rng.normal(size=(len(WORDS), 400))).astype(np.float32)
    flat = table(unit=unit, mean=np.zeros(400, np.float32))
    result = backend.arithmetic(flat, NIECE, REFERENCE)
    assert 0.5 / math.sqrt(400) < result.parallelogram.chance < 5 / math.sqrt(400)


def test_a_word_may_stand_in_a_sum_twice(vectors):
    result = backend.arithmetic(vectors, "cat + CAT + dog", REFERENCE)
    assert result.repeated == ("cat",)
    assert result.steps[1].length == pytest.approx(2, abs=1e-6)


# ── axes of one's own ────────────────────────────────────────────────────────────────────────────────────────


def test_words_fall_where_their_scalar_projections_put_them(vectors):
    result = backend.own_axes(vectors, ("female", "male"), ("Young", "old"), ["niece", "cat", "niece"])
    rows = unit_rows()
    assert [point.word for point in result.points] == ["female", "male", "young", "old", "niece", "cat"]
    for index, (first, second) in enumerate((("female", "male"), ("young", "old"))):
        axis = rows[second] - rows[first]
        length = float(np.linalg.norm(axis))
        for point in result.points:
            t = (rows[point.word] - rows[first]) @ axis / length**2  # 0 at one pole, 1 at the other
            assert point.coordinates[index] == pytest.approx((t - 0.5) * length, abs=1e-6)
    axes = [rows["male"] - rows["female"], rows["old"] - rows["young"]]
    expected = axes[0] @ axes[1] / np.linalg.norm(axes[0]) / np.linalg.norm(axes[1])
    assert result.axes_cosine == pytest.approx(expected, abs=1e-6)


# ── games ────────────────────────────────────────────────────────────────────────────────────────────────────

FORMULAS = [
    NIECE,
    "king − man + woman",
    "sushi − Japan + Italy",
    "cat + dog",
    "walked − walk + go",
    "old − young + red",
]
GROUPS = [["cat", "dog", "horse", "pizza"], ["one", "two", "three", "sad"], ["red", "green", "blue", "king"]]


def test_a_game_has_each_round_once_in_the_order_of_its_seed(vectors):
    first, again, other = (backend.deal_game(vectors, FORMULAS, GROUPS, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    for game in (first, other):
        assert sorted(one.formula for one in game.sums) == sorted(FORMULAS)
        assert sorted(sorted(one.options) for one in game.odd_ones) == sorted(sorted(group) for group in GROUPS)


@pytest.mark.parametrize("seed", range(5))
def test_the_answers_of_a_game_are_computed(vectors, seed):
    game, rows = backend.deal_game(vectors, FORMULAS, GROUPS, seed), unit_rows()
    for one in game.sums:
        inputs = {term.word for term in parse_formula(one.formula)}
        total = sum(term.weight * rows[term.word] for term in parse_formula(one.formula))
        ranked = [word for word, _ in ranking(total) if word not in inputs and word in LATIN]
        assert one.answer == ranked[0]
        assert one.answer in one.options
        assert len(set(one.options)) == len(one.options) == 4
        assert not inputs & set(one.options)
    for odd in game.odd_ones:
        means = [np.mean([rows[word] @ rows[other] for other in odd.options if other != word]) for word in odd.options]
        assert odd.closeness == pytest.approx(tuple(means), abs=1e-6)
        assert odd.answer == odd.options[int(np.argmin(means))]


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────


def asked(vectors, **given):
    return backend.arithmetic(vectors, given["formula"], REFERENCE, given.get("count", 10))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda table: asked(table, formula=""), EmptyFormula),
        (lambda table: asked(table, formula="− cat − dog"), OnlyMinusTerms),
        (lambda table: asked(table, formula="cat − cat"), SumIsZero),
        (lambda table: asked(table, formula="cat − dog + dog − CAT"), SumIsZero),
        (lambda table: asked(table, formula="cat + kitten"), UnknownWord),
        (lambda table: asked(table, formula="cats"), UnknownWord),
        (lambda table: asked(table, formula="cat + 🙂"), NotAWord),
        (lambda table: asked(table, formula="cat + " + "a" * 1_000), TextTooLong),
        (lambda table: asked(table, formula="+".join(["cat"] * 200)), TooManyWords),
        (lambda table: asked(table, formula="cat", count=0), InvalidParameter),
        (lambda table: asked(table, formula="cat", count=math.nan), InvalidParameter),
        (lambda table: asked(table, formula="cat", count=True), InvalidParameter),
        (lambda table: backend.neighbours(table, ""), NotAWord),
        (lambda table: backend.neighbours(table, "cat", 101), InvalidParameter),
        (lambda table: backend.neighbours(table, "a" * 10_000), TextTooLong),
        (lambda table: backend.neighbours(table, "<script>"), UnknownWord),
        (lambda table: backend.neighbours(table, "~"), NotAWord),
        (lambda table: backend.word_map(table, ["cat", "dog"]), TooFewWords),
        (lambda table: backend.word_map(table, ["cat", "CAT", "dog", "Dog"]), TooFewWords),
        (lambda table: backend.word_map(table, ["cat", "dog", "cow"], dimensions=3), TooFewWords),
        (lambda table: backend.word_map(table, []), TooFewWords),
        (lambda table: backend.word_map(table, ["cat"] * 81), TooManyWords),
        (lambda table: backend.word_map(table, REFERENCE, fitted=["cat"] * 81), TooManyWords),
        (lambda table: backend.word_map(table, REFERENCE, dimensions=4), InvalidParameter),
        (lambda table: backend.word_map(table, REFERENCE, dimensions=True), InvalidParameter),
        (lambda table: backend.own_axes(table, ("cat", "Cat"), ("young", "old"), []), SamePoles),
        (lambda table: backend.own_axes(table, ("cat", "dog"), ("young", "old"), ["cow"] * 81), TooManyWords),
        (lambda table: backend.deal_game(table, FORMULAS, GROUPS, -1), InvalidParameter),
        (lambda table: backend.deal_game(table, FORMULAS, GROUPS, 1.5), InvalidParameter),
    ],
)
def test_bad_input_is_refused_by_name(vectors, call, error):
    with pytest.raises(error):
        call(vectors)


def test_a_table_that_cannot_cut_words_offers_spellings_only(without_pieces):
    with pytest.raises(WordNotInTable) as caught:
        backend.neighbours(without_pieces, "nieces")
    assert caught.value.facts["spellings"] == ["niece"]
    with pytest.raises(WordNotInTable):
        backend.neighbours(without_pieces, "~nieces")
