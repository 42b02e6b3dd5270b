"""How the page is launched, also by an older gradio."""

import re
from pathlib import Path

import gradio as gr

from ecoflap.ui import launch_options
from ecoflap.ui.figures import plotly


def test_every_option_is_one_that_launch_takes(monkeypatch):
    def launch(self, theme=None, quiet=False):
        pass

    assert launch_options().keys() >= {"theme", "css", "head", "quiet", "max_file_size", "enable_monitoring"}
    monkeypatch.setattr(gr.Blocks, "launch", launch)
    assert launch_options().keys() == {"theme", "quiet"}


def test_plotly_is_where_the_page_looks_for_it_and_no_path_is_told():
    place = plotly()
    assert re.fullmatch(r"\./assets/PlotlyPlot-[\w-]+\.js", place)
    served = Path(gr.__file__).parent / "templates/frontend" / place
    assert "window.Plotly=" in served.read_text(encoding="utf-8")
