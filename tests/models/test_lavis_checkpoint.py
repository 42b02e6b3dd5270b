"""Checkpoints of LAVIS without LAVIS: its loss, its answers, frozen parts, and what does not fit."""

import shutil

import torch
from PIL import Image
from pytest import approx, fixture, mark, raises

from ecoflap.errors import EcoflapError
from ecoflap.models import lavis_checkpoint
from ecoflap.models.huggingface import planning
from ecoflap.models.lavis_checkpoint import split
from ecoflap.models.registry import open_model, room_for
from ecoflap.types import Loading, Sample
from tests.models.fake_hub import serving
from tests.models.lavis_bases import RECORDED, WORDS, save_base, spec
from tests.pickles import Dangerous

NAMES = ("blip2_t5", "blip2_opt")


def checkpoint(name):
    return torch.load(RECORDED / f"{name}.pth", weights_only=True)["model"]


def recorded(name):
    return torch.load(RECORDED / f"{name}-loss.pth", weights_only=True)


def saved(tmp_path, state):
    torch.save(state, tmp_path / "x.pth")
    return tmp_path / "x.pth"


def close(found):
    """LAVIS's loss; on one machine the two libraries agree to the last bit, between machines they need not."""
    return approx(float(found["loss"]), abs=1e-6)


def batch_of(name):
    """What LAVIS was given, with the picture's words where Hugging Face wants them."""
    inputs = recorded(name)
    words = torch.full((2, 2), WORDS[name].index("<image>"))
    labels = inputs["labels"]
    if name == "blip2_opt":
        labels = torch.cat([torch.full_like(words, -100), labels], 1)
    return {
        "pixel_values": inputs["pixel_values"],
        "input_ids": torch.cat([words, inputs["input_ids"]], 1),
        "attention_mask": torch.cat([torch.ones_like(words), inputs["attention_mask"]], 1),
        "labels": labels,
    }


@fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@fixture(scope="module")
def base(name, tmp_path_factory):
    return save_base(tmp_path_factory.mktemp(name), name)


@fixture(scope="module")
def t5_base(tmp_path_factory):
    return save_base(tmp_path_factory.mktemp("t5"), "blip2_t5")


@fixture(scope="module")
def model(name, base):
    return open_model(spec(name, base), Loading("cpu"))


@torch.no_grad()
def test_the_loss_is_that_of_lavis(name, model):
    assert float(model.loss(batch_of(name))) == close(recorded(name))


def test_it_is_a_model_like_any_other(name, model, base):
    kinds = {"blip2_t5": 36, "blip2_opt": 12}
    assert [layer.modality for layer in model.layers].count("vision") == 8
    assert [layer.modality for layer in model.layers].count("language") == kinds[name]
    assert (model.folder, model.name, model.spec) == (base, f"{name}.pth", spec(name, base))


@mark.parametrize("added", [[], ["<image>"]])
def test_its_answers_are_those_of_lavis(added, tmp_path):
    """Also where the picture needs a word that LAVIS does not have."""
    words = ["<unk>" if added and word == "<image>" else word for word in WORDS["blip2_t5"]] + added
    model = open_model(spec("blip2_t5", save_base(tmp_path, "blip2_t5", words)), Loading("cpu"))
    assert model.module.config.text_config.vocab_size == len(words)
    found, picture = recorded("blip2_t5"), Image.linear_gradient("L")
    samples = [Sample(picture, question, "") for question in found["questions"]]
    assert [answer.text for answer in model.answer(samples, 8)] == found["answers"]


@torch.no_grad()
def test_what_was_frozen_comes_from_the_other_model(name, model, tmp_path):
    """LAVIS saves what was trained, and the second names of the language model's embeddings."""
    base = save_base(tmp_path, name)
    words = model.module.config.text_config.vocab_size
    changed = {key: tensor.clone() for key, tensor in model.module.state_dict().items()}
    for key in changed:
        if not key.startswith(("vision_model.e", "language_model.")):
            changed[key].mul_(0.5)
    model.module.save_pretrained(base, state_dict=changed)
    frozen = ("visual_encoder.", "t5_model.", "opt_model.")
    kept = {key: tensor for key, tensor in checkpoint(name).items() if not key.startswith(frozen)}
    second = {key: tensor for key, tensor in checkpoint(name).items() if key.endswith("embed_tokens.weight")}
    opened = open_model(spec(name, base, saved(tmp_path, {"model": kept | second, "epoch": 3})), Loading("cpu"))
    assert opened.module.config.text_config.vocab_size == words
    assert float(opened.loss(batch_of(name))) == close(recorded(name))


def test_what_was_frozen_has_to_be_somewhere(name, base, tmp_path):
    kept = {key: tensor for key, tensor in checkpoint(name).items() if not key.startswith("visual_encoder.")}
    with raises(EcoflapError, match=r"leaves out 28 tensors, the first is vision_model.embeddings.class_embedding"):
        open_model(spec(name, base, saved(tmp_path, kept)), Loading("cpu"))


def only_trained(name, tmp_path):
    """A checkpoint that leaves out what was frozen."""
    frozen = ("visual_encoder.", "t5_model.", "opt_model.")
    state = checkpoint(name)
    return saved(tmp_path, {key: tensor for key, tensor in state.items() if not key.startswith(frozen)})


@mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("model.safetensors", b"\xff" * 100, "The weights of .* cannot be loaded: "),
        ("pytorch_model.bin", b"no pickle", "was not opened"),
    ],
)
def test_a_base_whose_weights_are_damaged(name, content, sentence, tmp_path):
    base = save_base(tmp_path, "blip2_t5")
    (base / name).write_bytes(content)
    with raises(EcoflapError, match=sentence):
        open_model(spec("blip2_t5", base, only_trained("blip2_t5", tmp_path)), Loading("cpu"))


def test_a_base_whose_weights_have_no_names(tmp_path):
    base = save_base(tmp_path, "blip2_t5")
    torch.save([torch.ones(2)], base / "pytorch_model.bin")
    with raises(EcoflapError, match=r"pytorch_model.bin holds no weights by name \(found: list\)"):
        open_model(spec("blip2_t5", base, only_trained("blip2_t5", tmp_path)), Loading("cpu"))


def test_memory_is_counted_before_the_bases_weights_are_fetched_or_read(t5_base, tmp_path, monkeypatch):
    shutil.copytree(t5_base, tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").write_bytes(b"never read")
    file = only_trained("blip2_t5", tmp_path)
    monkeypatch.setattr("ecoflap.models.huggingface.planning.free_on", lambda device: 0)
    with raises(EcoflapError, match="needs about"):
        open_model(spec("blip2_t5", tmp_path / "m", file), Loading("cpu"))
    with serving(monkeypatch, tmp_path / "cache", {"owner/base": tmp_path / "m"}) as hub:
        with raises(EcoflapError, match="needs about"):
            open_model(spec("blip2_t5", "owner/base", file), Loading("cpu"))
        asked = {name for name, _ in hub.asked}
    assert "config.json" in asked and "model.safetensors" not in asked


@torch.no_grad()
def test_masks_beside_weights_are_applied(t5_base, tmp_path):
    state, weight = checkpoint("blip2_t5"), "visual_encoder.blocks.0.attn.qkv.weight"
    mask = torch.arange(state[weight].numel()).view_as(state[weight]) % 2
    state |= {f"{weight}_orig": state.pop(weight), f"{weight}_mask": mask}
    model = open_model(spec("blip2_t5", t5_base, saved(tmp_path, state)), Loading("cpu"))
    found = model.module.get_submodule("vision_model.encoder.layers.0.self_attn.qkv").weight
    assert torch.equal(found != 0, mask.bool())


@mark.parametrize(
    ("change", "sentence"),
    [
        ({"visual_encoder.rope": torch.ones(2)}, r"has 1 tensors that do not fit .* the first is visual_encoder.rope"),
        ({"t5_proj.weight": torch.ones(4, 16)}, r"the first is language_projection.weight of shape \(4, 16\)"),
        ({"epoch": 3}, "is no checkpoint of a BLIP-2 of LAVIS"),
    ],
)
def test_tensors_that_do_not_fit_are_named(change, sentence, t5_base, tmp_path):
    with raises(EcoflapError, match=sentence):
        open_model(spec("blip2_t5", t5_base, saved(tmp_path, checkpoint("blip2_t5") | change)), Loading("cpu"))


def test_a_base_of_another_family_is_named(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    with raises(EcoflapError, match=r"behind @ .* is a t5, and a checkpoint of LAVIS is a blip-2"):
        open_model(spec("blip2_t5", tmp_path), Loading("cpu"))


def test_a_checkpoint_of_another_model_is_named(t5_base):
    with raises(EcoflapError, match=r"has \d+ tensors that do not fit the model named behind @"):
        open_model(spec("blip2_opt", t5_base), Loading("cpu"))


@mark.parametrize("value", [[1], {}, {"model": 3}, {"weight": torch.ones(2)}, {3: torch.ones(2)}])
def test_what_is_no_checkpoint_gets_one_sentence(value, t5_base, tmp_path):
    with raises(EcoflapError, match=r"is no checkpoint of a BLIP-2 of LAVIS"):
        open_model(spec("blip2_t5", t5_base, saved(tmp_path, value)), Loading("cpu"))


def test_without_a_base_the_shapes_have_to_be_known():
    with raises(EcoflapError, match=r"are of none of Salesforce/blip2-flan-t5-xl, .*FILE.pth@FOLDER_OR_HUB_ID"):
        open_model(f"lavis-checkpoint:{RECORDED / 'blip2_t5.pth'}", Loading("cpu"))


def test_the_published_model_is_known_by_its_shapes(tmp_path):
    path = saved(tmp_path, {"t5_proj.weight": torch.ones(2048, 1), "ln_vision.bias": torch.ones(1)})
    with raises(EcoflapError, match=r"'Salesforce/blip2-flan-t5-xl' is not on this machine"):
        open_model(f"lavis-checkpoint:{path}", Loading("cpu"))


@mark.parametrize("named", [True, False])
def test_its_memory_is_counted_with_and_without_a_base(named, tmp_path, monkeypatch):
    """The tiny model stands in for the published one of the same shapes."""
    base = save_base(tmp_path / "base", "blip2_t5")
    monkeypatch.setattr(lavis_checkpoint, "PUBLISHED", {("t5_proj", 16): str(base)})
    said = spec("blip2_t5", base) if named else f"lavis-checkpoint:{RECORDED / 'blip2_t5.pth'}"
    assert room_for(said, Loading("cpu"))
    monkeypatch.setattr(planning, "free_on", lambda device: 0)
    assert not room_for(said, Loading("cpu"))


def test_the_last_at_parts_file_and_model_unless_it_is_the_files_own(tmp_path):
    path = tmp_path / "a@b.pth"
    path.write_bytes(b"")
    assert split(f"lavis-checkpoint:{path}") == (path, None)
    assert split(f"lavis-checkpoint:{path}@Salesforce/x") == (path, "Salesforce/x")
    with raises(EcoflapError, match=r"none.pth cannot be read: No such file"):
        split("lavis-checkpoint:none.pth@x")


def test_opening_executes_nothing(t5_base, tmp_path):
    trace = tmp_path / "executed"
    path = saved(tmp_path, {"model": checkpoint("blip2_t5"), "config": Dangerous(trace)})
    with raises(EcoflapError, match="was not opened"):
        open_model(spec("blip2_t5", t5_base, path), Loading("cpu"))
    assert not trace.exists()
