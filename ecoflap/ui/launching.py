"""How the page is launched and what it looks like before its own style sheet speaks."""

import inspect
from typing import Any

import gradio as gr

from ecoflap.ui import embed, figures, guard
from ecoflap.ui.shared import CALLERS, PEOPLE

FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
MAX_UPLOAD = "20mb"
# Whoever waits in line takes one; the slider's events need some too.
THREADS = PEOPLE + CALLERS + 60


def theme() -> gr.Theme:
    """A quiet theme on system fonts: nothing is fetched from elsewhere."""
    base = gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        font=FONTS,
        font_mono=("ui-monospace", "Consolas", "monospace"),
        radius_size=gr.themes.sizes.radius_md,
        spacing_size=gr.themes.sizes.spacing_md,
    )
    return base.set(
        body_background_fill="#f4f6f8",
        body_background_fill_dark="#0e1319",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        # Gradio's own grey can hardly be read.
        body_text_color_subdued="#55636f",
        body_text_color_subdued_dark="#a3b1be",
        slider_color="#0a66a8",
        slider_color_dark="#4da3e0",
        button_primary_background_fill="#0a66a8",
        button_primary_background_fill_hover="#084f83",
        button_primary_background_fill_dark="#1a6fae",
        button_primary_background_fill_hover_dark="#1c7fc4",
        button_primary_text_color="#ffffff",
    )


def launch_options() -> dict[str, Any]:
    """Arguments for `Blocks.launch` that every way of launching shares."""
    options = {
        "theme": theme(),
        "css": embed.css(),
        "head": embed.head(),
        "footer_links": ["api"],
        "run_history": False,
        "enable_monitoring": False,
        "max_file_size": MAX_UPLOAD,
        "max_threads": THREADS,
        "app_kwargs": {"exception_handlers": guard.handlers(), "routes": [figures.route()]},
        "quiet": True,
        "ssr_mode": False,
    }
    # LAVIS holds gradio at a version without some of them.
    accepted = inspect.signature(gr.Blocks.launch).parameters
    return {name: value for name, value in options.items() if name in accepted}
