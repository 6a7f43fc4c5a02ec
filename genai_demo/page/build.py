"""The page: a bar at the top, one tab per idea, a footer; and what it is launched with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from ..asks import Feature, Json, Loader, Local
from ..models.loader import LoadStatus
from .asking import Runs, in_words, page_function, publish
from .doors import guarded
from .messages import sentence, stage_name
from .plotly import SCRIPT, serve_plotly
from .scene import escape, plain, recorded, scene, stepper
from .texts import load_texts
from .theme import theme
from .web_files import head

Source = tuple[Feature[Any], Loader[Any]]


def build_page(loader: Loader[Any], sources: Sequence[Source], notices: str) -> gr.Blocks:
    """The whole page. Nothing is loaded yet: the first visitor begins that, if nobody has.

    Args:
        loader: of the language model, whose progress the bar at the top shows.
        sources: each idea with the loader of its model, in the order in which their tabs appear.
        notices: licence texts that the footer shows on request.
    """
    words, answerer = load_texts("genai_demo.page")["ui"], Local(sources)
    with gr.Blocks(title=words["title"], analytics_enabled=False, fill_width=True) as page:
        _header(loader, sources, words)
        with gr.Tabs(elem_id="tabs"):
            for feature, source in sources:
                title = load_texts(feature.package)["title"]
                with gr.Tab(title, id=feature.address, elem_id=f"tab-{feature.address}"):
                    _add_scenes(feature, source, answerer)
                    publish(answerer, feature)
        _footer(words, notices)
    return page


def _add_scenes(feature: Feature[Any], source: Loader[Any], answerer: Local) -> None:
    """A tab's stepper and its scenes, each opening on its recorded example."""
    texts = feature.texts(source) if feature.texts else load_texts(feature.package)
    opened, runs = feature.opened(source), Runs(answerer, feature.name)
    stepper(feature.address, {name: texts[name]["title"] for name in feature.scenes}, texts["stepper"])
    for name, asks in feature.scenes.items():
        events = [ask for ask in asks if feature.ask(ask).streams]
        answers = [page_function(answerer, feature.name, ask) for ask in asks if ask not in events]
        settings = feature.settings(source) | ({"plotly": serve_plotly()} if name in feature.plotted else {})
        made = scene(
            feature,
            name,
            {**texts["common"], **texts[name]},
            plain(opened[name]) if opened else recorded(feature.name, name),
            [*answers, *([runs.halt] if events else [])],
            events,
            settings,
        )
        for event in events:
            runs.listen(made, event)


def launch_options(features: Sequence[Feature[Any]]) -> dict[str, Any]:
    """Keyword arguments for `Blocks.launch`: theme, style, scripts; nothing that asks another host or keeps anything.

    Uploads, statistics and files are closed to visitors, and the page to other websites (see `doors`).
    """
    packages = ["genai_demo.page", *(feature.package for feature in features)]
    return {
        "theme": theme(),
        "head": head(packages, load_texts("genai_demo.page")["ui"]),
        "js": "() => gxModules('#page/page.js').then(([page]) => page.open())",
        "footer_links": [],
        "ssr_mode": False,
        "show_error": False,
        "enable_monitoring": False,
        "run_history": False,
        "max_file_size": 1,
        "app_kwargs": {"lifespan": guarded([SCRIPT.as_posix()])},
    }


def _header(loader: Loader[Any], sources: Sequence[Source], words: dict[str, Any]) -> None:
    def status(_: Any) -> Json:
        for one in _loaders(loader, sources):
            one.start()
        return status_payload(loader, sources)

    model_status = in_words(status, "model_status")

    gr.HTML(
        html_template=(
            f'<header class="gx-header"><div><h1>{escape(words["title"])}</h1>'
            f'<p class="gx-subtitle">{escape(words["subtitle"])}</p></div>'
            '<div class="gx-status" role="status"></div><div class="gx-toggles">'
            f'<button type="button" id="gx-dark" class="gx-button gx-small">{escape(words["dark"])}</button>'
            f'<button type="button" id="gx-projector" class="gx-button gx-small" '
            f'title="{escape(words["projector_help"])}">{escape(words["projector"])}</button></div></header>'
        ),
        js_on_load="gxModules('#page/header.js').then(([header]) => header.begin({element}));",
        server_functions=[model_status],
        apply_default_css=False,
        elem_id="header",
    )


def status_payload(loader: Loader[Any], sources: Sequence[Source] = ()) -> Json:
    """How far the models are: of the language model, as the bar at the top shows it, and what each idea waits for.

    {sentence, fraction, ready, failed} of the language model; its sentence also names what else is on its way, and
    what failed. `features`: address → {ready, failed, sentence} of the model that answers there. Nothing is started.
    """
    shown = loader.status
    others = [one.status for one in _loaders(loader, sources) if one is not loader]
    waiting = dict.fromkeys(one.title for one in others if not one.over and one.title != shown.title)
    failed = dict.fromkeys(one.title for one in others if one.error not in (None, shown.error))
    words = load_texts("genai_demo.page")["status"]
    parts = [
        _status_sentence(shown, words),
        *([words["also_loading"].format(titles=" · ".join(waiting))] if waiting else []),
        *([words["also_failed"].format(titles=" · ".join(failed))] if failed else []),
    ]
    return {
        "sentence": " · ".join(parts),
        "fraction": shown.fraction,
        "ready": shown.ready,
        "failed": shown.error is not None,
        "features": {feature.address: _feature_status(source.status, words) for feature, source in sources},
    }


def _loaders(loader: Loader[Any], sources: Sequence[Source]) -> list[Loader[Any]]:
    """Each once, that of the language model first."""
    return list(dict.fromkeys((loader, *(source for _, source in sources))))


def _feature_status(status: LoadStatus, words: dict[str, str]) -> Json:
    return {"ready": status.ready, "failed": status.error is not None, "sentence": _status_sentence(status, words)}


def _status_sentence(status: LoadStatus, words: dict[str, str]) -> str:
    if status.error is not None:
        return sentence(status.error)
    if status.ready:
        return str(words["ready"]).format(title=status.title)
    percent = round(100 * status.fraction)
    return str(words["loading"]).format(title=status.title, stage=stage_name(status.stage), percent=percent)


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
