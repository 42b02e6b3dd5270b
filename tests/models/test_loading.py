"""Loading: types and what they compute, progress and stopping, pickles, code that comes along, missing libraries."""

import json
import os
import shutil

import pytest
import torch
from safetensors.torch import load_file

from ecoflap.engine import Engine
from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.importance.settings import Settings
from ecoflap.models import huggingface, libraries, registry
from ecoflap.models.huggingface import processors
from ecoflap.types import Loading, Recipe
from tests.models.fake_hub import serving
from tests.tiny import samples, weights

HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@pytest.fixture(params=HALVES)
def half(request, blip2_folder, sample_folder):
    """A tiny BLIP-2 in half precision."""
    model = huggingface.open_model(str(blip2_folder), Loading("cpu", request.param))
    return Engine(model, str(sample_folder))


def test_weights_are_of_the_type_that_was_chosen(half):
    found = {parameter.dtype for parameter in half.model.module.parameters()}
    assert half.dtype in HALVES.values() and half.dtype in found
    # The Q-Former stays in float32 beside float16.
    assert found <= {half.dtype, torch.float32} and (half.dtype == torch.float16 or len(found) == 1)


def test_losses_in_half_precision_are_those_in_float32(half, blip2_folder):
    full = huggingface.open_model(str(blip2_folder), Loading("cpu"))
    batches = [model.encode(samples()) for model in (full, half.model)]
    with torch.no_grad():
        expected, found = full.losses(batches[0])[0], half.model.losses(batches[1])[0]
    torch.testing.assert_close(found, expected, rtol=0.1, atol=0.1)


@pytest.mark.parametrize("method", ["zeroth-order", "first-order", "response"])
def test_scores_in_half_precision_are_close_to_those_in_float32(half, blip2_folder, sample_folder, method):
    settings = Settings(method, samples=3, batch_size=3)
    full = Engine(huggingface.open_model(str(blip2_folder), Loading("cpu")), str(sample_folder))
    totals = [sum(layer.score for layer in engine.score(settings).layers) for engine in (full, half)]
    assert totals[1] == pytest.approx(totals[0], rel=0.2)


def test_pruning_in_mixed_types_is_undone_bit_for_bit(half):
    before, dense = weights(half), half.answer(samples(), None, None)
    allocation = half_pruned(half)
    zeros = sum(int((linear.weight == 0).sum()) for linear in half.model.linears.values())
    assert zeros == allocation.total - allocation.total_kept
    half.prune(None)
    assert all(torch.equal(before[name], weight) for name, weight in weights(half).items())
    assert half.answer(samples(), None, None) == dense


def half_pruned(engine):
    """Prune to one half; the allocation."""
    from ecoflap.allocation import allocate
    from ecoflap.types import ScoreBundle

    recipe = Recipe(target=0.5, allocator="uniform")
    allocation = allocate(ScoreBundle("toy", "shapes", engine.model.layers), recipe)
    engine.prune(allocation, recipe)
    return allocation


def test_the_cpu_computes_in_float32_unless_told_otherwise(t5_folder):
    assert huggingface.open_model(str(t5_folder), Loading("cpu")).dtype == torch.float32


def test_float16_that_overflows_is_refused_at_once(t5_folder, tmp_path):
    from safetensors.torch import save_file

    shutil.copytree(t5_folder, tmp_path / "large")
    path = tmp_path / "large" / "model.safetensors"
    values = load_file(path)
    values["language_projection.weight"] = values["language_projection.weight"] * 1e6
    save_file({name: value.clone() for name, value in values.items()}, path, {"format": "pt"})
    with pytest.raises(EcoflapError) as caught:
        registry.open_model(str(tmp_path / "large"), Loading("cpu", "float16"))
    assert "gives no usable loss in float16 on cpu" in str(caught.value)
    assert "Load it with --dtype bfloat16 or --dtype float32" in str(caught.value)
    assert registry.open_model(str(tmp_path / "large"), Loading("cpu")).layers


def test_an_operation_that_float16_lacks_is_put_down_to_the_type(t5_folder, monkeypatch):
    def lacking(*inputs, **named):
        raise RuntimeError("\"conv\" not implemented for 'Half'")

    monkeypatch.setattr(torch.nn.Conv2d, "forward", lacking)
    with pytest.raises(EcoflapError, match="no usable loss in float16 on cpu: \"conv\" not implemented for 'Half'"):
        registry.open_model(str(t5_folder), Loading("cpu", "float16"))


def test_the_weights_are_told_byte_by_byte(t5_folder):
    steps = []
    model = huggingface.open_model(str(t5_folder), Loading("cpu"), lambda step: steps.append(step))
    done = [step.done for step in steps]
    held = sum(tensor.nbytes for tensor in (*model.module.parameters(), *model.module.buffers()))
    assert {(step.what, step.total) for step in steps} == {("weights", held)}
    assert done == sorted(done) and done[0] == 0 and done[-1] == held and len(set(done)) > 10


def test_loading_stops_when_told_to(t5_folder):
    steps = []

    def stop(step):
        steps.append(step)
        return step.done < step.total // 2

    with pytest.raises(Cancelled):
        huggingface.open_model(str(t5_folder), Loading("cpu"), stop)
    assert steps[-1].done < steps[-1].total
    assert huggingface.open_model(str(t5_folder), Loading("cpu")).layers


def as_pickle(folder, target, values):
    """The model of `folder` with its weights as a pickle."""
    shutil.copytree(folder, target)
    (target / "model.safetensors").unlink()
    torch.save(values, target / "pytorch_model.bin")
    return target


def test_weights_as_a_pickle_load_where_there_is_nothing_else(t5_folder, tmp_path):
    folder = as_pickle(t5_folder, tmp_path / "old", load_file(t5_folder / "model.safetensors"))
    models = [huggingface.open_model(str(path), Loading("cpu")) for path in (t5_folder, folder)]
    assert models[0].fingerprint() == models[1].fingerprint()


def test_sharded_pickles_load_too(t5_folder, tmp_path):
    values = load_file(t5_folder / "model.safetensors")
    folder = as_pickle(t5_folder, tmp_path / "old", {})
    (folder / "pytorch_model.bin").unlink()
    places = {name: f"pytorch_model-{number % 2}.bin" for number, name in enumerate(values)}
    for place in set(places.values()):
        torch.save({name: value for name, value in values.items() if places[name] == place}, folder / place)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    models = [huggingface.open_model(str(path), Loading("cpu")) for path in (t5_folder, folder)]
    assert models[0].fingerprint() == models[1].fingerprint()


class Attack:
    """Unpickled without care, it makes a folder."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_that_runs_code_is_refused_and_runs_nothing(t5_folder, tmp_path):
    values = load_file(t5_folder / "model.safetensors")
    folder = as_pickle(t5_folder, tmp_path / "evil", values | {"extra": Attack(tmp_path / "was-here")})
    with pytest.raises(EcoflapError, match="Nothing of it was run"):
        registry.open_model(str(folder), Loading("cpu"))
    assert not (tmp_path / "was-here").exists()


def test_safetensors_win_over_a_pickle_that_runs_code(t5_folder, tmp_path):
    shutil.copytree(t5_folder, tmp_path / "both")
    torch.save({"extra": Attack(tmp_path / "was-here")}, tmp_path / "both" / "pytorch_model.bin")
    assert registry.open_model(str(tmp_path / "both"), Loading("cpu")).layers
    assert not (tmp_path / "was-here").exists()


def test_sharded_weights_load(t5_folder, tmp_path):
    from transformers import Blip2ForConditionalGeneration

    shutil.copytree(t5_folder, tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    Blip2ForConditionalGeneration.from_pretrained(t5_folder).save_pretrained(tmp_path / "m", max_shard_size="20KB")
    assert len(list((tmp_path / "m").glob("model-*.safetensors"))) > 2
    models = [huggingface.open_model(str(path), Loading("cpu")) for path in (t5_folder, tmp_path / "m")]
    assert models[0].fingerprint() == models[1].fingerprint()


OWN = """
from pathlib import Path

from transformers import Blip2Config, Blip2ForConditionalGeneration

Path({mark!r}).touch()


class OwnConfig(Blip2Config):
    model_type = "own"


class OwnForConditionalGeneration(Blip2ForConditionalGeneration):
    config_class = OwnConfig
"""


@pytest.fixture
def with_code(t5_folder, tmp_path, monkeypatch):
    """A model whose class comes with it; importing that leaves a mark."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = tmp_path / "own"
    shutil.copytree(t5_folder, folder)
    (folder / "own.py").write_text(OWN.format(mark=str(tmp_path / "was-here")))
    config = json.loads((folder / "config.json").read_text())
    autos = {"AutoConfig": "own.OwnConfig", "AutoModelForImageTextToText": "own.OwnForConditionalGeneration"}
    own = {"model_type": "own", "architectures": ["OwnForConditionalGeneration"], "auto_map": autos}
    (folder / "config.json").write_text(json.dumps(config | own))
    return folder


def test_code_that_comes_with_a_model_is_not_run(with_code, tmp_path):
    with pytest.raises(EcoflapError, match="give --trust-remote-code on the command line"):
        registry.open_model(str(with_code), Loading("cpu"))
    assert not (tmp_path / "was-here").exists()


def test_code_that_comes_with_a_processor_is_not_run(t5_folder, tmp_path):
    shutil.copytree(t5_folder, tmp_path / "m")
    (tmp_path / "m" / "own.py").write_text(OWN.format(mark=str(tmp_path / "was-here")))
    path = next(path for path in (tmp_path / "m").glob("*processor_config.json"))
    own = {"processor_class": "OwnProcessor", "auto_map": {"AutoProcessor": "own.OwnProcessor"}}
    path.write_text(json.dumps(json.loads(path.read_text()) | own))
    with pytest.raises(EcoflapError, match="give --trust-remote-code on the command line"):
        registry.open_model(str(tmp_path / "m"), Loading("cpu"))
    assert not (tmp_path / "was-here").exists()


def test_code_that_comes_with_a_model_runs_where_it_is_trusted(with_code, tmp_path):
    model = registry.open_model(str(with_code), Loading("cpu", trust_remote_code=True))
    assert type(model.module).__name__.startswith("Own") and (tmp_path / "was-here").exists()


def test_a_model_from_the_hub_is_checked_before_its_weights_are_fetched(t5_folder, tmp_path, monkeypatch):
    with serving(monkeypatch, tmp_path / "cache", {"owner/tiny": t5_folder}) as hub:
        monkeypatch.setattr("ecoflap.models.huggingface.planning.free_on", lambda device: 0)
        assert not registry.room_for("owner/tiny", Loading("cpu"))
        with pytest.raises(EcoflapError, match="needs about"):
            registry.open_model("owner/tiny", Loading("cpu"))
        assert "model.safetensors" not in {name for name, _ in hub.asked}
        monkeypatch.setattr("ecoflap.models.huggingface.planning.free_on", lambda device: 10**12)
        steps = []
        model = registry.open_model("owner/tiny", Loading("cpu"), lambda step: steps.append(step.what))
        assert model.name == "tiny" and list(dict.fromkeys(steps)) == ["download", "weights"]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("requires the Torchvision library but it was not found in your environment.", "pip install torchvision"),
        ("Package `num2words` is required to run SmolVLM processor.", "pip install num2words"),
        ("requires the SentencePiece library but it was not found", "pip install sentencepiece"),
        ("requires the protobuf library but it was not found", "pip install protobuf"),
        ("operator torchvision::nms does not exist", "built for another torch than"),
    ],
)
def test_a_library_that_is_missing_or_broken_is_named(said, sentence, t5_folder, monkeypatch):
    def fail(*inputs, **named):
        raise ImportError("could not import") from RuntimeError(said)

    monkeypatch.setattr(processors.AutoProcessor, "from_pretrained", fail)
    with pytest.raises(EcoflapError) as caught:
        registry.open_model(str(t5_folder), Loading("cpu"))
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("said", ["[Errno 2] No such file: tokenizer.json", "the torchvision of this picture"])
def test_other_failures_are_not_put_down_to_a_library(said):
    assert libraries.explained(OSError(said), "x") is None
