"""The four endpoints, called over the network as other programs call them."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator

import pytest
from gradio_client.exceptions import AppError

from genai_demo.errors import InvalidParameter, TextTooLong, UnreadableText
from genai_demo.features.next_word import backend, view
from genai_demo.features.next_word.errors import EmptyText
from genai_demo.features.next_word.feature import FEATURE
from genai_demo.models.errors import MissingModelPackage
from genai_demo.models.loader import Loader
from genai_demo.models.sampling import SamplingSettings
from genai_demo.page.build import build_page, launch_options
from genai_demo.page.messages import sentence

# Gradio's queue asks pandas for something deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio.queueing")

SIGNATURES = {
    "/next_token": {
        "prompt": inspect.Parameter.empty,
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": 0,
        "count": 50,
        "watch": [],
    },
    "/generate": {
        "prompt": inspect.Parameter.empty,
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": 0,
        "seed": 0,
        "max_new_tokens": 60,
    },
    "/tokenize": {"text": inspect.Parameter.empty},
    "/surprise": {"text": inspect.Parameter.empty},
}


@pytest.fixture(scope="module")
def address(loader) -> Iterator[str]:
    """The page with the tiny model, on a free port."""
    page = build_page(loader, ((FEATURE, loader),), notices="")
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options((FEATURE,)))
    yield url
    page.close(verbose=False)


def as_json(value: object) -> object:
    """`value` after a journey: tuples arrive as lists."""
    return json.loads(json.dumps(value))


def filled(endpoint: str, **values: object) -> list:
    """All arguments of `endpoint`, by position."""
    required = dict.fromkeys(("prompt", "text"), "the cat")
    return [values.get(name, required.get(name, default)) for name, default in SIGNATURES[endpoint].items()]


# ── signatures ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_endpoints_are_these_four_with_these_names_orders_and_defaults(signatures):
    assert signatures == SIGNATURES
    assert {name: list(names) for name, names in signatures.items()} == {
        name: list(names) for name, names in SIGNATURES.items()
    }


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_next_token_by_position_and_with_its_prompt_only(client, tiny):
    settings = SamplingSettings(0.8, 0.9, 20)
    expected = as_json(view.next_token_json(backend.next_token(tiny, "the cat", settings, 7, ["cat", "phones"])))
    assert client.predict("the cat", 0.8, 0.9, 20, 7, ["cat", "phones"], api_name="/next_token") == expected
    expected = view.next_token_json(backend.next_token(tiny, "the cat"))
    assert client.predict("the cat", api_name="/next_token") == expected
    assert len(expected["candidates"]) == 50


def test_generate_streams_and_its_last_value_is_complete(client, tiny):
    job = client.submit("the cat", 0.8, 0.9, 20, 5, 6, api_name="/generate")
    last = job.result(timeout=60)
    steps = [
        view.generation_json(step)
        for step in backend.generate(tiny, "the cat", SamplingSettings(0.8, 0.9, 20), seed=5, max_new_tokens=6)
    ]
    assert last == steps[-1]
    assert last["stop_reason"] == "length"
    assert len(last["tokens"]) == 6
    assert job.outputs() == steps
    assert all(step["stop_reason"] is None for step in steps[:-1])


def test_generate_with_its_prompt_only(client, tiny):
    *_, expected = backend.generate(tiny, "the cat")
    assert client.predict("the cat", api_name="/generate") == view.generation_json(expected)
    assert len(expected.tokens) == 60


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the cat",
        "  two  spaces\n\n",
        "👩‍👩‍👧 ขอ é e\u0301",
        "<script>alert(1)</script>",
        "${x} `y` {{z}}",
        "\u202e\0▁",
    ],
)
def test_tokenize_gives_the_text_back(client, text):
    result = client.predict(text, api_name="/tokenize")
    assert list(result) == ["tokens", "characters", "begin"]
    assert "".join(token["text"] for token in result["tokens"][1:]) == text
    assert (result["characters"], result["begin"]) == (len(text), 1)


def test_surprise_answers_what_the_page_shows(client, tiny):
    assert client.predict("the cat sat", api_name="/surprise") == view.surprise_json(
        backend.surprise(tiny, "the cat sat")
    )


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────

TEXTS = [("/next_token", "prompt"), ("/generate", "prompt"), ("/tokenize", "text"), ("/surprise", "text")]


@pytest.mark.parametrize(("endpoint", "name"), TEXTS)
def test_half_a_character_is_answered_with_a_sentence(post, endpoint, name):
    assert post(endpoint, filled(endpoint, **{name: "a\ud800"})) == sentence(UnreadableText())


@pytest.mark.parametrize(("endpoint", "name"), TEXTS)
def test_thirty_thousand_characters_are_answered_with_the_limit(client, endpoint, name):
    with pytest.raises(AppError) as caught:
        client.predict(*filled(endpoint, **{name: "a" * 30_000}), api_name=endpoint)
    assert str(caught.value) == sentence(TextTooLong(length=30_000, limit=20_000, unit="characters"))
    assert "20,000" in str(caught.value)


def says(endpoint: str, name: str, value: object, allowed: str) -> tuple:
    return endpoint, {name: value}, InvalidParameter(name=name, value=value, allowed=allowed)


HOSTILE = [
    says("/next_token", "temperature", math.nan, "a number from 0 to 2"),
    says("/generate", "temperature", math.nan, "a number from 0 to 2"),
    says("/generate", "temperature", -1, "a number from 0 to 2"),
    says("/next_token", "temperature", "<script>alert(1)</script>", "a number from 0 to 2"),
    says("/next_token", "top_p", 0, "a number above 0, at most 1"),
    says("/generate", "top_p", 0, "a number above 0, at most 1"),
    says("/next_token", "top_p", math.inf, "a number above 0, at most 1"),
    says("/next_token", "top_k", -1, "a whole number from 0 to 2147483648"),
    says("/next_token", "count", 10**9, "a whole number from 1 to 1000"),
    says("/generate", "max_new_tokens", 10**9, "a whole number from 0 to 400"),
    says("/generate", "seed", 0.5, "a whole number from 0 to 9007199254740991"),
    says("/generate", "seed", None, "a whole number from 0 to 9007199254740991"),
    ("/surprise", {"text": ""}, EmptyText()),
    ("/next_token", {"prompt": "a" * 1_024}, TextTooLong(length=1_025, limit=1_024, unit="tokens")),
]


@pytest.mark.parametrize(("endpoint", "values", "error"), HOSTILE, ids=lambda value: str(value)[:40])
def test_hostile_values_are_answered_with_our_sentence(post, endpoint, values, error):
    said = post(endpoint, filled(endpoint, **values))
    assert said == sentence(error)
    assert "Traceback" not in said


@pytest.mark.parametrize("watch", [None, 5, [5]])
def test_words_to_watch_that_are_no_words_are_answered_with_a_sentence(post, watch):
    assert "watch" in (post("/next_token", filled("/next_token", watch=watch)) or "no sentence at all")


@pytest.mark.parametrize("value", [10**400, 3.5], ids=["huge", "half"])
def test_a_top_k_that_is_no_number_of_tokens_is_answered_with_a_sentence(post, value):
    assert "top_k" in (post("/next_token", filled("/next_token", top_k=value)) or "no sentence at all")


def test_after_all_that_the_page_still_answers(post, client):
    post("/next_token", filled("/next_token", temperature=math.nan))
    assert client.predict("the cat", api_name="/tokenize")["characters"] == 7


def test_a_model_that_cannot_be_loaded_is_answered_with_the_reason(client, monkeypatch):
    error = MissingModelPackage(package="weights==1.0")

    def fail(_loader: Loader, _wait: float = 0.0) -> None:
        raise error

    monkeypatch.setattr(Loader, "model", fail)
    for endpoint in SIGNATURES:
        with pytest.raises(AppError) as caught:
            client.predict(*filled(endpoint), api_name=endpoint)
        assert str(caught.value) == sentence(error)
