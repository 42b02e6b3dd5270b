"""Asking models of every kind: what each takes, from the configuration alone to the command line."""

import json
import subprocess
import sys

import pytest
from PIL import Image

from ecoflap.asking import sample_of
from ecoflap.errors import EcoflapError
from ecoflap.explorer import Explorer
from ecoflap.models.kinds import candidates, describe, kind_of, labels_of
from ecoflap.types import Loading, Recipe
from tests.models.families.towers import TOWERS

PICTURE = Image.new("RGB", (20, 10), "red")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a tiny model by its family's name, made once."""
    made = {}

    def find(name):
        if name not in made:
            family = next(family for family in TOWERS if family.name == name)
            made[name] = family.make(tmp_path_factory.mktemp("tower"))
        return made[name]

    return find


@pytest.mark.parametrize(
    ("kind", "image", "question", "taken"),
    [
        ("vision-language", PICTURE, " why ? ", (PICTURE, "why ?")),
        ("zero-shot", PICTURE, "cat, dog", (PICTURE, "cat, dog")),
        ("classifier", PICTURE, None, (PICTURE, "")),
        ("classifier", PICTURE, "  ", (PICTURE, "")),
        ("text", None, "why ?", (None, "why ?")),
    ],
)
def test_what_a_kind_takes(kind, image, question, taken):
    sample = sample_of(kind, image, question)
    assert (sample.image, sample.question, sample.answer) == (*taken, "")


@pytest.mark.parametrize(
    ("kind", "image", "question", "said"),
    [
        ("vision-language", None, "why ?", "There is no picture yet"),
        ("vision-language", PICTURE, "", "There is no question"),
        ("zero-shot", PICTURE, "cat", "'cat' is no choice"),
        ("zero-shot", None, "cat, dog", "There is no picture yet"),
        ("classifier", PICTURE, "why ?", "takes no question, and 'why ?' would not be read"),
        ("classifier", PICTURE, 7, "question is 7"),
        ("classifier", None, "", "There is no picture yet"),
        ("text", PICTURE, "why ?", "reads text alone and takes no picture"),
        ("text", None, None, "There is no question"),
    ],
)
def test_what_a_kind_refuses(kind, image, question, said):
    with pytest.raises(EcoflapError) as caught:
        sample_of(kind, image, question)
    assert said in str(caught.value)


def test_labels_are_split_at_commas_without_blanks_empty_ones_and_repetitions():
    assert candidates(" a  cat,dog ,, a cat,two words,") == ("a cat", "dog", "two words")


@pytest.mark.parametrize(
    ("name", "more", "kind"),
    [
        ("ViTForImageClassification", {"image_size": 224}, "classifier"),
        ("DeiTForImageClassificationWithTeacher", {"image_size": 224}, "classifier"),
        ("CLIPForImageClassification", {"text_config": {}, "vision_config": {}}, "classifier"),
        ("CLIPModel", {"text_config": {}, "vision_config": {}}, "zero-shot"),
        ("CLIPVisionModel", {"image_size": 224}, "vision-language"),
        ("T5ForConditionalGeneration", {"d_model": 8}, "text"),
        ("LlamaForCausalLM", {"hidden_size": 8}, "text"),
        ("GPT2LMHeadModel", {}, "text"),
        ("MarianMTModel", {}, "text"),
        ("Blip2ForConditionalGeneration", {"text_config": {}, "vision_config": {}}, "vision-language"),
        ("FuyuForCausalLM", {"patch_size": 30}, "vision-language"),
        ("QWenLMHeadModel", {"visual": {}}, "vision-language"),
        ("", {"text_config": {}}, "vision-language"),
        ("BertForMaskedLM", {}, None),
        ("BertForSequenceClassification", {"id2label": {"0": "no"}}, None),
    ],
)
def test_the_kind_follows_from_the_classs_name_and_the_configurations_keys(name, more, kind):
    assert kind_of({"architectures": [name]} | more) == kind


def test_labels_are_in_the_order_of_the_outputs_and_there_once():
    names = {str(i): f"label {i}" for i in range(12)} | {"3": "crane", "11": "crane"}
    assert labels_of({"id2label": names})[2:4] == ("label 2", "crane")
    assert len(labels_of({"id2label": names})) == 11
    assert labels_of({}) == ()


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "no file"), ("{", "no JSON"), ("[]", "a list"), ('{"architectures": [null]}', "no class")],
)
def test_a_configuration_that_says_nothing_describes_nothing(tmp_path, content, why):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    assert describe(str(tmp_path)) is None, why


def test_what_is_not_on_this_machine_describes_nothing():
    assert describe("nobody/nothing") is None
    assert describe("lavis:blip2_t5/pretrain_flant5xl") is None


def test_a_model_is_described_without_torch(folder):
    program = f"""
import sys
from ecoflap.models.kinds import describe
print(describe({str(folder("ViT"))!r}))
assert not {{"torch", "transformers"}} & sys.modules.keys()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "kind='classifier', labels=('red', 'white'" in done.stdout


@pytest.mark.parametrize(
    ("name", "image", "question", "modality"),
    [
        ("ViT", PICTURE, "", "vision"),
        ("T5", None, "what is there ?", "language"),
        ("Llama", None, "what ?", "language"),
    ],
)
def test_the_default_recipe_prunes_the_one_tower_there_is(folder, name, image, question, modality):
    explorer = Explorer.open(str(folder(name)), None, Loading("cpu"), prepare=False)
    before, recipe = explorer.described, Recipe(allocator="uniform", pruner="magnitude")
    asked = explorer.ask(image, question, recipe)
    assert explorer.described == before
    assert asked.allocation.total == sum(layer.size for layer in explorer.engine.model.layers)
    assert asked.allocation.achieved == pytest.approx(0.5, abs=1e-3)
    assert {layer.modality for layer in asked.allocation.layers} == {modality}
    other = "language" if modality == "vision" else "vision"
    with pytest.raises(EcoflapError, match=f"prunable set .{other}.; the model has {modality}"):
        explorer.allocate(Recipe(allocator="uniform", modalities=(other,)))


def run(*arguments):
    """(exit code, stdout, stderr) of one command."""
    done = subprocess.run([sys.executable, "-m", "ecoflap", *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def table(folder, *rows):
    """A calibration folder: the first row names the columns; pictures are of the colour that the file is called."""
    for row in rows[1:]:
        for cell in row:
            if cell.endswith(".png"):
                Image.new("RGB", (20, 10), cell.removesuffix(".png")).save(folder / cell)
    (folder / "samples.csv").write_text("\n".join(",".join(f'"{cell}"' for cell in row) for row in rows))
    return folder


def test_a_classifier_on_the_command_line_from_scores_to_accuracy(folder, tmp_path):
    rows = [("image", "answer"), ("red.png", "red"), ("white.png", "White"), ("blue.png", "blue circle")]
    samples = table(tmp_path, *rows)
    common = ["--model", folder("ViT"), "--calibration", samples, "--format", "json"]
    code, out, err = run("ask", *common, "--image", tmp_path / "red.png")
    assert code == 0, err
    asked = json.loads(out)
    assert asked["dense"] == asked["tokens"]["dense"]["tokens"][0]
    assert sum(asked["tokens"]["dense"]["probabilities"]) == pytest.approx(1)
    code, out, err = run("evaluate", *common, "--data", samples, "--target", "0", "--questions", "3")
    assert code == 0, err
    point = json.loads(out)["points"][0]
    assert point["questions"] == 3 and 0 <= point["accuracy"] <= 1 and point["loss"] > 0


def test_a_model_of_text_alone_on_the_command_line(folder, tmp_path):
    rows = [("question", "answer"), ("what is there ?", "a red circle"), ("is it red ?", "yes"), ("how many ?", "two")]
    samples = table(tmp_path, *rows)
    common = ["--model", folder("T5"), "--calibration", samples, "--format", "json"]
    code, out, err = run("ask", *common, "--question", "what is there ?")
    assert code == 0, err
    assert json.loads(out).keys() >= {"dense", "pruned", "achieved"}
    code, out, err = run("evaluate", *common, "--data", samples, "--target", "0", "--questions", "3")
    assert code == 0, err


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("T5", ["--image", "red.png", "--question", "what ?"], "reads text alone and takes no picture"),
        ("ViT", ["--image", "red.png", "--question", "what ?"], "takes no question"),
        ("ViT", [], "give --image FILE"),
        ("CLIP", ["--image", "red.png", "--question", "red"], "at least two labels"),
    ],
)
def test_what_a_model_does_not_take_is_said_before_it_is_loaded(folder, tmp_path, name, arguments, sentence):
    PICTURE.save(tmp_path / "red.png")
    given = [str(tmp_path / part) if part.endswith(".png") else part for part in arguments]
    code, out, err = run("ask", "--model", folder(name), *given)
    assert (code, out) == (2, "") and sentence in err
    assert len(err.strip().splitlines()) == 1


def test_answers_that_are_no_labels_are_skipped_and_counted(folder, tmp_path):
    rows = [("red.png", "crimson"), ("red.png", "red"), ("red.png", " Red. ")]
    samples = table(tmp_path, ("image", "answer"), *rows)
    common = ["--model", folder("ViT"), "--calibration", samples]
    code, out, err = run("score", *common, "--out", tmp_path / "s.json", "--method", "first-order")
    assert code == 0, err
    assert "could not be used: 1." in err and "'crimson' is none of the 5 labels" in err
    code, out, err = run("evaluate", *common, "--data", samples, "--target", "0", "--questions", "3")
    assert code == 0 and "could not be used: 1." in err, err


def test_answers_that_are_no_labels_are_one_line(folder, tmp_path):
    samples = table(tmp_path, ("image", "answer"), ("red.png", "crimson"))
    code, out, err = run("score", "--model", folder("ViT"), "--calibration", samples, "--out", tmp_path / "s.json")
    assert (code, out) == (2, "")
    assert "'crimson' is none of the 5 labels" in err and "Traceback" not in err
