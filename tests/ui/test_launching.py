"""How the page is launched, also by an older gradio."""

import gradio as gr

from ecoflap.ui import launch_options


def test_every_option_is_one_that_launch_takes(monkeypatch):
    def launch(self, theme=None, quiet=False):
        pass

    assert launch_options().keys() >= {"theme", "css", "head", "quiet", "max_file_size", "enable_monitoring"}
    monkeypatch.setattr(gr.Blocks, "launch", launch)
    assert launch_options().keys() == {"theme", "quiet"}
