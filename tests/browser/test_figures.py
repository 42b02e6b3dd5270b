"""The three figures: drawn once and then changed in place, with a light layer that follows the hand."""

NAMES = ("skyline", "importance", "curves")
# What the page itself draws: Gradio hides and shows a wrapper of its own beside it.
NODES = "document.querySelectorAll('#figures .mount *').length"


def drawn(page, percent):
    page.wait_for_selector(f"#figures .mount[data-drawn='{percent}']", state="attached")


def released(opened, *percents):
    opened.drag(*percents)
    opened.confirmed(opened.target())
    drawn(opened.page, opened.target())


def zoom(page, name):
    """Drag a frame with the mouse; the axes' ranges afterwards."""
    page.locator(f"#{name}").scroll_into_view_if_needed()
    box = page.locator(f"#{name}").bounding_box()
    page.mouse.move(box["x"] + 120, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 180, steps=5)
    page.mouse.up()
    return ranges(page, name)


def ranges(page, name):
    layout = f"document.querySelector('#{name} .js-plotly-plot').layout"
    return page.evaluate(f"[...{layout}.xaxis.range, ...{layout}.yaxis.range]")


def test_ten_commits_change_the_same_plots_and_keep_the_zoom(opened):
    page = opened.page
    drawn(page, 50)
    for name in NAMES:
        page.evaluate(f"document.querySelector('#{name} .js-plotly-plot').dataset.kept = 'yes'")
    before = ranges(page, "skyline")
    zoomed = zoom(page, "skyline")
    assert zoomed != before
    page.evaluate("scrollTo(0, 0)")
    for percent in (20, 60, 30, 70, 40, 80, 25, 65, 35, 75):
        released(opened, percent)
    for name in NAMES:
        plots = page.locator(f"#{name} .js-plotly-plot")
        assert plots.count() == 1 and plots.get_attribute("data-kept") == "yes"
    assert ranges(page, "skyline") == zoomed
    assert ranges(page, "curves") == [0, 0.95, 0, 1.02]


def test_the_number_of_nodes_is_the_same_after_twenty_commits(opened):
    page = opened.page
    released(opened, 70)
    released(opened, 30)
    before = page.evaluate(NODES)
    for turn in range(10):
        released(opened, 70 + turn)
        released(opened, 30)
    assert page.evaluate(NODES) == before


def test_cursor_and_lines_follow_before_the_hand_lets_go(opened, explorer):
    page = opened.page
    drawn(page, 50)
    asked = explorer.calls["allocate"]
    place = "node => node.getBoundingClientRect()"
    cursor, line = page.locator("#curves .rule.target"), page.locator("#skyline .rule.target")
    before = cursor.evaluate(place)["x"], line.evaluate(place)["y"]
    opened.drag(80, release=False)
    percent = opened.target()
    for name in NAMES:
        assert page.locator(f"#{name} .over").get_attribute("data-target") == str(percent)
    assert f"target {percent}%" in page.locator("#skyline").text_content()
    assert f"cap {min(100, percent + 10)}%" in page.locator("#importance").text_content()
    assert cursor.evaluate(place)["x"] > before[0] and line.evaluate(place)["y"] < before[1]
    assert explorer.calls["allocate"] == asked
    stale = [page.locator(f"[data-figure={name}]").get_attribute("data-stale") for name in NAMES]
    assert stale == ["true", "true", "false"], "what is older than the hand is not marked"
    page.mouse.up()
    drawn(page, percent)
    assert page.locator("[data-figure=skyline]").get_attribute("data-stale") == "false"


def test_the_words_of_target_and_cap_never_overlap(opened):
    page = opened.page
    for percent in (0, 5, 90, 95):
        released(opened, percent)
        for name in ("skyline", "importance"):
            words = [page.locator(f"#{name} .rule.{kind} span").bounding_box() for kind in ("cap", "target")]
            if None not in words:
                cap, target = words
                assert cap["y"] + cap["height"] <= target["y"] + 1, (name, percent)
            inside = page.locator(f"#{name}").bounding_box()
            for box in filter(None, words):
                assert inside["y"] <= box["y"] and box["y"] + box["height"] <= inside["y"] + inside["height"]
                assert box["x"] + box["width"] <= inside["x"] + inside["width"] + 1


def test_a_click_on_a_point_selects_its_layer_and_its_group_is_marked_everywhere(opened):
    page = opened.page
    drawn(page, 50)
    canvas = page.locator("#map canvas[data-cells]")
    figure = page.locator("#importance")
    figure.scroll_into_view_if_needed()
    point = figure.locator(".scatterlayer .point").last
    box = point.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function(
        "document.querySelector('#map canvas[data-cells]').dataset.selected.includes('decoder.block.1')"
    )
    assert canvas.get_attribute("data-selected") == "language_model.decoder.block.1.layer.1.EncDecAttention.v"
    mark = figure.locator(".mark").bounding_box()
    assert mark["x"] < box["x"] + box["width"] / 2 < mark["x"] + mark["width"]
    groups = {page.locator(f"#{name} .mark").get_attribute("data-group") for name in ("skyline", "importance")}
    assert groups == {"5"}


def test_another_recipe_has_another_sentence_and_a_locked_group_a_thick_top(opened):
    page = opened.page
    why = page.locator("[data-figure=curves] .why")
    assert "10 points above" in why.text_content()
    page.locator("#allocator").get_by_text("Uniform:").click()
    page.wait_for_function("document.querySelector('[data-figure=curves] .why').textContent.includes('diagonal')")
    page.evaluate("ecoflap.lock({'vision_model.encoder.layers.0': 0.4})")
    legend = page.locator("[data-figure=skyline] .legend", has_text="fixed by hand")
    legend.wait_for()


def test_the_strip_shows_formats_with_the_smallest_marked_and_keeps_its_nodes(opened):
    page = opened.page
    formats = page.locator("#strip section:last-child [data-bytes]")
    assert formats.count() == 3
    page.evaluate("document.querySelectorAll('#strip .share').forEach((node) => (node.dataset.kept_node = 'yes'))")
    opened.drag(80, 1, release=False)
    sizes = [int(node.get_attribute("data-bytes")) for node in formats.all()]
    smallest = [node.get_attribute("data-smallest") for node in formats.all()]
    assert smallest.index("true") == sizes.index(min(sizes)) == 0, "below a few per cent nothing beats dense storage"
    page.mouse.up()
    opened.confirmed(opened.target())
    assert page.locator("#strip .share:not([data-kept_node])").count() == 0
    assert "of 16 matrices are at the cap" in page.locator("#strip").text_content()
    page.locator("#pattern label", has_text="2:4").click()
    page.wait_for_selector("#strip section:last-child [data-bytes] >> nth=3")
    assert formats.nth(1).text_content().startswith("2:4 packed")


def test_lines_of_the_vision_part_are_lighter_on_a_dark_page(opened):
    page = opened.page
    drawn(page, 50)
    lines = "[...document.querySelectorAll('#curves .js-line, #skyline .js-line')]"
    strokes = lines + ".map((line) => getComputedStyle(line).stroke)"
    light, lighter = "rgb(0, 114, 178)", "rgb(86, 180, 233)"
    assert light in page.evaluate(strokes) and lighter not in page.evaluate(strokes)
    page.get_by_role("button", name="Light / dark").click()
    page.wait_for_selector("#figures .mount[data-theme=dark]", state="attached")
    assert lighter in page.evaluate(strokes) and light not in page.evaluate(strokes)
    page.get_by_role("button", name="Light / dark").click()
    page.wait_for_selector("#figures .mount[data-theme=light]", state="attached")
    assert light in page.evaluate(strokes)
