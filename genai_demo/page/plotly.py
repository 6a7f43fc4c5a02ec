"""Plotly's own script, for pictures in three dimensions: served from the installed package when a page asks for it."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import plotly

SCRIPT = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def serve_plotly() -> str:
    """Let the page fetch the script; returns its path below the page's own address."""
    gr.set_static_paths(SCRIPT)
    return f"gradio_api/file={SCRIPT.as_posix()}"
