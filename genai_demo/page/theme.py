"""The look: calm, large, high contrast, one accent; in light and in dark. No font is fetched from anywhere."""

from __future__ import annotations

import gradio as gr

SANS = ("system-ui", "-apple-system", "Segoe UI", "Noto Sans", "Helvetica Neue", "Arial", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")


def theme() -> gr.themes.Base:
    """The page's theme on Gradio's theming. Our own components read its variables (page.css)."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        text_size=gr.themes.sizes.text_lg,
        radius_size=gr.themes.sizes.radius_md,
        font=SANS,
        font_mono=MONO,
    ).set(
        body_background_fill="#f7f7f4",
        body_background_fill_dark="#11151c",
        body_text_color="#18202c",
        body_text_color_dark="#eaeef4",
        body_text_color_subdued="#4a5565",
        body_text_color_subdued_dark="#b3bdcc",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1a202a",
        border_color_primary="#d5d9e0",
        border_color_primary_dark="#3a4352",
        color_accent="#1d4fc4",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_padding="0px",
        layout_gap="8px",
    )
