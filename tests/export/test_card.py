"""The model card: figures with their denominator, the source's text untouched, one section however often."""

from pathlib import Path

import pytest

from ecoflap.allocation import allocate
from ecoflap.export import card
from ecoflap.types import Recipe
from tests.tiny import bundle

TOY = bundle(
    ("v.fc1", "v", "vision", 4, 8, 1.0), ("b.a", "b", "bridge", 4, 8, 3.0), ("l.q", "l", "language", 8, 8, 6.0)
)
ORIGIN = card.Origin("owner/some model", TOY, ("demo", 128), "folder of mine")


def section(recipe, origin=ORIGIN, packed=False):
    return card.section(allocate(TOY, recipe), recipe, origin, packed)


def test_the_section_says_what_was_done_and_of_how_many():
    text = section(Recipe(0.5, samples="f" * 16))
    assert "| Target sparsity | 50.00% |" in text
    assert "50.0000%: 48 of 96 prunable weights are zero (vision, language)" in text
    assert f"scores: toy, fingerprint {TOY.fingerprint}" in text
    assert "[Wanda](https://arxiv.org/abs/2306.11695), compared within the row, in vision the matrix" in text
    assert f"128 of demo, fingerprint {'f' * 16}; inputs measured: dense" in text
    assert "python -m ecoflap prune --model 'owner/some model' --recipe PRUNED/recipe.json" in text
    assert "--scores PRUNED/scores.json --calibration 'folder of mine' --out OUT" in text
    assert "from the folder in which the first command was given" in text
    assert "PRUNED stands for this folder, OUT for a new one:" in text
    assert "sparse-bitmask" not in text
    assert text.startswith(card.BEGIN) and text.endswith(card.END + "\n")


def test_what_a_recipe_does_not_use_is_not_claimed():
    text = section(Recipe(pruner="magnitude", pattern="4:8"))
    assert "fixed by the pattern 4:8" in text
    assert "compared within groups of the pattern 4:8" in text
    assert "fingerprint" not in text
    assert "| Calibration samples | none needed |" in text


def test_a_packed_copy_is_named():
    assert "`sparse-bitmask` of compressed-tensors" in section(Recipe(), packed=True)


SOURCE = "---\nlicense: mit\nbase_model: x/y\n---\n\n# A model\n\nIts *text*, with \\1 and ${both}.\n"


def written(tmp_path, before, text="<!-- ecoflap -->\nnew \\1 text\n<!-- /ecoflap -->\n"):
    (tmp_path / "before.md").write_text(before, encoding="utf-8")
    card.write(tmp_path / "README.md", tmp_path / "before.md", "name", text)
    return (tmp_path / "README.md").read_text(encoding="utf-8")


def test_the_sources_text_and_front_matter_stay_and_the_section_comes_last(tmp_path):
    found = written(tmp_path, SOURCE)
    assert found.startswith(SOURCE)
    assert found.removeprefix(SOURCE) == "\n<!-- ecoflap -->\nnew \\1 text\n<!-- /ecoflap -->\n"


def test_an_earlier_section_is_replaced_where_it_stands(tmp_path):
    once = written(tmp_path, SOURCE, section(Recipe(0.3))) + "\nLater words.\n"
    again = written(tmp_path, once, section(Recipe(0.6)))
    assert again == SOURCE + "\n" + section(Recipe(0.6)) + "\nLater words.\n"


@pytest.mark.parametrize("before", [None, Path("/no/such/README.md")])
def test_a_source_without_a_card_gives_one_with_its_name(tmp_path, before):
    card.write(tmp_path / "README.md", before, "some-model", section(Recipe()))
    assert (tmp_path / "README.md").read_text() == "# some-model\n\n" + section(Recipe())
