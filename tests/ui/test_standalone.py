"""The page without a server: what stands in it is inert, and every sentence that it says is there."""

import json
import re
from dataclasses import replace

import pytest

from ecoflap.allocation import Plan, allocate
from ecoflap.errors import EcoflapError
from ecoflap.texts import table
from ecoflap.types import Recipe, ScoreBundle
from ecoflap.ui import embed, standalone
from tests.ui.fakes import small_bundle

EVIL = "</script><img src=x onerror=alert(1)>@@DATA@@"


def evil_bundle():
    """Names that would be markup, or a place of the template, anywhere but in a text."""
    layers = [
        replace(one, name=f"{one.name}{EVIL}", block=f"{one.block}<b onclick=alert(2)>")
        for one in small_bundle().layers
    ]
    return ScoreBundle(f"model {EVIL}", f"method {EVIL}", tuple(layers))


def written(bundle, recipe=None, language="en"):
    recipe = recipe or Recipe()
    found = Plan(bundle, recipe if recipe.fixed else replace(recipe, target=0.0)).table()
    return standalone.page(bundle, recipe, allocate(bundle, recipe), found, bundle.model, language)


@pytest.mark.parametrize("recipe", [Recipe(), Recipe(target=0.3, overrides={"vision": 0.28}), Recipe(pattern="2:4")])
def test_it_holds_the_table_and_asks_nobody(recipe):
    text = written(small_bundle(), recipe)
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    assert data["percent"] == round(100 * recipe.target) and len(data["table"]["kept"]) == 96
    assert sorted(i for group in data["groups"] for i in group["layers"]) == [
        i for i, counts in enumerate(data["table"]["prunable"]) if counts
    ]
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=\"?(https?:|//|/)", text)


def test_names_never_become_markup():
    text = written(evil_bundle())
    assert "<img" not in text and "<b onclick" not in text
    assert text.count("<script") == text.count("</script>") == len(standalone.SCRIPTS) + 2
    assert "@@STYLE@@" not in text and text.count("@@DATA@@") > 1, "what is put in is searched again"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_sentence_that_its_scripts_say_is_in_it(language):
    text = written(small_bundle(), language=language)
    texts = json.loads(re.search(r"ecoflapTexts = (\{.*?\});</script>", text, re.DOTALL)[1])
    code = "\n".join((embed.ASSETS / name).read_text() for name in standalone.SCRIPTS)
    asked = {key for key in standalone.KEY.findall(code) if key in table()}
    assert asked and asked == set(texts)


@pytest.mark.parametrize("target", [0.505, 0.97])
def test_a_target_that_its_slider_does_not_have_is_refused(target):
    with pytest.raises(EcoflapError, match=rf"the target is {100 * target:g}%"):
        written(small_bundle(), Recipe(target=target, max_sparsity=1.0))
