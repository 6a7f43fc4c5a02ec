"""All that is read: complete, short, and never taken for code."""

from __future__ import annotations

import ast
import html
import importlib
import json
import math
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo import errors
from genai_demo.errors import DemoError, InvalidParameter
from genai_demo.features import FEATURES
from genai_demo.features.next_word.feature import FEATURE
from genai_demo.models.catalogue import GEMMA_3_270M
from genai_demo.models.errors import ModelLoading
from genai_demo.models.word_vectors.errors import UnknownWord
from genai_demo.page.messages import explanation, sentence, stage_name
from genai_demo.page.scene import escape, scene, stepper
from genai_demo.page.texts import load_texts

ROOT = Path(__file__).parents[2]
ERROR_MODULES = {
    importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts)).__name__
    for file in sorted((ROOT / "genai_demo").rglob("errors.py"))
}
PACKAGES = ["page", *(f"features.{name}" for name in FEATURES)]
RECORDED = ROOT / "assets" / "recorded"
WORDS_A_SCENE = 120


def kinds(base: type[DemoError] = DemoError) -> Iterator[type[DemoError]]:
    """Ours, and no kind that an example has left behind (Python never forgets a subclass)."""
    if base.__module__ in ERROR_MODULES:
        yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


def raised_kinds() -> set[str]:
    """The names of our errors that the code makes somewhere."""
    names = {kind.__name__ for kind in kinds()}
    files = (ROOT / "genai_demo").rglob("*.py")
    calls = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    return {node.func.id for node in calls if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)} & names


def home(kind: type[DemoError]) -> str:
    """The part of the program in whose texts the sentence of a kind belongs."""
    room = kind.__module__.removeprefix("genai_demo.").removesuffix(".errors")
    return room if room.startswith("features.") else "page"


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


FAMILIES = {"BadRequest", "NoSuchModel", "NoVector", "NotStarted", "Unavailable", "UnusableCache"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_error_has_a_sentence_at_home_and_every_sentence_an_error(package):
    raised = {kind.key for kind in kinds() if kind.__name__ not in FAMILIES and home(kind) == package}
    assert set(load_texts(f"genai_demo.{package}").get("errors", {})) == raised


def test_every_kind_of_error_is_raised_somewhere_and_no_family_is():
    assert {kind.__name__ for kind in kinds()} - raised_kinds() == FAMILIES


@pytest.mark.parametrize("kind", sorted(kinds(), key=lambda kind: kind.__name__))
def test_a_sentence_mentions_nothing_but_the_facts_of_its_kind(kind):
    facts = {field.name for field in fields(kind)} if is_dataclass(kind) else set()
    sentence_of_it = load_texts(f"genai_demo.{home(kind)}").get("errors", {}).get(kind.key, "")
    assert blanks(sentence_of_it) <= facts


def test_a_kind_says_its_key_and_its_facts_once():
    error = errors.TextTooLong(length=3, limit=2, unit="tokens")
    assert (error.key, error.facts) == ("text_too_long", {"length": 3, "limit": 2, "unit": "tokens"})
    assert str(error) == "text_too_long: {'length': 3, 'limit': 2, 'unit': 'tokens'}"
    with pytest.raises(TypeError, match="limit"):
        errors.TextTooLong(**{"length": 3, "unit": "tokens"})


def test_a_sentence_is_filled_in_with_plain_numbers():
    error = errors.TextTooLong(length=30_000, limit=20_000, unit="characters")
    assert "30,000 characters" in sentence(error)
    assert "20,000" in sentence(error)
    loading = ModelLoading(title="Tiny", percent=44, stage="converting")
    assert "44 %" in sentence(loading)
    assert stage_name("converting") in sentence(loading)


ODD_VALUES = {
    "half a character": "\ud800",
    "long": "x" * 10_000,
    "long list": ["x" * 10_000],
    "many": ["x"] * 10_000,
    "blank": "{name} {0}",
    "nan": math.nan,
    "endless": math.inf,
    "more digits than Python writes": 10**5_000,
    "path": Path("a/folder"),
    "shape": (64, 64, 3),
    "nested": {"a": [object()]},
}


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_an_error_can_be_sent_whatever_value_it_names(value):
    told = explanation(InvalidParameter(name="seed", value=value, allowed="a whole number"))
    assert told["error"].encode()
    assert len(told["error"]) < 600
    sent = json.dumps(told, allow_nan=False)
    assert json.loads(sent) == told
    assert len(sent) < 2_500


def test_plain_facts_reach_the_browser_as_they_are():
    error = InvalidParameter(name="seed", value=[1.5, None], allowed="a whole number")
    assert explanation(error)["facts"] == {"name": "seed", "value": "[1.5, None]", "allowed": "a whole number"}
    words = UnknownWord(word="Nieces", spellings=["niece"], pieces=("N", "ieces"))
    assert explanation(words) == {
        "error": sentence(words),
        "key": "unknown_word",
        "facts": {"word": "Nieces", "spellings": ["niece"], "pieces": ["N", "ieces"]},
        "offers": {"Nieces": ["niece", "~Nieces"]},
    }


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
    recorded = json.loads((RECORDED / "denoising/destroy.json").read_text(encoding="utf-8"))
    last = recorded["process"]["answer"]["alpha_bars"][-1]
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
    for component in (scene(FEATURE, "name", texts), stepper("tab", {"name": HOSTILE}, HOSTILE)):
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
