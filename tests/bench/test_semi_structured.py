"""The bench of 2:4 kernels: what can be said without a GPU, and on one that has them, real ratios."""

import json
import math
from typing import ClassVar

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from ecoflap.bench import semi_structured
from ecoflap.types import Layer

REFUSAL = semi_structured.why_not()


def test_pruned_matrices_have_two_zeros_in_every_four_and_the_larger_weights():
    weight = torch.tensor([[1.0, -4.0, 3.0, 2.0, 5.0, 0.5, -6.0, 7.0]])
    assert semi_structured.pruned(weight).tolist() == [[0, -4, 3, 0, 0, 0, -6, 7]]


def test_shapes_are_counted_and_the_largest_come_first():
    layers = [Layer(str(i), "b", "language", *shape) for i, shape in enumerate([(4, 8), (64, 8), (4, 8)])]
    assert list(semi_structured.shapes_of(tuple(layers)).items()) == [((64, 8), 1), ((4, 8), 2)]


@pytest.mark.parametrize(
    ("rows", "cols", "dtype", "by"),
    [
        (128, 256, torch.bfloat16, ["cusparselt", "cutlass"]),
        (16, 16, torch.float16, ["cusparselt"]),
        (128, 100, torch.bfloat16, []),
        (128, 128, torch.float64, []),
    ],
)
def test_a_library_takes_multiples_of_its_least_shape(rows, cols, dtype, by):
    assert [name for name in semi_structured.LIBRARIES if semi_structured.fits(name, rows, cols, dtype)] == by


def test_swapped_weights_come_back_as_the_same_parameters_also_after_an_error():
    linears = {"a": nn.Linear(4, 4), "b": nn.Linear(4, 4)}
    before = {name: module.weight for name, module in linears.items()}
    with pytest.raises(KeyError), semi_structured.swapped(linears, semi_structured.pruned):
        assert all(int((module.weight == 0).sum()) == 8 for module in linears.values())
        raise KeyError
    assert all(module.weight is before[name] for name, module in linears.items())


def run(*arguments):
    done = CliRunner().invoke(semi_structured.app, list(arguments))
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


class Limits:
    sparse_min_rows = sparse_min_cols = 16


class Library:
    """A library whose tensors are dense ones, for a machine without a GPU; it counts what it is given."""

    _DTYPE_SHAPE_CONSTRAINTS: ClassVar = {torch.float32: Limits, torch.bfloat16: Limits}
    given: ClassVar = []

    @classmethod
    def from_dense(cls, weight):
        groups = weight[:, : weight.shape[1] // 4 * 4].reshape(-1, 4)
        assert ((groups != 0).sum(1) <= 2).all()
        cls.given.append(tuple(weight.shape))
        return weight.clone()


class Refusing(Library):
    """One that works by itself, and whose tensors a model's code cannot use."""

    @classmethod
    def from_dense(cls, weight):
        if tuple(weight.shape) != (128, 128):
            raise NotImplementedError
        return weight


@pytest.fixture
def pretended(monkeypatch):
    """The whole measurement on the CPU, with two made-up libraries."""
    monkeypatch.setattr(semi_structured, "LIBRARIES", {"one": Library, "other": Refusing})
    monkeypatch.setattr(semi_structured, "DEVICE", "cpu")
    monkeypatch.setattr(semi_structured, "ROUNDS", 2)
    monkeypatch.setattr(semi_structured, "why_not", lambda: None)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "none")
    Library.given.clear()


def test_every_shape_and_the_whole_pass_are_measured_by_every_library(pretended, t5_folder, sample_folder):
    where = ["--model", str(t5_folder), "--calibration", str(sample_folder), "--dtype", "float32", "--tokens", "8"]
    found = run(*where)
    shapes = {(row["rows"], row["cols"]): row for row in found["linear"]}
    assert sum(row["matrices"] for row in found["linear"]) == 8 + 17 + 36
    assert all(row["one"] > 0 for shape, row in shapes.items() if shape[0] % 16 == 0 == shape[1] % 16)
    assert all(row["other"] is None for row in shapes.values())
    assert found["forward"]["one"] > 0 and found["forward"]["other"] is None
    fitting = sum(row["matrices"] for shape, row in shapes.items() if row["one"])
    assert len(Library.given) == 1 + len([row for row in shapes.values() if row["one"]]) + fitting


@pytest.mark.skipif(REFUSAL is None, reason="this machine has the kernels")
def test_a_machine_without_the_kernels_says_what_it_needs():
    found = run("--model", "demo")
    assert found.keys() == {"not_measured"}
    assert found["not_measured"].startswith("Not measured here")


@pytest.mark.skipif(REFUSAL is not None, reason=str(REFUSAL))
@pytest.mark.parametrize("library", semi_structured.LIBRARIES)
def test_the_kernels_compute_what_dense_ones_do(library):
    if library not in semi_structured.usable():
        pytest.skip(f"{library} does not work here")
    weight = semi_structured.pruned(torch.randn(256, 512, dtype=torch.bfloat16, device="cuda"))
    inputs = torch.randn(3, 40, 512, dtype=torch.bfloat16, device="cuda")
    dense = nn.functional.linear(inputs.float(), weight.float())
    with torch.no_grad():
        found = nn.functional.linear(inputs, semi_structured.compressed(library, weight)).float()
    assert float((found - dense).norm() / dense.norm()) < 0.01


@pytest.mark.skipif(REFUSAL is not None, reason=str(REFUSAL))
def test_the_demo_is_measured_on_its_shapes_and_as_a_whole():
    found = run("--model", "demo", "--tokens", "256")
    assert sum(row["matrices"] for row in found["linear"]) > 100
    ratios = [row[name] for row in found["linear"] for name in semi_structured.usable()]
    assert any(value is not None for value in ratios)
    assert all(value is None or 0 < value < math.inf for value in [*ratios, *found["forward"].values()])
