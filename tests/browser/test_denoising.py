"""The five scenes of the denoising tab, used as a visitor would, and held against the backend on a tiny model."""

from __future__ import annotations

import base64
import io
import math
import re
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from test_next_word import HOSTILE
from visiting import Visit

from genai_demo.features.denoising import backend, view
from genai_demo.features.denoising.steps import Step
from genai_demo.models.picture_generator import PictureGenerator
from genai_demo.page.texts import load_texts

TEXTS = load_texts("genai_demo.features.denoising")
PROMPT = "a red apple on a blue background"


def slide(visitor: Visit, label: str, key: str, times: int = 1) -> None:
    control = visitor.find("input[type=range]").and_(visitor.page.get_by_label(label))
    for _ in range(times):
        control.press(key)


def sources(visitor: Visit, selector: str) -> list[str]:
    return [image.get_attribute("src") or "" for image in visitor.find(f"{selector} img").all()]


def pixels(source: str) -> np.ndarray:
    picture = Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))
    return np.asarray(picture.convert("RGB"), int)


def caption(visitor: Visit, index: int) -> str:
    return visitor.find(".gx-frame figcaption").nth(index).inner_text()


# ── destroy ──────────────────────────────────────────────────────────────────────────────────────────────────


def painted(visitor: Visit, index: int) -> np.ndarray:
    """The pixels of one of the three pictures: what is multiplied, what is added, and the sum."""
    read = """(canvas) => {
      const { width, height } = canvas;
      return [...canvas.getContext("2d").getImageData(0, 0, width, height).data];
    }"""
    found = np.array(visitor.find("canvas").nth(index).evaluate(read), float)
    side = math.isqrt(len(found) // 4)
    return found.reshape(side, side, 4)[..., :3]


def signal(visitor: Visit) -> np.ndarray:
    """The first picture as numbers from −1 to 1."""
    return painted(visitor, 0) / 127.5 - 1


def noise(visitor: Visit) -> np.ndarray:
    """The second as noise, which is shown as 0.5 + ε/6 and cut at three standard deviations."""
    return 6 * (painted(visitor, 1) / 255 - 0.5)


def test_the_noisy_picture_is_the_weighted_sum_at_every_step(visitor: Visit, generator: PictureGenerator) -> None:
    visitor.open("destroy")
    bars = generator.alpha_bars.numpy()
    with visitor.no_request():
        slide(visitor, "Step t", "Home")
        clean = signal(visitor)
        assert (painted(visitor, 2) == painted(visitor, 0)).all()
        assert abs(noise(visitor)).max() < 0.013
        slide(visitor, "Step t", "End")
        drawn = noise(visitor) / math.sqrt(1 - bars[999])
        seen = abs(drawn) < 2.9
        assert seen.mean() == pytest.approx(math.erf(2.9 / math.sqrt(2)), abs=0.003)
        assert drawn.mean() == pytest.approx(0, abs=0.05)
        assert drawn.std() == pytest.approx(1, abs=0.05)
        slide(visitor, "Step t", "ArrowLeft", times=60)
        alpha, sigma = math.sqrt(bars[399]), math.sqrt(1 - bars[399])
        shown = np.clip((alpha * clean + sigma * drawn + 1) / 2, 0, 1) * 255
        assert abs(painted(visitor, 2) - shown)[seen].max() <= 2.5  # the noise is known to a 43rd
        assert signal(visitor) == pytest.approx(alpha * clean, abs=0.009)
        assert caption(visitor, 0) == f"{alpha:.2f} × the picture"
        assert caption(visitor, 1) == f"{sigma:.2f} × noise"
        decibels = 10 * math.log10(bars[399] / (1 - bars[399]))
        assert f"{decibels:.1f} dB".replace("-", "−") in visitor.find("[role=status]").first.inner_text()


def test_other_noise_is_other_noise_and_the_same_seed_the_same(visitor: Visit) -> None:
    page = visitor.open("destroy")
    with visitor.no_request():
        first = painted(visitor, 1)
        page.get_by_role("button", name="Other noise").click()
        second = painted(visitor, 1)
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05
    page.wait_for_url("**seed=2**")
    page.goto(page.url)
    visitor.wait_for_live()
    assert (painted(visitor, 1) == second).all()


def test_a_picture_of_ones_own_stays_in_the_browser(visitor: Visit, tmp_path: Path) -> None:
    page = visitor.open("destroy")
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, 20:60] = (255, 0, 51)  # the square in the middle is one colour
    Image.fromarray(wide).save(tmp_path / "mine.png")
    with visitor.no_request():
        slide(visitor, "Step t", "Home")
        visitor.find("input[type=file]").set_input_files(tmp_path / "mine.png")
        page.wait_for_timeout(400)
        middle = signal(visitor)[:, 2:-2]  # the rims are mixed with what is beside them
        assert middle == pytest.approx(np.broadcast_to([1, -1, -0.6], middle.shape), abs=0.01)
        (tmp_path / "no.png").write_bytes(b"this is no picture")
        visitor.find("input[type=file]").set_input_files(tmp_path / "no.png")
        page.wait_for_timeout(300)
        assert "could not be read" in visitor.find(".gx-message").inner_text()
    assert "own" not in page.url
    page.reload()
    visitor.wait_for_live()
    assert signal(visitor)[:, 2:-2] == pytest.approx(middle)
    visitor.find("select").select_option(index=0)
    assert abs(signal(visitor)[:, 2:-2] - middle).max() > 1


def test_space_plays_the_destruction_and_stops_it(visitor: Visit) -> None:
    page = visitor.open("destroy")
    slide(visitor, "Step t", "Home")
    page.locator("h1").click()
    page.keyboard.press("Space")
    expect(visitor.page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("!document.querySelector('#scene-denoising-destroy output').textContent.startsWith('0 ')")
    page.keyboard.press("Space")
    shown = visitor.find("output").inner_text()
    page.wait_for_timeout(300)
    assert visitor.find("output").inner_text() == shown != "0 of 1,000"


# ── guess ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_errors_are_those_of_the_backend(visitor: Visit, generator: PictureGenerator) -> None:
    visitor.open("guess")
    for key, step in (("End", 1_000), ("Home", 1)):
        with visitor.answer():
            slide(visitor, "Step t", key)
        answers = visitor.page.evaluate(
            "[...document.querySelectorAll('.gx-current .gx-scene')].find((one) => one.offsetParent).genaiScene.answers"
        )
        x0 = pixels(answers["samples"]["pictures"][0]["image"]).astype(np.float32) / np.float32(127.5) - 1
        expected = backend.guess_noise(generator, x0, answers["guess"]["prompt"], step - 1, 1)
        found = visitor.find("[role=status]").inner_text()
        assert written(expected.noise_error) in found
        assert written(expected.picture_error) in found
        assert sources(visitor, ".gx-gallery")[5] == view.png(view.picture_pixels(expected.noised.x0))
        assert expected.picture_error == pytest.approx(expected.noise_error * expected.factor, rel=1e-3)


def written(number: float) -> str:
    return f"{number:.2f}" if number >= 0.1 else f"{float(f'{number:.2g}')}".rstrip("0")


def test_other_words_or_another_picture_give_another_guess(visitor: Visit) -> None:
    visitor.open("guess")
    before = sources(visitor, ".gx-gallery")
    with visitor.answer():
        visitor.find("input[type=text]").fill("a blue cat")
    other = sources(visitor, ".gx-gallery")
    assert other[2] != before[2]
    assert other[:2] == before[:2]
    with visitor.answer():
        visitor.find("select").select_option(index=1)
    assert sources(visitor, ".gx-gallery")[5] != before[5]
    assert visitor.find("input[type=text]").input_value().startswith("a large cat")


# ── step by step ─────────────────────────────────────────────────────────────────────────────────────────────


def run(visitor: Visit, steps: int = 10, prompt: str = PROMPT) -> None:
    visitor.find("input.gx-prompt").fill(prompt)
    visitor.find("select").nth(1).select_option(str(steps))
    visitor.page.get_by_role("button", name="Draw", exact=True).click()
    finished(visitor, steps)


def finished(visitor: Visit, steps: int) -> None:
    expect(visitor.find("[role=status]").first).to_contain_text(f"Finished after {steps} steps", timeout=20_000)


def expected_run(generator: PictureGenerator, steps: int, prompt: str = PROMPT) -> list[Step]:
    return list(backend.denoise(generator, prompt, 1, steps, 4.0, "ddim"))


def test_every_step_is_kept_and_going_back_and_forth_asks_for_nothing(
    visitor: Visit, generator: PictureGenerator
) -> None:
    visitor.open("steps")
    run(visitor)
    steps = expected_run(generator, 10)
    last = view.png(view.picture_pixels(steps[-1].x_next))
    assert len(sources(visitor, ".gx-strip-steps")) == 11
    assert sources(visitor, ".gx-three")[0] == last
    with visitor.no_request():
        slide(visitor, "Step", "Home")
        assert visitor.find("output").nth(1).inner_text() == "1 of 10"
        for step in steps:
            shown = sources(visitor, ".gx-three")
            drawn = view.picture_pixels(step.x_t), view.picture_pixels(step.x0), view.noise_pixels(step.noise)
            assert shown == [view.png(one, view.STREAM_COLOURS) for one in drawn]
            assert f"t = {step.timestep}" in visitor.find(".gx-soft").all_inner_texts()[1]
            slide(visitor, "Step", "ArrowRight")
        assert sources(visitor, ".gx-three")[0] == last
        visitor.find(".gx-strip-steps button").nth(3).click()
        assert visitor.find("output").nth(1).inner_text() == "4 of 10"


def test_play_runs_through_the_steps_and_pauses(visitor: Visit) -> None:
    page = visitor.open("steps")
    run(visitor, steps=25)
    with visitor.no_request():
        page.locator("h1").click()
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        expect(visitor.find("output").nth(1)).to_have_text(re.compile("^([2-9]|[12][0-9]) of 25"))
        expect(visitor.find("output").nth(1)).to_have_text("finished")
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_a_run_can_be_stopped_and_continued_to_the_same_picture(
    visitor: Visit, generator: PictureGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visitor.open("steps")
    run(visitor, steps=4)
    predict = generator.predict
    monkeypatch.setattr(generator, "predict", lambda *given: (time.sleep(0.1), predict(*given))[1])
    visitor.find("select").nth(1).select_option("25")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(visitor.find("output").nth(1)).to_have_text(re.compile("^([3-9]|1[0-9]) of 25"))
    page.get_by_role("button", name="Stop").click()
    expect(visitor.find("[role=status]").first).to_contain_text("Stopped after")
    kept = len(sources(visitor, ".gx-strip-steps"))
    assert 3 <= kept < 25
    page.wait_for_timeout(600)
    assert len(sources(visitor, ".gx-strip-steps")) == kept
    monkeypatch.undo()
    page.get_by_role("button", name="Continue").click()
    finished(visitor, 25)
    steps = expected_run(generator, 25)
    assert len(sources(visitor, ".gx-strip-steps")) == 26
    assert sources(visitor, ".gx-three")[0] == view.png(view.picture_pixels(steps[-1].x_next))
    assert sources(visitor, ".gx-strip-steps")[:25] == [
        view.png(view.picture_pixels(step.x0), view.STREAM_COLOURS) for step in steps
    ]


def test_a_run_can_be_saved(visitor: Visit) -> None:
    page = visitor.open("steps")
    run(visitor, steps=4)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as PNG strip").click()
    with Image.open(download.value.path()) as strip:
        assert strip.size == (128 * 5, 256)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as GIF").click()
    with Image.open(download.value.path()) as film:
        assert film.n_frames == 5


def test_words_that_the_training_never_used_are_named(visitor: Visit) -> None:
    visitor.open("steps")
    run(visitor, steps=4, prompt="a red zeppelin on blue")
    assert "zeppelin" in visitor.find("[role=status]").first.inner_text()
    run(visitor, steps=4, prompt="")
    assert TEXTS["common"]["unprompted"] in visitor.find("[role=status]").first.inner_text()


def test_a_prompt_that_is_too_long_is_refused_and_kept(visitor: Visit) -> None:
    page = visitor.open("steps")
    visitor.find("input.gx-prompt").fill("cat " * 400)
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(visitor.find(".gx-message")).to_contain_text("1,600 characters; the limit here is 1,000")
    assert visitor.find("input.gx-prompt").input_value() == "cat " * 400
    run(visitor, steps=4)
    expect(visitor.find(".gx-message")).to_be_hidden()


# ── steer ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_guidance_nought_ignores_the_prompt(visitor: Visit, generator: PictureGenerator) -> None:
    page = visitor.open("steer")
    rows = []
    for prompt in (PROMPT, "a cat on red"):
        with visitor.answer():
            visitor.find("input.gx-prompt").fill(prompt)
            page.get_by_role("button", name="Draw", exact=True).click()
        rows.append(sources(visitor, ".gx-gallery")[:5])
    assert rows[0][0] == rows[1][0]
    assert all(one != other for one, other in zip(rows[0][1:], rows[1][1:], strict=True))
    for scale, source in zip((0, 1, 3, 7, 15), rows[0], strict=True):
        *_, last = backend.denoise(generator, PROMPT, 1, 25, scale, "ddim")
        expected = view.picture_pixels(last.x_next).astype(int)  # several at once are rounded differently
        assert abs(pixels(source) - expected).max() <= 2, scale


def test_a_prompt_is_built_word_by_word(visitor: Visit) -> None:
    page = visitor.open("steer")
    visitor.page.get_by_label("One prompt").fill("a red apple")
    with visitor.answer():
        page.get_by_role("button", name="Word by word").click()
    captions = visitor.find(".gx-gallery").nth(1).locator("figcaption").all_inner_texts()
    assert captions == ["(nothing)", "a", "a red", "a red apple"]


def test_every_word_has_its_picture(visitor: Visit, generator: PictureGenerator) -> None:
    page = visitor.open("steer")
    with visitor.answer():
        visitor.find("input.gx-prompt").fill("a red apple")
        page.get_by_role("button", name="Show the words").click()
    expect(visitor.find(".gx-reading figcaption")).to_have_count(5)
    captions = visitor.find(".gx-reading figcaption").all_inner_texts()
    reading = backend.read_words(generator, "a red apple", 1)
    assert [caption.split(",")[0] for caption in captions] == ["(start)", "a", "red", "apple", "(end)"]
    assert sum(float(caption.split(",")[1].strip(" %")) for caption in captions) == pytest.approx(100, abs=0.5)
    assert captions[3].startswith(f"apple, {100 * reading.words[3].share:.1f}"[:8])


# ── how many steps ───────────────────────────────────────────────────────────────────────────────────────────


def test_two_samplers_are_compared_from_one_step_to_sixty_four(visitor: Visit, generator: PictureGenerator) -> None:
    page = visitor.open("counts")
    expect(visitor.find(".gx-count-row figcaption")).to_have_count(14, timeout=20_000)
    visitor.find("select").nth(1).select_option("dpm++")
    visitor.find("input.gx-prompt").fill(PROMPT)
    page.get_by_role("button", name="Draw both rows").click()
    expect(visitor.find(".gx-count-row h3").nth(1)).to_have_text("dpm++", timeout=20_000)
    expect(visitor.find(".gx-count-row figcaption")).to_have_count(14, timeout=20_000)
    counts = ["1 step", *(f"{2**power} steps" for power in range(1, 7))]
    assert visitor.find(".gx-count-row figcaption").all_inner_texts() == 2 * counts
    *_, last = backend.denoise(generator, PROMPT, 1, 8, 4.0, "dpm++")
    assert sources(visitor, ".gx-count-row")[7 + 3] == view.png(view.picture_pixels(last.x_next))


# ── what all scenes share ────────────────────────────────────────────────────────────────────────────────────


def test_the_prompt_follows_from_scene_to_scene(visitor: Visit) -> None:
    visitor.open("steps")
    visitor.find("input.gx-prompt").fill(PROMPT)
    for scene in ("steer", "counts"):
        visitor.go_to(scene)
        assert visitor.find("input.gx-prompt").input_value() == PROMPT


@pytest.mark.parametrize("scene", ["guess", "steps", "steer", "counts"])
def test_nothing_that_is_typed_runs_or_is_lost(visitor: Visit, scene: str) -> None:
    page = visitor.open(scene)
    box = visitor.find("input[type=text]").first
    box.fill(HOSTILE)
    if scene != "guess":
        page.get_by_role("button", name="Draw").first.click()
    visitor.settle()
    page.wait_for_timeout(500)
    assert box.input_value() == HOSTILE.replace("\n", "")
    assert page.locator("img[src=x]").count() == 0
