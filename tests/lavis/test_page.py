"""The page over a model of LAVIS, and over the embedded one, which this environment cannot run, in real Chromium."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecoflap.engine import Engine
from ecoflap.importance.settings import Settings
from ecoflap.models.registry import open_model
from ecoflap.types import Loading
from tests.browser.conftest import Watched, launch
from tests.browser.test_whole import ask, free_port
from tests.lavis import makers
from tests.tiny import save_samples

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def page(*command: str) -> Iterator[Watched]:
    """The page that `python -u COMMAND --port PORT` opens, seen by a Chromium of its own."""
    from playwright.sync_api import sync_playwright

    port = free_port()
    whole = [sys.executable, "-u", *command, "--port", str(port)]
    with subprocess.Popen(whole, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process, sync_playwright() as player:
        try:
            assert f":{port}" in process.stdout.readline(), "the page did not open"
            tab = launch(player).new_page(viewport={"width": 1440, "height": 900})
            tab.set_default_timeout(120_000)
            watched = Watched(tab, f"http://127.0.0.1:{port}/")
            yield watched
            assert watched.errors == []
            assert watched.outside == []
        finally:
            process.terminate()


def test_drag_the_slider_and_ask_a_model_of_lavis(home, tmp_path):
    makers.use(home)
    save_samples(tmp_path)
    engine = Engine(open_model("lavis:blip2_t5/tiny", Loading("cpu")), str(tmp_path))
    engine.score(Settings("first-order", samples=3, batch_size=2)).write(tmp_path / "scores.json")
    options = ["--model", "lavis:blip2_t5/tiny", "--device", "cpu"]
    options += ["--calibration", str(tmp_path), "--scores", str(tmp_path / "scores.json")]
    with page("-m", "tests.lavis.launch", str(home), "app", *options) as watched:
        tab = watched.page
        assert int(tab.locator("#map canvas").get_attribute("data-cells")) == len(engine.model.layers)
        watched.drag(20, 90)
        percent = watched.target()
        watched.confirmed(percent)
        achieved = tab.locator("#strip [data-role=achieved]").text_content()
        assert abs(float(achieved.rstrip("%")) - percent) < 0.1
        tab.locator("#question textarea").fill("what is there ?")
        tab.wait_for_selector("#status .chip.ready")
        dense, pruned = ask(watched)
        assert dense and pruned and pruned != dense
        watched.drag(0)
        watched.confirmed(0)
        assert ask(watched) == [dense, dense]


def test_the_embedded_models_map_opens_and_says_why_it_cannot_answer():
    with page("app.py") as watched:
        watched.drag(80)
        watched.confirmed(watched.target())
        watched.page.wait_for_selector("#status .chip.error")
        assert "need transformers 5 or newer" in watched.page.locator("#status").text_content()
        watched.page.click("#ask")
        watched.page.wait_for_selector("#answers .mount[data-state=error]")
        assert "pip install -r requirements.txt" in watched.page.locator("#answers").text_content()
