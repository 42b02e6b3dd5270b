"""Pinning A: what the card says of A and B, the list of changes, the way back, and no jump under the hand."""

import numpy as np
import pytest

from ecoflap.types import Recipe

LINES = "#compare .line"


def pin(opened) -> None:
    opened.page.click("#pin button:visible")
    opened.page.wait_for_selector("#compare .mount[data-state=pinned]")


def compared(opened, percent: int) -> None:
    """Wait until the card is about a target of B."""
    opened.page.wait_for_selector(f"#compare .mount[data-shown$=' {percent}']")


def choose(opened, knob: str, word: str) -> None:
    opened.page.locator(f"#{knob}").get_by_text(word).click()


def keys(opened) -> list[str]:
    return opened.page.locator(LINES).evaluate_all("lines => lines.map((line) => line.dataset.key)")


def table_row(opened, label: str):
    return opened.page.locator("#compare .sides tr", has_text=label)


def button(opened, word: str):
    return opened.page.locator("#compare .tools").get_by_text(word, exact=True)


def by_block(explorer, recipe) -> dict[str, tuple[float, int]]:
    """Mean sparsity and weights of every block."""
    row = explorer.table(recipe)[round(recipe.target * 100)]
    found = {}
    for layer, sparsity in zip(explorer.bundle.layers, row):
        zeros, size = found.get(layer.block, (0.0, 0))
        found[layer.block] = (zeros + sparsity * layer.size, size + layer.size)
    return {block: (zeros / size, size) for block, (zeros, size) in found.items()}


def test_nothing_is_compared_before_something_is_pinned(opened):
    page = opened.page
    assert "Pin what you see now as A" in page.locator("#compare .lead").text_content()
    assert page.locator(LINES).count() == 0
    page.locator("#compare").get_by_text("Pin what is shown as A").click()
    page.wait_for_selector("#compare .mount[data-state=pinned]")
    assert "A: ECoFLaP 50%" in page.locator("#pin .words").text_content()
    page.get_by_text("A and B are the same now").wait_for(state="visible")
    assert button(opened, "Back to A").is_disabled()


def test_both_recipes_stand_side_by_side_and_what_differs_is_marked(opened):
    pin(opened)
    choose(opened, "allocator", "Uniform")
    opened.drag(30)
    compared(opened, 30)
    opened.page.wait_for_selector("#compare .lead:has-text('Uniform 30%')")
    for label, a, b in (
        ("Target sparsity", "50%", "30%"),
        ("Who loses", "ECoFLaP", "Uniform"),
        ("Achieved", "50", "30"),
    ):
        row = table_row(opened, label)
        assert "differs" in row.get_attribute("class")
        cells = row.locator("td").all_text_contents()
        assert cells[0].startswith(a) and cells[1].startswith(b)
    marked = opened.page.locator("#compare tr.differs th").all_text_contents()
    assert marked[:2] == ["Target sparsity", "Who loses weights?"] and "Cap" not in marked
    assert "(differs)" in table_row(opened, "Target sparsity").text_content(), "only colour says that they differ"


@pytest.mark.parametrize(("order", "weight"), [("by points", False), ("by weights", True)])
def test_the_list_holds_the_largest_changes_first_one_line_for_each_block(opened, explorer, order, weight):
    pin(opened)
    choose(opened, "allocator", "Uniform")
    opened.page.wait_for_selector(LINES)
    opened.page.locator("#compare").get_by_text(order).click()
    a, b = by_block(explorer, Recipe()), by_block(explorer, Recipe(allocator="uniform"))
    changes = {block: b[block][0] - a[block][0] for block in a if abs(b[block][0] - a[block][0]) > 0.0005}
    size = {block: b[block][1] if weight else 1 for block in changes}
    shown = keys(opened)
    assert sorted(shown) == sorted(changes)
    marks = np.array([abs(changes[block]) * size[block] for block in shown])
    assert (np.diff(marks) <= 0.0005 * max(size.values())).all()
    for line in opened.page.locator(LINES).all():
        change = changes[line.get_attribute("data-key")]
        said = line.locator(".change").text_content()
        assert said == f"{'−' if change < 0 else '+'}{abs(change) * 100:.1f}"
        assert ("more" if change > 0 else "less") in line.locator(".change").get_attribute("class")


def test_weights_that_only_one_removes_are_counted(opened, explorer):
    pin(opened)
    choose(opened, "allocator", "Uniform")
    opened.page.wait_for_selector(LINES)
    tables = [explorer.table(Recipe(allocator=name))[50] for name in ("ecoflap", "uniform")]
    moved = (tables[1] - tables[0]) * [layer.size for layer in explorer.bundle.layers]
    found = [opened.page.locator(f"#compare .figures .{kind} b").text_content() for kind in ("more", "less")]
    expected = [moved[moved > 0].sum(), -moved[moved < 0].sum()]
    for said, weights in zip(found, expected):
        number, _, unit = said.partition(" ")
        assert float(number) * (1000 if unit == "k" else 1) == pytest.approx(weights, rel=0.01, abs=2)


def test_layers_that_are_told_apart_have_lines_of_their_own(opened, explorer):
    pin(opened)
    choose(opened, "granularity", "matrix")
    opened.page.wait_for_function(f"document.querySelectorAll('{LINES}').length > 6")
    names = {layer.name for layer in explorer.bundle.layers}
    assert set(keys(opened)) <= names


def test_a_locked_layer_is_a_line_of_its_own_among_blocks(opened, explorer):
    pin(opened)
    layer = explorer.bundle.layers[0]
    opened.page.evaluate("(name) => window.ecoflap.lock({[name]: 0})", layer.name)
    opened.page.wait_for_selector(LINES)
    shown = keys(opened)
    assert layer.name in shown and layer.block in shown
    assert "at 0%" in table_row(opened, "Locked").text_content()


def test_a_shift_of_the_whole_curve_is_called_one(opened):
    pin(opened)
    opened.drag(45)
    compared(opened, 45)
    rigid = opened.page.locator("#compare .rigid")
    rigid.wait_for(state="visible")
    assert "the whole curve shifts" in rigid.text_content()
    choose(opened, "allocator", "Uniform")
    rigid.wait_for(state="hidden")


def test_lines_stay_where_they_are_while_the_hand_moves(opened):
    pin(opened)
    choose(opened, "allocator", "Uniform")
    opened.page.wait_for_selector(LINES)
    before = keys(opened)
    during = opened.page.evaluate(
        f"""() => {{
            const lines = [];
            for (let percent = 49; percent > 20; percent--) {{
                window.ecoflap.move(percent);
                lines.push([...document.querySelectorAll("{LINES}")].map((line) => line.dataset.key).join());
            }}
            return [...new Set(lines)];
        }}"""
    )
    assert during == [",".join(before)]
    compared(opened, 21)


def test_the_difference_is_shown_on_the_map_and_taken_back(opened):
    pin(opened)
    opened.drag(30)
    compared(opened, 30)
    button(opened, "Show the difference on the map").click()
    hide = button(opened, "Show the sparsity on the map")
    hide.wait_for(state="visible")
    assert opened.page.evaluate("window.ecoflap.state.view") == "difference"
    hide.click()
    assert opened.page.evaluate("window.ecoflap.state.view") == "sparsity"


def test_swap_makes_each_the_other(opened):
    pin(opened)
    choose(opened, "allocator", "Uniform")
    opened.drag(30)
    compared(opened, 30)
    opened.page.wait_for_selector("#compare .lead:has-text('Uniform 30%')")
    button(opened, "Swap A and B").click()
    opened.shown(50)
    opened.page.wait_for_selector("#compare .lead:has-text('shows now: ECoFLaP 50%')")
    assert "A is Uniform 30%" in opened.page.locator("#compare .lead").text_content()
    assert opened.target() == 50


def test_back_to_a_sets_every_knob(opened):
    pin(opened)
    choose(opened, "allocator", "Uniform")
    opened.drag(30)
    compared(opened, 30)
    button(opened, "Back to A").click()
    opened.shown(50)
    opened.page.get_by_text("A and B are the same now").wait_for(state="visible")
    assert opened.page.locator("#allocator input:checked").get_attribute("value") == "ecoflap"


def unpinned(opened) -> bool:
    """Whether Python was told that nothing is pinned any more."""
    sent = [post.get("event_data") for post in opened.posts]
    return any(isinstance(event, dict) and event.get("values", 0) is None for event in sent)


def test_unpinning_ends_the_comparison_here_and_in_python(opened):
    pin(opened)
    opened.drag(30)
    compared(opened, 30)
    opened.page.click("#pin button:visible")
    opened.page.wait_for_selector("#compare .mount[data-state=empty]")
    assert opened.page.locator("#pin button:visible").text_content() == "Pin as A"
    assert unpinned(opened)


def test_another_model_unpins_also_in_python(opened):
    pin(opened)
    opened.page.evaluate("window.ecoflap.regrid({...window.ecoflap.state.grid, of: 'another'}); window.ecoflap.tell()")
    opened.page.wait_for_selector("#compare .mount[data-state=empty]")
    assert opened.page.locator("#pin button:visible").is_disabled()
    opened.page.wait_for_function("!window.ecoflap.state.pinned")
    assert unpinned(opened)


def test_the_keyboard_walks_the_list_selects_and_keeps_its_place(opened):
    pin(opened)
    choose(opened, "allocator", "Uniform")
    page = opened.page
    page.wait_for_selector(LINES)
    line = page.locator(LINES).nth(2)
    key = line.get_attribute("data-key")
    line.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{LINES}[data-key='{key}'][aria-current=true]")
    selected = page.evaluate("window.ecoflap.state.grid.layers[window.ecoflap.state.selected].block")
    assert selected == key
    page.evaluate("window.ecoflap.move(40)")
    compared(opened, 40)
    assert page.evaluate("document.activeElement.dataset.key") == key


def test_answers_stand_beside_each_other_until_the_recipe_moves(opened):
    pin(opened)
    opened.drag(20)
    compared(opened, 20)
    button(opened, "Ask dense, A and B").click()
    lines = opened.page.locator("#compare .answers .said")
    lines.first.wait_for(state="visible")
    assert lines.all_text_contents() == ["Densea red circle", "Aa red square", "Ba red circle"]
    opened.drag(25)
    compared(opened, 25)
    assert lines.count() == 0
