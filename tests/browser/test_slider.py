"""The hand on the slider: the browser draws at once, Python hears of it once per gesture."""


def achieved(page) -> str:
    return page.locator("#strip [data-role=achieved]").text_content()


def test_map_and_figures_follow_the_mouse_before_it_lets_go(opened, explorer):
    page = opened.page
    before = page.locator("#map canvas").get_attribute("data-first")
    asked = explorer.calls["allocate"], explorer.calls["table"]
    opened.drag(70, release=False)
    percent = opened.target()
    assert abs(percent - 70) <= 1
    opened.shown(percent)
    assert page.locator("#headline .big").text_content() == f"{percent}%"
    assert abs(float(achieved(page).rstrip("%")) - percent) < 0.1
    assert page.locator("#map canvas").get_attribute("data-first") > before
    assert (explorer.calls["allocate"], explorer.calls["table"]) == asked, "a moving hand asked Python"
    page.mouse.up()
    opened.confirmed(percent)


def test_one_commit_per_gesture_and_no_new_score_or_table(opened, explorer):
    opened.drag(20, 80, 35, 65)
    percent = opened.target()
    opened.confirmed(percent)
    assert opened.commits() == [percent]
    assert explorer.calls["ask"] == 0


def test_ten_arrow_keys_are_not_ten_commits(opened):
    opened.page.focus("#target input[type=range]")
    for _ in range(10):
        opened.page.keyboard.press("ArrowRight")
    opened.shown(60)
    opened.confirmed(60)
    # One, unless the machine pauses between two keys.
    assert opened.commits()[-1] == 60 and len(opened.commits()) <= 3


def test_skyline_and_curves_follow_the_commit_without_changing_height(opened):
    page = opened.page
    height = page.locator("#skyline").bounding_box()["height"]
    assert "target 50%" in page.locator("#skyline").text_content()
    opened.drag(30)
    percent = opened.target()
    page.wait_for_function(f"document.querySelector('#skyline').textContent.includes('target {percent}%')")
    assert page.locator("#skyline").bounding_box()["height"] == height
    assert page.evaluate("document.querySelectorAll('#skyline .js-plotly-plot').length") == 1


def test_modalities_show_what_they_keep_and_the_bridge_joins_when_asked(opened):
    page = opened.page
    share = page.locator("#strip [data-modality=bridge]")
    assert "kept whole" in share.text_content()
    page.wait_for_function(
        "document.querySelector('#strip').textContent.includes('Never pruned: embeddings 1.2 k, norms 64')"
    )
    whole = int(share.get_attribute("data-kept"))
    page.locator("#bridge input").check()
    page.wait_for_function("document.querySelector('#map canvas').dataset.table.includes('bridge')")
    assert int(share.get_attribute("data-kept")) < whole
    opened.confirmed(50)


def test_target_above_a_fixed_cap_is_one_sentence_and_the_last_map_stays(opened):
    page = opened.page
    page.get_by_text("Fixed value").click()
    page.wait_for_selector("#cap input[type=range]")
    page.wait_for_function("document.querySelector('#map canvas').dataset.table.includes('=0.6')")
    page.locator("#target").scroll_into_view_if_needed()
    place = page.locator("#target").bounding_box()
    opened.drag(90)
    percent = opened.target()
    problem = page.locator("#problem .problem")
    problem.wait_for(state="visible")
    assert f"{percent}%" in problem.text_content() and "60%" in problem.text_content()
    assert page.locator("#target").bounding_box() == place, "the slider moved under the hand"
    shown = int(page.locator("#map canvas").get_attribute("data-shown"))
    assert shown <= 60
    assert int(page.locator("#map canvas").get_attribute("data-target")) == percent
    opened.drag(40)
    opened.shown(opened.target())
    assert problem.is_hidden()


def test_uniform_is_the_same_everywhere_and_reset_brings_the_start_back(opened):
    page = opened.page
    start = page.locator("#map canvas").get_attribute("data-first")
    page.locator("#allocator").get_by_text("Uniform:").click()
    page.wait_for_function("document.querySelector('#map canvas').dataset.table.startsWith('uniform')")
    assert abs(float(page.locator("#map canvas").get_attribute("data-first")) - 0.5) < 0.01
    opened.drag(80)
    page.click("#reset")
    opened.shown(50)
    page.wait_for_function("document.querySelector('#map canvas').dataset.table.startsWith('ecoflap')")
    assert page.locator("#map canvas").get_attribute("data-first") == start
    page.wait_for_function("document.querySelector('#target input[type=range]').value === '50'")


def test_a_click_on_the_map_names_the_matrix_in_words(opened):
    page = opened.page
    canvas = page.locator("#map canvas")
    canvas.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    by_keys = canvas.get_attribute("data-selected")
    assert by_keys
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] - 12, "y": 30})
    assert canvas.get_attribute("data-selected") == "vision_model.encoder.layers.1.self_attn.qkv"
    text = page.locator("#layer").text_content()
    assert "Vision, block 2: attention, query+key+value" in text
    assert "24 × 32" in text and "±" in text
    canvas.hover(position={"x": box["width"] - 12, "y": 30})
    assert page.locator("#map .tip").is_visible()
