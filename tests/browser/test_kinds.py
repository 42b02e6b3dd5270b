"""The Ask section by the kind of model, and when another kind comes while the page is open."""

import pytest

from ecoflap.models.kinds import Description
from tests.browser.conftest import Watched, serve
from tests.browser.test_asking import ask
from tests.ui.fakes import FakeExplorer

# What people see of the section, by kind; of the labels only a classifier has any.
SEEN = {
    "vision-language": {"#ask-picture", "#question", "#chips"},
    "zero-shot": {"#ask-picture", "#question", "#chips"},
    "classifier": {"#ask-picture", "#labels"},
    "text": {"#question", "#chips"},
}
LABELS = tuple(f"label {i}" for i in range(1000))
PARTS = ("#ask-picture", "#question", "#chips", "#labels")


def explorer(kind):
    made = FakeExplorer(is_demo=False)
    made.described = Description(kind, LABELS if kind == "classifier" else ())
    return made


def seen(page):
    return {part for part in PARTS if page.locator(part).is_visible()}


@pytest.mark.parametrize("kind", SEEN)
def test_each_kind_shows_what_it_takes_and_nothing_else(chromium, kind):
    model = explorer(kind)
    blocks, url = serve(model)
    for width, height in ((1440, 900), (390, 844)):
        page = chromium.new_page(viewport={"width": width, "height": height})
        watched = Watched(page, url)
        assert seen(page) == SEEN[kind]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        heights = page.locator("#ask-words > *").evaluate_all("nodes => nodes.map((node) => node.offsetHeight)")
        shown = [height for height in heights if height]
        assert len(shown) == len(SEEN[kind] - {"#ask-picture"}) + 2 and min(shown) > 20, "an empty box"
        ask(watched)
        assert page.locator("#answers .choices").count() == (2 if kind in ("classifier", "zero-shot") else 0)
        assert watched.errors == []
        page.close()
    blocks.close()


def test_a_classifiers_labels_are_listed_and_the_rest_counted(chromium):
    blocks, url = serve(explorer("classifier"))
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    Watched(page, url)
    assert "one of its 1,000 labels" in page.locator("#labels h3").text_content()
    assert page.locator("#labels .label").count() == 200
    assert page.locator("#labels .list").text_content().endswith("and 800 more")
    assert page.locator("#labels").bounding_box()["height"] < 200
    page.close()
    blocks.close()


def test_another_kind_of_model_changes_the_section_under_an_open_page(chromium):
    model = explorer("vision-language")
    blocks, url = serve(model)
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    watched = Watched(page, url)
    ask(watched)
    for kind, label in (
        ("zero-shot", "2. Labels, separated by commas"),
        ("text", "Ask a question"),
        ("classifier", None),
    ):
        model.described = explorer(kind).described
        page.wait_for_selector(f"#ask-section.kind-{kind}")
        page.wait_for_selector("#answers .mount[data-state=empty]")
        assert seen(page) == SEEN[kind]
        if label:
            page.get_by_text(label, exact=True).wait_for(state="visible")
        ask(watched)
    assert [question for _, question, _ in model.questions][1:] == [
        "circle, square, triangle, star",
        "What is the capital of France?",
        "",
    ]
    page.close()
    blocks.close()
    assert watched.errors == []
