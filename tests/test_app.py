"""The front door, without opening it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import app
from genai_demo.errors import NoCacheSpace
from genai_demo.models.catalogue import (
    CATALOGUE,
    DEFAULT_MODEL,
    PICTURES,
    VECTORS,
    available_models,
    available_pictures,
    available_vectors,
    find_model,
)
from genai_demo.models.loading import ModelLoader
from genai_demo.models.picture_generator import PictureLoader
from genai_demo.models.stages_loader import StagesLoader


@pytest.fixture(autouse=True)
def launched(monkeypatch) -> list[dict]:
    """What the page would have been launched with; no port is opened and no model is loaded."""
    launches: list[dict] = []
    started: list[str] = []
    loader = ModelLoader(find_model(DEFAULT_MODEL))
    monkeypatch.setattr(loader, "start", lambda: started.append(loader.entry.name))
    monkeypatch.setattr(app, "loader", loader)
    monkeypatch.setattr(app, "stages", StagesLoader(loader))
    page = SimpleNamespace(launch=lambda **options: launches.append({"started": list(started), **options}))
    monkeypatch.setattr(app, "demo", page)
    return launches


def test_help_names_every_option_in_plain_words(capsys):
    with pytest.raises(SystemExit) as caught:
        app.main(["--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    for option in ("--host", "--port", "--device", "--model", "--tuned", "--pictures", "--list-models", "--prepare"):
        assert option in said
    assert DEFAULT_MODEL in said


def test_the_list_of_models_has_a_line_for_each(capsys, launched):
    assert app.main(["--list-models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*available_models(), *available_vectors(), *available_pictures()]
    assert all(entry.licence in line for entry, line in zip((*CATALOGUE, *VECTORS, *PICTURES), lines, strict=True))
    assert not launched


def test_an_unknown_picture_model_is_answered_with_the_choices(capsys, launched):
    assert app.main(["--pictures", "dall-e"]) == 1
    said = capsys.readouterr().err
    assert "dall-e" in said
    assert all(name in said for name in available_pictures())
    assert not launched


def test_the_chosen_picture_model_is_loaded_before_the_page_opens(launched, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(app, "pictures", PictureLoader())
    (tmp_path / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    assert app.main(["--pictures", str(tmp_path), "--device", "cpu"]) == 1
    assert "FluxPipeline" in capsys.readouterr().err
    assert not launched


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--model", "olmo-2-1b"], ["base", "sft", "dpo", "rlhf"]),
        (["--model", "smollm2-135m", "--tuned", "smollm2-360m-instruct"], ["base", "rlhf"]),
    ],
)
def test_the_last_tab_gets_the_stages_that_were_published(launched, options, names):
    assert app.main([*options, "--device", "cpu"]) == 0
    assert app.stages.names == names
    assert len(launched) == 1


def test_an_unknown_tuned_model_is_answered_with_the_choices(capsys, launched):
    assert app.main(["--model", "olmo-2-1b", "--tuned", "gpt-5"]) == 1
    assert "gpt-5" in capsys.readouterr().err
    assert not launched


@pytest.mark.parametrize(
    ("file", "advice"),
    [
        ("adapter_config.json", "merge"),
        ("model_index.json", "--pictures"),
        ("readme.txt", "config.json"),
        ("config.json", "safetensors"),
    ],
)
@pytest.mark.parametrize("option", ["--model", "--tuned"])
def test_a_folder_of_something_else_is_named_before_the_page_opens(capsys, launched, tmp_path, option, file, advice):
    (tmp_path / file).write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickled")
    assert app.main([option, str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert str(tmp_path) in said
    assert advice in said
    assert not launched


@pytest.mark.parametrize("options", [[], ["--prepare"]])
def test_an_unknown_model_is_answered_with_the_choices(capsys, launched, options):
    assert app.main(["--model", "gpt-5", *options]) == 1
    said = capsys.readouterr()
    assert "gpt-5" in said.err
    assert all(name in said.err for name in available_models())
    assert "Traceback" not in said.err
    assert not said.out
    assert not launched


def test_prepare_converts_says_where_and_opens_nothing(capsys, launched, monkeypatch):
    prepared = []
    monkeypatch.setattr(app, "prepare", lambda entry, _report: prepared.append(entry.name) or "a/folder")
    assert app.main(["--prepare"]) == 0
    assert prepared == [DEFAULT_MODEL]
    assert capsys.readouterr().out == "a/folder\n"
    assert not launched


def test_a_disk_that_is_too_full_is_said_in_the_terminal(capsys, monkeypatch):
    def prepare(_entry, _report):
        raise NoCacheSpace(folder="a/folder", needed_mb=1_500, free_mb=300, variable="GENAI_DEMO_CACHE")

    monkeypatch.setattr(app, "prepare", prepare)
    assert app.main(["--prepare"]) == 1
    said = capsys.readouterr().err
    assert "1,500 MB" in said
    assert "GENAI_DEMO_CACHE" in said


def test_the_page_opens_where_it_was_told_to_with_the_chosen_model_on_its_way(launched):
    assert app.main(["--host", "0.0.0.0", "--port", "7999", "--model", "smollm2-135m", "--device", "cpu"]) == 0
    (launch,) = launched
    assert (launch["server_name"], launch["server_port"]) == ("0.0.0.0", 7_999)
    assert launch["started"] == ["smollm2-135m"]
    assert app.loader.entry == find_model("smollm2-135m")


def test_without_options_the_default_model_is_on_its_way(launched):
    assert app.main([]) == 0
    assert launched[0]["started"] == [DEFAULT_MODEL]
    assert launched[0]["server_name"] is None  # this machine only


def test_the_program_asks_nobody_outside_the_machine():
    """Build and open the page in a process of its own, in which every connection and name look-up is written down."""
    script = """
import sys, time
asked = []
def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        address = arguments[1] if event == "socket.connect" else arguments[0]
        asked.append(str(address[0] if isinstance(address, tuple) else address))
sys.addaudithook(note)
import app
from genai_demo.ui.page import launch_options
app.demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(app.TABS))
time.sleep(2)
print("asked:", *sorted(set(asked)))
"""
    root = Path(app.__file__).parent
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("asked:"))
    assert set(line.split()[1:]) <= {"127.0.0.1", "localhost", "::1", "0.0.0.0", "None"}
