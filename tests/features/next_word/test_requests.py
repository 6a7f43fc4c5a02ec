"""What the browser asks for: every scene's payload, and what is said to a request that means nothing."""

from __future__ import annotations

import math

import pytest

from genai_demo.errors import DemoError, InvalidParameter
from genai_demo.features.next_word import feature
from genai_demo.models.sampling import SamplingSettings, draw, uniform_number
from tests.asking import Asking

requests = Asking(feature.FEATURE)


def write_on(model, request):
    return list(requests.write(model, request))


def test_the_tokens_scene_shows_the_text_with_and_without_its_space(tiny):
    for typed, variant in (("cat", " cat"), (" cat", "cat"), ("", " ")):
        payload = requests.tokenize_text(tiny, {"text": typed})
        assert (payload["text"], payload["variant"]["text"]) == (typed, variant)
        assert "".join(token["text"] for token in payload["variant"]["tokens"][1:]) == variant


def test_predict_and_sample_send_their_bars(tiny):
    predict = requests.predict_next(tiny, {"prompt": "the cat", "watch": ["cat"]})
    assert len(predict["candidates"]) == feature.PREDICT_COUNT
    assert [word["word"] for word in predict["watched"]] == ["cat"]
    sample = requests.predict_for_sliders(tiny, {"prompt": "the cat"})
    assert len(sample["candidates"]) == feature.SAMPLE_COUNT
    assert sample["candidates"][: feature.PREDICT_COUNT] == predict["candidates"]


def test_tokens_that_are_commands_are_marked(tiny, monkeypatch):
    seventh = requests.predict_next(tiny, {"prompt": "the cat", "watch": []})["candidates"][6]["id"]
    monkeypatch.setattr(tiny, "control_ids", frozenset({seventh}))
    assert requests.predict_next(tiny, {"prompt": "the cat", "watch": []})["control"] == [seventh]
    assert requests.predict_for_sliders(tiny, {"prompt": "the cat"})["control"] == [seventh]
    request = {"prompt": "the cat", "temperature": 2, "top_p": 1, "top_k": 0, "uniforms": [n / 100 for n in range(100)]}
    drawn = requests.name_drawn(tiny, request)["tokens"]
    assert {token["control"] for token in drawn if token["id"] == seventh} == {True}
    assert {token["control"] for token in drawn if token["id"] != seventh} == {False}


def test_the_names_of_draws_are_those_of_the_sampler(tiny):
    uniforms = [uniform_number(3, index) for index in range(100)]
    request = {"prompt": "the cat", "temperature": 1.5, "top_p": 0.9, "top_k": 0, "uniforms": uniforms}
    logits = tiny.next_logits([token.id for token in tiny.encode_prompt("the cat")])
    expected = [draw(logits, SamplingSettings(1.5, 0.9), uniform) for uniform in uniforms]
    assert [token["id"] for token in requests.name_drawn(tiny, request)["tokens"]] == expected


def test_writing_says_what_it_answers(tiny):
    payloads = write_on(tiny, {"prompt": "the", "chosen": [9, 10], "seed": 1, "max_new_tokens": 2})
    assert {tuple(payload["asked"]["chosen"]) for payload in payloads} == {(9, 10)}
    assert payloads[-1]["asked"] == {
        "prompt": "the",
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": 0,
        "seed": 1,
        "max_new_tokens": 2,
        "chosen": (9, 10),
        "tell_chosen": False,
    }
    assert [payload["chosen"] for payload in payloads] == [[]] * 3
    assert [len(payload["tokens"]) for payload in payloads] == [0, 1, 2]
    assert [payload["stop_reason"] for payload in payloads] == [None, None, "length"]


def test_of_tokens_that_a_link_names_all_is_told_that_was_told_when_they_were_written(tiny):
    settings = {"prompt": "the cat", "temperature": 1.2, "top_p": 0.9, "seed": 3}
    written = write_on(tiny, {**settings, "max_new_tokens": 20})[-1]
    ids = [token["id"] for token in written["tokens"]]
    (retold,) = write_on(tiny, {**settings, "chosen": ids, "tell_chosen": True, "max_new_tokens": 0})
    assert retold["tokens"] == []
    assert len(retold["chosen"]) == 20
    for again, before in zip(retold["chosen"], written["tokens"], strict=True):
        assert (again["id"], again["text"], again["rank"]) == (before["id"], before["text"], before["rank"])
        assert again["probability"] == pytest.approx(before["probability"], rel=1e-3)
        assert [bar["id"] for bar in again["bars"]] == [bar["id"] for bar in before["bars"]]
        assert [bar["sampling_probability"] for bar in again["bars"]] == pytest.approx(
            [bar["sampling_probability"] for bar in before["bars"]], rel=1e-3
        )


def test_tokens_to_be_told_must_be_the_models(tiny):
    with pytest.raises(InvalidParameter) as caught:
        write_on(tiny, {"prompt": "the", "chosen": [2**30], "tell_chosen": True, "max_new_tokens": 0})
    assert caught.value.facts["name"] == "chosen"


def test_the_sliders_table_says_of_which_prompt_and_whose_it_is(tiny):
    table, bars = (ask(tiny, {"prompt": "the cat"}) for ask in (requests.slider_stops, requests.predict_for_sliders))
    assert (table["prompt"], table["provenance"]) == ("the cat", bars["provenance"])


@pytest.mark.parametrize(
    ("answer", "request_"),
    [
        (requests.tokenize_text, {"text": 5}),
        (requests.tokenize_text, {"text": None}),
        (requests.tokenize_text, {"text": "\ud800"}),
        (requests.predict_next, {"prompt": ["a"]}),
        (requests.predict_next, {"prompt": "a", "watch": "cat"}),
        (requests.predict_next, {"prompt": "a", "watch": [5]}),
        (requests.predict_next, {"prompt": "a" * 30_000}),
        (requests.slider_stops, {"prompt": {}}),
        (requests.name_drawn, {"prompt": "a"}),
        (requests.name_drawn, {"prompt": "a", "uniforms": [math.nan]}),
        (requests.name_drawn, {"prompt": "a", "uniforms": [0.5] * 101}),
        (requests.name_drawn, {"prompt": "a", "uniforms": [2]}),
        (requests.name_drawn, {"prompt": "a", "uniforms": [0.5], "temperature": None}),
        (write_on, {"prompt": "a", "chosen": "12"}),
        (write_on, {"prompt": "a", "chosen": [None]}),
        (write_on, {"prompt": "a", "seed": None}),
        (write_on, {"prompt": "a", "top_k": "many"}),
        (requests.measure_surprise, {}),
    ],
)
def test_a_request_that_means_nothing_gets_one_of_our_errors(tiny, answer, request_):
    with pytest.raises(DemoError):
        answer(tiny, request_)


def test_a_refused_value_is_named(tiny):
    with pytest.raises(InvalidParameter) as caught:
        requests.predict_next(tiny, {"prompt": "a", "watch": "cat"})
    assert caught.value.facts["name"] == "watch"
