"""Processes that are killed in the middle of their work: what they leave is whole, and the next one goes on there."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from ecoflap.cli import app
from ecoflap.types.bundle import LONG
from tests.serving.raw import Raw
from tests.serving.running import ROOT, running

# Runs a command, and is killed as a certain method or function is called for a certain time.
PROGRAM = """
import importlib, os, signal, sys
from pathlib import Path
module, owner, name, times, *command = sys.argv[1:]
place = importlib.import_module(module)
place = getattr(place, owner) if owner else place
real, left = getattr(place, name), [int(times)]
def called(*given, **named):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given, **named)
setattr(place, name, called)
from ecoflap.cli import app
app(command)
"""


def killed(module, owner, name, times, *command):
    """Run a command that is killed where `name` of `owner` is called for that time."""
    arguments = [sys.executable, "-c", PROGRAM, module, owner, name, str(times), *map(str, command)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stderr


def run(*command):
    """Run a command here, to its end."""
    done = CliRunner().invoke(app, list(map(str, command)), catch_exceptions=False)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    "place",
    [
        ("ecoflap.export.folder", "", "copy_files"),
        ("pathlib", "Path", "rename"),
    ],
    ids=lambda place: place[-1],
)
def test_saving_that_is_killed_leaves_no_folder_and_the_next_one_removes_what_it_wrote(t5_folder, tmp_path, place):
    out = tmp_path / "new" / "out"
    settings = ("--allocator", "uniform", "--pruner", "magnitude", "--target", "0.5", "--out", out)
    command = ("prune", "--model", t5_folder, *settings)
    killed(*place, 1, *command)
    assert not out.exists()
    (left,) = out.parent.iterdir()
    long_ago = time.time() - LONG - 60
    for path in (left, *left.iterdir()):
        os.utime(path, (long_ago, long_ago))
    run(*command)
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert json.loads((out / "recipe.json").read_text())["target"] == 0.5 and (out / "model.safetensors").is_file()


def test_a_sweep_that_is_killed_goes_on_to_the_same_file(tmp_path):
    settings = ("--allocators", "uniform,ecoflap", "--pruners", "magnitude", "--targets", "0.4,0.6", "--questions", "4")
    command = ("sweep", "--model", "demo", *settings, "--out")
    killed("ecoflap.sweep_file", "SweepFile", "add", 4, *command, tmp_path / "killed.csv")
    with (tmp_path / "killed.csv").open("a") as file:  # the line that was being written
        file.write("uniform,magn")
    before = (tmp_path / "killed.csv").read_text().splitlines()[:-1]
    assert len(before) == 4  # the head, and three points
    run(*command, tmp_path / "killed.csv")
    run(*command, tmp_path / "whole.csv")
    assert (tmp_path / "killed.csv").read_text().splitlines()[:4] == before
    read = [list(csv.DictReader((tmp_path / f"{name}.csv").open())) for name in ("killed", "whole")]
    for point in (*read[0], *read[1]):
        del point["seconds"]
    assert read[0] == read[1] and len(read[0]) == 5


def test_a_server_that_is_killed_while_it_scores_goes_on_there(tmp_path):
    settings = {"asked": 1, "method": "zeroth-order", "samples": 32, "draws": 16, "seed": 7}

    def scored(visitor, enough):
        """The run, once `enough` says so of it."""
        while True:
            found = visitor.run("scoring", "cost", [""], settings)[0]["run"]
            if found and enough(found):
                return found
            time.sleep(0.1)

    def begun(server):
        visitor = Raw(server.url)
        while True:
            told = visitor.run("scoring", "measure", [""], settings)[0]
            if "error" not in told:
                return visitor
            assert "before the model is loaded" in told["error"]
            time.sleep(0.1)

    with running(tmp_path / "cache") as server:
        first = scored(begun(server), lambda run: run["done"] >= 10)
        server.kill()
        assert "Traceback" not in server.log.read_text()
    (journal,) = (tmp_path / "cache" / "scores").iterdir()
    assert journal.suffix == ".journal"
    lines = journal.read_text().splitlines()
    with journal.open("a") as file:
        file.write('["1/vision_mod')
    with running(tmp_path / "cache") as server:
        visitor = begun(server)
        again = scored(visitor, lambda run: run["done"] > 0)
        assert first["done"] <= len(lines) <= again["done"] and "earlier run" in again["words"]
        visitor.run("scoring", "halt", [""])
        assert scored(visitor, lambda run: run["state"] != "running")["state"] == "stopped"
        log = server.log.read_text()
    assert str(journal) in log and "not whole" in log and "Traceback" not in log
