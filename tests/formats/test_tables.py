"""Tables of sparsities: read to the weight as written, under either library's names; what is none is refused."""

import logging

import pytest
import yaml

from ecoflap.allocation import allocate
from ecoflap.errors import EcoflapError
from ecoflap.formats import tables
from ecoflap.formats.recipes import read_recipe
from ecoflap.formats.tables import fitted, read_table, write_table
from ecoflap.types import Recipe
from tests.tiny import bundle

BLIP2 = bundle(
    ("vision_model.encoder.layers.0.self_attn.qkv", "vision_model.encoder.layers.0", "vision", 7, 11, 1.0),
    ("qformer.encoder.layer.0.attention.attention.key", "qformer.encoder.layer.0", "bridge", 5, 5, 2.0),
    ("language_model.encoder.block.0.layer.1.DenseReluDense.wo", "encoder", "language", 13, 9, 3.0),
    ("language_model.decoder.block.0.layer.0.SelfAttention.q", "decoder", "language", 8, 8, 0.5),
)


def read_back(path, layers=BLIP2.layers):
    return fitted(read_recipe(path, {}), layers)


@pytest.mark.parametrize("ending", ["yaml", "yml", "csv"])
@pytest.mark.parametrize("target", [0.0, 0.37, 0.5, 0.9])
def test_what_is_written_is_read_to_the_weight(ending, target, tmp_path):
    allocation = allocate(BLIP2, Recipe(target, granularity="layer"))
    write_table(tmp_path / f"x.{ending}", allocation)
    recipe = read_back(tmp_path / f"x.{ending}")
    again = allocate(BLIP2, recipe)
    assert again.kept == allocation.kept
    assert again.achieved == allocation.achieved == recipe.target
    assert recipe.modalities == ("vision", "language")


def test_yaml_has_the_form_and_the_names_of_the_public_code(tmp_path):
    write_table(tmp_path / "x.yaml", allocate(BLIP2, Recipe(0.5, granularity="layer")))
    found = yaml.safe_load((tmp_path / "x.yaml").read_text())
    assert list(found) == [
        "visual_encoder.blocks.0.attn.qkv.weight",
        "t5_model.encoder.block.0.layer.1.DenseReluDense.wo.weight",
        "t5_model.decoder.block.0.layer.0.SelfAttention.q.weight",
    ]
    assert all(isinstance(value, float) for value in found.values())


def test_either_librarys_names_are_read_with_and_without_weight(tmp_path):
    (tmp_path / "x.csv").write_text(
        "sparsity,name\n"
        "0.25,t5_model.encoder.block.0.layer.1.DenseReluDense.wo.weight\n"
        "1e-05,language_model.decoder.block.0.layer.0.SelfAttention.q\n"
    )
    recipe = read_back(tmp_path / "x.csv")
    assert recipe.overrides == {BLIP2.layers[2].name: 0.25, BLIP2.layers[3].name: 1e-05}
    assert recipe.modalities == ("language",)
    assert allocate(BLIP2, recipe).kept == (77, 25, 88, 64)


def test_a_number_that_yaml_takes_for_a_text_is_read(tmp_path):
    (tmp_path / "x.yaml").write_text("a: 1e-05\n")
    assert read_table(tmp_path / "x.yaml") == {"a": 1e-05}


def test_names_that_are_no_layers_are_told_and_left_out(tmp_path, caplog):
    (tmp_path / "x.yaml").write_text("visual_encoder.blocks.0.attn.qkv.weight: 0.5\nln_vision.weight: 0.0\n")
    with caplog.at_level(logging.WARNING):
        assert read_back(tmp_path / "x.yaml").modalities == ("vision",)
    assert "1 names in" in caplog.text
    assert "ln_vision.weight" in caplog.text


# Nine lists of nine references each: 9^9 values in 300 bytes.
BOMB = "w: [&a0 [x], " + ", ".join(f"&a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)) + "]\n"


def test_a_reference_to_a_value_is_read(tmp_path):
    (tmp_path / "x.yaml").write_text("a: &half 0.5\nb: *half\n")
    assert read_table(tmp_path / "x.yaml") == {"a": 0.5, "b": 0.5}


def test_a_file_too_large_for_a_table_is_not_read_on(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_BYTES", 2**20)
    (tmp_path / "x.yaml").write_text("a: 0.5\n#" + "x" * (2**20 - 8))
    assert read_table(tmp_path / "x.yaml") == {"a": 0.5}
    (tmp_path / "x.yaml").write_text("a: 0.5\n#" + "x" * (2**20 - 7))
    with pytest.raises(EcoflapError, match="it is larger than 1 MB"):
        read_table(tmp_path / "x.yaml")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("x.yaml", "[1, 2]", "is no table of sparsities (found list)"),
        ("x.yaml", "", "is no table of sparsities"),
        ("x.yaml", "a: [", "is no table of sparsities"),
        ("x.yaml", "a: !!python/object/apply:os.getcwd []", "is no table of sparsities"),
        ("x.yaml", "a: 1.5", "x.yaml: a is 1.5. It has to be a number from 0 to 1"),
        ("x.yaml", "a: .nan", "x.yaml: a is nan"),
        ("x.yaml", "a: true", "x.yaml: a is True"),
        ("x.yaml", "a: half", "x.yaml: a is half"),
        ("x.yaml", BOMB, "is no table of sparsities (a reference to more than a value, of line 1)"),
        ("x.yaml", "a: &a [*a]", "is no table of sparsities (a reference to more than a value"),
        ("x.yaml", "a: [[[0.5]]]", "x.yaml: a is of type list."),
        ("x.yaml", f"a: {'x' * 1000}", "x.yaml: a is of type str."),
        ("x.yaml", f"a: 0x{'f' * 9000}", "x.yaml: a is of type int."),
        ("x.yaml", f"{'a' * 125}: 2", f"x.yaml: {'a' * 120} is 2."),
        ("x.yaml", f"0x{'f' * 9000}: 0.5", "is no table of sparsities"),
        ("x.csv", f"name,sparsity\na,{'9' * 1000}\n", "x.csv: a is of type str."),
        ("x.csv", "layer,value\na,0.5\n", "a column name or sparsity is missing"),
        ("x.csv", "name,sparsity\n", "a column name or sparsity is missing"),
        ("x.csv", "name,sparsity\na\n", "a column name or sparsity is missing"),
        ("x.yaml", "a: 0.5", "names no layer of this model: it has a, the model has vision_model"),
        ("x.yaml", "t5_model.decoder.block.0.layer.0.SelfAttention.q: 0.5", "lacks 1 layers of this model"),
        ("x.txt", "a: 0.5", "is no name of a recipe. It has to end in one of .json, .yaml, .yml, .csv"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_this_model_gets_one_sentence(name, text, sentence, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(EcoflapError) as caught:
        read_back(tmp_path / name)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_a_table_fixes_cannot_be_chosen_beside_it(tmp_path):
    (tmp_path / "x.yaml").write_text("visual_encoder.blocks.0.attn.qkv.weight: 0.5\n")
    with pytest.raises(EcoflapError, match="so --max-sparsity has nothing to decide"):
        read_recipe(tmp_path / "x.yaml", {"max_sparsity": 0.5})
    assert read_recipe(tmp_path / "x.yaml", {"pruner": "magnitude"}).pruner == "magnitude"
