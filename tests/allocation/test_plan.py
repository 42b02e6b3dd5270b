"""A recipe on a bundle: groups, modalities, overrides, and the allocations that the public code computes."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from ecoflap.allocation import ALLOCATORS, TARGETS, Plan, allocate
from ecoflap.errors import EcoflapError
from ecoflap.types import Recipe, ScoreBundle
from tests.allocation.bundles import with_facts
from tests.tiny import bundle

TOY = bundle(
    ("v.0.fc1", "v.0", "vision", 4, 8, 1.0),
    ("v.0.fc2", "v.0", "vision", 8, 4, 1.0),
    ("v.1.fc1", "v.1", "vision", 4, 8, 3.0),
    ("bridge", "bridge", "bridge", 4, 4, 9.0),
    ("l.0.q", "l.0", "language", 8, 8, 6.0),
)


@pytest.mark.parametrize("case", range(3))
def test_agrees_with_the_public_code(reference, case):
    wanted = json.loads((reference / "allocations.json").read_text())["cases"][case]
    scores = ScoreBundle.read(reference / wanted["scores"])
    names = ("target", "max_sparsity", "granularity", "aggregate")
    found = allocate(scores, Recipe(**{name: wanted[name] for name in names})).groups()
    assert found.keys() == wanted["sparsity"].keys()
    assert max(abs(found[name] - value) for name, value in wanted["sparsity"].items()) < 1e-5


@pytest.mark.parametrize("granularity", ["layer", "block", "model"])
@pytest.mark.parametrize("aggregate", ["sum", "avg"])
@pytest.mark.parametrize("allocator", [allocator.name for allocator in ALLOCATORS])
@pytest.mark.parametrize("target", [0.0, 0.33, 0.5, 0.95])
def test_the_budget_is_exact_and_the_bridge_stays_dense(granularity, aggregate, allocator, target):
    recipe = Recipe(target, granularity=granularity, aggregate=aggregate, allocator=allocator)
    found = allocate(with_facts(TOY), recipe)
    assert found.total == 160
    assert found.total_kept == round((1 - target) * 160)
    assert found.kept[3] == 16
    assert found.modalities()["bridge"] == (16, 16)


def test_a_matrix_gets_its_share_of_the_group():
    found = allocate(TOY, Recipe(0.5, 1.0, modalities=("vision",)))
    # Scores 2 and 3 share 48 weights: 19.2 and 28.8; the block of two equal matrices splits its 19.
    assert found.kept[:3] == (10, 9, 29)


def test_granularity_model_gives_every_layer_of_a_modality_the_same_sparsity():
    found = allocate(TOY, Recipe(0.5, granularity="model"))
    assert max(found.sparsity[:3]) - min(found.sparsity[:3]) <= 1 / 32


@pytest.mark.parametrize("granularity", ["layer", "block", "model"])
def test_allocators_are_handed_every_prunable_layer_by_its_group(granularity):
    plan = Plan(TOY, Recipe(granularity=granularity))
    for name, size, layers in zip(plan.names, plan.groups.sizes, plan.groups.layers):
        wanted = [layer for layer, group in zip(TOY.layers, plan.group_of) if group == name]
        assert list(layers) == wanted
        assert size == sum(layer.size for layer in wanted)
    assert "bridge" not in plan.names


def test_the_table_repeats_the_allocation_at_every_target():
    recipe = Recipe(granularity="layer")
    table = Plan(TOY, recipe).table()
    assert table.shape == (96, 5)
    for row, target in zip(table, TARGETS):
        assert row.tolist() == pytest.approx(list(allocate(TOY, replace(recipe, target=target)).sparsity), abs=1e-12)


def test_the_table_marks_targets_above_a_fixed_cap():
    table = Plan(TOY, Recipe(0.1, 0.6)).table()
    assert not np.isnan(table[:61]).any()
    assert np.isnan(table[61:]).all()


def test_reference_rounding_removes_int_cols_times_s_per_row():
    found = allocate(TOY, Recipe(0.3, rounding="reference", allocator="uniform", modalities=("language",)))
    assert found.kept[4] == 8 * (8 - int(8 * 0.3))


def test_a_recipe_of_another_bundle_is_refused():
    with pytest.raises(EcoflapError, match="made for the score bundle 0123"):
        allocate(TOY, Recipe(bundle="0123"))


def test_allocating_imports_no_torch():
    code = "import sys, ecoflap.explorer, ecoflap.allocation, ecoflap.types; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_enormous_scores_keep_the_budget():
    scores = enumerate((1e308, 1e308, 5e-324))
    big = bundle(*[(f"l{i}", "one" if i < 2 else "two", "vision", 4, 5, score) for i, score in scores])
    assert allocate(big, Recipe(0.5, 1.0)).total_kept == 30
