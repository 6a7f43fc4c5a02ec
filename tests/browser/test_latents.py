"""The Denoising tab on a pipeline of Stable Diffusion's class: previews are labelled, and decoded on demand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from test_denoising import PROMPT, TEXTS, caption, pixels, run, slide, sources
from visiting import Visit, serve, visit

from genai_demo.features.denoising import backend, view
from genai_demo.models.language import LanguageModel
from genai_demo.models.latent_generator import LatentGenerator
from genai_demo.models.loader import Loader
from tests.pipelines import stable_diffusion

WORDS = TEXTS["steps"]


@pytest.fixture(scope="module")
def pipeline() -> LatentGenerator:
    return LatentGenerator(stable_diffusion(tokens=77), name="tiny-sd", title="Tiny diffusion")


@pytest.fixture
def guest(browser: Browser, loader: Loader[LanguageModel], pipeline: LatentGenerator) -> Iterator[Visit]:
    url, stop = serve(loader, Loader.of(pipeline, "Tiny diffusion"))
    kept = visit(browser, url)
    yield kept
    kept.page.context.close()
    stop()
    assert kept.complaints == []


def test_previews_are_labelled_and_a_step_is_decoded_on_demand(guest: Visit, pipeline: LatentGenerator) -> None:
    page = guest.open("steps")
    run(guest)
    *_, before, last = backend.denoise(pipeline, PROMPT, 1, 10, 4.0, "ddim")
    decode = page.get_by_role("button", name=WORDS["decode"])
    finished = sources(guest, ".gx-three")[0]
    assert finished == view.finished_uri(backend.decoded(pipeline, last.x_next))
    assert caption(guest, 0) == WORDS["x_t_finished"]
    assert caption(guest, 1) == WORDS["x0_latent"]
    expect(decode).to_be_disabled()
    with guest.no_request():
        slide(guest, "Step", "ArrowLeft", times=2)
        assert [caption(guest, index) for index in range(3)] == [
            WORDS[f"{name}_latent"] for name in ("x_t", "x0", "noise")
        ]
        preview = sources(guest, ".gx-three")[1]
        expect(decode).to_be_enabled()
    with guest.answer():
        decode.click()
    shown = sources(guest, ".gx-three")
    for source, x in zip(shown, (before.x_t, before.x0), strict=False):
        assert abs(pixels(source) - view.picture_pixels(backend.decoded(pipeline, x))).max() <= 2
    assert [caption(guest, index) for index in range(3)] == [WORDS["x_t"], WORDS["x0"], WORDS["noise_latent"]]
    with guest.no_request():
        expect(decode).to_be_disabled()
        slide(guest, "Step", "ArrowLeft")
        expect(decode).to_be_enabled()
        slide(guest, "Step", "ArrowRight")
        assert sources(guest, ".gx-three") == shown
        assert shown[1] != preview


def test_the_guess_is_said_to_be_a_preview(guest: Visit) -> None:
    guest.open("guess")
    expect(guest.find(".gx-soft").filter(has_text=TEXTS["guess"]["latent_note"])).to_be_visible()


def test_the_projects_own_model_has_nothing_to_decode(visitor: Visit) -> None:
    page = visitor.open("steps")
    run(visitor)
    expect(page.get_by_role("button", name=WORDS["decode"])).to_be_hidden()
    assert caption(visitor, 1) == WORDS["x0_finished"]
