"""The three endpoints, called over the network as other programs call them."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator

import pytest
from gradio_client.exceptions import AppError

from genai_demo.errors import DemoError
from genai_demo.features.word_vectors import backend, view
from genai_demo.features.word_vectors.errors import EmptyFormula, OnlyMinusTerms, TooFewWords
from genai_demo.features.word_vectors.feature import FEATURE
from genai_demo.models.loader import Loader
from genai_demo.models.word_vectors.errors import NotAWord, UnknownWord
from genai_demo.page.build import build_page, launch_options
from genai_demo.page.messages import sentence
from genai_demo.page.texts import load_texts

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio.queueing")

NIECE = "niece − female + male"
SIGNATURES = {
    "/word_neighbours": {"word": inspect.Parameter.empty, "count": 10},
    "/word_arithmetic": {"formula": inspect.Parameter.empty, "count": 10},
    "/word_map": {"words": inspect.Parameter.empty, "dimensions": 2},
}


@pytest.fixture(scope="module")
def address(loader, vectors) -> Iterator[str]:
    """The page with the tiny table, on a free port."""
    page = build_page(loader, ((FEATURE, Loader.of(vectors, "Tiny table")),), notices="")
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options((FEATURE,)))
    yield url
    page.close(verbose=False)


def test_the_endpoints_are_these_three_with_these_names_orders_and_defaults(signatures):
    assert {name: list(given.items()) for name, given in signatures.items()} == {
        name: list(given.items()) for name, given in SIGNATURES.items()
    }


def test_the_endpoints_answer_what_the_backend_computes(client, vectors):
    assert client.predict("Niece", api_name="/word_neighbours") == view.neighbours_json(
        backend.neighbours(vectors, "niece")
    )
    reference = load_texts("genai_demo.features.word_vectors")["common"]["themes"][0]["words"]
    assert client.predict(NIECE, 5, api_name="/word_arithmetic") == view.arithmetic_json(
        backend.arithmetic(vectors, NIECE, reference, 5), 5
    )
    words = ["cat", "dog", "horse", "姪"]
    for dimensions in (2, 3):
        expected = view.map_json(backend.word_map(vectors, words, dimensions))
        assert client.predict(words, dimensions, api_name="/word_map") == expected


def test_best_is_the_nearest_word_that_is_no_input_whatever_its_case(client):
    answer = client.predict("NIECE - Female + MALE", api_name="/word_arithmetic")
    assert answer["best"] == "nephew"
    assert {one["word"] for one in answer["neighbours"] if one["is_input"]} <= {"niece", "female", "male"}
    assert len(answer["neighbours"]) == 10
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize(
    ("endpoint", "value", "error"),
    [
        ("/word_neighbours", "🙂", NotAWord(word="🙂")),
        ("/word_neighbours", "<script>", UnknownWord(word="<script>", spellings=[], pieces=["<sc", "rip", "t>"])),
        ("/word_arithmetic", "", EmptyFormula()),
        ("/word_arithmetic", "−cat", OnlyMinusTerms()),
        ("/word_map", ["cat", "dog"], TooFewWords(count=2, dimensions=2, needed=3)),
    ],
)
def test_bad_input_is_answered_with_its_sentence(client, endpoint, value, error):
    with pytest.raises(AppError) as caught:
        client.predict(value, api_name=endpoint)
    assert str(caught.value) == sentence(error)


UNKNOWN = sentence(DemoError())


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("/word_neighbours", [5]),
        ("/word_neighbours", [None]),
        ("/word_neighbours", ["cat\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace")]),
        ("/word_neighbours", ["cat", 0]),
        ("/word_neighbours", ["cat", "many"]),
        ("/word_neighbours", ["a" * 10_000]),
        ("/word_arithmetic", [["cat"]]),
        ("/word_arithmetic", ["cat", math.inf]),
        ("/word_map", ["cat"]),
        ("/word_map", [[1, 2, 3]]),
        ("/word_map", [None]),
        ("/word_map", [["cat"] * 10_000]),
        ("/word_map", [["cat", "dog", "cow"], 7]),
    ],
)
def test_what_no_form_would_send_is_answered_with_a_sentence_of_its_own(client, endpoint, values):
    with pytest.raises((AppError, ValueError)) as caught:
        client.predict(*values, api_name=endpoint)
    assert str(caught.value) != UNKNOWN
    assert "Traceback" not in str(caught.value)
    assert len(str(caught.value)) < 500
