"""The idea that CONTRIBUTING.md adds as an example, made from its text and asked on the tiny model."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from genai_demo import features
from genai_demo.page.messages import explanation
from genai_demo.page.texts import load_texts

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", TEXT, re.DOTALL))
IDEA = "token_price"
PACKAGE = f"genai_demo.features.{IDEA}"


@pytest.fixture
def idea(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The example's folder among the features, until the test is over."""
    folder = tmp_path / IDEA
    for name, content in {**FILES, "__init__.py": '"""An example."""\n'}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    monkeypatch.setattr(features, "__path__", [*features.__path__, str(tmp_path)])
    yield importlib.import_module(f"{PACKAGE}.feature")
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


def test_the_example_has_the_rooms_of_every_feature():
    assert set(FILES) == {"backend.py", "errors.py", "feature.py", "texts/en.toml", "view.py"}


def test_the_example_answers_on_the_tiny_model(idea, tiny):
    answer = idea.FEATURE.ask("token_price").whole(tiny, text="the cat")
    assert list(answer) == list(idea.FEATURE.ask("token_price").returns)
    assert answer["tokens"] == len(tiny.encode("the cat"))
    assert answer["tokens_per_character"] * answer["characters"] == pytest.approx(answer["tokens"])
    assert set(idea.openings(tiny)) == set(idea.FEATURE.scenes)


def test_the_examples_own_error_has_its_sentence_at_home(idea, tiny):
    errors = importlib.import_module(f"{PACKAGE}.errors")
    with pytest.raises(errors.NothingToPay) as caught:
        idea.FEATURE.ask("token_price").whole(tiny, text="")
    told = explanation(caught.value)
    assert (told["key"], told["error"]) == ("nothing_to_pay", load_texts(PACKAGE)["errors"]["nothing_to_pay"])
