"""The page in Chromium, served by this process with the tiny model."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest
from connection import BROWSERS_OWN, Slow
from planted import planted_table
from playwright.sync_api import Browser, sync_playwright
from visiting import Visit, serve, visit

from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.models.drawing_model import DrawingModel
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader
from genai_demo.models.picture_generator import PictureGenerator
from genai_demo.models.stages import StagedModel, TunedModel
from genai_demo.models.word_vectors import WordVectors


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    assert path, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--enable-unsafe-swiftshader",
                "--disable-background-networking",
            ],
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def pictures(generator: PictureGenerator) -> Loader[DrawingModel]:
    """A loader that is done: it holds the tiny picture model."""
    return Loader.of(generator, "Tiny pictures")


@pytest.fixture(scope="session")
def stages(tuned: TunedModel) -> Loader[StagedModel]:
    """A loader that is done: it holds the tiny tuned model."""
    return Loader.of(tuned, "Tiny stages")


@pytest.fixture(scope="module")
def address(
    loader: Loader[LanguageModel], pictures: Loader[DrawingModel], stages: Loader[StagedModel]
) -> Iterator[str]:
    url, stop = serve(loader, pictures, stages=stages)
    yield url
    stop()


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Visit]:
    kept = visit(browser, address)
    yield kept
    kept.page.context.close()
    assert kept.complaints == []


@pytest.fixture
def calm(browser: Browser, address: str) -> Iterator[Visit]:
    """A visitor who has asked for reduced motion: nothing plays by itself."""
    kept = visit(browser, address, calm=True)
    yield kept
    kept.page.context.close()
    assert kept.complaints == []


@pytest.fixture
def guest(browser: Browser, address: str) -> Iterator[Visit]:
    """A visitor whose network may fail; of that alone the console may speak."""
    kept = visit(browser, address)
    yield kept
    kept.page.context.close()
    assert [one for one in kept.complaints if BROWSERS_OWN not in one] == []


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    """Let every pass of the tiny model take so many seconds more."""
    read = TorchEngine.read
    return lambda seconds: monkeypatch.setattr(
        TorchEngine, "read", lambda engine, rows: (time.sleep(seconds), read(engine, rows))[1]
    )


@pytest.fixture(scope="session")
def table() -> WordVectors:
    return planted_table()
