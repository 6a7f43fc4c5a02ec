"""How tests use the scenes of the Next-word tab, and what their sliders should show."""

from __future__ import annotations

import random

import torch
from playwright.sync_api import Page
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper
from visiting import Visit


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
