"""Print the page's weight and how soon its first picture is there: `python -m benchmarks.page http://127.0.0.1:7860 …`.

The app runs already, one or several builds of it; they are visited in turn, each time by a browser that knows nothing
of them yet. Quote the ratios: absolute times belong to the machine.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from dataclasses import dataclass

from playwright.sync_api import Browser, Response, sync_playwright

SCENE = "?tab=next-word&scene=predict"
DRAWN = ".gx-current .gx-bar"
LIVE = ".gx-current .gx-kind.gx-real"
NOW = "performance.now()"


@dataclass(frozen=True)
class Seen:
    """One visit: bytes of the page itself and of all that it fetched, as sent; milliseconds since it began."""

    page_bytes: int
    all_bytes: int
    requests: int
    drawn: float
    live: float


def visit(browser: Browser, address: str) -> Seen:
    """A fresh visitor opens one scene."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    first = page.goto(f"{address}/{SCENE}")
    assert first is not None
    page.wait_for_selector(DRAWN)
    drawn = page.evaluate(NOW)
    page.wait_for_selector(LIVE)
    live = page.evaluate(NOW)
    page.wait_for_timeout(500)
    sizes = [one.request.sizes()["responseBodySize"] for one in answers if one.request.sizes()]
    seen = Seen(first.request.sizes()["responseBodySize"], sum(sizes), len(answers), drawn, live)
    context.close()
    return seen


def main() -> None:
    """Print a column for each build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addresses", nargs="+", help="of running apps")
    parser.add_argument("--visits", type=int, default=9)
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for address in options.addresses:
            visit(browser, address)  # the program warms up
        rounds = [[visit(browser, address) for address in options.addresses] for _ in range(options.visits)]
        browser.close()
    print("| What | " + " | ".join(options.addresses) + " |\n|" + " --- |" * (1 + len(options.addresses)))
    for name, unit, scale in (
        ("page_bytes", "KB", 1e3),
        ("all_bytes", "KB", 1e3),
        ("requests", "", 1),
        ("drawn", "ms", 1),
        ("live", "ms", 1),
    ):
        medians = [statistics.median(getattr(one[build], name) for one in rounds) for build in range(len(rounds[0]))]
        print(f"| {name} | " + " | ".join(f"{median / scale:,.0f} {unit}".strip() for median in medians) + " |")


if __name__ == "__main__":
    main()
