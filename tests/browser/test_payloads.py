"""Markup and templates in everything that a person types, names or uploads: shown as they are, never run."""

import re
from urllib.parse import quote

import pytest
from PIL import Image

from ecoflap.types import Layer, ScoreBundle
from tests.browser.conftest import Watched, serve
from tests.ui.fakes import FakeExplorer, small_bundle

MARKUP = "<img src=x onerror=window.hacked=1>"
PAYLOADS = (MARKUP, "<script>window.hacked=1</script>", "{{7*7}}", "${window.hacked=1}", "javascript:window.hacked=1")
ALL = " ".join(PAYLOADS)


@pytest.fixture
def explorer():
    """A model whose own name, and the names of whose layers and blocks, are payloads."""
    layers = []
    for number, layer in enumerate(small_bundle().layers):
        block = f"{layer.block}.{PAYLOADS[number % 5]}"
        layers.append(Layer(f"{block}.{MARKUP}", block, layer.modality, layer.rows, layer.cols, layer.score))
    made = FakeExplorer(ScoreBundle(MARKUP, MARKUP, tuple(layers)), spec=ALL)
    made.origins[made.bundle.fingerprint] = "file"
    return made


def chosen(page, button, *paths):
    with page.expect_file_chooser() as chooser:
        page.click(button)
    chooser.value.set_files(paths)


def unharmed(page):
    """Nothing ran, and nothing that was only text became an element."""
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src='x'], a[href^='javascript:']").count() == 0
    assert not re.search(r"\b49\b", page.locator("#status").inner_text())


def test_names_of_a_model_and_its_layers_are_text(opened):
    page = opened.page
    assert MARKUP in page.locator("#status").inner_text()
    page.locator("#map canvas").click(position={"x": 40, "y": 60})
    page.keyboard.press("l")
    page.wait_for_function("() => Object.keys(window.ecoflap.state.table.knobs.overrides).length === 1")
    page.get_by_role("button", name="Table", exact=True).click()
    page.wait_for_selector("#map .twin[data-found]")
    unharmed(page)


def test_questions_file_names_cells_and_addresses_are_text(chromium, tmp_path):
    blocks, url = serve(FakeExplorer())
    person = Watched(chromium.new_page(), url + "?" + "&".join(f"{name}={quote(ALL)}" for name in ("q", "s", "model")))
    page = person.page
    page.locator("#question textarea").fill(ALL)
    page.locator("#ask").click()
    page.wait_for_selector("#answers .mount[data-state=done]")
    assert MARKUP in page.locator("#answers .asked").inner_text()
    name = "<img src=x onerror=window.hacked=1>.png"
    Image.new("RGB", (12, 12), "red").save(tmp_path / name)
    before = page.locator("#picker .shown").get_attribute("src")
    chosen(page, "#upload", tmp_path / name)
    page.wait_for_function("before => document.querySelector('#picker .shown').src !== before", arg=before)
    rows = "image,question,answer\n" + "".join(f'"{name}","{text}","{text}"\n' for text in PAYLOADS)
    (tmp_path / f"{MARKUP}.csv").write_text(rows)
    chosen(page, "#batch-upload", tmp_path / f"{MARKUP}.csv", tmp_path / name)
    page.wait_for_selector("#batch .mount[data-state=ready]")
    page.locator("#batch .tools .primary").click()
    page.wait_for_selector("#batch .mount[data-state=done]")
    assert page.locator("#batch td.question", has_text=PAYLOADS[1]).count() == 1
    unharmed(page)
    page.close()
    blocks.close()
    assert person.errors == [] and [asked for asked in person.outside if not asked.startswith(url)] == []
