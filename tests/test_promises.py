"""What the README promises of endpoints, tried on the app as `app.py` builds it: names, arguments, defaults."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client

import app
from genai_demo.editions.api_table import public_asks
from genai_demo.features import load_features
from genai_demo.page.build import launch_options

README = (Path(app.__file__).parent / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(/\w+)` \| (?:`([^|]*)`)? ?\| (.*) \|$", re.MULTILINE)
REQUIRED = object()

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio.queueing")


def arguments(text: str) -> dict[str, object]:
    """`"prompt, seed=0"` → name → default."""
    call = ast.parse(f"lambda {text}: 0", mode="eval").body.args
    required = len(call.args) - len(call.defaults)
    defaults = [REQUIRED] * required + [ast.literal_eval(default) for default in call.defaults]
    return {argument.arg: default for argument, default in zip(call.args, defaults, strict=True)}


PROMISED = {name: arguments(given) for name, given, _ in ROW.findall(README)}


@pytest.fixture(scope="module")
def endpoints() -> Iterator[dict[str, Any]]:
    """The whole app's own description of its endpoints, over the network."""
    _, url, _ = app.demo.launch(prevent_thread_lock=True, quiet=True, **launch_options(app.standard.features))
    yield Client(url, verbose=False).view_api(return_format="dict")["named_endpoints"]
    app.demo.close(verbose=False)


def test_the_readme_names_every_endpoint_that_is_published():
    assert len(PROMISED) == len(list(public_asks(load_features()))) > 0


def test_the_whole_app_has_the_endpoints_of_the_readme_and_no_others(endpoints):
    assert set(endpoints) == set(PROMISED)


@pytest.mark.parametrize("name", PROMISED)
def test_an_endpoint_takes_the_arguments_of_the_readme(endpoints, name):
    known = {
        one["parameter_name"]: one["parameter_default"] if one["parameter_has_default"] else REQUIRED
        for one in endpoints[name]["parameters"]
    }
    assert known == PROMISED[name]
    assert list(known) == list(PROMISED[name])
