"""A pattern on the page: half of everything, a slider that says why it stands still, and the way back."""


def choose(page, words):
    page.locator("#pattern label", has_text=words).click()


def standing(page):
    """What stands still: the target, the allocator and the granularity."""
    return [page.locator(f"{part} input").first.is_disabled() for part in ("#target", "#allocator", "#granularity")]


def test_a_pattern_fixes_the_target_and_says_so_and_the_way_back_is_free(opened):
    page = opened.page
    opened.drag(70)
    opened.confirmed(opened.target())
    choose(page, "2:4")
    opened.shown(50)
    opened.confirmed(50)
    assert page.locator("#headline .big").text_content() == "50%"
    assert page.locator("#strip [data-role=achieved]").text_content().startswith("50")
    page.wait_for_function("document.querySelector('#target input[type=range]').disabled")
    assert page.locator("#target input[type=range]").input_value() == "50"
    assert standing(page) == [True] * 3
    storage = page.locator("#strip section:last-child")
    assert "kernels for 2:4" in storage.text_content() and "Unstructured" not in storage.text_content()
    assert "The target is fixed at 50%" in page.locator("#pattern-note").text_content()
    assert not page.locator("#problem .problem").is_visible()
    choose(page, "Anywhere")
    page.wait_for_function("!document.querySelector('#target input[type=range]').disabled")
    assert standing(page) == [False] * 3
    assert not page.locator("#pattern-note").is_visible()
    assert "Unstructured zeros" in storage.text_content()
    opened.drag(30)
    opened.confirmed(opened.target())
    assert opened.errors == []


def test_the_reset_frees_what_a_pattern_held(opened):
    page = opened.page
    choose(page, "4:8")
    page.wait_for_function("document.querySelector('#target input[type=range]').disabled")
    page.locator("#reset").click()
    page.wait_for_function("!document.querySelector('#target input[type=range]').disabled")
    assert standing(page) == [False] * 3
    assert not page.locator("#pattern-note").is_visible()
    assert page.locator("#pattern label", has_text="Anywhere").locator("input").is_checked()
    opened.shown(50)
