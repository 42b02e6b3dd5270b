"""What old checkpoints leave out, what people type, and models that follow no rule: each on a tiny model."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from ecoflap.errors import EcoflapError
from ecoflap.models.huggingface import model as adapter
from ecoflap.models.huggingface import open_model, prompts
from ecoflap.types import Loading
from tests.models.families.plain import FAMILIES
from tests.tiny import samples

MAKERS = {family.name: family.make for family in FAMILIES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of a family by name, each made once."""
    made = {}

    def of(name):
        if name not in made:
            made[name] = MAKERS[name](tmp_path_factory.mktemp("family"))
        return made[name]

    return of


def opened(folder):
    return open_model(str(folder), Loading("cpu"))


def edited(source, target, file, change):
    """A copy of a model's folder with one JSON file changed."""
    shutil.copytree(source, target)
    value = json.loads((target / file).read_text())
    change(value)
    (target / file).write_text(json.dumps(value))
    return target


def losses(model):
    with torch.inference_mode():
        return model.losses(model.encode(samples()))[0].tolist()


def test_an_old_blip2_is_told_its_query_tokens_and_its_image_token(folder, tmp_path):
    source = folder("BLIP-2 (FlanT5)")
    old = edited(source, tmp_path / "old", "processor_config.json", lambda c: c.pop("num_query_tokens"))
    config = json.loads((old / "config.json").read_text())
    config["image_token_index"] = None
    (old / "config.json").write_text(json.dumps(config))
    assert losses(opened(old)) == pytest.approx(losses(opened(source)), rel=1e-6)
    assert not opened(old).resized


def test_an_old_blip2_whose_embeddings_have_no_row_for_the_image_token(folder, tmp_path):
    """Its picture's place is filled by the picture; the new row is one more word that is not the answer."""
    source = folder("BLIP-2 (FlanT5)")
    tokens = json.loads((source / "tokenizer.json").read_text())
    image = tokens["model"]["vocab"]["<image>"]
    old = edited(source, tmp_path / "old", "processor_config.json", lambda c: c.pop("num_query_tokens"))
    config = json.loads((old / "config.json").read_text())
    config["image_token_index"] = None
    (old / "config.json").write_text(json.dumps(config))
    # The token that was <image> is called otherwise, so that the processor adds one behind the last row.
    text = (old / "tokenizer.json").read_text().replace("<image>", "<other>")
    (old / "tokenizer.json").write_text(text)
    named = (old / "tokenizer_config.json").read_text().replace("<image>", "<other>")
    (old / "tokenizer_config.json").write_text(named)
    model = opened(old)
    assert model.resized
    assert model.module.config.image_token_index == len(tokens["model"]["vocab"]) > image
    for found, known in zip(losses(model), losses(opened(source))):
        assert known < found < 1.01 * known


def test_an_old_llava_is_told_its_patches(folder, tmp_path):
    source = folder("LLaVA")

    def forget(config):
        for name in ("patch_size", "vision_feature_select_strategy", "num_additional_image_tokens"):
            config.pop(name)

    old = edited(source, tmp_path / "old", "processor_config.json", forget)
    assert losses(opened(old)) == losses(opened(source))


def test_a_tokenizer_without_padding_pads_with_its_end(folder, tmp_path):
    source = folder("LLaVA")
    old = edited(source, tmp_path / "old", "tokenizer_config.json", lambda c: c.pop("pad_token"))
    model = opened(old)
    assert model.tokenizer.pad_token == "</s>"
    assert losses(model) == pytest.approx(losses(opened(source)), rel=1e-5)


@pytest.mark.parametrize("name", [family.name for family in FAMILIES])
def test_a_question_that_names_the_image_token_is_a_question(folder, name):
    model = opened(folder(name))
    sample = samples()[0]
    typed = replace(sample, question=f"<image> {sample.question}", answer=f"{sample.answer} <image>")
    with torch.inference_mode():
        known = model.loss(model.encode([sample]))
        # BLIP's tokenizers know no such token: there it is a word like another.
        if "BLIP (" in name:
            assert torch.isfinite(model.loss(model.encode([typed])))
        else:
            assert model.loss(model.encode([typed])) == known
    assert len(model.answer([typed], 2)) == 1


def test_the_picture_stands_before_the_question_once(folder):
    """PaliGemma's processor puts it there, LLaVA's wants its token, BLIP-2's adds its own."""
    for name, count in (("PaliGemma", 4), ("LLaVA", 4), ("BLIP-2 (FlanT5)", 2), ("Florence-2", 5)):
        model = opened(folder(name))
        inputs = prompts.prompts(model.processor, [samples()[0].image], ["what is there ?"], "left")
        image = model.tokenizer.convert_tokens_to_ids("<image>")
        ids = inputs["input_ids"][0].tolist()
        assert ids.count(image) == count
        words = model.tokenizer.convert_ids_to_tokens(ids)
        place = words.index("what")
        assert words[place : place + 4] == ["what", "is", "there", "?"]
        assert "labels" not in inputs


@pytest.mark.parametrize("name", ["BLIP-2 (FlanT5)", "LLaVA", "BLIP (captions)", "BLIP (questions)"])
def test_probabilities_are_measured_where_generation_gives_ids_alone(folder, name, monkeypatch):
    model = opened(folder(name))
    known = model.answer([samples()[0]], 5)[0]
    generate = type(model.module).generate

    def ids_alone(self, *inputs, **named):
        return generate(self, *inputs, **named).sequences

    monkeypatch.setattr(type(model.module), "generate", ids_alone)
    found = model.answer([samples()[0]], 5)[0]
    assert (found.text, found.tokens) == (known.text, known.tokens)
    assert found.probabilities == pytest.approx(known.probabilities, rel=1e-4)


def test_generation_does_not_write_into_the_prompt(folder):
    model = opened(folder("BLIP (captions)"))
    one = model.answer(samples(), 4)
    assert model.answer(samples(), 4) == one


def test_questions_of_blip_do_not_see_each_others_padding(folder):
    model = opened(folder("BLIP (questions)"))
    alone = [model.losses(model.encode([sample]))[0].item() for sample in samples()]
    assert losses(model) == pytest.approx(alone, rel=1e-5)


def test_a_first_pass_that_fails_is_one_sentence(folder, monkeypatch):
    def fails(self, samples):
        raise ValueError("no such picture\nand more")

    monkeypatch.setattr(adapter.HuggingFaceModel, "encode", fails)
    with pytest.raises(EcoflapError, match="A first pass of .* failed: no such picture. ") as caught:
        opened(folder("LLaVA"))
    assert "\n" not in str(caught.value)


def test_marks_are_taken_out_of_a_text_and_nothing_else_is():
    processor = SimpleNamespace(image_token="<image>", tokenizer=SimpleNamespace(boi_token="<boi>", eoi_token=None))
    assert prompts.without_marks(processor, "what  is <image>this<boi>?") == "what  is  this ?"
    assert prompts.without_marks(processor, "2 < 3 > 1") == "2 < 3 > 1"
    assert prompts.without_marks(SimpleNamespace(), "<image>") == "<image>"


def test_found_says_what_is_left_out_of_llava(folder):
    model = opened(folder("LLaVA"))
    assert "Vision tower (model.vision_tower): prunable matrices 6, blocks 1." in model.found
    assert "no pass uses them: matrices 6, the first is model.vision_tower.encoder.layers.1." in model.found
    assert dict(model.dense)["unused"] == 4 * 24 * 24 + 2 * 24 * 40


def test_grey_and_transparent_pictures_are_taken(folder):
    model = opened(folder("PaliGemma"))
    for mode in ("L", "RGBA", "P"):
        assert len(model.answer([replace(samples()[0], image=Image.new(mode, (9, 5)))], 2)) == 1


def test_a_picture_that_the_processor_refuses_is_one_sentence(folder, monkeypatch):
    model = opened(folder("LLaVA"))

    def refuses(*inputs, **named):
        raise ValueError("absolute aspect ratio must be smaller than 200\nand more")

    monkeypatch.setattr(prompts, "prompts", refuses)
    for use in (model.encode, model.answer):
        with pytest.raises(EcoflapError, match="does not take this .*: absolute aspect ratio must be .* 200. Use"):
            use(samples())


@pytest.mark.parametrize("name", ["BLIP-2 (OPT)", "BLIP (captions)", "InstructBLIP (FlanT5)", "Florence-2"])
def test_what_is_longer_than_the_positions_is_refused_before_it_runs(folder, name):
    model = opened(folder(name))
    long = replace(samples()[0], question=" ".join(["what"] * 70))
    for use in (model.encode, model.answer):
        with pytest.raises(EcoflapError, match=r"come to \d\d tokens, and .* reads 64 at most"):
            use([long])


def test_an_answer_ends_where_the_positions_do(folder):
    model = opened(folder("BLIP-2 (OPT)"))
    sample = replace(samples()[0], question=" ".join(["what"] * 58))
    model._labels.ends = frozenset()  # nothing but the positions stops it
    assert len(model.answer([sample], 64)[0].tokens) <= 3


def test_an_answer_longer_than_the_decoders_positions_is_refused(folder):
    model = opened(folder("Florence-2"))
    with pytest.raises(EcoflapError, match="reads 64 at most"):
        model.encode([replace(samples()[0], answer=" ".join(["red"] * 70))])
