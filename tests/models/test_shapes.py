"""Memory of models that people ask for: published counts of parameters, the document's table, the command."""

import json
import re
from pathlib import Path

import pytest

from ecoflap.cli import main
from ecoflap.errors import EcoflapError
from ecoflap.models.huggingface.shapes import SHAPES, size_of

DOCS = Path(__file__).parents[2] / "docs" / "deploying.md"
# As the hub counts the parameters of these checkpoints.
PUBLISHED = {
    "openai/clip-vit-base-patch16": 149_620_737,
    "Salesforce/blip2-opt-2.7b": 3_744_761_856,
    "llava-hf/llava-1.5-7b-hf": 7_063_427_072,
}


@pytest.mark.parametrize("spec", PUBLISHED)
def test_the_shapes_are_those_of_the_checkpoints(spec):
    assert size_of(spec, "float32").parameters == PUBLISHED[spec]


def test_the_documents_table_is_what_the_command_says(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["ecoflap", "memory", "--format", "json"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    rows = json.loads(capsys.readouterr().out)["models"]
    assert {row["model"] for row in rows} == {"demo", *SHAPES}
    lines = [re.split(r"\s*\|\s*", line.strip("| \n")) for line in DOCS.read_text(encoding="utf-8").splitlines()]
    found = {(line[0].strip("`"), line[1]): line[2:] for line in lines if len(line) == 8}
    for row in rows:
        numbers = [f"{row['parameters'] / 1e6:,.0f}"]
        numbers += [f"{row[part] / 1e9:.2f}" for part in ("weights", "dense", "ranks", "work", "total")]
        assert found[row["model"], row["dtype"]] == numbers


def test_a_model_that_is_not_there_is_one_line(tmp_path, monkeypatch, capsys):
    with pytest.raises(EcoflapError):
        size_of(str(tmp_path), "float32")
    monkeypatch.setattr("sys.argv", ["ecoflap", "memory", str(tmp_path / "nothing")])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2 and "nothing" in capsys.readouterr().err
