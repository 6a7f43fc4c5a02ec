"""The house rules of who may import whom, read from the source code; new features are covered as they appear."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from genai_demo.features import FEATURES as LISTED
from genai_demo.features import load_features
from genai_demo.page.web_files import module_name as script_name

ROOT = Path(__file__).parents[1]
PACKAGE = "genai_demo"
FEATURES = sorted(file.parent.name for file in (ROOT / PACKAGE / "features").glob("*/__init__.py"))


def files(folder: str) -> list[Path]:
    return sorted((ROOT / PACKAGE / folder).rglob("*.py"))


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """Absolute names of all that a source imports, wherever in it; `from a import b` gives both `a` and `a.b`."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def imported_by(file: Path) -> set[str]:
    return set(imports(file.read_text(encoding="utf-8"), module_name(file), is_package=file.name == "__init__.py"))


def forbidden(file: Path, *names: str) -> set[str]:
    """What `file` imports of `names` or of anything inside them."""
    return {found for found in imported_by(file) for name in names if f"{found}.".startswith(f"{name}.")}


def computation(feature: str) -> list[Path]:
    """The feature's backend and all of the feature's own modules that it is built on."""
    folder = ROOT / PACKAGE / "features" / feature
    found, waiting = [], [folder / "backend.py"]
    while waiting:
        file = waiting.pop()
        if file in found or not file.is_file():
            continue
        found.append(file)
        inside = [name for name in imported_by(file) if name.startswith(f"{PACKAGE}.features.{feature}.")]
        waiting += [folder / f"{name.split('.')[3]}.py" for name in inside]
    return found


def test_the_reader_of_imports_understands_every_form():
    source = "import gradio as gr\nfrom . import view\nfrom ..page.build import Tab\ndef f():\n    from torch import nn"
    assert set(imports(source, "genai_demo.feature.backend")) == {
        "gradio",
        "genai_demo.feature",
        "genai_demo.feature.view",
        "genai_demo.page.build",
        "genai_demo.page.build.Tab",
        "torch",
        "torch.nn",
    }


def test_every_feature_has_the_same_rooms():
    assert set(FEATURES) == set(LISTED)
    for feature in FEATURES:
        rooms = {file.name for file in files(f"features/{feature}")}
        assert {"backend.py", "view.py", "feature.py"} <= rooms, feature
        assert (ROOT / PACKAGE / "features" / feature / "texts" / "en.toml").is_file(), feature


@pytest.mark.parametrize("feature", FEATURES)
def test_a_backend_knows_nothing_of_the_page_nor_of_where_models_come_from(feature):
    here = f"{PACKAGE}.features.{feature}"
    front = [f"{here}.{room}" for room in ("view", "feature")]
    sources = [f"{PACKAGE}.models.{room}" for room in ("catalogue", "loader", "loading", "settings")]
    for file in computation(feature):
        assert not forbidden(file, "gradio", "plotly", f"{PACKAGE}.page", *front, *sources), file.name


def test_the_rule_for_backends_covers_what_the_backend_is_built_on():
    assert {file.name for file in computation("word_vectors")} == {
        *("backend.py", "errors.py", "formula.py"),
        *("arithmetic.py", "axes.py", "game.py", "maps.py", "neighbours.py"),
    }


@pytest.mark.parametrize("feature", FEATURES)
def test_a_view_touches_neither_torch_nor_gradio(feature):
    for file in (file for file in files(f"features/{feature}") if file.stem.startswith("view")):
        assert not forbidden(file, "torch", "gradio", "transformers"), file.name


@pytest.mark.parametrize("feature", FEATURES)
def test_features_do_not_import_one_another(feature):
    others = [f"{PACKAGE}.features.{other}" for other in FEATURES if other != feature]
    for file in files(f"features/{feature}"):
        assert not forbidden(file, *others), file.name


def test_models_know_nothing_of_the_page_of_features_nor_of_how_they_were_made():
    rooms = [f"{PACKAGE}.{room}" for room in ("page", "features", "training", "datasets")]
    for file in files("models"):
        assert not forbidden(file, "gradio", *rooms), file.name


@pytest.mark.parametrize("room", ["features", "datasets", "page", "editions"])
def test_what_is_shown_needs_nothing_of_training(room):
    assert files(room)
    for file in files(room):
        assert not forbidden(file, f"{PACKAGE}.training"), file.name


def test_data_know_nothing_of_who_shows_them():
    for file in files("datasets"):
        assert not forbidden(file, "gradio", f"{PACKAGE}.page", f"{PACKAGE}.features"), file.name


def test_training_knows_nothing_of_the_page_nor_of_features():
    for file in files("training"):
        assert not forbidden(file, "gradio", f"{PACKAGE}.page", f"{PACKAGE}.features"), file.name


def test_the_shared_page_knows_no_feature():
    for file in files("page"):
        assert not forbidden(file, f"{PACKAGE}.features"), file.name


# ── the page's scripts ───────────────────────────────────────────────────────────────────────────────────────

WEB = {
    script_name(package, file.name): file
    for package in (f"{PACKAGE}.page", *(f"{PACKAGE}.features.{feature}" for feature in FEATURES))
    for file in sorted((ROOT / package.replace(".", "/") / "web").glob("*.js"))
}


def imported_by_script(name: str) -> set[str]:
    """As their loader reads it, see genai_demo/page/loader.js."""
    return set(re.findall(r'(?:\bfrom |^import )"(#[^"]+)";', WEB[name].read_text(encoding="utf-8"), re.M))


def feature_of(name: str) -> str | None:
    return name.split("/")[1] if name.startswith("#features/") else None


@pytest.mark.parametrize("name", WEB)
def test_a_script_imports_what_all_share_and_what_is_its_features_own(name):
    for other in imported_by_script(name):
        assert other in WEB, f"{other} is no module"
        assert feature_of(other) in (None, feature_of(name)), other


def test_no_script_imports_itself_by_a_detour():
    """Their loader makes each from those that it imports."""
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " → ".join((*way, name))
        if name not in done:
            for other in imported_by_script(name):
                visit(other, (*way, name))
            done.add(name)

    for name in WEB:
        visit(name, ())
    assert done == set(WEB)


@pytest.mark.parametrize("name", WEB)
def test_a_script_imports_and_exports_in_the_forms_that_its_loader_links(name):
    source = WEB[name].read_text(encoding="utf-8")
    imports = re.findall(r'^import (?:(?:\{[^}]*\}|\* as \w+) from )?"#[^"]+";$', source, re.M)
    assert len(re.findall(r"^import\b", source, re.M)) == len(imports)
    exports = re.findall(r"^export (?:async )?(?:function|class|const) \w+", source, re.M)
    assert len(re.findall(r"^export\b", source, re.M)) == len(exports)


def test_every_scene_has_its_script_and_every_script_is_used():
    scenes = {script_name(feature.package, f"{scene}.js") for feature in load_features() for scene in feature.scenes}
    entries = {"#page/scene.js", "#page/page.js", "#page/header.js", "#page/recorded.js", *scenes}
    used, waiting = set(), list(entries)
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += imported_by_script(name)
    assert set(WEB) == used


def test_the_contract_knows_neither_the_page_nor_torch():
    code = "import genai_demo.asks, sys; print([name for name in ('torch', 'gradio') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_importing_the_app_loads_no_model():
    code = (
        "import app, json, threading; "
        "stages = [loader.status.stage for loader in app.standard.loaders]; "
        "print(json.dumps([stages, [thread.name for thread in threading.enumerate()]]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    stages, threads = json.loads(done.stdout.splitlines()[-1])
    assert stages == ["waiting"] * 4
    assert not [name for name in threads if name.startswith("loading")]
