"""The figures of the Next-word tab, each computed a second way."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.checks import MAX_SEED
from genai_demo.errors import InvalidParameter, TextTooLong, UnreadableText
from genai_demo.features.next_word import backend
from genai_demo.features.next_word.errors import EmptyText
from genai_demo.models.language import LanguageModel
from genai_demo.models.sampling import SamplingSettings, rank_of, uniform_number
from tests.conftest import VOCABULARY

PROMPT = "the cat sat on"
GREEDY = SamplingSettings(temperature=0)


def prompt_ids(model: LanguageModel, prompt: str = PROMPT) -> list[int]:
    return [token.id for token in model.encode_prompt(prompt)]


def plain_logits(network, ids) -> torch.Tensor:
    """Logits of every position by one plain forward pass, float64."""
    with torch.inference_mode():
        return network(input_ids=torch.tensor([list(ids)]), use_cache=False).logits[0].double()


def last(results):
    """The complete result of a stream."""
    *_, final = results
    return final


# ── the distribution of the next token ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [1, 50, VOCABULARY, 1_000])
@pytest.mark.parametrize("prompt", ["", PROMPT, "a " * 200])
def test_candidates_and_everything_else_sum_to_one(tiny, prompt, count):
    result = backend.next_token(tiny, prompt, count=count)
    assert len(result.candidates) == min(count, VOCABULARY)
    assert result.other_count == VOCABULARY - len(result.candidates)
    total = math.fsum(candidate.probability for candidate in result.candidates) + result.other_probability
    assert total == pytest.approx(1, abs=1e-12)


def test_probabilities_entropy_and_order_are_those_of_the_softmax(tiny, network):
    result = backend.next_token(tiny, PROMPT, count=VOCABULARY)
    logits = plain_logits(network, prompt_ids(tiny))[-1]
    expected = torch.softmax(logits, dim=0)
    assert [candidate.rank for candidate in result.candidates] == list(range(1, VOCABULARY + 1))
    for candidate in result.candidates:
        assert candidate.probability == pytest.approx(float(expected[candidate.id]), rel=1e-4)
        assert candidate.logit == pytest.approx(float(logits[candidate.id]), abs=1e-4)
    entropy = -sum(p * math.log2(p) for p in expected.tolist())
    assert result.entropy_bits == pytest.approx(entropy, abs=1e-4)
    assert result.effective_choices == pytest.approx(2**result.entropy_bits)
    probabilities = [candidate.probability for candidate in result.candidates]
    assert probabilities == sorted(probabilities, reverse=True)


def test_equally_likely_tokens_are_as_many_choices_as_there_are_tokens():
    assert 2 ** backend.entropy_bits(
        torch.log_softmax(torch.full((VOCABULARY,), 3.0).double(), dim=0)
    ) == pytest.approx(VOCABULARY)
    certain = torch.zeros(VOCABULARY)
    certain[7] = 1_000.0
    assert 2 ** backend.entropy_bits(torch.log_softmax(certain, dim=0)) == pytest.approx(1)


@pytest.mark.parametrize(
    "settings", [SamplingSettings(), SamplingSettings(0.7, 0.8), SamplingSettings(1.5, 0.9, 9), GREEDY]
)
def test_settings_change_what_is_drawn_but_not_what_the_model_says(tiny, settings):
    plain, result = (backend.next_token(tiny, PROMPT, one, VOCABULARY) for one in (SamplingSettings(), settings))
    assert [one.probability for one in result.candidates] == [one.probability for one in plain.candidates]
    assert (result.entropy_bits, result.effective_choices) == (plain.entropy_bits, plain.effective_choices)
    kept = [candidate for candidate in result.candidates if candidate.kept]
    assert len(kept) == result.nucleus_size
    assert math.fsum(candidate.sampling_probability for candidate in kept) == pytest.approx(1)
    assert kept == list(result.candidates[: len(kept)])
    assert all(candidate.sampling_probability == 0 for candidate in result.candidates[len(kept) :])


def test_a_result_names_its_prompt_tokens_and_model(tiny):
    result = backend.next_token(tiny, PROMPT)
    assert (result.prompt, result.origin) == (PROMPT, tiny.origin)
    assert result.tokens[0].text == "<bos>"
    assert "".join(token.text for token in result.tokens[1:]) == PROMPT
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(result, "prompt", "other")  # noqa: B010 (a plain assignment would not pass the type checker)


def test_an_empty_prompt_is_predicted_from_the_beginning_token(tiny, network):
    result = backend.next_token(tiny, "")
    assert [token.text for token in result.tokens] == ["<bos>"]
    assert result.candidates[0].id == int(plain_logits(network, [2])[-1].argmax())


# ── watched words ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("prompt", "word", "read"),
    [
        (PROMPT, "cat", " cat"),
        (PROMPT, " cat", " cat"),
        (PROMPT, "\ncat", "\ncat"),
        (PROMPT, ".", "."),
        (PROMPT, "?!", "?!"),
        (PROMPT, "<b>", " <b>"),
        (PROMPT + " ", "cat", "cat"),
        (PROMPT + "\n", "cat", "cat"),
        ("", "cat", "cat"),  # a text begins with a word, not with a space
    ],
)
def test_a_watched_word_gets_a_space_where_one_belongs(tiny, prompt, word, read):
    (watched,) = backend.next_token(tiny, prompt, watch=[word]).watched
    assert watched.word == word
    assert "".join(token.text for token in watched.tokens) == read


@pytest.mark.parametrize("word", ["cat", "cats", "get table", "👩 and more", "x" * 20])
def test_a_watched_word_has_the_product_of_its_tokens_probabilities(tiny, network, word):
    (watched,) = backend.next_token(tiny, PROMPT, watch=[word]).watched
    ids, product = prompt_ids(tiny), 1.0
    for piece in tiny.encode(" " + word):
        expected = float(torch.softmax(plain_logits(network, ids)[-1], dim=0)[piece.id])
        token = watched.tokens[len(ids) - len(prompt_ids(tiny))]
        assert (token.id, token.text) == (piece.id, piece.text)
        assert token.probability == pytest.approx(expected, rel=1e-4)
        product *= expected
        ids.append(piece.id)
    assert watched.probability == pytest.approx(product, rel=1e-3)


def test_a_word_of_one_token_has_its_rank_and_one_of_several_has_none(tiny, network):
    one, several = backend.next_token(tiny, PROMPT, watch=["cat", "cats"]).watched
    assert one.rank == rank_of(plain_logits(network, prompt_ids(tiny))[-1], one.tokens[0].id)
    assert several.rank is None
    assert several.probability <= one.probability  # it begins with the same token


def test_a_watched_candidate_has_the_candidates_figures(tiny):
    result = backend.next_token(tiny, PROMPT, count=VOCABULARY, watch=["cat"])
    (watched,) = result.watched
    same = next(candidate for candidate in result.candidates if candidate.id == watched.tokens[0].id)
    assert watched.probability == pytest.approx(same.probability, rel=1e-9)
    assert watched.rank == same.rank


@pytest.mark.parametrize("watch", [[""], ["x" * 300], ["cat"] * 21])
def test_too_much_or_nothing_to_watch_is_refused(tiny, watch):
    with pytest.raises(InvalidParameter) as caught:
        backend.next_token(tiny, PROMPT, watch=watch)
    assert caught.value.facts["name"] == "watch"


@pytest.mark.parametrize("watch", [None, 5, [5], [None], [["cat"]]])
def test_what_is_no_list_of_words_is_refused(tiny, watch):
    with pytest.raises((InvalidParameter, UnreadableText)):
        backend.next_token(tiny, PROMPT, watch=watch)


# ── generation ───────────────────────────────────────────────────────────────────────────────────────────────


def test_greedy_writing_is_that_of_transformers(tiny, network):
    ids = torch.tensor([prompt_ids(tiny)])
    expected = network.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=40)
    result = last(backend.generate(tiny, PROMPT, GREEDY, max_new_tokens=40))
    assert [token.id for token in result.tokens] == expected[0, ids.shape[1] :].tolist()
    assert len(result.tokens) == 40  # longer than the sliding window
    assert all(token.rank == 1 for token in result.tokens)


def test_each_written_token_has_the_figures_of_a_plain_forward_pass(tiny, network):
    result = last(backend.generate(tiny, PROMPT, SamplingSettings(1.3), seed=4, max_new_tokens=30))
    ids = prompt_ids(tiny)
    logits = plain_logits(network, [*ids, *(token.id for token in result.tokens)])
    for position, token in enumerate(result.tokens, len(ids)):
        probabilities = torch.softmax(logits[position - 1], dim=0)
        assert token.probability == pytest.approx(float(probabilities[token.id]), rel=1e-3)
        assert token.entropy_bits == pytest.approx(-sum(p * math.log2(p) for p in probabilities.tolist()), abs=1e-3)
        assert token.rank == rank_of(logits[position - 1], token.id)
        assert token.candidates[0].id == int(probabilities.argmax())
    assert result.upcoming[0].id == int(logits[-1].argmax())


def test_the_seed_makes_it_repeatable(tiny):
    first, again, other = (last(backend.generate(tiny, PROMPT, seed=seed, max_new_tokens=20)) for seed in (11, 11, 12))
    assert first == again
    assert first.text != other.text


def test_the_first_token_is_the_one_its_uniform_number_draws(tiny):
    for seed in range(5):
        written = last(backend.generate(tiny, PROMPT, seed=seed, max_new_tokens=1)).tokens[0]
        (named,) = backend.name_draws(tiny, PROMPT, SamplingSettings(), [uniform_number(seed, 0)])
        assert (written.id, tiny.text(written.id)) == (named.id, named.text)


@pytest.mark.parametrize("kept", [0, 1, 7, 24])
def test_going_back_and_writing_on_with_the_same_seed_gives_the_same_text(tiny, kept):
    settings = SamplingSettings(1.1, 0.95)
    whole = last(backend.generate(tiny, PROMPT, settings, seed=5, max_new_tokens=25))
    ids = [token.id for token in whole.tokens]
    assert len(ids) == 25
    branch = last(backend.generate(tiny, PROMPT, settings, 5, 25 - kept, chosen=ids[:kept]))
    assert [token.id for token in branch.tokens] == ids[kept:]
    for again, before in zip(branch.tokens, whole.tokens[kept:], strict=True):
        assert again.probability == pytest.approx(before.probability, rel=1e-3)


def test_another_choice_makes_another_branch(tiny, network):
    chosen = [token.id for token in tiny.encode(" phone")]
    branch = last(backend.generate(tiny, PROMPT, GREEDY, max_new_tokens=1, chosen=chosen))
    assert branch.tokens[0].id == int(plain_logits(network, [*prompt_ids(tiny), *chosen])[-1].argmax())


def test_each_value_of_the_stream_is_one_token_longer_and_the_last_is_complete(tiny):
    results = list(backend.generate(tiny, PROMPT, seed=1, max_new_tokens=6))
    assert [len(result.tokens) for result in results] == list(range(7))
    assert [result.stop_reason for result in results] == [None] * 6 + ["length"]
    for result in results:
        assert result.text == "".join(token.text for token in result.tokens)
        assert [token.id for token in result.tokens] == [token.id for token in results[-1].tokens[: len(result.tokens)]]


def test_writing_nothing_gives_one_result(tiny):
    (result,) = backend.generate(tiny, PROMPT, max_new_tokens=0)
    assert (result.text, result.tokens, result.stop_reason) == ("", (), "length")
    assert result.upcoming == backend.next_token(tiny, PROMPT, count=backend.STEP_CANDIDATES).candidates


def test_it_ends_where_the_model_draws_the_end(tiny, monkeypatch):
    unhindered = last(backend.generate(tiny, PROMPT, seed=2, max_new_tokens=9))
    ids = [token.id for token in unhindered.tokens]
    end = next(index for index, token_id in enumerate(ids) if index >= 2 and token_id not in ids[:index])
    monkeypatch.setattr(tiny, "end_ids", frozenset({ids[end]}))
    results = list(backend.generate(tiny, PROMPT, seed=2, max_new_tokens=9))
    assert results[-1].stop_reason == "end_of_sequence"
    assert [token.id for token in results[-1].tokens] == ids[:end]  # the end itself is no text
    assert all(result.stop_reason is None for result in results[:-1])


def test_where_the_models_own_context_ends_that_is_the_reason_said(tiny, monkeypatch):
    monkeypatch.setattr(tiny, "context_limit", len(prompt_ids(tiny)) + 3)
    result = last(backend.generate(tiny, PROMPT, GREEDY, max_new_tokens=50))
    assert (len(result.tokens), result.stop_reason) == (3, "context")


def test_a_character_written_in_pieces_is_whole_when_its_last_byte_is_there(tiny):
    pieces = [token.id for token in tiny.encode("👩")]
    results = [tiny.texts(pieces[:count]) for count in range(1, 5)]
    assert results[-1] == ("👩", "", "", "")
    assert all("👩" not in "".join(texts) for texts in results[:-1])


@pytest.mark.parametrize(
    "parameters",
    [
        {"seed": -1},
        {"seed": MAX_SEED + 1},
        {"seed": "1"},
        {"max_new_tokens": -1},
        {"max_new_tokens": backend.MAX_NEW_TOKENS + 1},
        {"max_new_tokens": math.nan},
        {"chosen": [VOCABULARY]},
        {"chosen": [-1]},
        {"chosen": ["a"]},
        {"chosen": [True]},
    ],
)
def test_writing_refuses_what_means_nothing(tiny, parameters):
    with pytest.raises(InvalidParameter) as caught:
        list(backend.generate(tiny, PROMPT, **parameters))
    assert caught.value.facts["name"] == next(iter(parameters))


def test_whole_numbers_may_come_as_floats(tiny):
    as_whole = last(backend.generate(tiny, PROMPT, SamplingSettings(1, 1, 5), 3, 2, chosen=[7]))
    as_floats = last(backend.generate(tiny, PROMPT, SamplingSettings(1.0, 1.0, 5.0), 3.0, 2.0, chosen=[7.0]))
    assert as_floats == as_whole


@pytest.mark.parametrize("count", [1, 1_020, 1_023, 1_024, 1_025, 1_500])
def test_prompt_and_chosen_tokens_together_keep_to_the_limit(tiny, count):
    """The prompt has five tokens, so that more than 1,019 chosen ones are too many."""
    assert len(prompt_ids(tiny, "abcd")) == 5
    steps = backend.generate(tiny, "abcd", GREEDY, max_new_tokens=0, chosen=[7] * count)
    if count == 1:
        assert last(steps).stop_reason == "length"
        return
    with pytest.raises(TextTooLong) as caught:
        list(steps)
    assert caught.value.facts["limit"] > 0


# ── tokens and surprise ──────────────────────────────────────────────────────────────────────────────────────


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_tokenization_counts_characters_and_gives_the_text_back(tiny, text):
    result = backend.tokenize(tiny, text)
    assert result.tokens[0] == tiny.begin[0]
    assert "".join(token.text for token in result.tokens[1:]) == text
    assert result.characters == len(text)


@pytest.mark.parametrize("text", ["a", PROMPT, "👩 the cat  sat on a table, " * 12])
def test_surprise_is_the_cross_entropy_loss(tiny, network, text):
    ids = prompt_ids(tiny, text)
    losses = F.cross_entropy(plain_logits(network, ids)[:-1], torch.tensor(ids[1:]), reduction="none") / math.log(2)
    result = backend.surprise(tiny, text)
    assert [token.bits for token in result.tokens] == pytest.approx(losses.tolist(), abs=1e-3)
    assert result.mean_bits == pytest.approx(float(losses.mean()), abs=1e-4)
    assert result.perplexity == pytest.approx(2**result.mean_bits)
    assert "".join(token.text for token in result.tokens) == text


def test_surprise_is_minus_the_logarithm_of_the_watched_probability(tiny):
    (watched,) = backend.next_token(tiny, PROMPT, watch=[" phone the cat"]).watched
    added = backend.surprise(tiny, PROMPT + " phone the cat").tokens[-len(watched.tokens) :]
    assert math.fsum(token.bits for token in added) == pytest.approx(-math.log2(watched.probability), abs=1e-3)  # type: ignore[misc]


def test_an_empty_text_has_no_surprise(tiny):
    with pytest.raises(EmptyText):
        backend.surprise(tiny, "")


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────

ASKING = [
    backend.next_token,
    backend.next_token_sliders,
    backend.surprise,
    lambda model, text: list(backend.generate(model, text)),
    lambda model, text: backend.name_draws(model, text, SamplingSettings(), [0.5]),
]


@pytest.mark.parametrize("ask", ASKING)
def test_a_text_of_too_many_tokens_is_refused_with_the_limit(tiny, ask):
    with pytest.raises(TextTooLong) as caught:
        ask(tiny, "x" * backend.PROMPT_LIMIT)  # and <bos>
    assert caught.value.facts == {"length": 1_025, "limit": 1_024, "unit": "tokens"}


@pytest.mark.parametrize("ask", [*ASKING, backend.tokenize])
@pytest.mark.parametrize("text", ["\ud800", None, 3])
def test_what_is_no_text_is_refused(tiny, ask, text):
    with pytest.raises(UnreadableText):
        ask(tiny, text)


@pytest.mark.parametrize("count", [0, -1, 1_001, 10**9, 2.5, math.nan, "5", True, None])
def test_a_senseless_count_is_refused(tiny, count):
    with pytest.raises(InvalidParameter) as caught:
        backend.next_token(tiny, PROMPT, count=count)
    assert caught.value.facts["name"] == "count"


@pytest.mark.parametrize(
    "prompt", ["\0\x07\x1b[31m", "\u202egnirts\u202c", "<script>alert(1)</script>", "${x} `y` {{z}}"]
)
def test_odd_but_whole_characters_are_text_like_any_other(tiny, prompt):
    result = backend.next_token(tiny, prompt)
    assert "".join(token.text for token in result.tokens[1:]) == prompt
