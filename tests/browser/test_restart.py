"""A program that is started again, and a page that is loaded again: what was typed is kept."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from connection import (
    BROWSERS_OWN,
    LOST,
    Slow,
    shows_bars_of,
    type_prompt,
    wait_for_loss,
    wait_for_return,
    wait_until_written,
)
from playwright.sync_api import Browser
from transformers import Gemma3ForCausalLM
from visiting import Visit, serve, visit

from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.models.drawing_model import DrawingModel
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader
from genai_demo.models.stages import StagedModel
from tests.conftest import sentencepiece_tokenizer

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_program_that_is_started_again_is_found_again(
    browser: Browser, network: Gemma3ForCausalLM, tmp_path: Path
) -> None:
    network.save_pretrained(tmp_path / "tiny")
    sentencepiece_tokenizer().save_pretrained(tmp_path / "tiny")
    port = free_port()
    environment = {**os.environ, "GENAI_DEMO_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "app.py", "--model", str(tmp_path / "tiny"), "--host", "127.0.0.1", "--port", str(port)]

    def start() -> subprocess.Popen[bytes]:
        started = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(240):
            try:
                urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
                return started
            except OSError:
                time.sleep(0.5)
        raise TimeoutError("the program does not start")

    program = start()
    guest = visit(browser, f"http://127.0.0.1:{port}")
    try:
        page = guest.open("predict")
        page.evaluate("window.sameVisit = true")
        program.kill()
        program.wait()
        type_prompt(guest, "the cat sat")
        wait_for_loss(guest)
        assert LOST in guest.find("[role=alert]").inner_text()
        program = start()
        page.wait_for_selector(".gx-status.gx-ready", timeout=60_000)
        page.wait_for_selector(".gx-current:visible .gx-scene:not(.gx-stale)", timeout=30_000)
        guest.settle()
        assert guest.find("textarea").first.input_value() == "the cat sat"
        tiny = LanguageModel(TorchEngine(network), sentencepiece_tokenizer(), name="tiny")
        assert shows_bars_of(guest, tiny, "the cat sat")
        assert page.evaluate("window.sameVisit")
    finally:
        page.context.close()
        program.kill()
        program.wait()
    assert [one for one in guest.complaints if BROWSERS_OWN not in one] == []


def test_another_program_in_its_place_is_loaded_and_what_was_typed_is_kept(
    browser: Browser,
    loader: Loader[LanguageModel],
    pictures: Loader[DrawingModel],
    stages: Loader[StagedModel],
    tiny: LanguageModel,
) -> None:
    port = free_port()
    url, stop = serve(loader, pictures, stages=stages, server_port=port)
    guest = visit(browser, url)
    page = guest.open("predict")
    page.evaluate("window.sameVisit = true")
    stop()
    type_prompt(guest, "the cat sat")
    wait_for_loss(guest)
    _, stop = serve(loader, pictures, stages=stages, server_port=port, notices="Another one")
    page.wait_for_function("!window.sameVisit", timeout=30_000)
    guest.wait_for_live()
    wait_for_return(guest)
    assert guest.find("textarea").first.input_value() == "the cat sat"
    assert shows_bars_of(guest, tiny, "the cat sat")
    page.context.close()
    stop()


def test_a_reload_keeps_what_was_typed_and_a_new_visit_begins_afresh(guest: Visit, tiny: LanguageModel) -> None:
    page = guest.open("focus")
    guest.find("textarea").nth(1).fill("the cat")
    guest.settle()
    guest.go_to("predict")
    type_prompt(guest, "the cat sat")
    page.get_by_label("How likely is").fill("on")
    guest.settle()
    page.reload()
    guest.wait_for_live()
    assert guest.find("textarea").first.input_value() == "the cat sat"
    assert page.get_by_label("How likely is").input_value() == "on"
    assert shows_bars_of(guest, tiny, "the cat sat")
    guest.go_to("focus")
    assert guest.find("textarea").nth(1).input_value() == "the cat"
    page.goto("about:blank")
    guest.open("predict")
    assert guest.find("textarea").first.input_value() == "I picked up my phone to"


def test_a_reload_during_a_run_is_quiet(visitor: Visit, slow: Slow, capfd: pytest.CaptureFixture[str]) -> None:
    page = visitor.open("repeat")
    wait_until_written(visitor)
    slow(0.1)
    for _ in range(2):
        page.get_by_role("button", name="Write 40").click()
        page.wait_for_timeout(700)
        capfd.readouterr()
        page.reload()
        visitor.wait_for_live()
        wait_until_written(visitor)
    said = capfd.readouterr()
    assert "Error" not in said.out + said.err
    assert visitor.complaints == []
