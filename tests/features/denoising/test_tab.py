"""The tab on a page, before any model is there."""

from __future__ import annotations

import gradio as gr
import pytest

from genai_demo.features.denoising import feature
from genai_demo.models.catalogue import DEFAULT_MODEL, DEFAULT_PICTURES, find_model, find_pictures
from genai_demo.models.loading import language_loader
from genai_demo.models.picture_generator import picture_loader
from genai_demo.page.build import build_page
from tests.asking import Asking

FEATURE = feature.FEATURE
requests = Asking(FEATURE)


@pytest.fixture
def page(tmp_path) -> gr.Blocks:
    """The tab alone, whose model cannot be loaded: nothing here needs it."""
    loader = language_loader(find_model(DEFAULT_MODEL))
    pictures = picture_loader(find_pictures(DEFAULT_PICTURES), "cpu", folder=tmp_path)
    return build_page(loader, ((FEATURE, pictures),), notices="")


def test_there_are_five_scenes_on_recorded_examples(page):
    scenes = [block for block in page.blocks.values() if str(block.elem_id).startswith(f"scene-{FEATURE.address}-")]
    assert [scene.elem_id.removeprefix(f"scene-{FEATURE.address}-") for scene in scenes] == list(FEATURE.scenes)
    assert list(FEATURE.scenes) == ["destroy", "guess", "steps", "steer", "counts"]
    assert all(scene.value for scene in scenes)


def test_runs_are_streamed_to_the_scenes_that_trigger_them(page):
    events = {dependency.fn.__name__ for dependency in page.fns.values()}
    assert {"draw", "count_steps"} <= events
    assert {"denoise", "add_noise"} <= events


def test_a_halted_run_asks_the_network_for_no_further_step(generator, monkeypatch):
    asked = []
    predict = generator.predict
    monkeypatch.setattr(generator, "predict", lambda *args: asked.append(1) or predict(*args))
    run = requests.draw(generator, {"prompt": "a cat", "steps": 20})
    next(run)
    next(run)
    run.close()
    assert len(asked) == 2
