"""How tests wait on the page for its program: for its loss, its return, and the words that it writes."""

from __future__ import annotations

from collections.abc import Callable

from visiting import Visit

from genai_demo.features.next_word import backend
from genai_demo.models.language import LanguageModel

LOST, NO_CONNECTION = "cannot reach its program", "No connection to the program"
BROWSERS_OWN = "Failed to load resource"  # the browser says so of each request that fails
Slow = Callable[[float], None]


def type_prompt(visitor: Visit, text: str) -> None:
    visitor.find("textarea").first.fill(text)


def wait_for_loss(visitor: Visit) -> None:
    visitor.page.wait_for_function(
        "(words) => document.querySelector('.gx-status')?.textContent.includes(words)", arg=NO_CONNECTION
    )


def wait_for_return(visitor: Visit) -> None:
    visitor.page.wait_for_selector(".gx-status.gx-ready", timeout=15_000)
    visitor.page.wait_for_selector(".gx-current:visible .gx-scene:not(.gx-stale)", timeout=15_000)
    visitor.settle()


def shows_bars_of(visitor: Visit, tiny: LanguageModel, prompt: str) -> bool:
    expected = [f"{100 * one.probability:.1f}%" for one in backend.next_token(tiny, prompt, count=3).candidates]
    return visitor.find(".gx-bar-number").all_inner_texts()[:3] == expected


def wait_until_written(visitor: Visit) -> None:
    visitor.page.wait_for_function(
        """() => {
          const scene = document.querySelector("#scene-next-word-repeat .gx-scene").genaiScene;
          const halt = scene.node.querySelector(".gx-halt");
          return scene.progress("writing").live && halt.getAttribute("aria-disabled") === "true";
        }""",
        timeout=30_000,
    )
    visitor.settle()
