"""How the page is launched, also by an older gradio."""

import re

import gradio as gr
import httpx

from ecoflap.ui import build, launch_options
from ecoflap.ui.figures import PLOTLY, VENDORED
from tests.ui.fakes import FakeExplorer


def test_every_option_is_one_that_launch_takes(monkeypatch):
    def launch(self, theme=None, quiet=False):
        pass

    assert launch_options().keys() >= {"theme", "css", "head", "quiet", "max_file_size", "enable_monitoring"}
    monkeypatch.setattr(gr.Blocks, "launch", launch)
    assert launch_options().keys() == {"theme", "quiet"}


def test_plotly_is_served_where_the_page_looks_for_it():
    blocks = build(FakeExplorer())
    blocks.launch(prevent_thread_lock=True, **launch_options())
    try:
        answer = httpx.get(blocks.local_url.rstrip("/") + PLOTLY)
    finally:
        blocks.close()
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.text == VENDORED.read_text(encoding="utf-8")
    (version,) = re.findall(r"plotly-basic-([\d.]+)\.min\.js", PLOTLY)
    assert f"plotly.js (basic - minified) v{version}" in answer.text[:100]
