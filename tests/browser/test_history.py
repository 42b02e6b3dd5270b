"""Undo, redo, reset and the locks, in the rail."""

import json

import pytest

BLOCK = "vision_model.encoder.layers.0"
QUERY = "language_model.encoder.block.1.layer.0.SelfAttention.q"


def lock(page, **changes):
    """Lock from the page's scripts, as the selected layer's panel does; names with dots as BLOCK=..."""
    page.evaluate("changes => window.ecoflap.lock(changes)", changes)


def locks(page) -> dict[str, float]:
    return page.evaluate("window.ecoflap.state.table.knobs.overrides")


def listed(page, count: int) -> None:
    page.wait_for_selector(f"#history .locks[data-count='{count}']")


def steps(page, at: int, last: int) -> None:
    """Wait until the history stands at a step of so many."""
    page.wait_for_selector(f"#history .mount[data-steps='{at}/{last}']")


def shares(page) -> list[float]:
    return page.evaluate("window.ecoflap.state.grid.layers.map((_, i) => window.ecoflap.sparsity(i))")


def kept(page) -> int:
    return page.evaluate("(({ table, row }) => table.kept[row])(window.ecoflap.state)")


def button(page, name: str):
    return page.locator("#rail").get_by_role("button", name=name, exact=True)


def test_undo_and_redo_a_gesture_and_a_knob(opened):
    page = opened.page
    steps(page, 0, 0)
    assert button(page, "Undo").get_attribute("aria-disabled") == "true"
    opened.drag(55, 60)
    steps(page, 1, 1)
    page.locator("#granularity label", has_text="matrix").click()
    steps(page, 2, 2)
    assert button(page, "Undo").get_attribute("title") == "Undo (Ctrl+Z): one sparsity for each matrix → block"
    button(page, "Undo").click()
    steps(page, 1, 2)
    page.wait_for_selector("#granularity label.selected:has-text('block')")
    assert button(page, "Undo").get_attribute("title") == "Undo (Ctrl+Z): target 60% → 50%"
    button(page, "Undo").click()
    opened.shown(50)
    opened.confirmed(50)
    assert opened.target() == 50
    assert page.evaluate("document.activeElement.ariaLabel") == "Undo", "the focus is lost"
    page.keyboard.press("Control+Shift+Z")
    opened.shown(60)
    opened.confirmed(60)
    steps(page, 1, 2)
    opened.drag(40)
    steps(page, 2, 2)
    assert button(page, "Redo").get_attribute("aria-disabled") == "true", "a new change clears what was undone"


def test_ctrl_z_in_a_text_field_belongs_to_the_text(opened):
    page = opened.page
    opened.drag(60)
    steps(page, 1, 1)
    page.locator("#question textarea, #question input").first.fill("What is it?")
    page.keyboard.press("Control+z")
    page.locator("#target input[type=range]").focus()
    steps(page, 1, 1)
    page.keyboard.press("Control+z")
    steps(page, 0, 1)
    opened.shown(50)


def test_many_undos_at_once_and_the_reset_is_a_step(opened):
    page = opened.page
    for place, percent in enumerate((55, 60, 65), 1):
        opened.drag(percent)
        steps(page, place, place)
    page.evaluate("window.ecoflap.undo(); window.ecoflap.undo(); window.ecoflap.undo()")
    steps(page, 0, 3)
    opened.shown(50)
    page.wait_for_function("!window.ecoflap.waiting()")
    page.evaluate("window.ecoflap.redo(); window.ecoflap.redo()")
    opened.shown(60)
    page.wait_for_function("!window.ecoflap.waiting()")
    page.locator("#reset").click()
    opened.shown(50)
    steps(page, 3, 3)
    button(page, "Undo").click()
    opened.shown(60)
    steps(page, 2, 3)


def test_history_is_bounded(opened):
    page = opened.page
    page.evaluate("for (let i = 0; i < 300; i++) { ecoflap.move(i % 2 ? 30 : 40); ecoflap.remember(); }")
    steps(page, 100, 100)


def test_a_lock_is_kept_exactly_through_every_other_knob(opened):
    page = opened.page
    before = kept(page)
    lock(page, **{BLOCK: 0.4, QUERY: 0.75})
    listed(page, 2)
    assert page.locator("#history li .what").all_inner_texts() == [
        "Vision, block 1",
        "Language encoder, block 2: attention, query",
    ]
    assert kept(page) == before, "the rest has not paid exactly"
    page.locator("#granularity label", has_text="matrix").click()
    page.wait_for_selector("#granularity label.selected:has-text('matrix')")
    page.locator("#allocator label", has_text="Uniform").click()
    page.wait_for_function("window.ecoflap.state.table.knobs.allocator === 'uniform'")
    assert locks(page) == {BLOCK: 0.4, QUERY: 0.75}
    opened.drag(45)
    opened.confirmed(45)
    place = page.evaluate("name => window.ecoflap.layersOf(name)[0]", QUERY)
    assert shares(page)[place] == pytest.approx(0.75, abs=1e-3)
    assert page.evaluate("place => window.ecoflap.locked(place)", place) == QUERY


def test_locks_in_quick_succession_are_all_kept(opened):
    page = opened.page
    names = [BLOCK, QUERY, "language_model.decoder.block.0"]
    page.evaluate("names => names.forEach((name, i) => window.ecoflap.lock({ [name]: 0.5 + i / 100 }))", names)
    listed(page, 3)
    page.wait_for_function("!window.ecoflap.waiting()")
    assert locks(page) == {name: 0.5 + i / 100 for i, name in enumerate(names)}


def test_freeing_with_the_keyboard_keeps_the_focus_in_the_list(opened):
    page = opened.page
    lock(page, **{BLOCK: 0.4, QUERY: 0.5})
    listed(page, 2)
    page.get_by_role("button", name="Free Vision, block 1", exact=True).focus()
    page.keyboard.press("Enter")
    listed(page, 1)
    assert locks(page) == {QUERY: 0.5}
    assert page.evaluate("document.activeElement.closest('#history') !== null")
    button(page, "Undo").click()
    listed(page, 2)
    page.get_by_role("button", name="Free all").click()
    listed(page, 0)
    assert locks(page) == {}


def test_a_modality_is_locked_where_it_stands_and_the_slider_moves_the_rest(opened):
    page = opened.page
    assert page.locator("#history .modalities button").all_inner_texts() == ["Lock vision", "Lock language"]
    before = shares(page)
    button(page, "Lock vision").click()
    page.wait_for_selector("#history button[data-lock='vision'][data-held='true']")
    assert shares(page) == pytest.approx(before, abs=3e-3), "locking where it stands has moved something"
    share = locks(page)["vision"]
    assert share == round(share, 3)
    opened.drag(45)
    opened.confirmed(45)
    vision = page.evaluate("window.ecoflap.state.table.modalities.find(({ name }) => name === 'vision')")
    assert 1 - vision["kept"][45] / vision["size"] == pytest.approx(share, abs=1e-4)
    button(page, "Free vision").click()
    page.wait_for_selector("#history button[data-lock='vision'][data-held='false']")
    assert locks(page) == {}


def test_a_lock_that_leaves_no_solution_is_refused_in_one_sentence(opened):
    page = opened.page
    lock(page, vision=0.45)
    listed(page, 1)
    lock(page, language=0.99)
    page.wait_for_selector("#problem .problem:has-text('leave no solution at target 50.0%')")
    assert locks(page) == {"vision": 0.45}
    listed(page, 1)
    lock(page, **{BLOCK: 0.0})
    listed(page, 2)
    assert page.locator("#problem .problem").is_hidden()
    lock(page, vision=None, **{BLOCK: None})
    listed(page, 0)
    steps(page, 3, 3)


def test_a_target_that_locks_leave_out_of_reach_is_said(opened):
    page = opened.page
    lock(page, vision=0.5)
    listed(page, 1)
    opened.drag(90)
    page.wait_for_selector("#problem .problem:has-text('With what is locked, 90%')")
    assert int(page.locator("#map canvas.chart").get_attribute("data-shown")) < 90
    opened.drag(5)
    page.wait_for_selector("#problem .problem:has-text('With what is locked, 5%')")
    opened.drag(50)
    opened.shown(50)


def test_a_pattern_keeps_the_locks_aside(opened):
    page = opened.page
    lock(page, **{BLOCK: 0.4})
    listed(page, 1)
    page.locator("#pattern label", has_text="2:4").click()
    page.wait_for_selector("#history .locks.unused:has-text('Not used under 2:4')")
    assert set(shares(page)) <= {0.0, 0.5}
    assert page.evaluate("window.ecoflap.locked(0)") is None
    page.locator("#pattern label", has_text="Anywhere").click()
    page.wait_for_selector("#history .locks:not(.unused)")
    assert locks(page) == {BLOCK: 0.4}
    assert shares(page)[0] == pytest.approx(0.4, abs=1e-2)


def test_the_bridges_locks_are_said_to_be_in_the_way_when_it_is_not_pruned(opened):
    page = opened.page
    page.locator("#bridge label").click()
    page.wait_for_selector("#history button[data-lock='bridge']")
    button(page, "Lock bridge").click()
    listed(page, 1)
    page.locator("#bridge label").click()
    page.wait_for_selector("#problem .problem:has-text(\"called 'bridge'\")")
    page.get_by_role("button", name="Free Bridge", exact=True).click()
    listed(page, 0)
    page.wait_for_function("window.ecoflap.state.table.knobs.bridge === false")
    assert page.locator("#problem .problem").is_hidden()


def test_sparing_frees_the_locks_inside(opened):
    page = opened.page
    lock(page, **{f"{BLOCK}.mlp.fc1": 0.4, "vision": 0.45})
    listed(page, 2)
    page.evaluate("name => window.ecoflap.spare(name)", BLOCK)
    page.wait_for_function("name => window.ecoflap.state.table.knobs.overrides[name] === 0", arg=BLOCK)
    assert locks(page) == {"vision": 0.45, BLOCK: 0}


def test_what_is_asked_includes_the_locks(opened, explorer):
    page = opened.page
    asked = []
    real = explorer.ask
    explorer.ask = lambda image, question, recipe, *more, **named: (
        asked.append(recipe) or real(image, question, recipe, *more, **named)
    )
    lock(page, vision=0.45)
    listed(page, 1)
    opened.drag(48)
    opened.confirmed(48)
    page.locator("#ask").click()
    page.wait_for_selector("text=a red square")
    assert json.dumps(asked[-1].overrides) == '{"vision": 0.45}' and asked[-1].target == 0.48
