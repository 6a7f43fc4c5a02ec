"""All that is read: complete, short, and never taken for code."""

from __future__ import annotations

import ast
import html
import importlib
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo import errors
from genai_demo.errors import DemoError, InvalidParameter
from genai_demo.features import FEATURES, load_features
from genai_demo.models.catalogue import GEMMA_3_270M
from genai_demo.page.messages import sentence, stage_name
from genai_demo.page.scene import escape, scene, stepper
from genai_demo.page.texts import load_texts

ROOT = Path(__file__).parents[2]
PACKAGES = ["page", *(f"features.{name}" for name in FEATURES)]
RECORDED = ROOT / "assets" / "recorded"
WORDS_A_SCENE = 120


def kinds(base: type[DemoError] = DemoError) -> Iterator[type[DemoError]]:
    yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


def raised_facts() -> Iterator[tuple[str, str, set[str]]]:
    """Every place in the code that makes one of our errors: (where, kind, names of its facts)."""
    names = {kind.__name__ for kind in kinds()}
    for file in sorted((ROOT / "genai_demo").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                facts = {str(keyword.arg) for keyword in node.keywords}
                yield f"{file.relative_to(ROOT)}:{node.lineno}", node.func.id, facts


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def strings(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from strings(part, f"{path}.{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from strings(part, f"{path}[{index}]")


def scenes(feature: str) -> dict[str, dict]:
    """The texts of each scene of a feature, in the order of the walk."""
    module = importlib.import_module(f"genai_demo.features.{feature}.feature")
    texts = load_texts(f"genai_demo.features.{feature}")
    return {name: texts[name] for name in module.FEATURE.scenes}


def all_scenes() -> list[tuple[str, str]]:
    return [(feature, name) for feature in FEATURES for name in scenes(feature)]


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_error_has_a_sentence_and_every_sentence_an_error():
    assert {kind.key for kind in kinds()} == set(load_texts("genai_demo.page")["errors"])


@pytest.mark.parametrize(("where", "kind", "facts"), list(raised_facts()), ids=str)
def test_whoever_raises_an_error_fills_all_its_blanks(where, kind, facts):
    text = load_texts("genai_demo.page")["errors"][getattr(errors, kind).key]
    assert blanks(text) <= facts, f"{where}: {kind}"


def test_every_kind_of_error_is_raised_somewhere():
    raised = {kind for _, kind, _ in raised_facts()}
    assert {kind.__name__ for kind in kinds()} - raised == {"BadRequest"}


def test_a_sentence_is_filled_in_with_plain_numbers():
    error = errors.TextTooLong(length=30_000, limit=20_000, unit="characters")
    assert "30,000 characters" in sentence(error)
    assert "20,000" in sentence(error)
    loading = errors.ModelLoading(title="Tiny", percent=44, stage="converting")
    assert "44 %" in sentence(loading)
    assert stage_name("converting") in sentence(loading)


ODD_VALUES = {
    "half a character": "\ud800",
    "long": "x" * 10_000,
    "long list": ["x" * 10_000],
    "blank": "{name} {0}",
    "nan": math.nan,
}


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_a_sentence_can_be_sent_whatever_value_it_names(value):
    text = sentence(InvalidParameter(name="seed", value=value, allowed="a whole number"))
    assert text.encode()
    assert len(text) < 600


def test_every_stage_of_loading_has_a_name():
    tree = ast.parse((ROOT / "genai_demo/models/loading.py").read_text(encoding="utf-8"))
    reported = {
        argument.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "report"
        for argument in ast.walk(node.args[0])
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    assert {"unpacking", "converting", "loading"} <= reported
    for stage in reported | {"waiting", "ready", "failed"}:
        assert stage_name(stage)


# ── scenes ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("feature", "name"), all_scenes())
def test_a_scene_has_one_claim_a_short_story_and_a_question(feature, name):
    texts = scenes(feature)[name]
    assert texts["title"]
    assert texts["claim"]
    assert texts["question"].endswith("?")
    words = " ".join([texts["claim"], *texts["story"]]).split()
    assert 0 < len(words) <= WORDS_A_SCENE, f"{len(words)} words"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_text_is_empty_or_holds_a_dash_in_the_place_of_a_sentence(package):
    for path, text in strings(load_texts(f"genai_demo.{package}")):
        assert "—" not in text, path
        assert " – " not in text, path
        assert " - " not in text, path
        assert text or path.endswith(".prompt"), path  # only a prompt may be empty: it is an example
        assert "\N{REPLACEMENT CHARACTER}" not in text, path


def provenances(value: object) -> Iterator[dict]:
    if isinstance(value, dict):
        if "provenance" in value:
            yield value["provenance"]
        for part in value.values():
            yield from provenances(part)


@pytest.mark.parametrize(("feature", "name"), all_scenes())
def test_a_scene_opens_on_a_recorded_example_that_says_so(feature, name):
    file = RECORDED / feature / f"{name}.json"
    assert file.stat().st_size <= 60_000
    found = list(provenances(json.loads(file.read_text(encoding="utf-8"))))
    assert found
    assert {provenance["kind"] for provenance in found} == {"recorded"}
    assert all(provenance["model"] and provenance["recorded_on"] for provenance in found)


def test_recordings_and_texts_say_of_the_weights_what_the_app_says():
    for file in RECORDED.glob("*/*.json"):
        for provenance in provenances(json.loads(file.read_text(encoding="utf-8"))):
            if provenance["model"] == GEMMA_3_270M.name:
                assert provenance["weights"] == GEMMA_3_270M.weights, file.name
    said = [*ROOT.glob("*.md"), ROOT / "NOTICE", *ROOT.glob("assets/*.md"), *ROOT.glob("genai_demo/**/texts/*.toml")]
    for file in said:
        assert not re.search(r"4.bit|(?<!to )4 bits", file.read_text(encoding="utf-8")), file.name
    assert GEMMA_3_270M.weights.removeprefix("quantised ") in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_picture_models_training_is_as_long_as_the_page_says():
    said = " ".join(load_texts("genai_demo.features.denoising")["destroy"]["story"])
    training = json.loads((ROOT / "assets/picture_model/training.json").read_text(encoding="utf-8"))
    assert "half a million for the network of the next scenes" in said
    assert training["pictures"] == pytest.approx(500_000, rel=0.05)
    last = json.loads((RECORDED / "denoising/destroy.json").read_text(encoding="utf-8"))["alpha_bars"][-1]
    assert "next to nothing is left" in said
    assert 0 < last < 1e-4


def test_recorded_examples_are_the_ones_that_the_texts_open_with():
    texts = load_texts("genai_demo.features.next_word")
    recorded = {
        name: json.loads((RECORDED / f"next_word/{name}.json").read_text(encoding="utf-8"))
        for name in scenes("next_word")
    }
    asked = {(name, key): opening["values"] for name, openings in recorded.items() for key, opening in openings.items()}
    phone, pair = texts["predict"]["presets"][0], texts["focus"]["presets"][0]
    assert asked["tokens", "tokens"]["text"] == texts["tokens"]["presets"][0]["text"]
    for scene_and_key in (("predict", "next"), ("sample", "bars"), ("sample", "stops"), ("repeat", "writing")):
        assert asked[scene_and_key]["prompt"] == phone["prompt"], scene_and_key
    assert asked["predict", "next"]["watch"] == phone["watch"]
    assert (asked["focus", "left"]["prompt"], asked["focus", "right"]["prompt"]) == (pair["left"], pair["right"])
    assert asked["focus", "surprise"]["text"] == texts["focus"]["sentences"][0]
    assert len(recorded["repeat"]["writing"]["answer"]["tokens"]) == asked["repeat", "writing"]["max_new_tokens"]


# ── templates ────────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = "`${alert(1)}` {{value}} {%x%} <script>alert(1)</script> <img onerror='x'> \" \\u003c &amp;"


@given(st.text())
def test_an_escaped_text_holds_no_sign_that_html_or_a_template_reads(text):
    escaped = escape(text)
    assert not set(escaped) & set("`${}\\<>\"'")
    assert html.unescape(escaped) == html.unescape(html.escape(text))


def test_a_hostile_text_is_harmless_in_a_scene_and_in_the_stepper():
    texts = {"claim": HOSTILE, "story": [HOSTILE, HOSTILE], "question": HOSTILE}
    for component in (scene(load_features()[0], "name", texts), stepper("tab", {"name": HOSTILE}, HOSTILE)):
        template = component.html_template
        assert not set(template) & set("`${}\\")
        assert "<script" not in template
        assert "<img" not in template
        assert "alert(1)" in html.unescape(template)


def written_by_scripts(folder: Path) -> dict[str, set[str]]:
    """For each script, the texts that it and the feature's own scripts which it imports mention, and their names."""
    scripts = {file.stem: file.read_text(encoding="utf-8") for file in folder.glob("*.js")}
    imports = {
        name: set(re.findall(rf'"#features/{folder.parent.name}/web/(\w+)\.js"', script))
        for name, script in scripts.items()
    }
    written = {}
    for name in scripts:
        reached, waiting = set(), [name]
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting += imports[one]
        written[name] = set().union(*(re.findall(r"\btexts\.(\w+)", scripts[one]) for one in reached))
    return written


@pytest.mark.parametrize("feature", FEATURES)
def test_every_text_that_a_scene_writes_exists_and_none_is_left_over(feature):
    texts = load_texts(f"genai_demo.features.{feature}")
    used = written_by_scripts(ROOT / "genai_demo" / "features" / feature / "web")
    scenes = {name for name, part in texts.items() if isinstance(part, dict) and "claim" in part}
    for name in scenes:
        assert used[name] <= set(texts[name]) | set(texts["common"]), name
        assert set(texts[name]) - used[name] == {"title", "claim", "story", "question"}, name
