"""Print every figure that the README quotes about the Next-word tab: `python -m benchmarks.next_word`.

Each figure is measured beside the thing it is compared to, in turn, in one run; medians and ratios of medians are
printed. Quote the ratios: absolute times belong to the machine.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from genai_demo.engines.few_rows import use_few_rows
from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.features.next_word import backend
from genai_demo.features.next_word.feature import FEATURE, Prompt, predict_for_sliders, slider_stops
from genai_demo.models.catalogue import DEFAULT_MODEL, Wheel, find_model
from genai_demo.models.foreign import read_network, read_tokenizer
from genai_demo.models.gguf_conversion import convert_gguf
from genai_demo.models.language import LanguageModel
from genai_demo.models.loading import load_model, prepare
from genai_demo.models.sampling import SamplingSettings

WORDS = ("phone", "book", "coat", "guitar", "hammer", "letter", "camera", "basket", "child", "pen", "bag", "map")
REPAINTS = 300


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def side_by_side(first: Sequence[Callable[[], object]], second: Sequence[Callable[[], object]]) -> tuple[float, float]:
    """Medians of two series of calls, made in turn."""
    pairs = [(seconds(one), seconds(other)) for one, other in zip(first, second, strict=True)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def row(what: str, figure: str, compared: str, ratio: str, goal: str) -> None:
    """One line of the table."""
    print(f"| {what} | {figure} | {compared} | {ratio} | {goal} |", flush=True)


def conversion() -> None:
    """The first start: our conversion against transformers' own reading of the same GGUF file, once each."""
    source = find_model(DEFAULT_MODEL).source
    assert isinstance(source, Wheel)
    with tempfile.TemporaryDirectory() as name:
        gguf, target = Path(name, "model.gguf"), Path(name, "converted")
        target.mkdir()
        importlib.import_module(source.package).assemble(gguf)

        def read_by_transformers() -> None:
            AutoTokenizer.from_pretrained(name, gguf_file=gguf.name)
            AutoModelForCausalLM.from_pretrained(name, gguf_file=gguf.name, dtype=torch.float32)

        ours, theirs = seconds(lambda: convert_gguf(gguf, target)), seconds(read_by_transformers)
    beside = f"transformers' reader {theirs:.0f} s"
    row("Converting the weights, once", f"{ours:.0f} s", beside, f"{ours / theirs:.2f} ×", "≤ 30 s")


def loading() -> None:
    """Every later start."""
    entry = find_model(DEFAULT_MODEL)
    prepare(entry)
    times = [seconds(lambda: load_model(entry, device="cpu")) for _ in range(3)]
    row("Loading the converted model", f"{statistics.median(times):.1f} s", "", "", "≤ 8 s")


def over_its_network() -> tuple[LanguageModel, Any]:
    """The model as `load_model` makes it, and the network that its engine reads with, for bare passes beside ours."""
    entry = find_model(DEFAULT_MODEL)
    source = prepare(entry)
    network = read_network(source, torch.float32, local=True)
    use_few_rows(network)
    tokenizer = read_tokenizer(source, local=True)
    model = LanguageModel(
        TorchEngine(network), tokenizer, name=entry.name, title=entry.title, context_limit=entry.context_limit
    )
    return model, network


def next_token(model: LanguageModel, bare: Any) -> None:
    """The endpoint against a bare forward pass, each time with a prompt that is not remembered."""

    def forward(word: str) -> None:
        ids = [token.id for token in model.encode_prompt(f"She picked up her {word} to")]
        with torch.inference_mode():
            bare(input_ids=torch.tensor([ids]), logits_to_keep=1)

    forward("warm-up")
    ours, theirs = side_by_side(
        [partial(backend.next_token, model, f"I picked up my {word} to") for word in WORDS],
        [partial(forward, word) for word in WORDS],
    )
    row(
        "`/next_token`",
        f"{ours * 1000:.0f} ms",
        f"bare forward pass {theirs * 1000:.0f} ms",
        f"{ours / theirs:.2f} ×",
        "≤ 1.3 ×",
    )
    tables = [seconds(partial(slider_stops, model, Prompt(f"I picked up my {word} to"))) for word in WORDS]
    row("Slider table after the bars", f"{statistics.median(tables) * 1000:.0f} ms", "", "", "≤ 100 ms")


def generation(model: LanguageModel, bare: Any, tokens: int = 40, runs: int = 8) -> None:
    """Writing with all per-token figures against transformers' `generate`, greedy, the same tokens."""
    prompts = [f"I picked up my {word} to" for word in WORDS[:runs]]

    def ours(prompt: str) -> None:
        for _ in backend.generate(model, prompt, SamplingSettings(temperature=0), max_new_tokens=tokens):
            pass

    def theirs(prompt: str) -> None:
        ids = torch.tensor([[token.id for token in model.encode_prompt(prompt)]])
        with torch.inference_mode():
            bare.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=tokens, min_new_tokens=tokens
            )

    a, b = side_by_side([partial(ours, p) for p in prompts], [partial(theirs, p) for p in prompts])
    row(
        "Generation, greedy",
        f"{tokens / a:.1f} tokens/s",
        f"`model.generate` {tokens / b:.1f} tokens/s",
        f"{b / a:.2f} ×",
        "≥ 0.95 ×",
    )


def payloads(model: LanguageModel) -> None:
    """What the browser redraws while a slider is dragged."""
    prompt = Prompt("I picked up my phone to")
    size = len(json.dumps([predict_for_sliders(model, prompt), slider_stops(model, prompt)]).encode())
    row("Payload redrawn while dragging", f"{size / 1000:.0f} KB", "", "", "≤ 100 KB")


def repaint(model: LanguageModel) -> None:
    """Time of a slider's input event with all 50 bars, style and layout included, and the requests it makes."""
    from playwright.sync_api import sync_playwright

    from genai_demo.models.loader import Loader
    from genai_demo.page.build import build_page, launch_options

    loader = Loader.of(model, find_model(DEFAULT_MODEL).title)
    demo = build_page(loader, ((FEATURE, loader),), notices="")
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_options((FEATURE,)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{address}?tab=next-word&scene=sample")
        page.wait_for_selector(".gx-current .gx-kind.gx-real")
        page.get_by_role("button", name="50 tokens").locator("visible=true").click()
        page.wait_for_timeout(1500)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        times = page.evaluate(
            """async (count) => {
              const slider = document.querySelector(".gx-current .gx-sliders input"), times = [];
              for (let i = 0; i < count; i++) {
                slider.value = 1 + (i * 7) % 40;
                const begin = performance.now();
                slider.dispatchEvent(new Event("input", { bubbles: true }));
                document.body.getBoundingClientRect();
                times.push(performance.now() - begin);
                await new Promise(requestAnimationFrame);
              }
              return times.sort((a, b) => a - b);
            }""",
            REPAINTS,
        )
        browser.close()
    demo.close()
    p95 = times[int(0.95 * len(times))]
    row(
        "Repaint of 50 bars (p95)",
        f"{p95:.1f} ms",
        f"{len(asked)} requests in {REPAINTS} moves",
        "",
        "≤ 16 ms, 0 requests",
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-browser", action="store_true", help="leave out the repaint, which needs Chromium")
    options = parser.parse_args()
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print("| What | Median | Beside it | Ratio | Goal |\n| --- | --- | --- | --- | --- |")
    conversion()
    loading()
    model, bare = over_its_network()
    next_token(model, bare)
    generation(model, bare)
    payloads(model)
    if not options.no_browser:
        repaint(model)


if __name__ == "__main__":
    main()
