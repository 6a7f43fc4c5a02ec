"""The front door, without opening it."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr
import pytest

import app
from genai_demo.application import App
from genai_demo.errors import DamagedModelFolder, DemoError
from genai_demo.models import device as device_module
from genai_demo.models.catalogue import (
    CATALOGUE,
    DEFAULT_MODEL,
    PICTURES,
    VECTORS,
    available_models,
    available_pictures,
    available_vectors,
)
from genai_demo.models.errors import NoCacheSpace
from genai_demo.models.stages_loader import stage_names
from genai_demo.page.build import status_payload
from genai_demo.page.messages import sentence


@dataclass
class Launches:
    """What was started, and how the page was launched; nothing really was."""

    apps: list[App] = field(default_factory=list)
    options: list[dict] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.options)

    @property
    def app(self) -> App:
        """The one that was launched, whose models were on their way."""
        (one,) = self.apps
        assert len(self.options) == 1
        return one


@pytest.fixture(autouse=True)
def launched(monkeypatch) -> Launches:
    """What the page would have been launched with; no port is opened and no model is loaded."""
    launches = Launches()
    monkeypatch.setattr(App, "start", lambda made: launches.apps.append(made))
    monkeypatch.setattr(gr.Blocks, "launch", lambda _page, **options: launches.options.append(options))
    monkeypatch.setattr(app, "wait_for_interrupt", lambda: None)
    return launches


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


def test_a_folder_of_another_pipeline_is_refused_before_the_page_opens(launched, tmp_path, capsys):
    (tmp_path / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    assert app.main(["--pictures", str(tmp_path), "--device", "cpu"]) == 1
    assert "FluxPipeline" in capsys.readouterr().err
    assert not launched


def write_vectors(path: Path, words: int) -> str:
    lines = (f"{'Wort' + chr(97 + index)} {index} {index**2} 1" for index in range(words))
    path.write_text("\n".join(["x1 1 2 3", "zu 0 0 0", *lines]) + "\n")
    return str(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not a vector", "Expected: text with a line a word"),
        ("cat 1 2\ndog 3\n", "Line 2 of"),
        ("x1 1 2\nx2 2 3\n", "The first entries are: x1, x2"),
        ("3 2\ncat 1 2\ndog 3 4\n", "no more than 2 can be read"),
        ("cat 1 2\ndog 3 4\n", "holds 2 different words; the scenes need at least 24"),
    ],
)
def test_word_vectors_that_cannot_be_shown_are_reported_before_the_page_opens(
    launched, tmp_path, capsys, content, said
):
    path = tmp_path / "mine.vec"
    path.write_text(content)
    assert app.main(["--vectors", str(path), "--device", "cpu"]) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert "mine.vec" in printed.err
    assert "Traceback" not in printed.err
    assert not launched


def test_word_vectors_from_a_file_are_read_at_the_start_and_what_was_left_out_is_said(launched, tmp_path, capsys):
    assert app.main(["--vectors", write_vectors(tmp_path / "mine.vec", 26), "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    assert "mine.vec: 26 words with 3 numbers each, from 28 rows." in printed
    assert "1 that are no words of letters, 0 further rows" in printed
    assert "1 whose numbers are all zero" in printed
    assert launched.app.models.vectors.loaded.words[0] == "Worta"
    built = [str(block.value) for block in launched.app.page.blocks.values() if isinstance(block, gr.HTML)]
    assert any("Wort" in value for value in built)
    assert not any("niece" in value for value in built)


def test_an_unknown_name_of_word_vectors_is_answered_with_the_choices(capsys, launched):
    assert app.main(["--vectors", "no-such-vectors"]) == 1
    said = capsys.readouterr().err
    assert all(name in said for name in available_vectors())
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
    assert stage_names(launched.app.models.stages) == names


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
    monkeypatch.setattr(app, "prepare", lambda entry, _report, **_: prepared.append(entry.name) or "a/folder")
    assert app.main(["--prepare"]) == 0
    assert prepared == [DEFAULT_MODEL]
    assert capsys.readouterr().out == "a/folder\n"
    assert not launched


def test_a_disk_that_is_too_full_is_said_in_the_terminal(capsys, monkeypatch):
    def prepare(_entry, _report, **_):
        raise NoCacheSpace(folder="a/folder", needed_mb=1_500, free_mb=300, variable="GENAI_DEMO_CACHE")

    monkeypatch.setattr(app, "prepare", prepare)
    assert app.main(["--prepare"]) == 1
    said = capsys.readouterr().err
    assert "1,500 MB" in said
    assert "GENAI_DEMO_CACHE" in said


def test_the_page_opens_where_it_was_told_to_with_the_chosen_model_on_its_way(launched):
    port = free_port()
    assert app.main(["--host", "0.0.0.0", "--port", str(port), "--model", "smollm2-135m", "--device", "cpu"]) == 0
    (options,) = launched.options
    assert (options["server_name"], options["server_port"]) == ("0.0.0.0", port)
    assert launched.app.models.language.title == "SmolLM2-135M"


def test_without_options_the_page_is_the_one_that_a_space_imports(launched):
    assert app.main([]) == 0
    assert launched.app.page is app.demo
    assert launched.app.models.language.title == "Gemma 3 270M base"
    assert launched.options[0]["server_name"] == "127.0.0.1"  # this machine only


def test_what_depends_on_the_language_model_is_loaded_after_it(launched):
    assert app.main([]) == 0
    models = launched.app.models
    assert launched.app.loaders == (models.language, models.vectors, models.stages, models.pictures)
    assert {loader.turns for loader in launched.app.loaders} == {models.language.turns}


@pytest.mark.parametrize("device", ["cuda", "abacus"])
def test_a_device_that_is_not_there_is_said_before_anything_is_loaded(launched, capsys, monkeypatch, device):
    monkeypatch.setattr(device_module, "available_devices", lambda: ("cpu",))
    assert app.main(["--device", device]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert device in line
    assert "auto, cpu" in line
    assert not launched


@pytest.fixture
def begun(monkeypatch, launched) -> Launches:
    """The models are loaded after all; the page is left when all that is over."""
    monkeypatch.undo()
    monkeypatch.setattr(gr.Blocks, "launch", lambda _page, **options: launched.options.append(options))
    start = App.start
    monkeypatch.setattr(App, "start", lambda made: (launched.apps.append(made), start(made)))

    def wait() -> None:
        for loader in launched.app.loaders:
            with suppress(DemoError):
                loader.model(120)

    monkeypatch.setattr(app, "wait_for_interrupt", wait)
    return launched


def test_a_model_that_cannot_be_loaded_is_said_in_the_terminal_once_and_the_pictures_go_on(capsys, begun, tmp_path):
    (tmp_path / "config.json").write_text("{")
    assert app.main(["--model", str(tmp_path), "--device", "cpu"]) == 0  # the page stays, and says it too
    said = capsys.readouterr().err
    error = begun.app.models.language.status.error
    assert isinstance(error, DamagedModelFolder)
    assert said.count(sentence(error)) == 1
    assert "100 %" not in said
    assert begun.app.models.pictures.status.ready
    status = status_payload(begun.app.models.language, begun.app.sources)
    assert (status["ready"], status["failed"]) == (False, True)
    states = {address: (one["ready"], one["failed"]) for address, one in status["features"].items()}
    waits = (False, True)
    assert states.pop("denoising") == (True, False)
    assert set(states.values()) == {waits}
    assert {one["sentence"] for one in status["features"].values()} == {sentence(error), "The picture model is ready"}


@pytest.mark.parametrize("port", ["0", "99999", "-1", "8000.5", "http", ""])
def test_a_port_that_is_none_is_said(launched, capsys, port):
    with pytest.raises(SystemExit) as caught:
        app.main([f"--port={port}"])
    assert caught.value.code == 2
    assert "from 1 to 65535" in capsys.readouterr().err
    assert not launched


@pytest.mark.parametrize("options", [["--prepare"], []])
def test_ctrl_c_ends_without_a_word(capsys, monkeypatch, options):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "prepare", interrupted)
    monkeypatch.setattr(app, "open_page", interrupted)
    assert app.main(options) == app.INTERRUPTED
    assert capsys.readouterr().err == ""


def test_an_error_that_nobody_foresaw_is_a_sentence_when_preparing_too(capsys, monkeypatch, caplog):
    def broken(*_args, **_options):
        raise OSError(5, "the disk is dying")

    monkeypatch.setattr(app, "prepare", broken)
    assert app.main(["--prepare"]) == 1
    assert "could not be loaded. The terminal says more." in capsys.readouterr().err
    assert "the disk is dying" in caplog.text


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
from genai_demo.page.build import launch_options
app.demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(app.standard.features))
time.sleep(2)
print("asked:", *sorted(set(asked)))
"""
    root = Path(app.__file__).parent
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("asked:"))
    assert set(line.split()[1:]) <= {"127.0.0.1", "localhost", "::1", "0.0.0.0", "None"}
