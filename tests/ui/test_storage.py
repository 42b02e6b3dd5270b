"""Bytes of sparse formats against storing a small matrix by hand."""

import numpy as np
import pytest

from ecoflap.types import Layer
from ecoflap.types.pattern import kept as kept_by_pattern
from ecoflap.ui.storage import sparse_bytes


def sizes(layers, kept, bits=16, pattern="unstructured"):
    return {entry["format"]: entry["bytes"] for entry in sparse_bytes(layers, np.array(kept), bits, pattern)}


def test_bitmask_and_csr_are_what_their_arrays_take():
    rng = np.random.default_rng(0)
    dense = rng.random((6, 10)).astype(np.float16) * (rng.random((6, 10)) < 0.4)
    rows, cols = np.nonzero(dense)
    values = dense[rows, cols]
    pointers = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=6)))).astype(np.int32)
    found = sizes([Layer("a", "a", "vision", 6, 10)], [[len(values)]])
    assert found["csr"] == [values.nbytes + cols.astype(np.int16).nbytes + pointers.nbytes]
    assert found["bitmask"] == [values.nbytes + np.packbits(dense != 0).nbytes]


def test_wide_matrices_need_wider_indices_and_layers_add_up():
    layers = [Layer("a", "a", "vision", 1, 32768), Layer("b", "b", "vision", 1, 32769)]
    found = sizes(layers, [[10, 10], [0, 0]])
    assert found["csr"] == [10 * (2 + 2) + 10 * (2 + 4) + 2 * 8, 2 * 8]


@pytest.mark.parametrize(("pattern", "index"), [("2:4", 2), ("4:8", 3)])
def test_patterns_have_a_packed_format(pattern, index):
    layer = Layer("a", "a", "vision", 4, 18)  # two columns behind the last whole group stay
    count = kept_by_pattern(pattern, 4, 18)
    found = sizes([layer], [[count]], pattern=pattern)
    inside = 4 * 16 // 2
    assert next(iter(found)) == "packed"
    assert found["packed"] == [(count * 16 + inside * index) // 8]
    assert "packed" not in sizes([layer], [[count]])
