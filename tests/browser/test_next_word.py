"""The five scenes, used as a visitor would, and held against the backend."""

from __future__ import annotations

import random
import time

import pytest
import torch
from playwright.sync_api import Page, Route, expect
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper
from visiting import Visit

from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.features.next_word import backend
from genai_demo.models.language import LanguageModel
from genai_demo.models.sampling import SamplingSettings, draw, uniform_number
from genai_demo.page.texts import load_texts

HOSTILE = "<img src=x onerror=alert(1)> ${alert(2)} {{alert(3)}} `+alert(4)+` \u202eright to left\u0007"


def fill_prompt(visitor: Visit, text: str) -> None:
    visitor.page.locator(".gx-current:visible textarea").first.fill(text)
    visitor.settle()


def set_sliders(page: Page, temperature: float, top_k: int, top_p: float) -> None:
    """Move the sliders as dragging would: by input events."""
    page.evaluate(
        """([t, k, p]) => {
          const inputs = document.querySelectorAll(".gx-current .gx-sliders input");
          [Math.round(t / 0.05), k === 0 ? 100 : k - 1, Math.round(p / 0.05) - 1].forEach((at, i) => {
            inputs[i].value = at;
            inputs[i].dispatchEvent(new Event("input", { bubbles: true }));
          });
        }""",
        [temperature, top_k, top_p],
    )


def shown_distribution(page: Page) -> dict[str, list[float]]:
    """What the Sample scene draws: ids, probabilities, how many tokens are kept; its bars show these figures."""
    shown = page.evaluate(
        """async () => {
          const modules = ["draws", "settings"].map((name) => `#features/next_word/web/${name}.js`);
          const [[{ afterSettings }, { settingsOf }], [{ percent }]] = await Promise.all([
            gxModules(...modules), gxModules("#page/numbers.js"),
          ]);
          const scene = document.querySelector("#scene-next-word-sample .gx-scene").genaiScene;
          const now = afterSettings(settingsOf(scene.state), scene.answers);
          const probabilities = [...now.probabilities];
          const numbers = [...scene.node.querySelectorAll("li:not(.gx-rest, [hidden]) .gx-bar-number")];
          return {
            ids: scene.answers.bars.candidates.map((one) => one.id), probabilities, size: [now.size],
            isTold: numbers.map((one, index) => one.textContent === percent(probabilities[index])),
          };
        }"""
    )
    assert len(shown["isTold"]) == 10
    assert all(shown.pop("isTold"))
    return shown


def warped(logits: torch.Tensor, temperature: float, top_k: int, top_p: float) -> torch.Tensor:
    """The distribution by transformers' own warpers, in float64."""
    scores = logits.double()[None]
    ids = torch.zeros((1, 1), dtype=torch.long)
    for warper in (
        [TemperatureLogitsWarper(temperature)]
        + ([TopKLogitsWarper(top_k)] if top_k else [])
        + ([TopPLogitsWarper(top_p)] if top_p < 1 else [])
    ):
        scores = warper(ids, scores)
    return torch.softmax(scores, dim=-1)[0]


def check_against_warpers(page: Page, logits: torch.Tensor, settings: list[tuple[float, int, float]]) -> None:
    near_the_edge = 0
    for temperature, top_k, top_p in settings:
        set_sliders(page, temperature, top_k, top_p)
        shown = shown_distribution(page)
        expected = warped(logits, temperature, top_k, top_p)
        size = int((expected > 0).sum())
        if shown["size"][0] != size:
            # One token more or less is right where the cumulated mass lies within 1e-6 of p.
            ordered = torch.sort(warped(logits, temperature, top_k, 1.0), descending=True).values.cumsum(0)
            assert abs(shown["size"][0] - size) == 1, (temperature, top_k, top_p)
            assert abs(float(ordered[min(shown["size"][0], size) - 1]) - top_p) < 1e-6, (temperature, top_k, top_p)
            near_the_edge += 1
            continue
        difference = max(
            abs(float(expected[token]) - probability)
            for token, probability in zip(shown["ids"], shown["probabilities"], strict=True)
        )
        assert difference < 1e-6, (temperature, top_k, top_p, difference)
    assert near_the_edge <= len(settings) // 10


def random_settings(count: int) -> list[tuple[float, int, float]]:
    chance = random.Random(11)
    return [
        (
            round(0.05 * chance.randint(1, 40), 2),
            chance.choice([0, 0, 1, 2, 5, 20, 50, 100]),
            round(0.05 * chance.randint(1, 20), 2),
        )
        for _ in range(count)
    ]


def test_tokens_shows_the_real_tokens_and_the_leading_space(visitor: Visit, tiny: LanguageModel) -> None:
    page = visitor.open("tokens")
    fill_prompt(visitor, "the cat 🙂")
    chips = page.locator(".gx-current:visible .gx-chips").first.locator("li small").all_inner_texts()
    assert [int(chip) for chip in chips] == [token.id for token in backend.tokenize(tiny, "the cat 🙂").tokens]
    assert "with a space" in page.locator(".gx-current:visible h3").nth(1).inner_text()


def test_typing_moves_the_bars_to_the_newest_prompt(visitor: Visit, tiny: LanguageModel) -> None:
    page = visitor.open("predict")
    page.locator(".gx-current:visible textarea").first.press_sequentially(" the cat sat", delay=20)
    visitor.settle()
    prompt = page.locator(".gx-current:visible textarea").first.input_value()
    best = backend.next_token(tiny, prompt, count=1).candidates[0]
    first = page.locator(".gx-current:visible .gx-bar").first
    assert f"{100 * best.probability:.1f}%" in first.inner_text()
    assert "everything else" in page.locator(".gx-current:visible .gx-rest").inner_text()


def test_guess_first_hides_the_bars_until_the_class_has_guessed(visitor: Visit, tiny: LanguageModel) -> None:
    page = visitor.open("predict")
    fill_prompt(visitor, "the cat")
    page.get_by_role("button", name="Guess first").click()
    assert not page.locator(".gx-current:visible .gx-chart").is_visible()
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    visitor.settle()
    watched = backend.next_token(tiny, "the cat", watch=["a"]).watched[0]
    assert page.locator(".gx-current:visible .gx-chart").is_visible()
    assert f"rank {watched.rank}" in page.locator(".gx-current:visible .gx-scene [role=status]").first.inner_text()


def test_a_trailing_space_is_explained_and_removed_by_one_click(visitor: Visit) -> None:
    page = visitor.open("predict")
    fill_prompt(visitor, "the cat ")
    page.get_by_role("button", name="Remove the space").click()
    visitor.settle()
    assert page.locator(".gx-current:visible textarea").first.input_value() == "the cat"
    assert not page.get_by_role("button", name="Remove the space").is_visible()


def test_a_command_is_no_key_and_cannot_be_appended(
    visitor: Visit, tiny: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *_ = backend.next_token(tiny, "the cat", count=2).candidates
    monkeypatch.setattr(tiny, "control_ids", frozenset({first.id}))
    page = visitor.open("sample")
    fill_prompt(visitor, "the cat")
    set_sliders(page, 0, 0, 1)
    visitor.find("button:text-is('Draw a word')").click()
    assert visitor.find(".gx-draw .gx-chip").count() == 1
    assert visitor.find("button:text-is('Append it')").count() == 0
    visitor.go_to("predict")
    assert visitor.find(".gx-key").count() == 3
    visitor.find(".gx-key").first.click()
    assert visitor.find("textarea").first.input_value() == f"the cat{second.text}"


def test_how_likely_multiplies_the_pieces_of_a_word(visitor: Visit, tiny: LanguageModel) -> None:
    page = visitor.open("predict")
    fill_prompt(visitor, "the cat")
    page.get_by_label("How likely is").fill("unforgettable")
    visitor.settle()
    word = backend.next_token(tiny, "the cat", watch=["unforgettable"]).watched[0]
    assert page.locator(".gx-current:visible .gx-chain .gx-chip").count() == len(word.tokens)


def test_nothing_that_is_typed_runs_or_is_lost(visitor: Visit) -> None:
    page = visitor.open("tokens")
    for scene in ("tokens", "predict", "sample", "repeat", "focus"):
        page.locator(f".gx-stepper:visible [data-scene={scene}]").click()
        fill_prompt(visitor, HOSTILE)
        assert page.locator(".gx-current:visible textarea").first.input_value() == HOSTILE
        assert page.locator(".gx-current:visible .gx-work img").count() == 0


def test_a_prompt_that_is_too_long_is_refused_by_name_and_kept(visitor: Visit) -> None:
    page = visitor.open("predict")
    fill_prompt(visitor, "cat " * 2_000)
    assert "1,024" in page.locator(".gx-current:visible .gx-message.gx-error").inner_text()
    assert len(page.locator(".gx-current:visible textarea").first.input_value()) == 8_000
    fill_prompt(visitor, "the cat")
    assert not page.locator(".gx-current:visible .gx-message.gx-error").is_visible()


def test_moving_the_sliders_sends_no_request(visitor: Visit) -> None:
    page = visitor.open("sample")
    before = len(visitor.requests)
    slider = page.locator(".gx-current:visible .gx-sliders input").first
    box = slider.bounding_box()
    assert box
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 2)
    page.mouse.down()
    seen = set()
    for step in range(60):
        page.mouse.move(box["x"] + 10 + step * (box["width"] - 20) / 60, box["y"] + box["height"] / 2)
        seen.add(page.locator(".gx-current:visible .gx-bar-number").first.inner_text())
    page.mouse.up()
    assert len(seen) > 10
    assert len(visitor.requests) == before


def test_the_sliders_equal_the_warpers(visitor: Visit, tiny: LanguageModel) -> None:
    page = visitor.open("sample")
    fill_prompt(visitor, "the cat sat")
    logits = tiny.next_logits([token.id for token in tiny.encode_prompt("the cat sat")])
    check_against_warpers(page, logits, random_settings(80))


def test_temperature_0_is_greedy(visitor: Visit) -> None:
    page = visitor.open("sample")
    set_sliders(page, 0, 0, 1)
    shown = shown_distribution(page)
    assert shown["probabilities"][0] == 1
    assert sum(shown["probabilities"]) == 1


def test_the_browser_draws_with_the_numbers_of_the_backend(visitor: Visit, tiny: LanguageModel) -> None:
    page = visitor.open("sample")
    fill_prompt(visitor, "the cat sat")
    for seed, index in ((0, 0), (1, 7), (2**53 - 1, 99)):
        number = page.evaluate(
            "([s, i]) => gxModules('#features/next_word/web/sampling.js').then(([{ uniform }]) => uniform(s, i))",
            [seed, index],
        )
        assert number == uniform_number(seed, index)
    set_sliders(page, 2, 0, 1)  # flat: many draws fall beyond the bars
    page.get_by_role("button", name="Draw 100").click()
    visitor.settle()
    names = page.evaluate(
        """async () => {
          const [draws] = await gxModules("#features/next_word/web/draws.js");
          const { state, answers } = document.querySelector("#scene-next-word-sample .gx-scene").genaiScene;
          const { probabilities } = draws.afterSettings(state, answers);
          const drawn = draws.draws(probabilities, state.seed, 0, state.drawn);
          return draws.named(drawn, answers.bars, answers.names.tokens).map((one) => one.id);
        }"""
    )
    logits = tiny.next_logits([token.id for token in tiny.encode_prompt("the cat sat")])
    settings = SamplingSettings(temperature=2.0)
    assert names == [draw(logits, settings, uniform_number(1, index)) for index in range(100)]
    counts = [text for text in page.locator(".gx-current:visible .gx-bar-count").all_inner_texts() if text]
    assert sum(int(text.removeprefix("×")) for text in counts) == 100


def written_ids(page: Page) -> list[int]:
    return page.evaluate(
        """async () => {
          const [{ textNow }] = await gxModules("#features/next_word/web/repeat.js");
          return textNow(document.querySelector("#scene-next-word-repeat .gx-scene").genaiScene)
            .tokens.map((one) => one.id);
        }"""
    )


def finish_writing(page: Page) -> None:
    """Wait until the live model has written the opening example, or whatever else was asked for."""
    page.wait_for_function(
        """() => {
          const scene = document.querySelector("#scene-next-word-repeat .gx-scene").genaiScene;
          const halt = scene.node.querySelector(".gx-halt");
          return scene.progress("writing").live && halt.getAttribute("aria-disabled") === "true";
        }""",
        timeout=60_000,
    )
    page.wait_for_timeout(200)


def test_writing_equals_the_backend_and_can_be_undone(visitor: Visit, tiny: LanguageModel) -> None:
    page = visitor.open("repeat")
    finish_writing(page)
    fill_prompt(visitor, "the cat")
    finish_writing(page)
    set_sliders(page, 1, 0, 0.95)
    page.get_by_role("button", name="Write 40").click()
    finish_writing(page)
    *_, expected = backend.generate(tiny, "the cat", SamplingSettings(1, 0.95), seed=1, max_new_tokens=40)
    assert written_ids(page) == [token.id for token in expected.tokens]
    page.get_by_role("button", name="Undo").click()
    assert written_ids(page) == []


def test_a_chip_leads_back_to_its_bars_and_into_another_branch(visitor: Visit, tiny: LanguageModel) -> None:
    page = visitor.open("repeat")
    finish_writing(page)
    before = written_ids(page)
    page.locator(".gx-current:visible .gx-word").nth(3).click()
    bars = page.locator(".gx-current:visible .gx-bars button:visible")
    assert "Token 4" in page.locator(".gx-current:visible h3").nth(1).inner_text()
    bars.nth(2).click()
    finish_writing(page)
    after = written_ids(page)
    assert after[:3] == before[:3]
    assert len(after) == 4
    prompt = [token.id for token in tiny.encode_prompt("I picked up my phone to")]
    third = torch.sort(tiny.next_logits([*prompt, *before[:3]]), descending=True, stable=True).indices[2]
    assert after[3] == int(third)


def test_writing_can_be_stopped(visitor: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    page = visitor.open("repeat")
    finish_writing(page)
    page.get_by_role("button", name="Start again").click()
    finish_writing(page)
    read = TorchEngine.read
    monkeypatch.setattr(TorchEngine, "read", lambda engine, rows: (time.sleep(0.05), read(engine, rows))[1])
    page.get_by_role("button", name="Write 40").click()
    page.wait_for_selector(".gx-current:visible .gx-word")
    page.get_by_role("button", name="Stop").click()
    assert "Stopped" in page.locator(".gx-current:visible .gx-written + [role=status]").inner_text()
    count = len(written_ids(page))
    assert 0 < count < 40
    page.wait_for_timeout(700)
    assert len(written_ids(page)) == count


def test_focus_compares_two_prompts_and_measures_surprise(visitor: Visit, tiny: LanguageModel) -> None:
    page = visitor.open("focus")
    boxes = page.locator(".gx-current:visible textarea")
    boxes.nth(0).fill("the cat")
    boxes.nth(1).fill("the cat sat on")
    boxes.nth(2).fill("the cat sat")
    visitor.settle()
    shown = page.locator(".gx-current:visible .gx-big").all_inner_texts()
    for index, prompt in enumerate(("the cat", "the cat sat on")):
        choices = backend.next_token(tiny, prompt).effective_choices
        assert shown[index].startswith(f"{choices:.1f}" if choices < 10 else f"{choices:.0f}")
    assert shown[2].startswith(f"{backend.surprise(tiny, 'the cat sat').mean_bits:.2f}")


@pytest.mark.parametrize("scene", ["predict", "sample", "repeat"])
def test_the_prompt_and_the_settings_follow_from_scene_to_scene(visitor: Visit, scene: str) -> None:
    page = visitor.open("predict")
    fill_prompt(visitor, "the cat sat on")
    page.locator(f".gx-stepper:visible [data-scene={scene}]").click()
    visitor.settle()
    assert page.locator(".gx-current:visible textarea").first.input_value() == "the cat sat on"


@pytest.mark.parametrize("interruption", ["prompt", "restart", "stop and write"])
def test_whatever_interrupts_the_writing_takes_its_place(
    visitor: Visit, monkeypatch: pytest.MonkeyPatch, interruption: str
) -> None:
    page = visitor.open("repeat")
    finish_writing(page)
    read = TorchEngine.read
    monkeypatch.setattr(TorchEngine, "read", lambda engine, rows: (time.sleep(0.05), read(engine, rows))[1])
    page.get_by_role("button", name="Start again").click()
    finish_writing(page)
    page.get_by_role("button", name="Write 40").click()
    page.wait_for_selector(".gx-current:visible .gx-word")
    if interruption == "prompt":
        page.locator(".gx-current:visible textarea").fill("the cat sat on")
    elif interruption == "restart":
        page.get_by_role("button", name="Start again").click()
    else:
        page.get_by_role("button", name="Stop").click()
        before = len(written_ids(page))
        page.get_by_role("button", name="Write 40").click()
    page.wait_for_timeout(400)
    finish_writing(page)
    assert len(written_ids(page)) == (before + 40 if interruption == "stop and write" else 0)


def test_undo_after_a_new_beginning_brings_the_old_beginning_back(visitor: Visit) -> None:
    page = visitor.open("repeat")
    finish_writing(page)
    before = written_ids(page)
    fill_prompt(visitor, "the cat")
    finish_writing(page)
    page.get_by_role("button", name="Undo").click()
    assert page.locator(".gx-current:visible textarea").input_value() == "I picked up my phone to"
    assert written_ids(page) == before


def test_a_refused_question_does_not_leave_old_figures_as_its_answer(visitor: Visit) -> None:
    page = visitor.open("predict")
    fill_prompt(visitor, "cat " * 2_000)
    assert not page.locator(".gx-current:visible .gx-provenance").is_visible()
    page.get_by_label("How likely is").fill("zqxjvkwpy" * 6)
    fill_prompt(visitor, "the cat")
    assert page.locator(".gx-current:visible .gx-provenance").is_visible()
    assert page.locator(".gx-current:visible .gx-chain").is_visible()


def test_what_a_model_expects_without_a_prompt_is_said_of_no_other(visitor: Visit, tiny: LanguageModel) -> None:
    visitor.open("predict")
    fill_prompt(visitor, "")
    note = visitor.find(".gx-note:visible")
    words = load_texts("genai_demo.features.next_word")["predict"]
    assert not backend.next_token(tiny, "").candidates[0].text.startswith("<h")
    expect(note).to_have_text(words["empty_prompt"].format(start="<bos>"))
    visitor.page.route("**/component_server/", as_if_a_headline_came_first)
    fill_prompt(visitor, "the")
    fill_prompt(visitor, "")
    remark = words["empty_headline"].format(title="Tiny", token="<h1>")
    expect(note).to_have_text(f"{words['empty_prompt'].format(start='<bos>')} {remark}")
    visitor.page.unroute("**/component_server/")


def as_if_a_headline_came_first(route: Route) -> None:
    answer = route.fetch()
    data = answer.json()
    if isinstance(data, dict) and data.get("candidates"):
        data["candidates"][0]["text"] = "<h1>"
    route.fulfill(response=answer, json=data)
