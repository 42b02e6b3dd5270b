"""The table of layers as CSV: what a data frame reads, and that it comes back as a recipe."""

import io
from dataclasses import replace

import pandas
import pytest

from ecoflap.allocation import allocate
from ecoflap.formats.layers import COLUMNS, layers_csv
from ecoflap.formats.tables import fitted, read_table
from ecoflap.types import Recipe, ScoreBundle
from tests.ui.fakes import small_bundle


@pytest.fixture
def recipe():
    bundle = small_bundle()
    return Recipe(target=0.4, overrides={bundle.layers[0].name: 0.1, bundle.layers[-2].block: 0.25})


def frame(text):
    return pandas.read_csv(io.StringIO(text), keep_default_na=False)


def test_pandas_reads_every_prunable_layer_with_its_figures(recipe):
    bundle = small_bundle()
    allocation = allocate(bundle, recipe)
    capped = [i == 2 for i in range(len(bundle.layers))]
    table = frame(layers_csv(allocation, recipe, capped))
    assert tuple(table.columns) == COLUMNS
    chosen = [i for i, counts in enumerate(allocation.prunable) if counts]
    assert list(table["name"]) == [bundle.layers[i].name for i in chosen]
    assert list(table["sparsity"]) == [allocation.sparsity[i] for i in chosen]
    assert list(table["kept"]) == [allocation.kept[i] for i in chosen]
    assert list(table["score"]) == [bundle.layers[i].score for i in chosen]
    assert (table["rows"] * table["cols"]).sum() == allocation.total
    assert table["locked"][0] == bundle.layers[0].name
    assert list(table["locked"]).count(bundle.layers[-2].block) == 2
    assert list(table.index[table["capped"].astype(str).str.lower() == "true"]) == [chosen.index(2)]


def test_it_goes_back_in_as_a_recipe_that_keeps_the_same_weights(recipe, tmp_path):
    bundle = small_bundle()
    allocation = allocate(bundle, recipe)
    (tmp_path / "layers.csv").write_text(layers_csv(allocation, recipe, [False] * len(bundle.layers)))
    table = read_table(tmp_path / "layers.csv")
    again = fitted(
        Recipe(target=0, max_sparsity=1.0, allocator="uniform", granularity="layer", overrides=table), bundle.layers
    )
    assert allocate(bundle, again).kept == allocation.kept


def test_a_name_is_no_formula():
    bundle = small_bundle()
    layers = (replace(bundle.layers[0], name="=1+1"), *bundle.layers[1:])
    allocation = allocate(ScoreBundle("m", "x", layers), Recipe())
    table = frame(layers_csv(allocation, Recipe(), [False] * len(layers)))
    assert table["name"][0] == "'=1+1"
