"""The page: a bar at the top, one tab per idea, a footer; and what it is launched with."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import gradio as gr

from ..errors import DemoError
from ..models.loading import ModelLoader
from .doors import guarded
from .messages import sentence, stage_name
from .plotly import SCRIPT
from .scene import escape
from .texts import load_texts
from .theme import read_resources, theme

logger = logging.getLogger(__name__)

Json = dict[str, Any]
Model = TypeVar("Model")
Model_co = TypeVar("Model_co", covariant=True)
Result = TypeVar("Result")

WAIT_SECONDS = 60.0  # of a call to the API for a loading model, before saying how far it is
VISITORS_AT_ONCE = 16  # of each endpoint; they interleave at the model's one door


class Loader(Protocol[Model_co]):
    """What makes a model ready in the background."""

    def model(self, wait_seconds: float = 0.0) -> Model_co:
        """The model, or one of our errors that says why it is not there."""
        ...


@dataclass(frozen=True)
class Tab:
    """One idea. `build` makes its scenes and endpoints inside the page's context; `package` holds its JS and CSS."""

    name: str
    title: str
    package: str
    build: Callable[[ModelLoader], None]


def build_page(loader: ModelLoader, tabs: Sequence[Tab], notices: str) -> gr.Blocks:
    """The whole page. Nothing is loaded yet: the first visitor (or `loader.start()`) begins that.

    Args:
        loader: the model that all tabs share.
        tabs: in the order in which they appear.
        notices: licence texts that the footer shows on request.
    """
    words = load_texts("genai_demo.ui")["ui"]
    with gr.Blocks(title=words["title"], analytics_enabled=False, fill_width=True) as page:
        _header(loader, words)
        with gr.Tabs(elem_id="tabs"):
            for tab in tabs:
                with gr.Tab(tab.title, id=tab.name, elem_id=f"tab-{tab.name}"):
                    tab.build(loader)
        _footer(words, notices)
    return page


def launch_options(tabs: Sequence[Tab]) -> dict[str, Any]:
    """Keyword arguments for `Blocks.launch`: theme, style, scripts; nothing that asks another host or keeps anything.

    Uploads, statistics and files are closed to visitors, and the page to other websites (see `doors`).
    """
    packages = ["genai_demo.ui", *(tab.package for tab in tabs)]
    return {
        "theme": theme(),
        "head": _head(packages),
        "js": "() => genai.openTab()",
        "footer_links": [],
        "ssr_mode": False,
        "show_error": False,
        "enable_monitoring": False,
        "run_history": False,
        "max_file_size": 1,
        "app_kwargs": {"lifespan": guarded([SCRIPT.as_posix()])},
    }


def _head(packages: Sequence[str]) -> str:
    """Style and scripts, inline: nothing to fetch. (As `css`, Gradio would prefix every rule and so reweigh them.)"""
    style = "\n".join(read_resources(package, ".css") for package in packages)
    words = json.dumps({"ui": load_texts("genai_demo.ui")["ui"]}).replace("<", "\\u003c")
    shared, *features = (read_resources(package, ".js") for package in packages)
    code = "\n".join([shared, f"Object.assign(genai.texts, {words});", *features])
    return f"<style>{style}</style><script>{code}</script>"


def _header(loader: ModelLoader, words: dict[str, Any]) -> None:
    def model_status(_: dict[str, Any]) -> dict[str, Any]:
        loader.start()
        return status_payload(loader)

    gr.HTML(
        html_template=(
            f'<header class="gx-header"><div><h1>{escape(words["title"])}</h1>'
            f'<p class="gx-subtitle">{escape(words["subtitle"])}</p></div>'
            '<div class="gx-status" role="status"></div><div class="gx-toggles">'
            f'<button type="button" id="gx-dark" class="gx-button gx-small">{escape(words["dark"])}</button>'
            f'<button type="button" id="gx-projector" class="gx-button gx-small" '
            f'title="{escape(words["projector_help"])}">{escape(words["projector"])}</button></div></header>'
        ),
        js_on_load="genai.header({element, server});",
        server_functions=[model_status],
        apply_default_css=False,
        elem_id="header",
    )


def status_payload(loader: ModelLoader) -> dict[str, Any]:
    """How far the model is, as the bar at the top shows it."""
    status = loader.status
    words = load_texts("genai_demo.ui")["status"]
    if status.error is not None:
        text = sentence(status.error)
    elif status.ready:
        text = words["ready"].format(title=status.title)
    else:
        percent = round(100 * status.fraction)
        text = words["loading"].format(title=status.title, stage=stage_name(status.stage), percent=percent)
    return {
        "sentence": text,
        "fraction": status.fraction,
        "ready": status.ready,
        "failed": status.error is not None,
    }


def _footer(words: dict[str, Any], notices: str) -> None:
    gr.HTML(
        html_template=(
            f'<footer class="gx-footer"><p>{escape(words["keys"])}</p>'
            f"<details><summary>{escape(words['built_on'])} · {escape(words['licence_link'])}</summary>"
            f"<pre>{escape(notices)}</pre></details></footer>"
        ),
        js_on_load="",
        apply_default_css=False,
        elem_id="footer",
    )


def answering(loader: Loader[Model], answer: Callable[[Model, Json], Json]) -> Callable[[Json], Json]:
    """A function for the browser: `answer(model, request)`, with our errors turned into sentences.

    It never waits for a loading model: the page says how far it is and asks again by itself.
    """

    def respond(request: Json) -> Json:
        try:
            return answer(loader.model(), request)
        except Exception as error:
            return explained(error)

    respond.__name__ = answer.__name__
    return respond


def explained(error: Exception) -> Json:
    """What the browser is told of an error. Of a mistake of ours it gets a sentence, and the terminal the details."""
    if isinstance(error, DemoError):
        return {"error": sentence(error), "loading": error.key == "model_loading", "offers": error.offers}
    logger.error("A question could not be answered.", exc_info=error)
    return {"error": sentence(DemoError())}


def or_message(error: DemoError) -> gr.Error:
    """Our error as Gradio shows it to those who call the API."""
    return gr.Error(sentence(error), print_exception=False)


def answer_or_message(work: Callable[[], Result]) -> Result:
    """What `work` returns; our errors become Gradio's, for those who call the API."""
    try:
        return work()
    except DemoError as error:
        raise or_message(error) from error
