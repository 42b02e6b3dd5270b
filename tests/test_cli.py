"""The command line: documents for programs, one line and exit code 2 for what cannot be, nothing else on stdout."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ecoflap.types import Recipe, ScoreBundle
from tests.tiny import bundle

TOY = bundle(("v.fc1", "v", "vision", 4, 8, 1.0), ("l.q", "l", "language", 8, 8, 6.0))


def run(*arguments):
    """(exit code, stdout, stderr) of one command."""
    done = subprocess.run([sys.executable, "-m", "ecoflap", *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def document(*arguments):
    code, out, err = run(*arguments, "--format", "json")
    assert code == 0, err
    return json.loads(out)


def test_allocate_gives_the_contracts_document(tmp_path):
    TOY.write(tmp_path / "scores.json")
    found = document("allocate", "--scores", tmp_path / "scores.json", "--target", "0.5", "--max-sparsity", "0.6")
    assert found.keys() == {"target", "achieved", "groups"}
    assert (found["target"], found["achieved"]) == (0.5, 0.5)
    assert list(found["groups"]) == ["v", "l"]


def test_what_is_fixed_by_hand_is_kept_and_the_rest_pays(tmp_path):
    TOY.write(tmp_path / "scores.json")
    options = ("--scores", tmp_path / "scores.json", "--target", "0.5", "--max-sparsity", "0.9")
    found = document("allocate", *options, "--override", "v=0.25", "--override", "l.q = 0.625")
    assert found["groups"] == {"v": 0.25, "l": 0.625} and found["achieved"] == 0.5
    run("allocate", *options, "--override", "vision=0.25", "--out", tmp_path / "recipe.json")
    assert Recipe.read(tmp_path / "recipe.json").overrides == {"vision": 0.25}
    again = document("allocate", "--scores", tmp_path / "scores.json", "--recipe", tmp_path / "recipe.json")
    assert again["groups"] == found["groups"]


def test_by_default_targets_that_a_hand_leaves_no_solution_are_left_out(t5_folder, sample_folder, tmp_path):
    common = ("--model", t5_folder, "--calibration", sample_folder, "--data", sample_folder)
    points = document("evaluate", *common, "--allocator", "uniform", "--override", "vision=0.5")["points"]
    targets = [point["target"] for point in points]
    assert 0.0 not in targets and 0.5 in targets


def test_allocate_on_the_reference_scores_gives_the_references_numbers(reference):
    case = json.loads((reference / "allocations.json").read_text())["cases"][0]
    names = {
        "--target": "target",
        "--max-sparsity": "max_sparsity",
        "--granularity": "granularity",
        "--aggregate": "aggregate",
    }
    options = [part for option, name in names.items() for part in (option, case[name])]
    found = document("allocate", "--scores", reference / case["scores"], *options)["groups"]
    assert max(abs(found[name] - value) for name, value in case["sparsity"].items()) < 1e-5


def test_the_whole_way_on_a_model_from_a_folder(t5_folder, sample_folder, tmp_path):
    common = ["--model", t5_folder, "--calibration", sample_folder]
    scores, out = tmp_path / "scores.json", tmp_path / "pruned"
    assert document("score", *common, "--samples", "3", "--batch-size", "2", "--out", scores)["layers"] == 8 + 17 + 36
    assert ScoreBundle.read(scores).method == "zeroth-order"
    Image.new("RGB", (20, 20), "blue").save(tmp_path / "x.png")
    asking = ["--image", tmp_path / "x.png", "--question", "what is there ?"]
    asked = document("ask", *common, "--scores", scores, "--target", "0.9", *asking)
    assert asked.keys() >= {"dense", "pruned", "target", "achieved", "tokens"}
    assert asked["achieved"] == pytest.approx(0.9, abs=1e-3)
    points = document(
        "evaluate", *common, "--scores", scores, "--target", "0.5", "--questions", "3", "--data", sample_folder
    )["points"]
    assert points[0].keys() >= {"target", "achieved", "accuracy", "interval", "by_type", "loss"}
    document("prune", *common, "--scores", scores, "--target", "0.9", "--out", out)
    assert Recipe.read(out / "recipe.json").bundle == ScoreBundle.read(scores).fingerprint
    again = document("ask", "--model", out, "--target", "0", *asking)
    assert again["dense"] == asked["pruned"]


def test_tables_are_for_people(tmp_path):
    TOY.write(tmp_path / "scores.json")
    code, out, _ = run("allocate", "--scores", tmp_path / "scores.json")
    assert code == 0
    assert "Target 50.00%, achieved 50.0000% of 96 prunable weights" in out
    code, out, _ = run("models")
    assert code == 0
    assert "demo" in out


@pytest.mark.parametrize("command", ["models", "score", "allocate", "ask", "evaluate", "prune", "bench"])
def test_every_command_has_help(command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert "--format" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["allocate", "--scores", "none.json"], "none.json cannot be read: No such file"),
        (["allocate", "--target", "0.7", "--max-sparsity", "0.6"], "0.7 is above the cap 0.6"),
        (["allocate", "--target", "1.7"], "target is 1.7"),
        (["score", "--out", "x.json", "--from", "x.pth", "--with", "y.json"], "so --with would have no effect"),
        (
            ["score", "--out", "x.json", "--from", "x.pth", "--method", "response", "--draws", "2"],
            "so --method, the settings of a method would have no effect",
        ),
        (["allocate", "--target", "half"], "Invalid value for '--target'"),
        (["allocate", "--override", "vision"], "'vision' is no NAME=SPARSITY"),
        (["allocate", "--override", "vision=half"], "'vision=half' is no NAME=SPARSITY"),
        (["allocate", "--override", "vision=1.5"], "vision is 1.5"),
        (["allocate", "--override", "hearing=0.5"], "Nothing that is pruned is called 'hearing'"),
        (["allocate", "--target", "0.9", "--override", "vision=0"], "leave no solution at target 90.0%"),
        (["allocate", "--pattern", "2:4", "--override", "vision=0.5"], "overrides cannot be met"),
        (["allocate", "--granularity", "row"], "Choose one of: layer, block, model"),
        (["ask", "--image", "none.png", "--question", "x"], "no picture 'none.png'"),
        (["ask", "--image", "none.png", "--question", " "], "There is no question"),
        (["score", "--model", "/no/such", "--out", "x.json"], "neither a folder nor a hub id"),
        (["score", "--out", "x.json", "--method", "luck"], "Choose one of: zeroth-order"),
        (["score", "--out", "/proc/none/x.json"], "/proc/none/x.json cannot be written"),
        (["score", "--out", "."], "cannot be written: it is a folder"),
        (["evaluate", "--model", "somewhere"], "brings no evaluation questions"),
        (["evaluate", "--target", "0.4", "--max-sparsity", "0.3"], "0.4 is above the cap 0.3"),
        (["evaluate", "--data", "no/such/set"], "'no/such/set' is neither a file nor a folder"),
        (["evaluate", "--metric", "cider"], "Choose one of: exact, vqa, loss"),
        (["evaluate", "--questions", "9000000"], "samples is 9000000. It has to be from 1 to 250,000"),
        (["score", "--out", "x.json", "--calibration", "./none"], "'./none' is neither a file nor a folder"),
        (["prune", "--out", "new", "--calibration", "none"], "'none' is neither a file nor a folder"),
        (["score"], "Missing option '--out'"),
        (["fly"], "No such command 'fly'"),
    ],
)
def test_what_cannot_be_exits_2_with_one_line(arguments, sentence, tmp_path):
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


def test_a_model_without_samples_is_told_how_to_give_some(t5_folder, tmp_path):
    code, _, err = run("score", "--model", t5_folder, "--out", tmp_path / "x.json")
    assert code == 2
    assert "--calibration FOLDER" in err
    assert not (tmp_path / "x.json").exists()


def test_a_device_is_no_place_to_write_to():
    code, _, error = run("score", "--out", "/dev/null", "--samples", "2")
    assert code == 2
    assert "/dev/null cannot be written: it is a device, not a file" in error
    assert not Path("/dev/null").is_file()


def test_ctrl_c_is_one_line_and_exit_2(tmp_path):
    program = """
import os, signal
from ecoflap import cli
from ecoflap.cli import scoring
scoring.open_model = lambda *place: os.kill(os.getpid(), signal.SIGINT)
cli.main()
"""
    command = [sys.executable, "-c", program, "score", "--out", str(tmp_path / "s.json")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert " ".join(done.stderr.split()).startswith("Cancelled. No result was written")
    assert list(tmp_path.iterdir()) == []


def told(code):
    """(exit code, stderr) of a program that is this one but for `code`, which is run first."""
    program = f"import runpy, sys\n{code}\nsys.argv[1:] = ['models']\nrunpy.run_module('ecoflap', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return done.returncode, done.stderr


def test_an_interruption_while_libraries_are_imported_leaves_no_traceback():
    code = """
class Interrupted:
    def find_spec(self, name, *rest):
        if name == "ecoflap.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
"""
    status, err = told(code)
    assert (status, err.count("\n")) == (2, 1) and "Traceback" not in err


def test_warnings_of_libraries_do_not_stand_before_the_one_line():
    code = """
import warnings
from ecoflap.errors import EcoflapError
from ecoflap.cli import scoring
def noisy():
    warnings.warn("of a library")
    raise EcoflapError("question_empty")
scoring.openable = noisy
"""
    assert told(code) == (2, "There is no question. Type one, or take a suggestion.\n")
