"""Every file that leaves the page, caught, read and compared with what Python says; and the recipe that comes back."""

import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import pandas
import pytest
import yaml
from PIL import Image

from ecoflap.allocation import Plan, allocate
from ecoflap.types import Recipe
from ecoflap.ui import session, standalone
from tests.browser.test_axe import violations
from tests.ui.fakes import small_bundle
from tests.ui.test_standalone import evil_bundle

SVG = "{http://www.w3.org/2000/svg}"
BLOCK = small_bundle().layers[0].block


def dialog(page):
    page.locator("#status .export").click()
    page.wait_for_selector("dialog.export[open][data-state='ready']")


def downloaded(page, selector) -> tuple[str, bytes]:
    """Name and content of the file that a click saves."""
    with page.expect_download() as waiting:
        page.locator(selector).click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def picture(page, what, kind) -> tuple[str, bytes]:
    """A figure's file, by the keyboard: its menu opens with Enter."""
    page.locator(f"[data-save='{what}'] summary").focus()
    page.keyboard.press("Enter")
    return downloaded(page, f"[data-save='{what}'] [data-kind='{kind}']")


def allocation(explorer, **knobs):
    return explorer.allocate(session.recipe_of(*session.knobs_of(session.DEFAULTS | knobs)))


def test_the_files_say_what_is_shown(opened, explorer, tmp_path):
    page = opened.page
    page.evaluate("name => window.ecoflap.lock({[name]: 0.5})", BLOCK)
    page.wait_for_selector("#history .locks[data-count='1']")
    opened.drag(55, 60)
    opened.confirmed(60)
    found = allocation(explorer, percent=60, overrides={BLOCK: 0.5})
    dialog(page)
    files = {what: downloaded(page, f"dialog.export [data-take='{what}']") for what in ("json", "yaml", "csv", "page")}
    assert [name for name, _ in files.values()] == [
        f"ecoflap-model-fake-60-{name}" for name in ("recipe.json", "sparsity.yaml", "layers.csv", "map.html")
    ]
    (tmp_path / "recipe.json").write_bytes(files["json"][1])
    assert explorer.allocate(Recipe.read(tmp_path / "recipe.json")).kept == found.kept
    chosen = [i for i, counts in enumerate(found.prunable) if counts]
    assert list(yaml.safe_load(files["yaml"][1]).values()) == [found.sparsity[i] for i in chosen]
    table = pandas.read_csv(io.BytesIO(files["csv"][1]))
    assert list(table["kept"]) == [found.kept[i] for i in chosen]
    assert (table["locked"] == BLOCK).sum() == 4
    page.wait_for_function("document.querySelector('[data-code=shell]').textContent.includes('--target 0.6')")
    assert f"overrides={{'{BLOCK}': 0.5}}" in page.locator("[data-code='python']").text_content()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className").endswith("export"), "the focus is lost"


def test_every_figure_is_saved_as_drawing_and_picture(opened):
    page = opened.page
    page.evaluate("window.ecoflap.pin()")
    opened.drag(60)
    opened.confirmed(60)
    page.wait_for_selector("#compare .mount[data-state='pinned']")
    for what in ("map", "skyline", "importance", "curves", "difference"):
        name, drawing = picture(page, what, "svg")
        assert name == f"ecoflap-model-fake-60-{what}.svg"
        root = ElementTree.fromstring(drawing)
        words = " ".join(root.itertext())
        assert root.tag == f"{SVG}svg" and "Achieved 60.00%" in words
        name, raw = picture(page, what, "png")
        image = Image.open(io.BytesIO(raw)).convert("L")
        wide, high = int(root.get("width")), int(root.get("height"))
        assert name.endswith(".png") and image.size == (2 * wide, 2 * high)
        low, most = image.getextrema()
        assert low < 100 and most == 255, f"{what} is blank"


def test_the_maps_cells_carry_the_numbers_of_python(opened, explorer):
    page = opened.page
    found = allocation(explorer)
    root = ElementTree.fromstring(picture(page, "map", "svg")[1])
    cells = {
        int(cell.get("data-layer")): cell.find(f"{SVG}title").text
        for cell in root.iter(f"{SVG}g")
        if cell.get("data-layer")
    }
    assert len(cells) == len(found.layers)
    for i, (layer, share) in enumerate(zip(found.layers, found.sparsity)):
        assert layer.name in cells[i] and f"{share:.1%}" in cells[i]
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_selector("#figures .mount[data-theme='dark']")
    for what in ("map", "curves"):
        image = Image.open(io.BytesIO(picture(page, what, "png")[1])).convert("L")
        assert image.getpixel((2, 2)) < 60, "it is not of the theme"


def file_of(name, text):
    return {"name": name, "mimeType": "application/json", "buffer": text.encode()}


def test_a_recipe_comes_back_with_every_knob_and_can_be_undone(opened, tmp_path):
    page = opened.page
    dialog(page)
    saved = json.loads(downloaded(page, "dialog.export [data-take='json']")[1])
    page.keyboard.press("Escape")
    place = page.locator("#recipefile input[type=file]")
    other = saved | {"target": 0.62, "max_sparsity": 0.81, "granularity": "layer", "overrides": {BLOCK: 0.4}}
    place.set_input_files(file_of("mine.json", json.dumps(other)))
    opened.shown(62)
    opened.confirmed(62)
    assert opened.target() == 62
    page.wait_for_selector("#history .locks[data-count='1']")
    page.wait_for_selector("#granularity label.selected:has-text('matrix')")
    page.wait_for_selector("#cap-mode label.selected:has-text('Fixed')")
    assert "mine.json" in page.locator("#recipefile .note").text_content()
    for text, sentence in (
        ("{", "bad.json is no recipe"),
        (json.dumps(saved | {"bundle": "0123456789abcdef"}), "0123456789abcdef"),
        (json.dumps(saved | {"pruner": "magnitude"}), "pruner = magnitude"),
        ("x" * 600000, "larger than 512 kB"),
        (json.dumps(saved | {"overrides": {"nobody": 0.5}}), "nobody"),
    ):
        place.set_input_files(file_of("bad.json", text))
        page.wait_for_selector(f"#recipefile .problem:has-text('{sentence}')")
        assert opened.target() == 62
    page.locator("#rail").get_by_role("button", name="Undo", exact=True).click()
    opened.shown(50)


def test_what_was_asked_becomes_a_report_whose_words_stay_words(opened):
    page = opened.page
    evil = "<img src=x onerror=alert(1)></style>"
    page.locator("#question textarea, #question input").first.fill(f"What is {evil}?")
    page.locator("#ask").click()
    page.wait_for_selector("#answers .mount[data-state='done']")
    dialog(page)
    page.wait_for_selector("dialog.export .count[data-count='1']")
    files = {kind: downloaded(page, f"dialog.export [data-report='{kind}']")[1] for kind in ("html", "json", "csv")}
    report = json.loads(files["json"])
    (ask,) = report["asks"]
    assert evil in ask["question"] and ask["knobs"]["pruned"]["percent"] == 50
    assert [side["answer"] for side in ask["sides"]] == ["a red circle", "a red square"]
    assert ask["sides"][1]["parting"]["token"] == 2 and ask["sides"][1]["surprise"] == 0.42
    assert report["pictures"][ask["picture"]]["data"].startswith("data:image/")
    table = pandas.read_csv(io.BytesIO(files["csv"]))
    assert list(table["answer"]) == ["a red circle", "a red square"] and table["parting_token"][1] == 2
    shown = page.context.browser.new_page()
    shown.set_content(files["html"].decode())
    assert evil in shown.locator("h2").text_content() and shown.locator("img").count() == 1
    assert shown.locator("mark").all_text_contents() == ["circle", "square"]
    assert shown.evaluate("document.images[0].naturalWidth") <= 1024
    shown.close()
    page.locator("[data-report='clear']").click()
    page.wait_for_selector("dialog.export .count[data-count='0']")


def test_only_the_last_hundred_questions_are_kept(opened):
    kept = opened.page.evaluate(
        """() => {
          const said = { words: [], tokens: [], surprise: null, seconds: 0 };
          const heard = (i) => window.ecoflap.heard({ about: "", question: String(i), settings: "", dense: said });
          for (let i = 0; i < 130; i++) heard(i);
          return [window.ecoflap.report.size().count, JSON.parse(window.ecoflap.report.json()).asks[0].question];
        }"""
    )
    assert kept == [100, "30"]


@pytest.fixture
def offline(chromium):
    """A browser without a network, and what went wrong in its console."""
    context = chromium.new_context(offline=True, viewport={"width": 1200, "height": 800})
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda shown: (wrong.append("it runs"), shown.dismiss()))
    yield page
    context.close()
    assert wrong == []


def standing(tmp_path, bundle, recipe):
    table = Plan(bundle, replace(recipe, target=0.0)).table()
    text = standalone.page(bundle, recipe, allocate(bundle, recipe), table, bundle.model)
    (tmp_path / "map.html").write_text(text)
    return (tmp_path / "map.html").as_uri()


def slide(page, percent):
    page.locator("#target").fill(str(percent))
    page.wait_for_selector(f"header[data-percent='{percent}']")
    page.wait_for_selector(f".figures[data-drawn='{percent}'] svg")
    page.wait_for_selector(f"#table[data-drawn='{percent}']")


def test_the_page_without_a_server_follows_its_slider(offline, tmp_path):
    page, bundle, recipe = offline, small_bundle(), Recipe(target=0.5, overrides={BLOCK: 0.4})
    page.set_default_timeout(8000)
    page.goto(standing(tmp_path, bundle, recipe))
    for percent in (50, 63):
        slide(page, percent)
        found = allocate(bundle, replace(recipe, target=percent / 100))
        assert f"{found.total - found.total_kept:,} of {found.total:,}" in page.locator("header .sum").text_content()
        for i, kept in enumerate(found.kept):
            assert page.locator(f"tr[data-row='{i}'] td").nth(5).text_content() == f"{kept:,}"
        page.locator("#map [data-layer='0']").click()
        assert f"{found.kept[0]:,} of {found.layers[0].size:,}" in page.locator("#map .said").text_content()
    page.locator("th.number button", has_text="zeros").click()
    assert page.locator("th[aria-sort='descending']").text_content() == "zeros"
    shares = [float(text.rstrip("%")) for text in page.locator("tbody td:nth-child(5)").all_text_contents()]
    assert shares == sorted(shares, reverse=True)
    page.locator("summary").click()
    assert violations(page) == []
    with page.expect_download() as waiting:
        page.locator("#notes .tool").click()
    (tmp_path / "recipe.json").write_bytes(waiting.value.path().read_bytes())
    assert Recipe.read(tmp_path / "recipe.json") == recipe


def test_names_that_would_be_markup_do_nothing_in_it(offline, tmp_path):
    page, bundle = offline, evil_bundle()
    page.goto(standing(tmp_path, bundle, Recipe(target=0.4)))
    slide(page, 45)
    page.locator("#map [data-layer='1']").click()
    assert bundle.layers[1].name in page.locator("#map .said").text_content()
    assert page.locator("img, b[onclick]").count() == 0


def test_what_the_weights_and_the_ladder_say_is_saved_too(demo_page):
    page = demo_page.page
    page.wait_for_selector("#layer .mount[data-state='seen']")
    page.locator("#ladder [data-action='climb']").click()
    page.wait_for_selector("#ladder .mount[data-state='done']")
    verdict = page.locator("#ladder .verdict").first.text_content()
    ladder = ElementTree.fromstring(picture(page, "breaking-point", "svg")[1])
    assert verdict in " ".join(ladder.itertext())
    name = page.evaluate("(({ grid, selected }) => grid.layers[selected].name)(window.ecoflap.state)")
    charts = ElementTree.fromstring(picture(page, "layer", "svg")[1])
    assert name in " ".join(charts.itertext())
    assert len(list(charts.iter(f"{SVG}image"))) == 1 and len(list(charts.iter(f"{SVG}svg"))) >= 4
    for what in ("breaking-point", "layer"):
        image = Image.open(io.BytesIO(picture(page, what, "png")[1])).convert("L")
        assert image.getextrema()[0] < 100
