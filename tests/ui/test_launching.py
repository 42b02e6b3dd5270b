"""How the page is launched, also by an older gradio."""

import re

import gradio as gr

from ecoflap.ui import launch_options
from ecoflap.ui.figures import preload


def test_every_option_is_one_that_launch_takes(monkeypatch):
    def launch(self, theme=None, quiet=False):
        pass

    assert launch_options().keys() >= {"theme", "css", "head", "quiet", "max_file_size", "enable_monitoring"}
    monkeypatch.setattr(gr.Blocks, "launch", launch)
    assert launch_options().keys() == {"theme", "quiet"}


def test_plotly_is_fetched_while_the_page_starts_and_no_path_is_told():
    (link,) = re.findall(r'href="([^"]+)"', preload())
    assert re.fullmatch(r"\./assets/PlotlyPlot-[\w-]+\.js", link)
    assert preload() in launch_options()["head"]
