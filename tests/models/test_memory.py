"""Memory is known before a weight is read: against counted parameters, and what is said where it does not suffice."""

import json
from types import SimpleNamespace

import pytest
import torch
import transformers as tf

from ecoflap.engine import Engine
from ecoflap.errors import EcoflapError
from ecoflap.models import huggingface, registry
from ecoflap.models.huggingface import memory, planning
from ecoflap.models.huggingface.configuration import class_of, config_of
from ecoflap.types import Loading, Recipe

CPU = Loading("cpu")
# FlanT5-XL in BLIP-2 (arXiv 2301.12597): its sizes, all parameters as the library makes them, and the prunable weights.
WIDE = {"hidden_size": 1408, "intermediate_size": 6144, "num_hidden_layers": 39, "num_attention_heads": 16}
DEEP = {"d_model": 2048, "d_kv": 64, "d_ff": 5120, "num_layers": 24, "num_heads": 32, "vocab_size": 32128}
PARAMETERS = 3_876_648_448
VISION = 39 * (4 * 1408**2 + 2 * 1408 * 6144)
LANGUAGE = 24 * (4 * 2048**2 + 3 * 2048 * 5120) + 24 * (8 * 2048**2 + 3 * 2048 * 5120)
CROSS = 6 * (2 * 768**2 + 2 * 1408 * 768)
BRIDGE = 12 * (4 * 768**2 + 2 * 768 * 3072) + CROSS + 768 * 2048


@pytest.fixture(scope="module")
def flan_t5_xl():
    """BLIP-2 with FlanT5-XL, without weights."""
    text = tf.T5Config(**DEEP, feed_forward_proj="gated-gelu", tie_word_embeddings=False)
    vision = {**WIDE, "image_size": 224, "patch_size": 14}
    config = tf.Blip2Config(vision_config=vision, qformer_config={}, text_config=text.to_dict(), num_query_tokens=32)
    return memory.empty(tf.Blip2ForConditionalGeneration, config, CPU)


def test_a_large_model_counted_by_hand(flan_t5_xl):
    need = memory.need_of(flan_t5_xl, torch.float32)
    assert need.weights == 4 * PARAMETERS
    assert need.dense == 4 * (VISION + LANGUAGE + BRIDGE)
    assert need.ranks == 4 * VISION + 2 * (LANGUAGE + BRIDGE)
    assert need.work == PARAMETERS // 5 + 4 * 2048 * 5120
    assert need.total == need.weights + need.dense + need.ranks + need.work


def test_half_precision_halves_weights_but_not_ranks(flan_t5_xl):
    full, half = memory.need_of(flan_t5_xl, torch.float32), memory.need_of(flan_t5_xl, torch.bfloat16)
    assert (half.weights, half.dense, half.ranks) == (full.weights // 2, full.dense // 2, full.ranks)
    # As docs/models.md says.
    assert [round(need.total / 1e9) for need in (full, half)] == [41, 26]


def test_float16_keeps_in_float32_what_the_library_keeps(flan_t5_xl):
    sizes = dict(memory.sizes_of(flan_t5_xl, torch.float16))
    count = {name: parameter.numel() for name, parameter in flan_t5_xl.named_parameters()}
    wide = {name for name in count if sizes[name] == 4 * count[name]}
    assert all(name.startswith("qformer") or name == "query_tokens" or ".wo." in name for name in wide)
    assert len([name for name in wide if ".wo." in name]) == 48


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_count_is_what_is_held_once_the_model_is_pruned(blip2_folder, sample_folder, dtype):
    config = config_of("x", blip2_folder, CPU)
    need = memory.need_of(memory.empty(class_of(config), config, CPU), getattr(torch, dtype))
    engine = Engine(huggingface.open_model(str(blip2_folder), Loading("cpu", dtype)), str(sample_folder))
    tensors = [*engine.model.module.parameters(), *engine.model.module.buffers()]
    assert sum(tensor.nbytes for tensor in tensors) == need.weights
    assert sum(tensor.nbytes for tensor in engine.masked.dense.values()) == need.dense
    assert sum(ranked.ranks.nbytes for ranked in engine.ranked(Recipe()).values()) == need.ranks


def too_large(folder, monkeypatch, free, dtype="float32", **options):
    """What is said where `free` bytes of main memory are left; no weight may be read."""
    monkeypatch.setattr(planning, "free_on", lambda device: free)
    monkeypatch.setattr(tf.Blip2ForConditionalGeneration, "from_pretrained", lambda *a, **k: pytest.fail("read"))
    with pytest.raises(EcoflapError) as caught:
        registry.open_model(str(folder), Loading("cpu", dtype, **options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_does_not_fit_is_refused_with_values_cause_and_remedies(t5_folder, monkeypatch):
    need = planning.plan_of("x", t5_folder, config_of("x", t5_folder, CPU), tf.Blip2ForConditionalGeneration, CPU).need
    text = too_large(t5_folder, monkeypatch, need.total - 1)
    assert "GB on cpu, and 0.0 GB are free" in text
    assert "of weights in float32" in text and "(--dtype bfloat16 on the command line) it takes about half" in text
    assert "Take a smaller model, or close other programs. Whoever starts" in text


@pytest.mark.parametrize(
    ("cuda", "given", "advised"), [(True, None, True), (False, None, False), (True, "auto", False)]
)
def test_spreading_is_advised_where_there_is_a_gpu_and_it_was_not_tried(t5_folder, monkeypatch, cuda, given, advised):
    gpus(monkeypatch, 0)
    monkeypatch.setattr(planning, "free_on", lambda device: 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    with pytest.raises(EcoflapError) as caught:
        planned(t5_folder, given)
    assert ("(--device-map auto on the command line), or close" in str(caught.value)) is advised


def test_the_demo_is_named_as_it_was_said(monkeypatch):
    monkeypatch.setattr(planning, "free_on", lambda device: 0)
    assert not registry.room_for("demo", CPU)
    with pytest.raises(EcoflapError, match="^'demo' needs about"):
        registry.open_model("demo", CPU)


def test_of_a_kind_that_cannot_be_counted_the_old_model_makes_room_first(monkeypatch):
    monkeypatch.setattr(registry, "_opener", lambda spec: SimpleNamespace())
    assert registry.room_for(str(registry.DEMO_FOLDER), CPU) is False


def test_of_a_model_that_cannot_be_counted_the_old_one_makes_room_first(t5_folder, monkeypatch):
    monkeypatch.setattr(planning, "empty", lambda *_: None)
    assert registry.room_for(str(t5_folder), CPU) is False


def test_a_model_that_cannot_be_opened_needs_no_room(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    assert registry.room_for(str(tmp_path), CPU) is True


def test_what_is_half_precision_already_is_not_told_to_be(t5_folder, monkeypatch):
    assert "--dtype bfloat16" not in too_large(t5_folder, monkeypatch, 0, "bfloat16")


def test_what_fits_to_the_byte_is_loaded(t5_folder, monkeypatch):
    need = planning.plan_of("x", t5_folder, config_of("x", t5_folder, CPU), tf.Blip2ForConditionalGeneration, CPU).need
    monkeypatch.setattr(planning, "free_on", lambda device: need.total)
    assert registry.room_for(str(t5_folder), CPU)
    assert registry.open_model(str(t5_folder), CPU).layers
    monkeypatch.setattr(planning, "free_on", lambda device: need.total - 1)
    assert not registry.room_for(str(t5_folder), CPU)


def test_the_environment_overrules(t5_folder, monkeypatch):
    monkeypatch.setattr(planning, "free_on", lambda device: 0)
    monkeypatch.setenv(planning.OVERRIDE, "off")
    assert registry.open_model(str(t5_folder), CPU).layers


def test_a_model_that_cannot_be_made_without_weights_is_not_counted(t5_folder):
    def made_of_values(config):
        raise RuntimeError("Tensor.item() cannot be called on meta tensors")

    found = planning.plan_of("x", t5_folder, config_of("x", t5_folder, CPU), made_of_values, CPU)
    assert (found.need, found.sizes, found.device) == (None, {}, torch.device("cpu"))


def gpus(monkeypatch, *free, main=0):
    """Pretended GPUs with `free` bytes each."""
    monkeypatch.setattr(planning, "place", lambda device: torch.device("cuda"))
    rooms = dict(enumerate(free)) | {"cpu": main}
    monkeypatch.setattr(planning, "_rooms", lambda: rooms)


def planned(folder, spread="auto"):
    return planning.plan_of(
        "x", folder, config_of("x", folder, CPU), tf.Blip2ForConditionalGeneration, Loading(device_map=spread)
    )


def test_a_model_larger_than_one_gpu_is_spread_in_order_with_room_for_copies_and_ranks(t5_folder, monkeypatch):
    gpus(monkeypatch, 10**9)
    need = planned(t5_folder).need
    gpus(monkeypatch, need.total * 2 // 3, need.total * 2 // 3, main=need.total)
    found = planned(t5_folder)
    assert found.device is None
    places = list(found.spread.values())
    assert set(places) <= {0, 1, "cpu"} and places == sorted(places, key=[0, 1, "cpu"].index) and places[0] == 0
    on_first = sum(size for name, size in found.sizes.items() if found.spread[_module(name, found.spread)] == 0)
    assert 0 < on_first <= need.weights * 2 / 3


def _module(name, spread):
    """The part of the map that the parameter `name` is in."""
    return max((part for part in spread if name == part or name.startswith(f"{part}.")), key=len)


def test_nothing_goes_to_disk(t5_folder, monkeypatch):
    gpus(monkeypatch, 10**9)
    need = planned(t5_folder).need
    gpus(monkeypatch, need.total // 2, main=need.total // 4)
    with pytest.raises(EcoflapError, match="needs about .* on all GPUs and in main memory"):
        planned(t5_folder)


def test_a_device_and_a_map_exclude_each_other(t5_folder):
    with pytest.raises(EcoflapError, match="--device is 'cpu' and --device-map is 'auto'"):
        registry.open_model(str(t5_folder), Loading("cpu", device_map="auto"))


def test_without_a_gpu_a_map_means_main_memory(t5_folder):
    model = registry.open_model(str(t5_folder), Loading(device_map="auto"))
    assert model.devices == (str(model.device),)


@pytest.mark.parametrize("said", ["bfloat16", None])
def test_the_checkpoints_own_type(t5_folder, tmp_path, said):
    model = tf.Blip2ForConditionalGeneration.from_pretrained(t5_folder, dtype=torch.bfloat16)
    model.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"dtype": said}))
    assert planning.checkpoint_dtype(config_of("x", tmp_path, CPU), tmp_path) == torch.bfloat16


def test_a_checkpoint_that_says_nothing_counts_as_float32(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"no header")
    assert planning.checkpoint_dtype(object(), tmp_path) == torch.float32
