"""What the browser asks of the tab, and the endpoints called over the network."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator

import gradio as gr
import pytest
from gradio_client.exceptions import AppError

from genai_demo.asks import Local
from genai_demo.errors import InvalidParameter, TextTooLong
from genai_demo.features.rlhf import backend, feature, rater, view
from genai_demo.features.rlhf.feature import openings
from genai_demo.models.loader import Loader
from genai_demo.page.asking import publish
from genai_demo.page.messages import sentence
from genai_demo.page.scene import plain, recorded
from tests.asking import Asking

requests = Asking(feature.FEATURE)

# Gradio's queue asks pandas for something deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio.queueing")

PROMPT = "the cat sat"
RUN = {"prompt": PROMPT, "max_new_tokens": 5, "seed": 2}
SIGNATURES = {
    "/compare": {
        "prompt": inspect.Parameter.empty,
        "left": "base",
        "right": "rlhf",
        "temperature": 0.7,
        "top_p": 0.95,
        "seed": 0,
        "max_new_tokens": 120,
        "same_prompt": False,
    },
    "/score": {"prompt": inspect.Parameter.empty, "answer": inspect.Parameter.empty},
    "/stages": {},
}


@pytest.fixture(scope="module")
def address(tuned) -> Iterator[str]:
    with gr.Blocks(analytics_enabled=False) as page:
        publish(Local([(feature.FEATURE, Loader.of(tuned, "Tiny"))]), feature.FEATURE)
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, show_error=False)
    yield url
    page.close(verbose=False)


def drained(answer, model, request) -> list:
    return list(answer(model, request))


# ── the endpoints ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_endpoints_are_these_with_these_names_orders_and_defaults(client):
    published = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    found = {
        endpoint: {
            one["parameter_name"]: one["parameter_default"] if one["parameter_has_default"] else inspect.Parameter.empty
            for one in described["parameters"]
        }
        for endpoint, described in published.items()
    }
    assert found == SIGNATURES
    assert {name: list(names) for name, names in found.items()} == {
        name: list(names) for name, names in SIGNATURES.items()
    }


def test_compare_streams_and_its_last_value_is_complete(client, tuned):
    job = client.submit(PROMPT, "sft", "rlhf", 0.9, 0.9, 3, 6, True, api_name="/compare")
    last = job.result(timeout=60)
    settings = feature.SamplingSettings(0.9, 0.9)
    steps = [view.comparison_json(one) for one in backend.compare(tuned, PROMPT, "sft", "rlhf", settings, 3, 6, True)]
    assert last == json.loads(json.dumps(steps[-1]))
    assert len(job.outputs()) == len(steps)
    assert set(last) == {"left", "right", "kl_nats", "kl_nats_total"}
    for side in ("left", "right"):
        assert set(last[side]) == {"stage", "prompt_text", "text", "tokens", "reward", "stop_reason"}
        assert last[side]["text"] == "".join(token["text"] for token in last[side]["tokens"])
        for token in last[side]["tokens"]:
            assert set(token) == {"text", "id", "probability", "other_rank", "other_probability"}
            assert 0 < token["probability"] <= 1
    assert steps[0]["kl_nats"] is None


def test_score_and_stages_answer(client, tuned):
    found = client.predict(PROMPT, "on a table", api_name="/score")
    assert found == {"reward": pytest.approx(backend.reward(tuned, PROMPT, "on a table"), abs=1e-5)}
    assert client.predict(api_name="/stages") == {"stages": ["base", "sft", "rlhf"]}


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (["a", "raw"], InvalidParameter(name="left", value="raw", allowed="one of base, sft, rlhf")),
        (
            ["a", "base", "sft", 9],
            InvalidParameter(name="temperature", value=9, allowed="a number from 0 to 2"),
        ),
        (["a" * 30_000], TextTooLong(length=30_000, limit=20_000, unit="characters")),
    ],
    ids=["stage", "temperature", "length"],
)
def test_a_bad_call_is_answered_with_a_sentence(client, values, error):
    with pytest.raises(AppError) as caught:
        client.predict(*values, api_name="/compare")
    assert str(caught.value) == sentence(error)


# ── the browser's questions ──────────────────────────────────────────────────────────────────────────────────


def test_every_scene_opens_on_answers_of_what_it_may_ask(tuned):
    opened = openings(tuned)
    assert set(opened) == set(feature.FEATURE.scenes)
    for scene, openings_ in opened.items():
        assert {one.ask for one in openings_.values()} <= set(feature.FEATURE.scenes[scene])
        origins = [one.answer["provenance"]["kind"] for one in openings_.values() if "provenance" in one.answer]
        assert origins == ["real"]  # what is recorded of the training, and the stages' names, have no other
        assert len(json.dumps(plain(openings_))) < 60_000


def test_the_recorded_story_is_what_training_has_left(tuned):
    kept = recorded("rlhf", "recipe")["story"]
    assert kept["answer"] == json.loads(json.dumps(requests.tell_story(tuned, kept["values"])))


def test_compare_says_what_each_side_reads(tuned):
    *_, last = drained(requests.write_both, tuned, RUN)
    assert "".join(piece["text"] for piece in last["read"]["right"]) == last["right"]["prompt_text"]
    controls = [piece["text"] for piece in last["read"]["right"] if piece["control"]]
    assert controls == ["<bos>", "<start_of_turn>", "<end_of_turn>", "<start_of_turn>"]
    assert [piece["control"] for piece in last["read"]["left"]] == [True, False]
    assert 0 <= last["chance"] <= 1


def test_a_ranking_is_told_with_rewards_of_now(tuned):
    first, second = (requests.tell_ranking(tuned, {"number": number}) for number in (0, 1))
    assert first["prompt"] != second["prompt"]
    assert first["count"] > 150
    assert [answer["place"] for answer in first["answers"]] == sorted(answer["place"] for answer in first["answers"])
    assert all(answer["reward"] is not None for answer in first["answers"])


def test_marks_come_with_the_last_part(tuned):
    *growing, last = drained(requests.mark, tuned, RUN)
    assert all(part["scored"] is None for part in growing)
    assert "".join(token["text"] for token in last["scored"]["tokens"]) == last["text"]
    assert {"kl_nats", "kl_nats_total", "shifted_share", "tokens"} == set(last["scored"])
    assert len(last["scored"]["tokens"][0]["other_candidates"]) == backend.CANDIDATES


def test_a_taste_is_learned_from_what_was_sampled(tuned):
    *_, last = drained(requests.sample, tuned, {"prompt": PROMPT, "seed": 2})
    texts = [one["text"] for one in last["answers"]]
    features = [one["features"] for one in last["answers"]]
    asked = {"texts": texts, "features": features, "rankings": [[2, 0, 3, 1]]}
    learned = requests.learn_taste(tuned, asked)
    assert learned["pairs"] == 6
    assert learned["agreement"] == 1
    assert sorted(range(4), key=lambda place: -learned["scores"][place]) == [2, 0, 3, 1]


def test_features_survive_the_journey_to_the_browser_and_back(tuned):
    *_, last = rater.sample(tuned, PROMPT, "sft", max_new_tokens=3)
    for one in last.rated:
        assert view.unpacked(view.packed(one)) == pytest.approx(one.features, abs=1e-3)


GOOD = {"texts": ["a", "b"], "features": ["ADw=", "ALw="], "rankings": [[0, 1]]}


def test_a_minimal_taste_is_learned(tuned):
    assert requests.learn_taste(tuned, GOOD)["agreement"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"texts": "ab"},
        {"texts": ["a"]},
        {"texts": ["a" * 200_001, "b"]},
        {"texts": ["a"] * 300, "features": ["ADw="] * 300},
        {"features": [5, 6]},
        {"features": ["ADw=", "no base64!"]},
        {"features": ["ADw=", "AA=="]},
        {"features": ["ADw=", "ADwAPA=="]},
        {"features": ["ADw=", "AH4="]},  # not a number
        {"rankings": []},
        {"rankings": [[0]]},
        {"rankings": [[0, 0]]},
        {"rankings": [[0, 2]]},
        {"rankings": [[0, "1"]]},
        {"rankings": [0, 1]},
        {"rankings": None},
        {"features": [""] * len(GOOD["texts"])},
        {"rankings": [[0, 1]] * (feature.MOST_TEXTS + 1)},
        {"texts": [], "features": [], "rankings": [[]]},
    ],
)
def test_a_taste_of_anything_else_is_refused(tuned, wrong):
    with pytest.raises(InvalidParameter):
        requests.learn_taste(tuned, GOOD | wrong)


@pytest.mark.parametrize("answer", [requests.write_both, requests.mark, requests.sample])
@pytest.mark.parametrize("wrong", [{"prompt": 5}, {"seed": "x"}, {"seed": -1}])
def test_a_request_that_means_nothing_is_refused(tuned, answer, wrong):
    with pytest.raises(InvalidParameter):
        drained(answer, tuned, RUN | wrong)


@pytest.mark.parametrize("wrong", [{"left": "reward"}, {"right": 7}, {"temperature": "hot"}, {"top_p": 0}])
def test_a_comparison_of_nothing_is_refused(tuned, wrong):
    with pytest.raises(InvalidParameter):
        drained(requests.write_both, tuned, RUN | wrong)
