"""What is drawn and what the API returns: plain JSON in exactly the promised shapes, made from literal results."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from genai_demo.features.next_word import view
from genai_demo.features.next_word.backend import (
    Candidate,
    Generation,
    NextToken,
    Surprise,
    SurprisingToken,
    Tokenization,
    WatchedToken,
    WatchedWord,
    WrittenToken,
)
from genai_demo.models.language import Origin, Token
from genai_demo.models.sampling import SliderTable

ORIGIN = Origin("tiny", "Tiny", "quantised (4 bits)", "cpu", "float32")
BOS = Token("<bos>", 2)
CALL = Candidate(" call", 11, 1, 3.5, 0.6123456789, 1.0, kept=True)
SCRIPT = Candidate("<script>${x}`</script>\n👩", 12, 2, 2.5, 0.3, 0.0, kept=False)
WATCHED = WatchedWord("eat", (WatchedToken(" ea", 5, 0.1), WatchedToken("t", 6, 0.2)), 0.02, None)
NEXT_TOKEN = NextToken(ORIGIN, "I", (BOS, Token("I", 9)), (CALL, SCRIPT), (WATCHED,), 0.0876543211, 398, 1.3, 2.46, 1)
WRITTEN = WrittenToken(" call", 11, 0.6123456789, 1, 1.3, (CALL, SCRIPT))
GENERATION = Generation(ORIGIN, "I", " call", (WRITTEN,), (SCRIPT,), None)
TOKENIZATION = Tokenization(ORIGIN, "I", (BOS, Token("I", 9)), 1, 1)
SURPRISE = Surprise(ORIGIN, (SurprisingToken("I", 9, 4.0),), 4.0, 16.0)
TABLE = SliderTable(
    temperatures=np.array([0.5, 1.0]),
    top_ps=np.array([1.0]),
    log_normalizers=np.array([2.0, 1.0]),
    nucleus_sizes=np.array([[3], [3]]),
    nucleus_masses=np.array([[1.0], [1.0]]),
    curve_ranks=np.array([1, 3]),
    curves=np.array([[0.5, 1.0], [0.4, 1.0]]),
)

PAYLOADS = {
    "tokenization": view.tokenization_json(TOKENIZATION),
    "tokens scene": view.tokens_payload(TOKENIZATION, TOKENIZATION),
    "next token": view.next_token_json(NEXT_TOKEN),
    "bars": view.next_token_payload(NEXT_TOKEN),
    "sliders": view.sliders_payload(TABLE),
    "generation": view.generation_json(GENERATION),
    "writing": view.writing_payload(GENERATION),
    "surprise": view.surprise_json(SURPRISE),
    "penalty": view.surprise_payload(SURPRISE, "I"),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_plain_json(name):
    written = json.dumps(PAYLOADS[name], allow_nan=False)
    assert json.dumps(json.loads(written)) == written


def keys(value: dict) -> list[str]:
    return list(value)


def test_next_token_has_the_promised_shape():
    result = view.next_token_json(NEXT_TOKEN)
    assert keys(result) == [
        "model",
        "tokens",
        "candidates",
        "watched",
        "other_probability",
        "other_count",
        "entropy_bits",
        "effective_choices",
        "nucleus_size",
    ]
    assert result["model"] == "tiny"
    assert keys(result["tokens"][0]) == ["text", "id"]
    candidate = ["text", "id", "rank", "logit", "probability", "sampling_probability", "kept"]
    assert keys(result["candidates"][0]) == candidate
    assert keys(result["watched"][0]) == ["word", "tokens", "probability", "rank"]
    assert keys(result["watched"][0]["tokens"][0]) == ["text", "id", "probability"]
    assert result["watched"][0]["rank"] is None
    assert result["candidates"][0]["probability"] == CALL.probability  # not rounded


@pytest.mark.parametrize("reason", [None, "end_of_sequence", "length", "stopped"])
def test_generation_has_the_promised_shape(reason):
    result = view.generation_json(replace(GENERATION, stop_reason=reason))
    assert keys(result) == ["text", "tokens", "stop_reason"]
    assert keys(result["tokens"][0]) == ["text", "id", "probability", "rank", "entropy_bits"]
    assert (result["text"], result["stop_reason"]) == (" call", reason)


def test_tokenization_and_surprise_have_the_promised_shape():
    assert view.tokenization_json(TOKENIZATION) == {
        "tokens": [{"text": "<bos>", "id": 2}, {"text": "I", "id": 9}],
        "characters": 1,
        "begin": 1,
    }
    assert view.surprise_json(SURPRISE) == {
        "tokens": [{"text": "I", "id": 9, "bits": 4.0}],
        "mean_bits": 4.0,
        "perplexity": 16.0,
    }


@pytest.mark.parametrize("name", ["tokens scene", "bars", "writing", "penalty"])
def test_every_figure_carries_its_provenance(name):
    assert PAYLOADS[name]["provenance"] == {
        "kind": "real",
        "model": "tiny",
        "title": "Tiny",
        "weights": "quantised (4 bits)",
        "device": "cpu",
        "dtype": "float32",
    }


def test_the_page_gets_what_the_api_returns():
    assert PAYLOADS["next token"].items() <= PAYLOADS["bars"].items()
    assert PAYLOADS["tokenization"].items() <= PAYLOADS["tokens scene"].items()
    assert PAYLOADS["surprise"].items() <= PAYLOADS["penalty"].items()


def test_written_text_stays_as_it_was_written():
    """It becomes text nodes in the browser: nothing is escaped on the way, so nothing is escaped twice."""
    assert PAYLOADS["next token"]["candidates"][1]["text"] == SCRIPT.text


def test_small_bars_keep_six_digits():
    writing = PAYLOADS["writing"]
    assert writing["tokens"][0]["bars"][0] == {
        "text": " call",
        "id": 11,
        "probability": 0.612346,
        "sampling_probability": 1.0,
    }
    assert [bar["text"] for bar in writing["upcoming"]] == [SCRIPT.text]
