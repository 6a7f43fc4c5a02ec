"""The endpoints called over the network, and the browser's questions."""

from __future__ import annotations

import base64
import inspect
import io
import json
import math
import re
from collections.abc import Iterator

import gradio as gr
import pytest
import torch
from gradio_client.exceptions import AppError
from PIL import Image

from genai_demo.asks import Local, Openings
from genai_demo.errors import DamagedModelFolder, InvalidParameter, TextTooLong
from genai_demo.features.denoising import backend, feature, view
from genai_demo.features.denoising.counts import STEP_COUNTS
from genai_demo.features.denoising.errors import NotAPicture, PictureTooLarge
from genai_demo.features.denoising.feature import openings
from genai_demo.models.catalogue import DEFAULT_PICTURES, find_pictures
from genai_demo.models.loader import Loader
from genai_demo.models.picture_generator import picture_loader
from genai_demo.page.asking import publish
from genai_demo.page.scene import plain
from genai_demo.page.texts import load_texts
from tests.asking import Asking
from tests.features.denoising.test_upload import bomb, file, halves

requests = Asking(feature.FEATURE)

PROMPT = "a red cat on blue"
RUN = {"prompt": "a purple dragon", "steps": 3, "sampler": "euler", "guidance_scale": 2}
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


def drain(generator, request) -> list:
    return list(requests.draw(generator, request))


def uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


@pytest.fixture(scope="module")
def address(generator) -> Iterator[str]:
    with gr.Blocks(analytics_enabled=False) as page:
        publish(Local([(feature.FEATURE, Loader.of(generator, "Tiny"))]), feature.FEATURE)
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, show_error=False)
    yield url
    page.close(verbose=False)


def test_signatures_are_the_promised_ones(signatures):
    for endpoint, expected in SIGNATURES.items():
        assert signatures[endpoint] == expected


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
    x0 = feature.upload.read_picture(file(halves()))
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
)
def test_bad_input_is_answered_with_a_sentence(client, endpoint, values, error):
    with pytest.raises(AppError) as caught:
        client.predict(*values, api_name=endpoint)
    home = "genai_demo.features.denoising" if error in (NotAPicture, PictureTooLarge) else "genai_demo.page"
    template = str(load_texts(home)["errors"][error.key])
    parts = [part for part in re.split(r"\{\w+\}", template) if part.strip()]
    assert all(part in str(caught.value) for part in parts)
    assert "Traceback" not in str(caught.value)


def test_guidance_that_is_no_number_is_refused(post):
    assert "guidance_scale cannot be nan" in post("/denoise", [PROMPT, 0, 5, math.nan, "ddim", ""])


# ── the browser's questions ──────────────────────────────────────────────────────────────────────────────────


def test_drawing_step_by_step(generator):
    payloads = list(requests.draw(generator, RUN))
    assert [payload["step"]["index"] for payload in payloads] == [0, 1, 2]
    assert all(payload["unseen"] == ["dragon"] and payload["total"] == 3 for payload in payloads)
    assert [payload["picture"] is None for payload in payloads] == [True, True, False]
    assert all(payload["step"]["guidance"] for payload in payloads)


def test_a_run_that_goes_on_is_the_run_that_was_stopped(generator):
    whole = list(requests.draw(generator, RUN))
    *skipped, last = requests.draw(generator, {**RUN, "skip": 2})
    assert skipped == [{"total": 3, "skipped": index} for index in (0, 1)]
    assert last == whole[-1]


def test_a_run_is_saved_as_an_animation(generator):
    head, _, data = requests.save_gif(generator, RUN)["gif"].partition(",")
    assert head == "data:image/gif;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert (image.n_frames, image.size) == (4, (512, 256))


def test_an_empty_request_draws_what_the_model_likes(generator):
    first = next(requests.draw(generator, {"prompt": ""}))
    assert (first["total"], first["step"]["guidance"], first["unseen"]) == (25, None, [])


def test_words_that_only_a_larger_training_has_seen_are_unseen(generator, monkeypatch):
    prompt = {"prompt": "an elephant", "steps": 1}
    assert next(requests.draw(generator, prompt))["unseen"] == []
    monkeypatch.setattr(generator, "objects", 40)
    assert next(requests.draw(generator, prompt))["unseen"] == ["elephant"]


def test_destroying_and_guessing(generator):
    forward = requests.forward_process(generator, {})
    assert len(forward["alpha_bars"]) == 1_000
    picture = forward["pictures"][1]
    guess = requests.guess_noise(generator, {"image": picture["image"], "prompt": picture["prompt"], "timestep": 300})
    assert guess["x0"] == picture["image"]  # not a number of it is lost on the way to the browser and back
    assert guess["timestep"] == 300
    assert guess["picture_error"] == pytest.approx(guess["factor"] * guess["noise_error"], rel=1e-3)


def test_an_upload_may_be_guessed_at_too(generator):
    assert requests.guess_noise(generator, {"image": uri(file(halves())), "prompt": "", "timestep": 500})[
        "x0"
    ].startswith(view.PNG)


def test_steering(generator):
    scales = requests.steer_by_guidance(generator, {"prompt": "a cat", "steps": 2})
    assert [one["guidance_scale"] for one in scales["pictures"]] == [0, 1, 3, 7, 15]
    assert scales["difference_scale"] == 3
    assert scales["difference"].startswith(view.PNG)
    prompts = requests.steer_by_prompt(generator, {"prompts": ["a cat", "a red dragon"], "steps": 2})
    assert [one["prompt"] for one in prompts["pictures"]] == ["a cat", "a red dragon"]
    assert prompts["unseen"] == ["dragon"]


def test_words_are_read_somewhere(generator):
    found = requests.read_words(generator, {"prompt": "a red apple", "seed": 1})
    assert [word["text"] for word in found["words"]] == ["[CLS]", "a", "red", "apple", "[SEP]"]
    assert sum(word["share"] for word in found["words"]) == pytest.approx(1, abs=1e-3)
    assert sum(word["attention"][0][0] for word in found["words"]) == pytest.approx(1_000, abs=3)
    *_, last = backend.denoise(generator, "a red apple", 1)
    assert found["image"] == view.finished_uri(last.x_next)


def test_a_model_that_does_not_show_where_it_reads_says_so(latent):
    assert requests.read_words(latent, {"prompt": "a cat"})["words"] == []


def test_the_share_of_a_word_is_the_mean_over_steps_and_places(generator):
    reading = backend.read_words(generator, "red apple", 3, steps=2)
    told = generator.encode("red apple")
    expected = [
        generator.attention(torch.from_numpy(step.x_t.transpose(2, 0, 1).copy())[None], step.timestep, [told])[0]
        for step in backend.denoise(generator, "red apple", 3, 2)
    ]
    found = torch.stack([torch.from_numpy(word.attention) for word in reading.words])
    torch.testing.assert_close(found, sum(expected) / 2)
    assert reading.words[1].share == pytest.approx(float((sum(expected) / 2)[1].mean()), abs=1e-6)


def test_nothing_is_guided_where_the_prompt_is_empty(generator):
    scales = requests.steer_by_guidance(generator, {"prompt": "", "steps": 2})
    assert (scales["difference"], scales["amplified"], scales["difference_scale"]) == (None, None, None)
    assert len({one["image"] for one in scales["pictures"]}) == 1


def test_counting_steps(generator):
    payloads = list(requests.count_steps(generator, {"prompt": "a dragon", "samplers": ["dpm++"]}))
    assert [payload["steps"] for payload in payloads] == list(STEP_COUNTS)
    assert all(payload["total"] == 7 for payload in payloads)
    assert all(payload["unseen"] == ["dragon"] and payload["sampler"] == "dpm++" for payload in payloads)


@pytest.fixture(scope="module")
def opened(generator) -> Openings:
    return openings(generator)


def test_the_openings_fit_their_files(opened):
    assert list(opened) == list(feature.FEATURE.scenes)
    assert all(len(json.dumps(plain(asked))) <= 59_500 for asked in opened.values())


def test_the_openings_of_single_answers_are_what_their_questions_are_answered(generator, opened):
    coarse = {key: one for asked in opened.values() for key, one in asked.items() if key not in RUNS}
    assert set(coarse) == {"process", "samples", "guess", "scales", "prompts", "reading", "cannot"}
    for key, one in coarse.items():
        live = feature.FEATURE.ask(one.ask).whole(generator, **one.values)
        assert without_pictures(one.answer) == without_pictures(live), key


def test_the_openings_of_runs_hold_what_the_parts_of_the_answer_say(generator, opened):
    drawing, counts = opened["steps"]["drawing"], opened["counts"]["counts"]
    live = list(requests.draw(generator, drawing.values))
    assert [step["index"] for step in drawing.answer["steps"]] == view.kept_indices(25, feature.RECORDED_STEPS)
    assert drawing.answer["steps"][-1]["index"] == drawing.answer["total"] - 1
    for step in drawing.answer["steps"]:
        assert without_pictures(step) == without_pictures(live[step["index"]]["step"])
    assert without_pictures(drawing.answer["picture"]) == without_pictures(live[-1]["picture"]) == "a picture"
    assert set(drawing.answer) == {*live[-1], "steps"} - {"step"}
    counted = list(requests.count_steps(generator, counts.values))
    assert set(counted[0]) == {*counts.answer, "sampler", "steps", "seconds", "image"} - {"pictures"}
    drawn = [(one["sampler"], one["steps"]) for one in counts.answer["pictures"]]
    assert drawn == [(one["sampler"], one["steps"]) for one in counted]


def test_the_first_question_of_the_guess_is_about_the_first_picture_that_is_offered(opened):
    asked = opened["guess"]
    assert asked["guess"].values["image"] == asked["samples"].answer["pictures"][0]["image"]


RUNS = ("drawing", "counts")


def without_pictures(value):
    """A payload without its pictures, of which a recording has fewer colours, or none."""
    if isinstance(value, dict):
        left_out = {"image", "difference", "guidance", "amplified"}
        return {name: without_pictures(part) for name, part in value.items() if name not in left_out}
    if isinstance(value, list):
        return [without_pictures(part) for part in value]
    return "a picture" if isinstance(value, str) and value.startswith("data:") else value


@pytest.mark.parametrize(
    ("question", "request_"),
    [
        (drain, {"skip": -1}),
        (drain, {"skip": "x"}),
        (drain, {"steps": "25"}),
        (drain, {"negative_prompt": 5}),
        (requests.save_gif, {"steps": 10**9}),
        (requests.steer_by_guidance, {"scales": 3}),
        (requests.steer_by_guidance, {"steps": None}),
        (requests.steer_by_guidance, {"scales": ["a"]}),
        (requests.steer_by_guidance, {"scales": [1] * 1_000}),
        (requests.steer_by_prompt, {"prompts": []}),
        (requests.steer_by_prompt, {"prompts": "a cat"}),
        (requests.guess_noise, {"image": 5}),
        (requests.guess_noise, {"image": uri(file(halves())), "timestep": "x"}),
    ],
)
def test_odd_questions_are_refused(generator, question, request_):
    with pytest.raises(InvalidParameter):
        question(generator, request_)


def test_a_picture_is_refused_by_its_length_before_it_is_decoded():
    with pytest.raises(PictureTooLarge):
        feature.decoded("A" * 30_000_000)


def test_weights_that_are_not_there_are_named(tmp_path):
    with pytest.raises(DamagedModelFolder):
        picture_loader(find_pictures(DEFAULT_PICTURES), "cpu", folder=tmp_path).model(60)
