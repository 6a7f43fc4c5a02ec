"""What the tests of models share: folders of every family, a cache and a wheel of their own, a file of vectors."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from genai_demo.models import loading
from tests.conftest import sentencepiece_tokenizer
from tests.models.folders import FAMILIES, save
from tests.models.vectors import keyed
from tests.models.wheels import GGUF, PACKAGE


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("families")
    return {kind: save(place / kind, kind) for kind in FAMILIES}


@pytest.fixture
def package(monkeypatch) -> ModuleType:
    """An installed package that carries weights."""

    def assemble(path: Path) -> None:
        path.write_bytes(GGUF)

    module = ModuleType(PACKAGE)
    module.assemble = assemble
    monkeypatch.setitem(sys.modules, PACKAGE, module)
    return module


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A cache of our own, on a disk that is never too full for a tiny model."""
    monkeypatch.setenv("GENAI_DEMO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(loading, "CONVERSION_BYTES", 0)
    return tmp_path / "cache"


@pytest.fixture
def convert(network, monkeypatch) -> list[Path]:
    """A conversion that always gives the tiny model; the files that it was given."""
    converted = []

    def convert_gguf(gguf_path, target, report):
        converted.append(gguf_path)
        report(0.5, "half")
        network.save_pretrained(target)
        sentencepiece_tokenizer().save_pretrained(target)
        report(1.0, "all")

    monkeypatch.setattr(loading, "convert_gguf", convert_gguf)
    return converted


@pytest.fixture
def text_file(tmp_path) -> Path:
    """A file of vectors in word2vec's text format."""
    path = tmp_path / "tiny.txt"
    keyed().save_word2vec_format(str(path))
    return path


@pytest.fixture
def without_gensim(monkeypatch) -> Callable[[], None]:
    """When called, gensim is no longer installed."""
    real_import = builtins.__import__

    def importing(name, *args, **named):
        if name.startswith("gensim"):
            raise ImportError(name)
        return real_import(name, *args, **named)

    return lambda: monkeypatch.setattr(builtins, "__import__", importing)
