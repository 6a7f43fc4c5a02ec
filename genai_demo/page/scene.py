"""A scene: one claim, one picture, a few controls, one question to the class.

Its frame (claim, explanation, question, provenance line) is made here from the scene's texts; its picture and its
controls are drawn in the browser by the scene's JavaScript, from a JSON payload. The template is static and the
JavaScript writes text nodes only, so nothing that a visitor or a model writes is ever read as HTML.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from html import escape as escape_html
from pathlib import Path
from typing import Any

import gradio as gr

from ..asks import Feature, Opening
from ..shipped import reading
from .web_files import module_name

RECORDED = Path(__file__).parents[2] / "assets" / "recorded"

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def scene(
    feature: Feature[Any],
    name: str,
    texts: Mapping[str, Any],
    payload: Mapping[str, Any] | None = None,
    answers: Sequence[Answer] = (),
    events: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> gr.HTML:
    """The component of one scene.

    Args:
        feature: the idea that it belongs to.
        name: the scene's name, as in the page's address, and of its JavaScript module.
        texts: `claim`, `story` (paragraphs), `question`, and what else its JavaScript writes on the page.
        payload: the answers that it shows until a live model answers; see `Feature.openings`.
        answers: functions that its JavaScript may call with one JSON object, for one JSON object.
        events: which of its questions are answered in parts, by listeners such as `component.write(…)`.
        settings: what else its JavaScript needs to know, and does not write on the page.
    """
    return gr.HTML(
        value=payload,
        html_template=frame(texts),
        # Gradio makes a listener for each event whose quoted name it finds in this code.
        js_on_load=f'gxModules("#page/scene.js", "{module_name(feature.package, f"{name}.js")}").then('
        f'([page, scene]) => page.mount(scene, "{feature.address}", "{name}", {{element, props}}, '
        f"{{streams: {json.dumps(list(events))}}}));",
        server_functions=list(answers) or None,
        elem_id=f"scene-{feature.address}-{name}",
        elem_classes=["gx-scene-shell"],
        apply_default_css=False,
        texts=dict(texts),
        settings=dict(settings or {}),
    )


def stepper(tab: str, scenes: Mapping[str, str], label: str) -> gr.HTML:
    """The row of scene buttons of a tab. `scenes`: name → title, in the order of the walk."""
    buttons = "".join(
        f'<li><button type="button" data-scene="{escape(name)}"><span class="gx-step-number">{number}</span>'
        f'<span class="gx-step-title">{escape(title)}</span></button></li>'
        for number, (name, title) in enumerate(scenes.items(), 1)
    )
    return gr.HTML(
        html_template=f'<nav class="gx-stepper" aria-label="{escape(label)}"><ol>{buttons}</ol></nav>',
        js_on_load=f"gxModules('#page/page.js').then(([page]) => page.stepper('{tab}', {{element}}));",
        elem_id=f"stepper-{tab}",
        elem_classes=["gx-stepper-shell"],
        apply_default_css=False,
    )


def escape(text: str) -> str:
    """`text` as HTML inside a template, which Gradio also compiles as a JavaScript template literal."""
    return escape_html(text).translate({ord(mark): f"&#{ord(mark)};" for mark in "`${}\\"})


def plain(openings: Mapping[str, Opening]) -> dict[str, Any]:
    """Openings as JSON for a scene's script: its key of the question → {ask, values, answer}."""
    return {key: asdict(one) for key, one in openings.items()}


def recorded(feature: str, name: str) -> dict[str, Any]:
    """The payload that a scene opens with, recorded from the real model by `python -m genai_demo.editions.record`.

    Raises:
        DamagedClone: its file is missing or damaged.
    """
    file = RECORDED / feature / f"{name}.json"
    with reading(file):
        return dict(json.loads(file.read_text(encoding="utf-8")))


def frame(texts: Mapping[str, Any]) -> str:
    """The frame of a scene, as HTML: claim, explanation, question, and room for what its script draws."""
    story = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in texts["story"])
    return (
        f'<section class="gx-scene"><h2>{escape(texts["claim"])}</h2>'
        '<p class="gx-message" role="alert" hidden></p><div class="gx-columns"><div class="gx-work"></div>'
        f'<aside class="gx-story">{story}<p class="gx-question">{escape(texts["question"])}</p></aside></div>'
        '<p class="gx-provenance"></p></section>'
    )
