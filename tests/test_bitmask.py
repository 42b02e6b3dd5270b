"""Packed weights: a literal case, a decoder of its own, bit for bit, what is packed, and damaged files."""

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ecoflap import bitmask
from ecoflap.errors import EcoflapError


def sparse(rows, cols, share, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(rows, cols, generator=generator).to(dtype)
    return weight.masked_fill(torch.rand(rows, cols, generator=generator) < share, 0)


def same_bits(one, other):
    kind = {2: torch.int16, 4: torch.int32}[one.element_size()]
    return one.dtype == other.dtype and torch.equal(one.view(kind), other.view(kind))


def test_the_parts_of_a_small_matrix():
    parts = bitmask.pack(torch.tensor([[0.0, 5, 0, 0, 0, 0, 0, 0, 7], [1, 0, 0, 0, 0, 0, 0, 2, 0]]))
    assert parts["compressed"].tolist() == [5, 7, 1, 2]
    assert parts["bitmask"].tolist() == [[0b00000010, 1], [0b10000001, 0]]
    assert parts["row_offsets"].tolist() == [0, 2]
    assert parts["shape"].tolist() == [2, 9]
    assert [parts[name].dtype for name in ("bitmask", "row_offsets", "shape")] == [torch.uint8, *[torch.int64] * 2]


def naive(parts):
    """Bit by bit, in plain Python, row offsets included."""
    rows, cols = parts["shape"].tolist()
    dense = np.zeros((rows, cols), np.float32)
    for i in range(rows):
        place = int(parts["row_offsets"][i])
        for j in range(cols):
            if int(parts["bitmask"][i, j // 8]) >> (j % 8) & 1:
                dense[i, j] = parts["compressed"][place]
                place += 1
    return dense


@pytest.mark.parametrize("cols", [1, 7, 8, 9, 31])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_decoder_of_its_own_reads_the_same(cols, share):
    weight = sparse(5, cols, share)
    assert (naive(bitmask.pack(weight)) == weight.numpy()).all()
    assert same_bits(bitmask.unpack(bitmask.pack(weight)), weight)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_what_is_no_number_and_minus_zero_come_back_bit_for_bit(dtype):
    weight = sparse(6, 20, 0.6, dtype)
    weight[0, :4] = torch.tensor([float("nan"), float("-inf"), -0.0, 1e-7])
    assert same_bits(bitmask.unpack(bitmask.pack(weight)), weight)


def test_a_matrix_that_is_no_contiguous_memory_is_packed_as_it_reads():
    weight = sparse(8, 8, 0.5).t()
    assert torch.equal(bitmask.unpack(bitmask.pack(weight)), weight)


def test_only_matrices_of_weights_that_become_smaller_are_packed():
    tensors = {
        "a.weight": sparse(64, 64, 0.5),
        "dense.weight": sparse(64, 64, 0.0),
        "tiny.weight": sparse(4, 4, 0.9),
        "a.bias": torch.zeros(64),
        "conv.weight": torch.zeros(8, 8, 4, 4),
        "table": torch.zeros(64, 64),
    }
    found = bitmask.packed(tensors)
    assert {name for name in found if name.startswith("a.")} == {"a.bias", *(f"a.{part}" for part in bitmask.PARTS)}
    assert all(found[name] is tensors[name] for name in tensors if name != "a.weight")
    assert sum(value.nbytes for value in found.values()) < sum(value.nbytes for value in tensors.values())


@pytest.fixture
def folder(tmp_path):
    """Two files of weights, and the folder that they were packed to."""
    shards = [{"a.weight": sparse(64, 48, 0.5), "a.bias": torch.ones(3)}, {"b.weight": sparse(32, 80, 0.9)}]
    paths = [tmp_path / f"model-{i}.safetensors" for i in (1, 2)]
    for path, tensors in zip(paths, shards):
        save_file(tensors, path, {"format": "pt"})
    (tmp_path / "packed").mkdir()
    bitmask.write(paths, tmp_path / "packed")
    return tmp_path / "packed", shards[0] | shards[1]


def test_files_are_read_as_they_were_written(folder):
    place, tensors = folder
    assert [path.name for path in bitmask.files(place)] == [f"sparse-0000{i}-of-00002.safetensors" for i in (1, 2)]
    found = bitmask.read(place)
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)
    with safe_open(bitmask.files(place)[0], "pt") as file:
        assert set(file.keys()) == {"a.bias", *(f"a.{part}" for part in bitmask.PARTS)}


def test_a_folder_of_other_weights_has_no_packed_files(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "model.safetensors")
    assert bitmask.files(tmp_path) == []


def damaged(place, sentence):
    with pytest.raises(EcoflapError, match=sentence) as caught:
        bitmask.read(place)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing(folder):
    bitmask.files(folder[0])[0].unlink()
    damaged(folder[0], r"packed weights in .* cannot be read: 1 files")


def test_a_file_cut_short(folder):
    path = bitmask.files(folder[0])[0]
    path.write_bytes(path.read_bytes()[:-10])
    damaged(folder[0], "cannot be read")


@pytest.mark.parametrize(
    ("part", "value", "sentence"),
    [
        ("compressed", torch.ones(5), "5 values for"),
        ("compressed", lambda parts: parts["compressed"][:, None].repeat(1, 3), r"a compressed of \(\d+, 3\)"),
        ("bitmask", torch.ones(3, 3, dtype=torch.uint8), "bitmask of \\(3, 3\\) for a matrix of 64 x 48"),
        ("bitmask", lambda parts: parts["bitmask"].long(), "a bitmask of .* torch.int64"),
        ("bitmask", lambda parts: parts["bitmask"].bfloat16(), "a bitmask of .* torch.bfloat16"),
        ("shape", torch.tensor([1, 2, 3]), "a shape of 3 numbers"),
        ("shape", torch.tensor([64.0, 48.0]), "a shape of .* torch.float32"),
        ("shape", torch.tensor([-64, -48]), "for a matrix of -64 x -48"),
        ("shape", torch.tensor(64), "a shape of"),
        ("row_offsets", lambda parts: parts["row_offsets"].flip(0), "row_offsets that are not where the rows begin"),
        ("row_offsets", lambda parts: parts["row_offsets"][1:], "row_offsets that are not"),
        ("row_offsets", lambda parts: parts["row_offsets"].int(), "a row_offsets of .* torch.int32"),
        ("row_offsets", None, "row_offsets"),
    ],
)
def test_parts_that_do_not_fit(folder, part, value, sentence):
    path = bitmask.files(folder[0])[0]
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    if callable(value):
        value = value({name: tensors[f"a.{name}"] for name in bitmask.PARTS}).contiguous()
    del tensors[f"a.{part}"]
    save_file(tensors | ({} if value is None else {f"a.{part}": value}), path)
    damaged(folder[0], sentence)
