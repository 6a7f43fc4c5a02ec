"""From logits to a drawn token, compared with transformers' own warpers in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from genai_demo.checks import MAX_SEED, require_whole
from genai_demo.errors import InvalidParameter
from genai_demo.models.sampling import (
    HEAD,
    SamplingSettings,
    draw,
    rank_of,
    ranked,
    sampling_distribution,
    slider_table,
    uniform_number,
)

EXACT = 1e-9
TEMPERATURES = st.one_of(st.sampled_from([0.05, 0.5, 1.0, 2.0]), st.floats(0.01, 2.0))
TOP_PS = st.one_of(st.sampled_from([0.05, 0.5, 0.95, 1.0]), st.floats(1e-6, 1.0))
TOP_KS = st.one_of(st.sampled_from([0, 1, 2, HEAD, HEAD + 1, 10**6]), st.integers(0, 3_000))


@st.composite
def distinct_logits(draw, sizes=(2, 3, 17, 400, HEAD, HEAD + 1, 3_000)):
    """float32 logits without two equal ones, flat or peaked."""
    size, seed = draw(st.sampled_from(sizes)), draw(st.integers(0, 2**31))
    spread = draw(st.sampled_from([0.01, 1.0, 4.0, 20.0]))
    numbers = np.random.default_rng(seed)
    values = np.unique((numbers.standard_normal(2 * size) * spread).astype(np.float32))
    return torch.from_numpy(numbers.permutation(values)[:size].copy())


def warped(logits: torch.Tensor, settings: SamplingSettings) -> torch.Tensor:
    """Probabilities of all tokens after transformers' Temperature → TopK → TopP warpers, as `generate` applies them."""
    warpers = [TemperatureLogitsWarper(float(settings.temperature))]
    if settings.top_k:
        warpers.append(TopKLogitsWarper(settings.top_k))
    if settings.top_p < 1:
        warpers.append(TopPLogitsWarper(float(settings.top_p)))
    scores = logits.double()[None]
    for warper in warpers:
        scores = warper(None, scores)
    return torch.softmax(scores[0], dim=0)


def tempered_mass(logits: torch.Tensor, settings: SamplingSettings) -> torch.Tensor:
    """Cumulated probability, by rank, after temperature and top-k."""
    kept = torch.sort(logits.double() / settings.temperature, descending=True).values
    return torch.cumsum(torch.softmax(kept[: settings.top_k or None], dim=0), dim=0)


# ── against transformers ─────────────────────────────────────────────────────────────────────────────────────


@given(distinct_logits(), TEMPERATURES, TOP_KS, TOP_PS)
def test_probabilities_are_those_of_transformers_warpers(logits, temperature, top_k, top_p):
    settings = SamplingSettings(temperature, top_p, top_k)
    ours, theirs = sampling_distribution(logits, settings), warped(logits, settings)
    size = int((theirs > 0).sum())
    if top_p == 1:
        assert ours.size == min(top_k or len(logits), len(logits))
        assert torch.allclose(ours.probabilities, theirs[ours.ids], rtol=0, atol=EXACT)
        return
    if ours.size == size:
        assert len(ours.ids) == size
        assert torch.allclose(ours.probabilities, theirs[ours.ids], rtol=0, atol=EXACT)
        assert float(ours.probabilities.sum()) == pytest.approx(1, abs=EXACT)
    else:  # rounding may move the border only where the mass is p, to all that float64 can tell
        border = tempered_mass(logits, settings)[min(ours.size, size) - 1]
        assert abs(float(border) - top_p) < EXACT


@given(distinct_logits(), TEMPERATURES, TOP_KS, st.floats(1e-6, 1.0, exclude_max=True))
def test_the_nucleus_is_the_smallest_set_with_mass_p_and_never_empty(logits, temperature, top_k, top_p):
    settings = SamplingSettings(temperature, top_p, top_k)
    size, mass = sampling_distribution(logits, settings).size, tempered_mass(logits, settings)
    assert size >= 1
    assert mass[size - 1] > top_p - EXACT
    assert size == 1 or mass[size - 2] < top_p + EXACT


def test_the_token_that_crosses_p_is_kept():
    logits = torch.tensor([0.5, 0.3, 0.2]).log()
    assert sampling_distribution(logits, SamplingSettings(top_p=0.49)).size == 1
    assert sampling_distribution(logits, SamplingSettings(top_p=0.51)).size == 2
    kept = sampling_distribution(logits, SamplingSettings(top_p=0.79))
    assert kept.probabilities.tolist() == pytest.approx([0.625, 0.375])


def test_top_p_is_measured_after_top_k_has_been_scaled_to_one():
    logits = torch.tensor([0.4, 0.3, 0.2, 0.1]).log()
    # Of all, 0.4 is below p; of the two that top-k keeps, it is 0.571.
    assert sampling_distribution(logits, SamplingSettings(top_p=0.55)).size == 2
    assert sampling_distribution(logits, SamplingSettings(top_p=0.55, top_k=2)).size == 1


# ── greedy ───────────────────────────────────────────────────────────────────────────────────────────────────


@given(distinct_logits(), TOP_KS, TOP_PS, st.floats(0, 1, exclude_max=True))
def test_temperature_zero_is_greedy(logits, top_k, top_p, uniform):
    assert draw(logits, SamplingSettings(0, top_p, top_k), uniform) == int(logits.argmax())


@pytest.mark.parametrize("temperature", [1e-3, 1e-12, 5e-324])
def test_temperature_tends_to_greedy(temperature):
    logits = torch.tensor([1.0, 3.0, 2.0])
    distribution = sampling_distribution(logits, SamplingSettings(temperature))
    assert distribution.ids[0] == 1
    assert distribution.probabilities.tolist() == pytest.approx([1, 0, 0])


# ── order ────────────────────────────────────────────────────────────────────────────────────────────────────

EQUAL_LOGITS = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=1, max_size=60).map(torch.tensor)


@given(EQUAL_LOGITS, st.integers(1, 70))
def test_equal_logits_are_ordered_by_id(logits, count):
    expected = sorted(range(len(logits)), key=lambda token_id: (-float(logits[token_id]), token_id))
    assert ranked(logits, count).tolist() == expected[:count]
    assert [rank_of(logits, token_id) for token_id in expected] == list(range(1, len(logits) + 1))


@given(EQUAL_LOGITS, st.integers(1, 60), st.floats(0.01, 1))
def test_equal_logits_are_cut_by_id(logits, top_k, top_p):
    kept = sampling_distribution(logits, SamplingSettings(top_p=top_p, top_k=top_k)).ids
    assert kept.tolist() == ranked(logits, len(kept)).tolist()
    assert len(kept) <= top_k


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("settings", [SamplingSettings(), SamplingSettings(0.7, 0.9), SamplingSettings(2.0, 1.0, 5)])
def test_draws_come_as_often_as_their_probability_says(settings):
    logits, number = torch.linspace(-3, 2, 40)[torch.randperm(40, generator=torch.manual_seed(1))], 2_000
    expected = warped(logits, settings) * number
    drawn = torch.tensor([draw(logits, settings, (index + 0.5) / number) for index in range(number)])
    counts = torch.bincount(drawn, minlength=40)
    assert (counts - expected).abs().max() <= 1  # evenly spread uniforms leave no room for chance


@given(distinct_logits(), TEMPERATURES, TOP_KS, TOP_PS)
def test_the_smallest_uniform_draws_rank_one_and_the_largest_a_kept_token(logits, temperature, top_k, top_p):
    settings = SamplingSettings(temperature, top_p, top_k)
    assert draw(logits, settings, 0.0) == int(logits.argmax())
    last = draw(logits, settings, 1 - 2**-53)
    assert rank_of(logits, last) <= sampling_distribution(logits, settings).size


def test_a_draw_reaches_beyond_the_head_of_a_long_distribution():
    logits = torch.zeros(3_000)
    assert draw(logits, SamplingSettings(), 0.9995) == 2_998
    assert draw(logits, SamplingSettings(top_p=0.5), 0.9995) == 1_499


@pytest.mark.parametrize(
    ("seed", "outputs"),
    [  # of SplitMix64 itself, as its authors' C code prints them
        (0, [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]),
        (1234567, [6457827717110365317, 3203168211198807973, 9817491932198370423]),
    ],
)
def test_uniform_numbers_are_those_of_splitmix64(seed, outputs):
    assert [uniform_number(seed, index) for index in range(3)] == [(output >> 11) / 2**53 for output in outputs]


@given(st.integers(0, MAX_SEED), st.integers(0, 10_000))
def test_uniform_numbers_stay_below_one(seed, index):
    assert 0 <= uniform_number(seed, index) < 1


def test_uniform_numbers_are_spread_evenly():
    counts = np.histogram([uniform_number(7, index) for index in range(10_000)], bins=10, range=(0, 1))[0]
    assert abs(counts - 1_000).max() < 150  # five standard deviations


# ── the slider table ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spread", [0.1, 3.0])
def test_the_slider_table_says_what_sampling_does_at_every_stop(spread):
    logits = torch.randn(1_500, generator=torch.manual_seed(4)) * spread
    table = slider_table(logits)
    assert table.nucleus_sizes.shape == table.nucleus_masses.shape == (40, 20)
    for row, temperature in enumerate(table.temperatures):
        tempered = logits.double() / temperature
        assert table.log_normalizers[row] == pytest.approx(float(torch.logsumexp(tempered, 0)), abs=EXACT)
        probabilities = torch.softmax(tempered, 0)
        mass = torch.cumsum(probabilities[ranked(logits, len(logits))], 0)
        for column, top_p in enumerate(table.top_ps):
            expected = sampling_distribution(logits, SamplingSettings(float(temperature), float(top_p))).size
            size = int(table.nucleus_sizes[row, column])
            assert size == expected or abs(float(mass[min(size, expected) - 1]) - top_p) < EXACT
            assert table.nucleus_masses[row, column] == pytest.approx(float(mass[size - 1]), abs=EXACT)
        assert table.curves[row] == pytest.approx(mass[table.curve_ranks - 1].numpy(), abs=EXACT)


def test_the_sliders_stop_at_every_twentieth():
    table = slider_table(torch.arange(5.0))
    assert table.temperatures.tolist() == [round(0.05 * stop, 2) for stop in range(1, 41)]
    assert table.top_ps.tolist() == [round(0.05 * stop, 2) for stop in range(1, 21)]
    assert (table.nucleus_sizes[:, -1] == 5).all()  # p = 1 cuts nothing
    assert (table.curve_ranks[0], table.curve_ranks[-1]) == (1, 5)


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────

NO_NUMBERS = [math.nan, math.inf, -math.inf, True, "1", None, [1.0], 1 + 0j]


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("temperature", "top_p", "top_k") for value in (*NO_NUMBERS, -1, -1e-9)]
    + [("temperature", 2.001), ("top_p", 0), ("top_p", 0.0), ("top_p", 1.001), ("top_k", 0.5), ("top_k", 2**31 + 1)],
)
def test_settings_refuse_what_means_nothing_and_say_what_is_allowed(name, value):
    with pytest.raises(InvalidParameter) as caught:
        SamplingSettings(**{name: value})
    assert caught.value.facts["name"] == name
    assert caught.value.facts["allowed"]


@pytest.mark.parametrize("value", [10**400, -(10**400)], ids=["huge", "minus huge"])
def test_a_number_too_large_for_a_float_is_out_of_range(value):
    for name in ("temperature", "top_p", "top_k"):
        with pytest.raises(InvalidParameter):
            SamplingSettings(**{name: value})
    with pytest.raises(InvalidParameter):
        require_whole("count", value, 1, 10)


@given(st.floats(0, 2), st.floats(1e-300, 1), st.integers(0, 2**31))
@example(0, 1, 0)
@example(2, 1, 3)
def test_settings_in_range_are_taken(temperature, top_p, top_k):
    assert draw(torch.arange(4.0), SamplingSettings(temperature, top_p, top_k), 0.5) in range(4)


def test_a_whole_number_may_come_as_a_float():
    """As it does from a browser or another language."""
    logits = torch.arange(9.0)
    whole, as_float = SamplingSettings(top_k=3), SamplingSettings(top_k=3.0)
    expected = sampling_distribution(logits, whole)
    assert sampling_distribution(logits, as_float).ids.tolist() == expected.ids.tolist()
