"""The map's views, marks and tooltip; that the largest model fits above the fold; that it fills while it is scored."""

import pytest

from ecoflap.types import Layer, ScoreBundle
from tests.browser.conftest import Watched, serve
from tests.ui.fakes import FakeExplorer

CANVAS = "#map canvas.chart"
INSIDE = {
    "visual_encoder.blocks": ("attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2"),
    "t5_model.encoder.block": (
        *(f"layer.0.SelfAttention.{name}" for name in "qkvo"),
        *(f"layer.1.DenseReluDense.{name}" for name in ("wi_0", "wi_1", "wo")),
    ),
    "t5_model.decoder.block": (
        *(f"layer.0.SelfAttention.{name}" for name in "qkvo"),
        *(f"layer.1.EncDecAttention.{name}" for name in "qkvo"),
        *(f"layer.2.DenseReluDense.{name}" for name in ("wi_0", "wi_1", "wo")),
    ),
}


def large_bundle() -> ScoreBundle:
    """588 matrices in the blocks of BLIP-2 FlanT5-XL, small ones."""
    depths = {"visual_encoder.blocks": 39, "t5_model.encoder.block": 24, "t5_model.decoder.block": 24}
    layers = []
    for tower, inside in INSIDE.items():
        for i in range(depths[tower]):
            for place, name in enumerate(inside):
                modality = "vision" if tower.startswith("visual") else "language"
                score = 1.0 + i + place
                layers.append(Layer(f"{tower}.{i}.{name}", f"{tower}.{i}", modality, 32, 32, score, 0.1 * score, 8))
    return ScoreBundle("large", "zeroth-order", tuple(layers))


def canvas_data(page, name: str) -> str:
    return page.locator(CANVAS).get_attribute(f"data-{name}")


def view(page, words: str):
    return page.locator("#map [data-role=views] button", has_text=words)


def hover_selected(page) -> str:
    """The words of the tooltip of the selected cell, which the keyboard opens."""
    page.locator(CANVAS).focus()
    page.keyboard.press("Home")
    return page.locator("#map .tip").text_content()


def test_a_view_without_anything_to_show_says_what_it_needs(opened):
    page = opened.page
    assert view(page, "Sparsity").get_attribute("aria-pressed") == "true"
    assert view(page, "Importance").is_enabled()
    for words, need in (("A against B", "pin"), ("What broke it", "question")):
        assert view(page, words).is_disabled()
        assert need in view(page, words).get_attribute("title").lower()
    page.evaluate("ecoflap.pin()")
    assert view(page, "A against B").is_enabled()


def test_importance_has_numbers_on_its_scale_and_stays_while_the_target_moves(opened):
    page = opened.page
    view(page, "Importance").click()
    page.wait_for_selector(f"{CANVAS}[data-view=score]")
    legend = page.locator("#map .legend").text_content()
    assert "log scale" in legend and "standard error" in legend
    opened.drag(70)
    opened.shown(opened.target())
    assert page.locator("#map .legend").text_content() == legend
    assert "±" in hover_selected(page)


def test_difference_to_the_pinned_recipe_follows_the_slider(opened):
    page = opened.page
    page.evaluate("ecoflap.pin(); ecoflap.show('difference')")
    page.wait_for_selector(f"{CANVAS}[data-view=difference]")
    assert "+0.0 points" in hover_selected(page)
    opened.drag(70)
    opened.confirmed(opened.target())
    assert "A: " in hover_selected(page) and "+0.0" not in hover_selected(page)
    assert "50%" in page.locator("#map .caption").text_content()
    page.evaluate("ecoflap.unpin()")
    page.wait_for_selector(f"{CANVAS}[data-view=sparsity]")


def test_what_broke_it_marks_the_worst_block_and_ages_with_the_recipe(opened):
    # In one go: the panel that owns these figures takes back what it has not measured itself.
    said = opened.page.evaluate(
        """() => {
          const { state } = ecoflap, words = (name) => document.querySelector(`#map .${name}`).textContent;
          const values = Object.fromEntries(state.grid.layers.map((layer) => [layer.block, -0.02]));
          values[state.grid.layers[0].block] = 0.4;
          state.blame = { values, percent: state.row, key: state.table.key, question: "What colour is it?" };
          ecoflap.show("blame");
          const said = { legend: words("legend"), caption: words("caption"), fact: ecoflap.viewFact(0) };
          said.view = document.querySelector("#map canvas").dataset.view;
          ecoflap.move(70);
          return { ...said, later: words("caption") };
        }"""
    )
    assert said["view"] == "blame" and "wins 40% back" in said["legend"]
    assert "What colour is it?" in said["caption"]
    assert said["fact"] == ["Won back by this block", "40.0%"]
    assert said["later"].startswith("Out of date")


def test_the_map_fills_while_scores_are_measured(opened):
    page = opened.page
    page.evaluate(
        """() => {
          const count = ecoflap.state.grid.layers.length;
          const scores = new Array(count).fill(NaN), stderr = new Array(count).fill(NaN);
          [scores[0], scores[1], stderr[0], stderr[1]] = [0.5, 0, 0.1, 0];
          ecoflap.state.measured = { scores, stderr };
          ecoflap.show("score");
        }"""
    )
    page.wait_for_selector(f"{CANVAS}[data-measured='2']")
    page.evaluate("ecoflap.select(0)")
    assert "0.5 ± 0.1" in hover_selected(page)
    page.evaluate("ecoflap.select(5); document.querySelector('#map canvas.chart').dispatchEvent(new Event('blur'))")
    page.keyboard.press("End")
    assert "not measured" in page.locator("#map .tip").text_content()
    page.evaluate("ecoflap.state.measured = null; ecoflap.tell()")
    assert canvas_data(page, "measured") is None


def test_shapes_without_any_score_are_a_map_of_importance(opened):
    page = opened.page
    page.evaluate(
        """() => {
          const { grid } = ecoflap.state;
          const layers = grid.layers.slice(0, 8).map((layer) => ({ ...layer, score: null, stderr: null }));
          ecoflap.regrid({ ...grid, model: "another", layers });
          ecoflap.tell();
        }"""
    )
    page.wait_for_selector(f"{CANVAS}[data-cells='8'][data-view=score]")
    assert page.locator(CANVAS).is_visible()


def test_a_click_beside_the_cells_changes_nothing(opened):
    page = opened.page
    before = canvas_data(page, "selected"), canvas_data(page, "view")
    page.locator(CANVAS).click(position={"x": 4, "y": 4})
    assert (canvas_data(page, "selected"), canvas_data(page, "view")) == before


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_588_matrices_fit(chromium, width, height):
    blocks, url = serve(FakeExplorer(large_bundle()))
    page = chromium.new_page(viewport={"width": width, "height": height})
    watched = Watched(page, url)
    page.wait_for_selector(f"{CANVAS}[data-cells='588']")
    caption = page.locator("#map .caption").bounding_box()
    assert width < 820 or caption["y"] + caption["height"] <= height
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("ecoflap.twin('table')")
    page.wait_for_selector("#map .twin[data-found='588']")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    blocks.close()
    assert watched.errors == []
