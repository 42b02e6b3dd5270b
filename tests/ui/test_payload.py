"""The browser's table against the allocation it was made from."""

import base64
import json

import numpy as np
import pytest

from ecoflap.allocation import Plan, allocate
from ecoflap.types import Recipe
from ecoflap.ui.payload import STEPS, UNREACHABLE, confirmation, key_of, table_payload
from tests.ui.fakes import small_bundle

RECIPES = [Recipe(), Recipe(max_sparsity=0.6), Recipe(granularity="layer", modalities=("vision", "bridge", "language"))]


def unpacked(found, layers):
    raw = np.frombuffer(base64.b64decode(found["cells"]), dtype="<u2").reshape(96, layers)
    return raw


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_figure_is_the_allocations(recipe):
    bundle = small_bundle()
    found = table_payload(bundle.layers, Plan(bundle, recipe).table(), recipe)
    raw = unpacked(found, len(bundle.layers))
    for percent in (0, 17, 50, 60):
        at = Recipe(**{**recipe.__dict__, "target": percent / 100})
        allocation = allocate(bundle, at)
        assert found["kept"][percent] == allocation.total_kept
        assert found["total"] == allocation.total
        assert {
            part["name"]: (part["kept"][percent], part["size"]) for part in found["modalities"]
        } == allocation.modalities()
        assert np.abs((raw[percent] >> 1) / STEPS - np.array(allocation.sparsity)).max() < 1 / STEPS
        assert found["caps"][percent] == pytest.approx(at.cap)
    assert json.loads(json.dumps(found)) == found


def test_targets_above_the_cap_are_marked_and_nothing_else():
    bundle, recipe = small_bundle(), Recipe(target=0.0, max_sparsity=0.6)
    found = table_payload(bundle.layers, Plan(bundle, recipe).table(), recipe)
    raw = unpacked(found, len(bundle.layers))
    assert found["reachable"] == [percent <= 60 for percent in range(96)]
    assert (raw[61:] == UNREACHABLE).all() and not (raw[:61] == UNREACHABLE).any()


def test_at_the_cap_means_every_prunable_layer_when_target_and_cap_meet():
    bundle, recipe = small_bundle(), Recipe(target=0.0, max_sparsity=0.6)
    raw = unpacked(table_payload(bundle.layers, Plan(bundle, recipe).table(), recipe), len(bundle.layers))
    assert [bool(flag) for flag in raw[60] & 1] == [layer.modality != "bridge" for layer in bundle.layers]
    assert not (raw[20] & 1).any()


def test_storage_is_kept_weights_and_one_bit_each():
    bundle, recipe = small_bundle(), Recipe(target=0.0)
    found = table_payload(bundle.layers, Plan(bundle, recipe).table(), recipe, bits=16)
    assert found["dense_bytes"] == 2 * found["total"]
    bitmask = next(entry for entry in found["storage"] if entry["format"] == "bitmask")
    assert bitmask["bytes"][50] == 2 * found["kept"][50] + found["total"] // 8


def test_capped_layers_are_counted_as_the_cells_mark_them():
    bundle, recipe = small_bundle(), Recipe(target=0.0, max_sparsity=0.6)
    found = table_payload(bundle.layers, Plan(bundle, recipe).table(), recipe)
    raw = unpacked(found, len(bundle.layers))
    assert found["capped"][:61] == (raw[:61] & 1).sum(axis=1).tolist()
    assert found["capped"][60] == sum(layer.modality != "bridge" for layer in bundle.layers)


def test_key_tells_tables_apart_and_ignores_the_target():
    assert key_of(Recipe(0.2)) == key_of(Recipe(0.7))
    others = (
        Recipe(max_sparsity=0.6),
        Recipe(cap_margin=0.2),
        Recipe(granularity="layer"),
        Recipe(allocator="uniform"),
    )
    assert len({key_of(recipe) for recipe in (Recipe(), *others)}) == 5


def test_confirmation_is_exact():
    bundle, recipe = small_bundle(), Recipe(target=0.37)
    allocation = allocate(bundle, recipe)
    found = confirmation(allocation, recipe)
    assert found["percent"] == 37 and found["kept"] == list(allocation.kept)
    assert found["total_kept"] == round(0.63 * allocation.total)
