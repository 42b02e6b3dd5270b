"""A checkpoint's types: read from headers, given back where nothing is lost, in shards and from pickles."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from ecoflap import bitmask
from ecoflap.export import stored

HALVES = (torch.bfloat16, torch.float16)


def save(folder, **tensors):
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


def pruned(dtype, rows=16, cols=32):
    weight = torch.randn(rows, cols, generator=torch.Generator().manual_seed(1)).to(dtype)
    return weight.masked_fill(torch.arange(cols) % 2 == 0, 0)


def test_types_come_from_headers_and_only_of_floats(tmp_path):
    save(tmp_path, a=torch.zeros(2, dtype=torch.float16), b=torch.zeros(2), ids=torch.zeros(2, dtype=torch.int64))
    assert stored.types(tmp_path) == {"a": torch.float16, "b": torch.float32}


def test_types_of_a_pickle_and_of_packed_weights(tmp_path):
    tensors = {"x.weight": pruned(torch.bfloat16, 64, 64), "x.bias": torch.zeros(4)}
    torch.save(tensors | {"note": "no tensor"}, tmp_path / "pytorch_model.bin")
    wanted = {"x.weight": torch.bfloat16, "x.bias": torch.float32}
    assert stored.types(tmp_path) == wanted
    save_file(tensors, tmp_path / "dense.safetensors")
    bitmask.write([tmp_path / "dense.safetensors"], tmp_path)
    assert stored.files(tmp_path) == bitmask.files(tmp_path)
    assert stored.types(tmp_path) == wanted


def test_a_pickle_that_runs_something_tells_no_types_and_runs_nothing(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("trapped").touch, ())

    torch.save({"x": Trap()}, tmp_path / "pytorch_model.bin")
    assert stored.types(tmp_path) == {}
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("half", HALVES)
def test_weights_go_back_to_their_type_and_keep_their_values(tmp_path, half):
    weight = pruned(half)
    save(tmp_path, weight=weight.float(), norm=torch.full((4,), 1 / 3))
    kinds = {"weight": half, "norm": torch.float32}
    assert stored.restore_types(stored.files(tmp_path), kinds) == []
    found = load_file(tmp_path / "model.safetensors")
    assert torch.equal(found["weight"], weight) and found["weight"].dtype == half
    assert torch.equal(found["norm"], torch.full((4,), 1 / 3))


def test_a_tensor_of_which_one_value_would_be_rounded_stays_and_is_named(tmp_path):
    weight = pruned(torch.bfloat16).float()
    weight[3, 3] = 1 + 2**-20
    save(tmp_path, weight=weight)
    assert stored.restore_types(stored.files(tmp_path), {"weight": torch.bfloat16}) == ["weight"]
    assert torch.equal(load_file(tmp_path / "model.safetensors")["weight"], weight)


def test_a_name_that_the_checkpoint_lacks_gets_its_commonest_type(tmp_path):
    save(tmp_path, new=pruned(torch.float16).float())
    kinds = {"a": torch.float16, "b": torch.float16, "c": torch.float32}
    assert stored.restore_types(stored.files(tmp_path), kinds) == []
    assert load_file(tmp_path / "model.safetensors")["new"].dtype == torch.float16


def test_nothing_is_made_wider_and_whole_numbers_stay(tmp_path):
    save(tmp_path, a=pruned(torch.bfloat16), ids=torch.arange(3))
    assert stored.restore_types(stored.files(tmp_path), {"a": torch.float32}) == []
    found = load_file(tmp_path / "model.safetensors")
    assert found["a"].dtype == torch.bfloat16
    assert torch.equal(found["ids"], torch.arange(3))


def test_between_the_two_halves_only_what_fits_both_is_changed(tmp_path):
    save(tmp_path, fits=torch.tensor([1.5, 0.0]).half(), fine=torch.tensor([1 + 2**-10]).half())
    kinds = dict.fromkeys(("fits", "fine"), torch.bfloat16)
    assert stored.restore_types(stored.files(tmp_path), kinds) == ["fine"]
    found = load_file(tmp_path / "model.safetensors")
    assert [found[name].dtype for name in kinds] == [torch.bfloat16, torch.float16]


def test_shards_are_rewritten_one_by_one_and_the_index_counts_anew(tmp_path):
    names = {f"model-0000{i}-of-00002.safetensors": f"{i}.weight" for i in (1, 2)}
    for file, name in names.items():
        save_file({name: pruned(torch.bfloat16).float()}, tmp_path / file, {"format": "pt"})
    index = {"metadata": {"total_size": 2 * 16 * 32 * 4}, "weight_map": {name: file for file, name in names.items()}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    paths = stored.files(tmp_path)
    assert [path.name for path in paths] == list(names)
    stored.restore_types(paths, dict.fromkeys(names.values(), torch.bfloat16))
    after = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert after == index | {"metadata": {"total_size": 2 * 16 * 32 * 2}}
    assert stored.types(tmp_path) == dict.fromkeys(names.values(), torch.bfloat16)
    assert stored.size(paths) < 2 * 16 * 32 * 4
