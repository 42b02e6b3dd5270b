"""Sets of every kind on the command line: calibrated on, evaluated on, and told about."""

import json

import pytest

from ecoflap import cli
from ecoflap.data.registry import samples_for
from ecoflap.types import ScoreBundle
from tests.data.made import captions, vqa


@pytest.fixture
def document(t5_folder, capsys):
    """Runs a command on a tiny model: its document, and what it said beside it."""

    def run(command, *arguments):
        options = ["--model", str(t5_folder), *map(str, arguments), "--format", "json"]
        cli.app([command, *options], standalone_mode=False)
        said = capsys.readouterr()
        return json.loads(said.out), " ".join(said.err.split())

    return run


def test_questions_that_ten_people_answered_are_marked_by_their_agreement(document, tmp_path):
    asked, _ = vqa(tmp_path)
    (tmp_path / "val2014" / "COCO_val2014_000000000044.jpg").unlink()
    found, said = document("evaluate", "--data", asked, "--target", "0")
    assert (found["metric"], found["data"]) == ("vqa", asked.name)
    assert found["points"][0]["by_type"].keys() == {"other", "yes/no"}
    assert found["points"][0]["questions"] == 4
    assert "could not be used: 1. The first of them: Question 44000" in said
    assert "000000000044.jpg" in said
    assert "has 4 of the 1,000 samples asked for" in said
    assert document("evaluate", "--data", asked, "--target", "0", "--metric", "exact")[0]["metric"] == "exact"


def test_a_pruned_model_is_calibrated_on_what_there_is_and_says_so(document, tmp_path, caplog):
    asked, _ = vqa(tmp_path)
    more = ["--calibration", asked, "--allocator", "uniform", "--target", "0.5", "--out", tmp_path / "pruned"]
    document("prune", *more)
    assert f"{asked.name} has 5 of the 128 samples asked for." in caplog.messages
    recipe = json.loads((tmp_path / "pruned" / "recipe.json").read_text())
    assert recipe["samples"] == samples_for("some/model", str(asked), 128, 0).fingerprint


def test_captions_are_measured_by_their_loss_alone(document, tmp_path):
    found, _ = document("evaluate", "--data", captions(tmp_path), "--target", "0", "--questions", "3")
    point = found["points"][0]
    assert (found["metric"], point["accuracy"], point["by_type"]) == ("loss", None, {})
    assert point["loss"] > 0


def test_a_bundle_names_the_samples_behind_it(document, tmp_path):
    file = captions(tmp_path)
    out = tmp_path / "scores.json"
    document("score", "--calibration", f"{file}@{tmp_path}", "--samples", "2", "--draws", "1", "--out", out)
    samples = samples_for("some/model", str(file), 2, 0)
    facts = {"name": file.name, "samples": 2, "fingerprint": samples.fingerprint}
    assert ScoreBundle.read(out).facts["calibration"] == facts
