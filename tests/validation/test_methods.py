"""How methods agree: pairs of known scores, and the section itself on few samples."""

import pytest

from ecoflap.types import Layer
from ecoflap.validation import methods


def layers(*blocks):
    return [Layer(f"w{i}", block, "vision", 1, 1) for i, block in enumerate(blocks)]


def test_pairs_compare_layers_and_block_sums():
    one = {"w0": 1.0, "w1": 5.0, "w2": 2.0, "w3": 3.0}
    other = {"w0": 4.0, "w1": 3.0, "w2": 2.0, "w3": 1.0}
    [row] = methods.pairs(layers("a", "a", "b", "b"), {"one": (one, True), "other": (other, True)})
    assert (row["one"], row["other"]) == ("one", "other")
    # Orders 1 4 2 3 and 4 3 2 1: squared differences 9 + 1 + 0 + 4.
    assert row["layers"] == pytest.approx(1 - 6 * 14 / 60)
    # Sums 6, 5 against 7, 3.
    assert row["blocks"] == pytest.approx(1)


def test_a_method_that_measures_blocks_is_compared_over_blocks_only():
    values = {"w0": 1.0, "w1": 2.0}
    [row] = methods.pairs(layers("a", "b"), {"one": (values, True), "blocks": (values, False)})
    assert row["layers"] is None
    assert row["blocks"] == pytest.approx(1)


def test_the_section_on_two_samples(monkeypatch):
    told = []
    monkeypatch.setattr(methods, "SPARSITIES", (0.6,))
    monkeypatch.setattr(methods, "_increase", lambda sparsity, layer: layer.score)
    found = methods.measure(lambda *step: told.append(step), samples=2, draws=1)
    assert {what for what, _, _ in told} == {"zeroth-order-block", "first-order"}
    assert len(found["methods"]) == 6
    assert len(found["pairs"]) == 15
    pair = next(row for row in found["pairs"] if (row["one"], row["other"]) == ("zeroth-order", "response at 60%"))
    assert pair["blocks"] == pytest.approx(1)
    assert pair["layers"] is None


def test_an_increase_is_read_from_the_curve():
    layer = Layer("w", "a", "vision", 1, 1, curve=((0.4, 1.0, 0.1), (0.6, 2.0, 0.1)))
    assert methods._increase(0.6, layer) == 2.0
