"""The endpoints called over the network, and the browser's questions."""

from __future__ import annotations

import base64
import inspect
import json
import math
import re
from collections.abc import Callable, Iterator

import gradio as gr
import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from genai_demo.diffusion import backend, requests, view
from genai_demo.diffusion.api import publish
from genai_demo.errors import DamagedModelFolder, InvalidParameter, NotAPicture, PictureTooLarge, TextTooLong
from genai_demo.models.picture_generator import PictureLoader
from genai_demo.ui.texts import load_texts
from tests.diffusion.test_upload import bomb, file, halves

PROMPT = "a red cat on blue"
SIGNATURES = {
    "/denoise": {
        "prompt": inspect.Parameter.empty,
        "seed": 0,
        "steps": 25,
        "guidance_scale": 4.0,
        "sampler": "ddim",
        "negative_prompt": "",
    },
    "/add_noise": {"image": inspect.Parameter.empty, "timestep": inspect.Parameter.empty, "seed": 0},
}


def uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


@pytest.fixture(scope="module")
def address(generator) -> Iterator[str]:
    with gr.Blocks(analytics_enabled=False) as page:
        publish(PictureLoader.of(generator))
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, show_error=False)
    yield url
    page.close(verbose=False)


@pytest.fixture(scope="module")
def client(address) -> Client:
    return Client(address, verbose=False)


@pytest.fixture
def post(address) -> Callable[[str, list], str]:
    """Sends what no well-behaved client can send (NaN); returns the error's text."""

    def send(endpoint: str, values: list) -> str:
        place = f"{address}gradio_api/call{endpoint}"
        began = httpx.post(place, content=json.dumps({"data": values}), headers={"Content-Type": "application/json"})
        stream = httpx.get(f"{place}/{began.json()['event_id']}", timeout=60).text
        event, data = stream.strip().split("\n")[-2:]
        assert event == "event: error"
        return json.loads(data.removeprefix("data: "))["error"]

    return send


def test_signatures_are_the_promised_ones(client):
    described = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    for endpoint, expected in SIGNATURES.items():
        parameters = {
            one["parameter_name"]: one["parameter_default"] if one["parameter_has_default"] else inspect.Parameter.empty
            for one in described[endpoint]["parameters"]
        }
        assert parameters == expected


def test_denoise_streams_each_step_and_ends_with_the_whole_run(client, generator):
    values = list(client.submit(PROMPT, 3, 4, 2.0, "dpm++", "a cat", api_name="/denoise"))
    *streamed, last = values
    assert [value["step"]["index"] for value in streamed] == [0, 1, 2, 3]
    steps = list(backend.denoise(generator, PROMPT, 3, 4, 2.0, "dpm++", "a cat"))
    assert last == view.run_json(PROMPT, 3, "dpm++", steps)
    assert client.predict(PROMPT, 3, 4, 2.0, "dpm++", "a cat", api_name="/denoise") == last


def test_a_long_run_comes_in_fifty_steps(client):
    *_, last = client.submit(PROMPT, steps=120, guidance_scale=1, sampler="ddpm", api_name="/denoise")
    assert len(json.dumps(last)) <= 600_000
    assert len(last["steps"]) == 50
    assert (last["steps"][0]["index"], last["steps"][-1]["index"]) == (0, 119)


def test_add_noise_takes_a_picture(client, generator):
    answer = client.predict(uri(file(halves())), 500, 7, api_name="/add_noise")
    x0 = requests.upload.read_picture(file(halves()))
    assert answer == view.added_noise_json(backend.add_noise(generator.alpha_bars, x0, 500, 7))


@pytest.mark.parametrize(
    ("endpoint", "values", "error"),
    [
        ("/denoise", ["x" * 5_000], TextTooLong),
        ("/denoise", [PROMPT, 0, 0], InvalidParameter),
        ("/denoise", [PROMPT, 0, 10**9], InvalidParameter),
        ("/denoise", [PROMPT, 0, 5, 99.0], InvalidParameter),
        ("/denoise", [PROMPT, 0, 5, 4.0, "magic"], InvalidParameter),
        ("/add_noise", ["hello", 5], NotAPicture),
        ("/add_noise", ["data:image/png;base64,!!!", 5], NotAPicture),
        ("/add_noise", [uri(bomb(60_000, 60_000)), 5], PictureTooLarge),
        ("/add_noise", [uri(file(halves())), 1_000], InvalidParameter),
    ],
    ids=str,
)
def test_bad_input_is_answered_with_a_sentence(client, endpoint, values, error):
    with pytest.raises(AppError) as caught:
        client.predict(*values, api_name=endpoint)
    template = str(load_texts("genai_demo.ui")["errors"][error.key])
    parts = [part for part in re.split(r"\{\w+\}", template) if part.strip()]
    assert all(part in str(caught.value) for part in parts)
    assert "Traceback" not in str(caught.value)


def test_guidance_that_is_no_number_is_refused(post):
    assert "guidance_scale cannot be nan" in post("/denoise", [PROMPT, 0, 5, math.nan, "ddim", ""])


# ── the browser's questions ──────────────────────────────────────────────────────────────────────────────────


def test_drawing_step_by_step(generator):
    request = {"run": 7, "prompt": "a purple dragon", "steps": 3, "sampler": "euler", "guidance_scale": 2}
    payloads = list(requests.draw(generator, request))
    assert [payload["index"] for payload in payloads] == [0, 1, 2]
    assert {payload["run"] for payload in payloads} == {7}
    assert payloads[0]["unseen"] == ["dragon"]
    assert [payload["picture"] is None for payload in payloads] == [True, True, False]
    assert all(payload["guidance"] for payload in payloads)


def test_an_empty_request_draws_what_the_model_likes(generator):
    first = next(requests.draw(generator, {}))
    assert (first["total"], first["guidance"]) == (25, None)


def test_uploading_and_guessing(generator):
    image = uri(file(halves()))
    shrunk = requests.shrink_upload(generator, {"image": image})
    assert len(shrunk["alpha_bars"]) == 1_000
    guess = requests.guess_noise(generator, {"image": shrunk["x0"], "prompt": "a cat", "timestep": 300})
    assert guess["x0"] == shrunk["x0"]
    assert guess["timestep"] == 300


def test_steering(generator):
    scales = requests.steer_guidance(generator, {"prompt": "a cat", "steps": 2})
    assert [lane["guidance_scale"] for lane in scales["lanes"]] == [0, 1, 3, 7, 15]
    prompts = requests.steer_prompts(generator, {"prompts": ["a cat", "a red cat"], "steps": 2})
    assert [lane["prompt"] for lane in prompts["lanes"]] == ["a cat", "a red cat"]


def test_counting_steps(generator):
    payloads = list(requests.count_steps(generator, {"run": 1, "prompt": "a cat", "samplers": ["dpm++"]}))
    assert [payload["steps"] for payload in payloads] == list(backend.STEP_COUNTS)


@pytest.mark.parametrize(
    ("question", "request_"),
    [
        (requests.steer_guidance, {"scales": 3}),
        (requests.steer_guidance, {"scales": ["a"]}),
        (requests.steer_guidance, {"scales": [1] * 1_000}),
        (requests.steer_prompts, {"prompts": []}),
        (requests.steer_prompts, {"prompts": "a cat"}),
        (requests.guess_noise, {"image": 5}),
        (requests.guess_noise, {"image": uri(file(halves())), "timestep": "x"}),
    ],
    ids=str,
)
def test_odd_questions_are_refused(generator, question, request_):
    with pytest.raises(InvalidParameter):
        question(generator, request_)


def test_a_picture_is_refused_by_its_length_before_it_is_decoded():
    with pytest.raises(PictureTooLarge):
        requests.decoded("A" * 30_000_000)


def test_weights_that_are_not_there_are_named(tmp_path):
    with pytest.raises(DamagedModelFolder):
        PictureLoader("cpu", tmp_path).model()
