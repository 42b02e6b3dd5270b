"""Pruned folders on a tiny BLIP-2: types, files, shards, pickles, a packed copy, and the same answers from each."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from ecoflap import bitmask
from ecoflap.allocation import allocate
from ecoflap.engine import Engine
from ecoflap.errors import EcoflapError
from ecoflap.export import Origin, save_pruned, stored
from ecoflap.models import huggingface
from ecoflap.models.huggingface import saving
from ecoflap.types import Loading, Recipe, ScoreBundle
from tests.tiny import samples

# Words that the tiny models say by themselves.
SUPPRESSED = [7, 9, 10]
CARD = "---\nlicense: mit\n---\n\n# Tiny\n"


def opened(place, sample_folder):
    return Engine(huggingface.open_model(str(place), Loading("cpu")), str(sample_folder))


def shapes(engine):
    """A bundle that is enough for allocators without needs."""
    return ScoreBundle(engine.model.name, "shapes", engine.model.layers)


def prune(engine, out, packed=False, **settings):
    recipe = Recipe(**{"target": 0.6, "allocator": "uniform", "pruner": "magnitude"} | settings)
    bundle = shapes(engine)
    origin = Origin(engine.model.spec, bundle, engine.calibrated_on)
    return recipe, save_pruned(engine, allocate(bundle, recipe), recipe, out, origin, packed)


def same_answers(place, engine, recipe):
    """Whether the folder's model answers as the pruned one, and keeps exactly its weights."""
    allocation = allocate(shapes(engine), recipe)
    again = huggingface.open_model(str(place), Loading("cpu"))
    with engine.state(allocation, recipe) as model:
        assert all(torch.equal(again.linears[name].weight, module.weight) for name, module in model.linears.items())
        assert [again.answer([sample]) for sample in samples()] == [model.answer([sample]) for sample in samples()]


def cast(source, target, dtype, pickled=False):
    """A copy of a model's folder with its weights in `dtype`, as safetensors or as a pickle."""
    shutil.copytree(source, target)
    weights = {name: value.to(dtype) for name, value in load_file(source / "model.safetensors").items()}
    config = json.loads((source / "config.json").read_text())
    (target / "config.json").write_text(json.dumps(config | {"dtype": str(dtype).removeprefix("torch.")}))
    generation = json.loads((source / "generation_config.json").read_text())
    (target / "generation_config.json").write_text(json.dumps(generation | {"suppress_tokens": SUPPRESSED}))
    (target / "README.md").write_text(CARD)
    (target / "LICENSE").write_text("do as you like")
    more = ("second_tokenizer/vocab.txt", "results/run.json", "original/tokenizer.json", ".git/x.json")
    for name in more:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text("{}")
    (target / "second_tokenizer" / "weights.bin").write_bytes(b"0")
    if pickled:
        (target / "model.safetensors").unlink()
        torch.save(weights, target / "pytorch_model.bin")
    else:
        save_file(weights, target / "model.safetensors", {"format": "pt"})
    return target


@pytest.fixture(params=["safetensors", "pickle"])
def half(request, blip2_folder, tmp_path):
    return cast(blip2_folder, tmp_path / "half", torch.bfloat16, request.param == "pickle")


def test_a_checkpoint_in_half_precision_stays_in_it_and_everything_else_as_it_was(half, sample_folder, tmp_path):
    engine = opened(half, sample_folder)
    assert engine.dtype == torch.float32
    recipe, written = prune(engine, tmp_path / "out")
    assert set(stored.types(tmp_path / "out").values()) == {torch.bfloat16}
    assert written.pruned == (tmp_path / "out" / "model.safetensors").stat().st_size
    assert written.dense == stored.size(stored.files(half))
    for path in half.iterdir():
        if path.suffix == ".json" or path.name == "LICENSE":
            assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()
    below = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*/*")}
    assert below == {"second_tokenizer/vocab.txt"}
    assert not list((tmp_path / "out").glob("*.bin"))
    card = (tmp_path / "out" / "README.md").read_text()
    assert card.startswith(CARD) and "## Pruned with ECoFLaP" in card
    assert len({path.stat().st_mode for path in (tmp_path / "out").iterdir() if path.is_file()}) == 1
    assert Recipe.read(tmp_path / "out" / "recipe.json") == recipe
    assert ScoreBundle.read(tmp_path / "out" / "scores.json").layers == engine.model.layers
    same_answers(tmp_path / "out", engine, recipe)


def test_a_float32_checkpoint_stays_float32(blip2_folder, sample_folder, tmp_path):
    engine = opened(blip2_folder, sample_folder)
    recipe, written = prune(engine, tmp_path / "out")
    assert set(stored.types(tmp_path / "out").values()) == {torch.float32}
    assert abs(written.pruned - written.dense) < 1000
    same_answers(tmp_path / "out", engine, recipe)


@pytest.mark.parametrize("settings", [{"target": 0.6}, {"target": 0.5, "pattern": "2:4"}, {"target": 0.95}])
def test_a_packed_copy_is_smaller_and_opens_as_the_same_model(half, sample_folder, tmp_path, settings):
    engine = opened(half, sample_folder)
    # As large as the smallest real matrices: a header costs as much as the whole of these tiny ones.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bitmask, "_HEADER", -(10**6))
        recipe, written = prune(engine, tmp_path / "out", True, **settings)
    place = tmp_path / "out" / "sparse"
    model = huggingface.open_model(str(place), Loading("cpu"))
    assert model.module.generation_config.suppress_tokens == SUPPRESSED
    assert bitmask.files(place) and not (place / "model.safetensors").exists()
    assert written.packed == stored.size(bitmask.files(place))
    assert written.packed_share == written.packed / written.dense
    names = {path.name for path in (tmp_path / "out").iterdir()} - {"sparse", "model.safetensors"}
    assert {path.name for path in place.iterdir()} == names | {path.name for path in bitmask.files(place)}
    same_answers(place, engine, recipe)
    same_answers(tmp_path / "out", engine, recipe)


def test_a_packed_copy_opens_also_where_the_configuration_names_no_class(t5_folder, sample_folder, tmp_path):
    engine = opened(t5_folder, sample_folder)
    recipe, _ = prune(engine, tmp_path / "out", True)
    path = tmp_path / "out" / "sparse" / "config.json"
    config = json.loads(path.read_text())
    del config["architectures"]
    path.write_text(json.dumps(config))
    same_answers(path.parent, engine, recipe)


def test_a_packed_model_can_be_pruned_further_and_stays_in_its_type(half, sample_folder, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bitmask, "_HEADER", -(10**6))
        prune(opened(half, sample_folder), tmp_path / "out", True)
    engine = opened(tmp_path / "out" / "sparse", sample_folder)
    recipe, written = prune(engine, tmp_path / "again", target=0.8)
    assert set(stored.types(tmp_path / "again").values()) == {torch.bfloat16}
    assert written.dense == written.pruned
    assert (tmp_path / "again" / "README.md").read_text().count("## Pruned with ECoFLaP") == 1
    same_answers(tmp_path / "again", engine, recipe)


def test_few_zeros_are_not_packed_and_the_size_says_so(blip2_folder, sample_folder, tmp_path):
    _, written = prune(opened(blip2_folder, sample_folder), tmp_path / "out", True, target=0.01)
    assert written.packed >= written.pruned * 0.99


def test_weights_in_several_files_are_written_and_read(half, sample_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "SHARD", "20KB")
    engine = opened(half, sample_folder)
    recipe, written = prune(engine, tmp_path / "out", True)
    shards = stored.files(tmp_path / "out")
    assert len(shards) > 2 and len(bitmask.files(tmp_path / "out" / "sparse")) == len(shards)
    index = json.loads((tmp_path / "out" / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == sum(value.nbytes for path in shards for value in load_file(path).values())
    assert not list((tmp_path / "out" / "sparse").glob("*.index.json"))
    assert set(stored.types(tmp_path / "out").values()) == {torch.bfloat16}
    same_answers(tmp_path / "out", engine, recipe)
    same_answers(tmp_path / "out" / "sparse", engine, recipe)


def test_a_weight_that_its_type_cannot_hold_is_written_as_it_is_and_the_configuration_says_so(
    half, sample_folder, tmp_path
):
    engine = opened(half, sample_folder)
    name = next(iter(engine.model.linears))
    with torch.no_grad():
        engine.masked.dense[name].mul_(1 + 2**-20)
        engine.model.linears[name].weight.mul_(1 + 2**-20)
    recipe, _ = prune(engine, tmp_path / "out")
    assert set(stored.types(tmp_path / "out").values()) == {torch.bfloat16, torch.float32}
    assert json.loads((tmp_path / "out" / "config.json").read_text())["dtype"] == "float32"
    same_answers(tmp_path / "out", engine, recipe)


def test_a_source_folder_without_weights_is_compared_with_what_is_written(t5_folder, sample_folder, tmp_path):
    shutil.copytree(t5_folder, tmp_path / "base")
    engine = opened(tmp_path / "base", sample_folder)
    (tmp_path / "base" / "model.safetensors").unlink()
    recipe, written = prune(engine, tmp_path / "out")
    assert written.dense == written.pruned > 0
    same_answers(tmp_path / "out", engine, recipe)


def test_an_empty_folder_is_taken_and_one_with_files_is_not(blip2_folder, sample_folder, tmp_path):
    engine = opened(blip2_folder, sample_folder)
    (tmp_path / "out").mkdir()
    prune(engine, tmp_path / "out")
    with pytest.raises(EcoflapError, match="exists already"):
        prune(engine, tmp_path / "out")


def test_nothing_is_left_behind_where_writing_breaks_off(blip2_folder, sample_folder, tmp_path, monkeypatch):
    engine = opened(blip2_folder, sample_folder)
    before = {path.name for path in tmp_path.iterdir()}

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bitmask, "save_file", full)
    with pytest.raises(EcoflapError, match="cannot be written: No space left on device"):
        prune(engine, tmp_path / "out", True)
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_model_without_a_folder_saves_itself(blip2_folder, sample_folder, tmp_path):
    engine = opened(blip2_folder, sample_folder)
    engine.model.folder = None
    engine.model.save = lambda place: torch.save({}, place / "model.pth")
    _, written = prune(engine, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "README.md",
        "model.pth",
        "recipe.json",
        "scores.json",
    }
    assert written.dense == written.pruned == (tmp_path / "out" / "model.pth").stat().st_size
    with pytest.raises(EcoflapError, match="--sparse packs weights in safetensors"):
        prune(engine, tmp_path / "other", True)


def test_a_card_that_is_a_link_to_another_place_is_not_copied(t5_folder, sample_folder, tmp_path):
    shutil.copytree(t5_folder, tmp_path / "m")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "m" / "README.md").symlink_to(tmp_path / "secret")
    prune(opened(tmp_path / "m", sample_folder), tmp_path / "out")
    assert "secret" not in (tmp_path / "out" / "README.md").read_text()


def test_folders_made_for_a_model_that_is_not_written_are_removed(t5_folder, sample_folder, tmp_path):
    engine = opened(t5_folder, sample_folder)
    engine.model.folder = None
    (tmp_path / "a").mkdir()
    before = sorted(tmp_path.rglob("*"))

    def full(place):
        raise OSError(28, "No space left on device")

    engine.model.save = full
    with pytest.raises(EcoflapError, match="No space left on device"):
        prune(engine, tmp_path / "a" / "b" / "c")
    assert sorted(tmp_path.rglob("*")) == before
    engine.model.save = lambda place: torch.save({}, place / "model.pth")
    prune(engine, tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c" / "model.pth").is_file()
