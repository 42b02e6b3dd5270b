"""Loading BLIP-2 from folders: layers, losses against the library's own, answers against its generate, errors."""

import json
import shutil

import pytest
import torch
from PIL import Image

from ecoflap.errors import EcoflapError
from ecoflap.models import hub, huggingface, registry
from ecoflap.models.reading import Read
from ecoflap.types import Loading, Sample
from tests.tiny import samples


@pytest.fixture(scope="module")
def model(blip2_folder):
    return huggingface.open_model(str(blip2_folder), Loading("cpu"))


def test_layers_have_block_modality_and_shape(model):
    by_modality = {}
    for layer in model.layers:
        by_modality.setdefault(layer.modality, []).append(layer)
        assert tuple(model.linears[layer.name].weight.shape) == (layer.rows, layer.cols)
    assert len(by_modality["vision"]) == 2 * 4
    assert len({layer.block for layer in by_modality["vision"]}) == 2
    assert "language_projection" in [layer.block for layer in by_modality["bridge"]]
    blocks = {layer.block for layer in by_modality["language"]}
    assert len(blocks) == (4 if model.encoder_decoder else 2)
    assert len(by_modality["language"]) == (2 * 7 + 2 * 11 if model.encoder_decoder else 2 * 6)
    assert [layer.modality for layer in model.layers] == sorted(
        (layer.modality for layer in model.layers), key=["vision", "bridge", "language"].index
    )


def test_every_parameter_is_prunable_or_named_as_dense(model):
    prunable = sum(layer.size for layer in model.layers)
    dense = dict(model.dense)
    assert prunable + sum(dense.values()) == sum(p.numel() for p in model.module.parameters())
    assert {"embedding", "bias", "norm", "convolution"} <= dense.keys()


def test_the_output_embedding_stays_dense(model):
    assert not any("lm_head" in layer.name for layer in model.layers)


def test_the_loss_is_the_librarys_own(model):
    for sample in samples():
        batch = model.encode([sample])
        with torch.inference_mode():
            expected = model.module(**batch).loss
        assert float(model.loss(batch)) == pytest.approx(float(expected), rel=1e-5)


def test_a_batch_weighs_every_answer_token_alike(model):
    total, tokens = 0.0, 0
    for sample in samples():
        batch = model.encode([sample])
        count = int((batch["labels"] >= 0).sum())
        total, tokens = total + float(model.loss(batch)) * count, tokens + count
    assert float(model.loss(model.encode(samples()))) == pytest.approx(total / tokens, rel=1e-4)


def test_answers_in_a_batch_are_those_alone(model):
    together = model.answer(samples(), max_new_tokens=6)
    for sample, answer in zip(samples(), together):
        alone = model.answer([sample], max_new_tokens=6)[0]
        assert alone.tokens == answer.tokens
        assert alone.probabilities == pytest.approx(answer.probabilities, rel=1e-3)
        assert len(answer.tokens) == len(answer.probabilities)
        assert all(0 < value <= 1 for value in answer.probabilities)


def test_an_encoder_decoder_reads_once_and_answers_from_it(model, monkeypatch):
    told = model.foretold(model.encode(samples()))
    assert (told.read is not None) == model.encoder_decoder
    if told.read is None:
        return
    left = [answer.text for answer, text in zip(model.answer(samples()), told.texts) if text is None]
    assert len(told.read.states) == len(told.read.mask) == len(left) > 0
    parts = [told.read.rows([i]) for i in range(len(left))]
    # A longer question beside it makes padding of zeros, which a decoder does not look at.
    parts.append(Read(told.read.states[:1].repeat(1, 2, 1), told.read.mask[:1].repeat(1, 2)))
    with monkeypatch.context() as patch:
        patch.setattr(model.module.vision_model, "forward", None)
        assert model.continued(Read.joined(parts))[:-1] == left
    monkeypatch.setattr(model.module.language_model.generation_config, "no_repeat_ngram_size", 2)
    told = model.foretold(model.encode(samples()))
    assert (told.texts, told.read) == ([None] * len(samples()), None)


def test_readings_are_joined_with_padding_behind():
    short, long = Read(torch.ones(2, 1, 3), torch.ones(2, 1)), Read(torch.full((1, 2, 3), 2.0), torch.ones(1, 2))
    both = Read.joined([short, long])
    assert both.states[:, :, 0].tolist() == [[1, 0], [1, 0], [2, 2]]
    assert both.mask.tolist() == [[1, 0], [1, 0], [1, 1]]
    assert both.rows([2, 0]).mask.tolist() == [[1, 1], [1, 0]]
    assert short.nbytes == 4 * (2 * 3 + 2)


def test_the_answer_is_what_the_library_generates(model):
    sample = samples()[0]
    inputs = model.processor(images=sample.image, text=sample.question, return_tensors="pt")
    ids = model.module.generate(**inputs, max_new_tokens=6, do_sample=False)
    expected = model.tokenizer.decode(ids[0], skip_special_tokens=True)
    assert model.answer([sample], max_new_tokens=6)[0].text == expected.removeprefix(sample.question).strip()


def test_the_fingerprint_knows_the_weights(model, blip2_folder):
    again = huggingface.open_model(str(blip2_folder), Loading("cpu"))
    assert again.fingerprint() == model.fingerprint()
    with torch.no_grad():
        next(iter(again.linears.values())).weight[0, 0] += 1
    assert again.fingerprint() != model.fingerprint()


def refused(spec):
    with pytest.raises(EcoflapError) as caught:
        registry.open_model(str(spec), Loading("cpu"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("device", ["toaster", "cuda:99"])
def test_a_device_that_is_not_there(t5_folder, device):
    with pytest.raises(EcoflapError, match=f"device '{device}' cannot be used"):
        registry.open_model(str(t5_folder), Loading(device))


def test_a_folder_that_is_no_model(tmp_path):
    assert "is no model folder: it has no config.json" in refused(tmp_path)


def test_a_configuration_of_no_known_model(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "teapot"}))
    assert "configuration that cannot be read" in refused(tmp_path)


def test_weights_cut_short(t5_folder, tmp_path):
    shutil.copytree(t5_folder, tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    assert "The weights of" in refused(tmp_path / "cut")


def test_weights_that_lack_a_parameter(t5_folder, tmp_path):
    from safetensors.torch import load_file, save_file

    shutil.copytree(t5_folder, tmp_path / "less")
    weights = tmp_path / "less" / "model.safetensors"
    values = load_file(weights)
    values.pop("language_projection.weight")
    save_file({name: value.clone() for name, value in values.items()}, weights, {"format": "pt"})
    assert "1 are missing or of another shape, the first is language_projection.weight" in refused(tmp_path / "less")


def test_weights_of_another_shape_are_named(t5_folder, tmp_path):
    from safetensors.torch import load_file, save_file

    shutil.copytree(t5_folder, tmp_path / "other")
    weights = tmp_path / "other" / "model.safetensors"
    values = load_file(weights)
    values["language_projection.weight"] = torch.ones(3, 5)
    save_file({name: value.clone() for name, value in values.items()}, weights, {"format": "pt"})
    assert "1 are missing or of another shape, the first is language_projection.weight" in refused(tmp_path / "other")


def test_a_folder_without_processor(t5_folder, tmp_path):
    for name in ("config.json", "model.safetensors", "generation_config.json"):
        (tmp_path / name).write_bytes((t5_folder / name).read_bytes())
    assert "has no usable processor" in refused(tmp_path)


@pytest.mark.parametrize("spec", ["/no/such/folder", "a/b/c", "nonsense", "../x", "bad name/of model"])
def test_what_is_neither_folder_nor_id(spec):
    assert "is neither a folder nor a hub id" in refused(spec)


def test_an_id_that_is_not_here_says_so_without_waiting(monkeypatch):
    asked = []
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(hub, "_reachable", lambda host: asked.append(host))
    assert "is not on this machine, and the model hub did not answer" in refused("owner/no-such-model")
    assert len(asked) == 1


def test_pictures_of_any_mode_are_taken(model):
    grey = Sample(Image.new("L", (8, 8), 200), "what ?", "yes")
    assert model.answer([grey], max_new_tokens=2)


@pytest.fixture
def cached(t5_folder, tmp_path, monkeypatch):
    """The hub's cache folder with the tiny model in it, as a download leaves it."""
    commit = "0" * 40
    home = tmp_path / "models--owner--tiny"
    shutil.copytree(t5_folder, home / "snapshots" / commit)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))


def test_an_id_in_the_local_cache_needs_no_network(cached, monkeypatch):
    monkeypatch.setattr(hub, "_reachable", lambda host: pytest.fail("the network was asked"))
    model = registry.open_model("owner/tiny", Loading("cpu"))
    assert (model.name, len(model.layers)) == ("tiny", 8 + 17 + 36)


def test_a_download_is_named_when_the_hub_refuses(monkeypatch):
    def refuse(spec, local_files_only=False, **rest):
        if local_files_only:
            raise hub.LocalEntryNotFoundError("not cached")
        raise OSError("403 Forbidden\nmore lines")

    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(hub, "_reachable", lambda host: True)
    monkeypatch.setattr(hub.huggingface_hub, "snapshot_download", refuse)
    assert "The hub did not give 'owner/secret': 403 Forbidden." in refused("owner/secret")
