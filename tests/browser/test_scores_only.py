"""Scores alone, from the command to the browser, on a machine without torch: all that is arithmetic works."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from ecoflap.allocation import allocate
from ecoflap.types import Recipe, ScoreBundle
from tests.browser.conftest import Watched, free_port
from tests.ui.fakes import small_bundle

ROOT = Path(__file__).resolve().parents[2]
# What a laptop for this lacks; and what the names of a bundle from a stranger may hold.
WITHOUT_TORCH = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "safetensors", "accelerate", "datasets", "lavis"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Nothing())
import app
app.main()
"""
HOSTILE = "<img src=x onerror=\"document.title='taken'\">{{7*7}}${7*7}"


@pytest.fixture
def bundle(tmp_path):
    document = small_bundle().to_json()
    del document["fingerprint"]
    document["model"] = document["layers"][0]["block"] = document["layers"][0]["name"] = HOSTILE
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def url(bundle):
    command = [sys.executable, "-c", WITHOUT_TORCH, "--scores", str(bundle), "--port", str(free_port())]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    yield line.split()[-1]
    process.terminate()
    process.wait()


def test_everything_that_is_arithmetic_works_without_torch(chromium, url, bundle):
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    watched = Watched(page, url)
    page.wait_for_selector("#status .chip.scores")
    assert page.locator("#status .model").inner_text() == HOSTILE and page.title() != "taken"
    assert "--model NAME" in page.locator("#needs").inner_text()
    for part in ("#ask-section", "#batch-section", "#status .change", "#measure button.measure", "#play .heard"):
        assert not page.locator(part).first.is_visible(), part

    page.click("#pin button:visible")
    page.wait_for_selector("#compare .mount[data-state=pinned]")
    watched.drag(70)
    watched.confirmed(70)
    page.wait_for_selector("#compare .mount[data-shown$=' 70']")
    assert page.locator("#compare .line").count() > 0

    page.locator("#map canvas.chart").first.focus()
    page.keyboard.press("Home")
    page.wait_for_selector("#layer .mount[data-state=waiting]")
    assert "scores alone" in page.locator("#layer .waiting").inner_text()
    page.keyboard.press("l")
    page.locator("#history li").first.wait_for()
    page.get_by_role("button", name="Table", exact=True).click()
    page.wait_for_selector("#map .twin[data-found]")
    assert page.locator("#map .twin tbody tr").count() == len(small_bundle().layers)
    page.click("#status .export")
    page.wait_for_selector("dialog.export[data-state=ready] pre[data-code=python]:not(:empty)")
    with page.expect_download() as download:
        page.locator("dialog.export [data-take=json]").click()
    assert json.loads(Path(download.value.path()).read_text())["target"] == 0.7

    client = Client(url, verbose=False)
    found = client.predict(target=0.4, api_name="/allocate")
    assert found["groups"] == allocate(ScoreBundle.read(bundle), Recipe(0.4)).groups()
    with pytest.raises(AppError, match="has no model"):
        client.predict(question="What?", api_name="/ask")
    for endpoint in ("/score", "/sweep"):
        with pytest.raises(AppError, match="has no model"):
            client.predict(api_name=endpoint)
    page.close()
    assert watched.errors == [] and watched.outside == []
