"""Nobody outside the engines reaches a language model's network: read from the source code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import transformers
from transformers.models.auto.auto_factory import _BaseAutoModelClass

from tests.test_imports import PACKAGE, ROOT, files, forbidden, imported_by

LOADERS = {"loading.py", "foreign.py", "gguf_conversion.py"}  # of models/: they build the networks that engines get
OTHER_NETWORKS = {"text_encoder.py"}  # of models/: it reads captions for the picture model, and predicts no tokens
TRAINS = ROOT / PACKAGE / "training"  # it changes networks of its own
ONLY_OF_NETWORKS = {  # arguments and methods by which one can tell that a network is called
    "adapter_names",
    "cache_params",
    "get_input_embeddings",
    "get_output_embeddings",
    "logits_to_keep",
    "output_attentions",
    "output_hidden_states",
    "past_key_values",
}
BEHIND_THE_DOOR = {"_desk", "_engine", "_network", "_peft"}


def outside() -> list[Path]:
    """Files of the program that must not reach a network."""
    found = []
    for file in (*files(""), ROOT / "app.py"):
        loads = file.parent.name == "models" and file.name in LOADERS | OTHER_NETWORKS
        if not loads and not file.is_relative_to(ROOT / PACKAGE / "engines") and not file.is_relative_to(TRAINS):
            found.append(file)
    return found


def is_network(name: str) -> bool:
    """Whether it is the name of a model class of the transformers library, or of what a network keeps."""
    found = getattr(transformers, name.removeprefix("transformers."), None) if name.count(".") == 1 else None
    kinds = (transformers.PreTrainedModel, _BaseAutoModelClass, transformers.Cache)
    return isinstance(found, type) and issubclass(found, kinds)


def names_used(file: Path) -> Iterator[str]:
    """Attributes and keywords of calls."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg


def reached_into(file: Path) -> set[str]:
    """Private attributes of others."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    attributes = (node for node in nodes if isinstance(node, ast.Attribute))
    return {one.attr for one in attributes if not (isinstance(one.value, ast.Name) and one.value.id == "self")}


def test_the_rule_knows_a_network_when_it_sees_one():
    assert all(
        map(is_network, ("transformers.Gemma3ForCausalLM", "transformers.AutoModel", "transformers.DynamicCache"))
    )
    assert not any(map(is_network, ("transformers", "transformers.AutoTokenizer", "transformers.Gemma3Config")))
    engine = ROOT / PACKAGE / "engines" / "torch_engine.py"
    assert ONLY_OF_NETWORKS & set(names_used(engine)) >= {"logits_to_keep", "adapter_names"}


@pytest.mark.parametrize("file", outside(), ids=lambda file: str(file.relative_to(ROOT)))
def test_only_engines_loaders_and_training_touch_networks(file):
    assert not forbidden(file, "peft")
    assert not set(filter(is_network, imported_by(file)))
    assert not ONLY_OF_NETWORKS & set(names_used(file))


@pytest.mark.parametrize("file", [*outside(), *sorted((ROOT / "benchmarks").glob("*.py"))], ids=lambda file: file.name)
def test_nobody_reaches_through_the_door(file):
    assert not BEHIND_THE_DOOR & reached_into(file)


def test_only_loaders_choose_an_engine_and_only_the_language_model_has_a_desk():
    for file in outside():
        assert not forbidden(file, f"{PACKAGE}.engines.torch_engine"), file
        if file.name != "language.py":
            assert not forbidden(file, f"{PACKAGE}.engines.desk"), file


def test_engines_know_nothing_of_text():
    for file in files("engines"):
        rooms = [f"{PACKAGE}.{room}" for room in ("models", "features", "page", "training", "asks", "editions")]
        assert not forbidden(file, "gradio", "tokenizers", "transformers.AutoTokenizer", *rooms), file.name
