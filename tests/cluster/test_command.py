"""The commands, with a cluster of their own: one document on stdout, and no process stays behind."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import uuid

import psutil
import pytest

from ecoflap.types import ScoreBundle
from tests.serving.running import ROOT

# Longest that a process may take to end once its cluster has.
SOON = 60


@pytest.fixture
def mark():
    """A variable by which all that a command starts is known; nothing of it may be left."""
    name = uuid.uuid4().hex
    yield name
    _, alive = psutil.wait_procs(marked(name), SOON)
    assert alive == []


def marked(name):
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("ECOFLAP_TEST_MARK") == name:
                found.append(process)
        except psutil.Error:  # it has ended, or is somebody else's
            continue
    return found


def started(mark, *arguments):
    command = [sys.executable, "-m", "ecoflap", *map(str, arguments)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"ECOFLAP_TEST_MARK": mark}, **streams)


def document(mark, *arguments):
    process = started(mark, *arguments, "--format", "json")
    out, err = process.communicate()
    assert process.returncode == 0, err
    return json.loads(out), err


def test_score_and_sweep_say_what_they_say_without_a_cluster(t5_folder, sample_folder, tmp_path, mark, monkeypatch):
    common = ("--model", t5_folder, "--calibration", sample_folder, "--device", "cpu")
    score = ("score", *common, "--samples", "2", "--batch-size", "1", "--out")
    told, err = document(mark, *score, tmp_path / "two.json", "--ray", "--ray-workers", "2")
    assert told["layers"] == 8 + 17 + 36
    assert "2 workers of the Ray cluster" in err and "Traceback" not in err
    settings = ("--allocators", "uniform", "--pruners", "magnitude", "--targets", "0.4,0.6", "--data", sample_folder)
    sweep = ("sweep", *common, *settings, "--questions", "3", "--out", tmp_path / "two.csv")
    points = document(mark, *sweep, "--ray", "--ray-workers", "2")[0]["points"]
    assert [point["target"] for point in points] == [0.0, 0.4, 0.6]
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "cache"))
    document(mark, *score, tmp_path / "one.json")
    assert ScoreBundle.read(tmp_path / "one.json").layers == ScoreBundle.read(tmp_path / "two.json").layers
    alone = document(mark, *sweep[:-1], tmp_path / "one.csv")[0]["points"]
    assert [point | {"seconds": 0} for point in alone] == [point | {"seconds": 0} for point in points]


def test_ctrl_c_ends_the_workers_too_and_keeps_the_points(t5_folder, sample_folder, tmp_path, mark):
    out = tmp_path / "a.csv"
    targets = ",".join(str(percent / 1000) for percent in range(1, 951))
    settings = ("--allocators", "uniform", "--pruners", "magnitude", "--targets", targets, "--data", sample_folder)
    common = ("--model", t5_folder, "--calibration", sample_folder, "--device", "cpu", "--questions", "3")
    process = started(mark, "sweep", *common, *settings, "--out", out, "--ray")
    while process.poll() is None and (not out.exists() or out.read_text().count("\n") < 4):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 2 and "Traceback" not in err, err
    assert "ancelled" in err.splitlines()[-1]
    with out.open() as file:
        assert 3 <= len([*csv.DictReader(file)]) < 951
