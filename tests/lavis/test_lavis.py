"""LAVIS in its own environment: what is asked of the library, what is refused and how, folders, the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from lavis.models import load_model_and_preprocess
from PIL import Image

from ecoflap.engine import Engine
from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.models import hub
from ecoflap.models.lavis import library
from ecoflap.models.registry import open_model
from ecoflap.types import Loading, Sample
from tests.lavis import makers

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).resolve().parents[2]
RED = Sample(Image.new("RGB", (40, 32), "red"), "what is there ?", "a red circle")


@pytest.fixture(autouse=True)
def tiny(home):
    makers.use(home)


def opened(name="blip2_t5", **loading):
    return open_model(f"lavis:{name}/tiny", Loading("cpu", **loading))


def refused(spec, loading=None):
    with pytest.raises(EcoflapError) as caught:
        open_model(str(spec), loading or Loading("cpu"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_loss_is_laviss_own():
    model, pictures, _ = load_model_and_preprocess("blip2_t5", "tiny", is_eval=True)
    inputs = {"image": pictures["eval"](RED.image)[None], "text_input": [RED.question], "text_output": [RED.answer]}
    with torch.no_grad():
        expected = float(model(inputs)["loss"])
    adapter = opened()
    assert float(adapter.loss(adapter.encode([RED]))) == pytest.approx(expected, rel=1e-6)


def test_weights_come_frozen_and_in_float32_on_the_cpu():
    model = opened()
    assert {parameter.dtype for parameter in model.module.parameters()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in model.module.parameters())
    assert not any(module.training for module in model.module.modules())


def test_input_norms_are_measured_where_lavis_does_not_call_the_matrix(tmp_path):
    RED.image.save(tmp_path / "x.png")
    (tmp_path / "samples.csv").write_text(f"image,question,answer\nx.png,{RED.question},{RED.answer}\n")
    engine = Engine(opened(), str(tmp_path))
    norms = engine.norms()
    assert norms.keys() == engine.model.linears.keys()
    assert all(norm.min() > 0 for name, norm in norms.items() if name.endswith("qkv"))


def test_a_model_is_named_as_it_was_asked_for():
    model = opened("blip_vqa")
    assert (model.name, model.spec, model.folder) == ("lavis:blip_vqa/tiny", "lavis:blip_vqa/tiny", None)


def test_a_name_that_lavis_does_not_know_gets_those_near_it():
    said = refused("lavis:blip2_t5/pretrain_flan")
    assert (
        said.startswith("LAVIS has no model 'blip2_t5/pretrain_flan'") and "lavis:blip2_t5/pretrain_flant5xl," in said
    )
    assert "lavis:blip_vqa/vqav2" in refused("lavis:albef_vqa/vqav2")
    assert "lavis:blip2_opt/tiny" in refused("lavis:")


@pytest.mark.parametrize(
    ("loading", "said"),
    [
        (Loading("cpu", "bfloat16"), "--dtype is bfloat16"),
        (Loading("cpu", device_map="auto"), "--device-map is auto"),
        (Loading("toaster"), "device 'toaster' cannot be used"),
    ],
)
def test_what_a_model_of_lavis_cannot_be_loaded_with(loading, said):
    assert said in refused("lavis:blip2_t5/tiny", loading)


@pytest.mark.parametrize("name", ["bert-base-uncased", "tiny/t5"])
def test_a_folder_with_the_name_of_a_hub_id_is_not_taken_for_it(name, tmp_path, monkeypatch):
    (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    said = refused("lavis:blip2_t5/tiny")
    assert said.startswith(f"The folder {tmp_path / name} would be taken for the hub's '{name}'")


def test_what_is_not_here_is_not_waited_for(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(hub, "_reachable", lambda *address: False)
    monkeypatch.setattr(makers.cache, "TRANSFORMERS_CACHE", "/nowhere")
    monkeypatch.setattr(makers.cache, "_is_offline_mode", False)
    assert "is not on this machine, and the model hub did not answer" in refused("lavis:blip2_t5/tiny")


def test_weights_that_cannot_be_read(home, monkeypatch):
    whole = (home / "blip2_t5.pth").read_bytes()
    try:
        (home / "blip2_t5.pth").write_bytes(whole[:4000])
        assert refused("lavis:blip2_t5/tiny").startswith("LAVIS cannot load 'lavis:blip2_t5/tiny'")
    finally:
        (home / "blip2_t5.pth").write_bytes(whole)


def test_a_library_that_cannot_be_imported(monkeypatch):
    def broken(name):
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr(library, "import_module", broken)
    assert "it needs torchvision, and the one here was built for another torch" in refused("lavis:blip2_t5/tiny")
    monkeypatch.setattr(library, "import_module", lambda name: 1 / 0)
    assert "LAVIS is installed here but cannot be imported: division by zero." in refused("lavis:blip2_t5/tiny")


def test_loading_can_be_stopped():
    with pytest.raises(Cancelled):
        open_model("lavis:blip2_t5/tiny", Loading("cpu"), lambda step: False)


def test_what_lavis_prints_is_kept_from_stdout(monkeypatch, capsys):
    eva = makers.blip2.create_eva_vit_g

    def chatty(*size):
        print("Position interpolate from 16x16 to 26x26")
        return eva(*size)

    monkeypatch.setattr(makers.blip2, "create_eva_vit_g", chatty)
    opened()
    shown = capsys.readouterr()
    assert (shown.out, "Position interpolate" in shown.err) == ("", True)


def test_a_saved_folder_is_read_by_lavis_too(tmp_path):
    model = opened()
    with torch.no_grad():
        next(iter(model.linears.values())).weight[:] = 0
    model.save(tmp_path)
    fresh, *_ = load_model_and_preprocess("blip2_t5", "tiny", is_eval=True)
    fresh.load_checkpoint(str(tmp_path / "model.pth"))
    assert all(torch.equal(value, fresh.state_dict()[name]) for name, value in model.module.state_dict().items())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "names no model of LAVIS"),
        ("[]", "names no model of LAVIS"),
        ('{"format": "other/1", "model": "blip2_t5/tiny"}', "names no model of LAVIS (format other/1)"),
        ('{"format": "ecoflap-lavis/1"}', "names no model of LAVIS"),
        ('{"format": "ecoflap-lavis/1", "model": "blip2_t5/tinier"}', "Choose one of: lavis:blip2_t5/tiny"),
        ('{"format": "ecoflap-lavis/1", "model": "blip2_t5/tiny"}', "The weights in"),
    ],
)
def test_a_folder_that_is_none(content, said, tmp_path):
    (tmp_path / "lavis.json").write_text(content)
    assert said in refused(tmp_path)


def test_weights_of_another_model(tmp_path):
    opened("blip_vqa").save(tmp_path)
    (tmp_path / "lavis.json").write_text('{"format": "ecoflap-lavis/1", "model": "blip2_t5/tiny"}')
    assert "cannot be put into the model of LAVIS that it names" in refused(tmp_path)


class Command:
    def __reduce__(self):
        return os.mkdir, ("opened",)


def test_reading_weights_runs_nothing(tmp_path, monkeypatch):
    opened().save(tmp_path)
    torch.save({"model": Command()}, tmp_path / "model.pth")
    monkeypatch.chdir(tmp_path)
    assert "The weights in" in refused(tmp_path)
    assert not (tmp_path / "opened").exists()


def run(*arguments):
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def document(home, *arguments):
    done = run("tests.lavis.launch", home, "ecoflap", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_whole_way_on_the_command_line(home, tmp_path):
    RED.image.save(tmp_path / "x.png")
    (tmp_path / "samples.csv").write_text(f"image,question,answer\nx.png,{RED.question},{RED.answer}\n")
    common = ["--model", "lavis:blip2_t5/tiny", "--device", "cpu", "--calibration", tmp_path]
    scores, out = tmp_path / "scores.json", tmp_path / "pruned"
    document(home, "score", *common, "--samples", "1", "--method", "first-order", "--out", scores)
    asking = ["--image", tmp_path / "x.png", "--question", RED.question]
    asked = document(home, "ask", *common, "--scores", scores, "--target", "0.8", *asking)
    assert asked["achieved"] == pytest.approx(0.8, abs=1e-3)
    document(home, "prune", *common, "--scores", scores, "--target", "0.8", "--out", out)
    again = document(home, "ask", "--model", out, "--device", "cpu", "--target", "0", *asking)
    assert again["dense"] == asked["pruned"] != asked["dense"]


def test_hugging_faces_models_are_said_to_be_out_of_reach(tmp_path):
    rows = {row["model"]: row for row in json.loads(run("ecoflap", "models", "--format", "json").stdout)["models"]}
    assert rows["lavis:NAME/TYPE"]["available"] is True
    for form in ("demo", "FOLDER", "OWNER/NAME"):
        assert rows[form]["available"] is False
        assert "need transformers 5 or newer" in rows[form]["why"]
    RED.image.save(tmp_path / "x.png")
    done = run("ecoflap", "ask", "--image", tmp_path / "x.png", "--question", "?", "--target", "0")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "need transformers 5 or newer" in done.stderr
