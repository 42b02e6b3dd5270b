"""Models on several devices. There is one here: see two_devices.py for what stands for the others.

What cannot be shown so: that values are right on real GPUs, first-order scores there, and how fast it is.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ecoflap.errors import EcoflapError
from ecoflap.models import placement
from ecoflap.models.huggingface.spreading import resting


def test_what_pruning_needs_stays_on_each_layers_device(blip2_folder):
    command = [sys.executable, "-m", "tests.models.two_devices", str(blip2_folder)]
    run = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout)
    assert found.pop("devices") == ["cpu", "privateuseone:0", "privateuseone:1"]
    assert found == {"masks": True, "sequence": True, "replays": True}


@pytest.mark.parametrize("spread", [{"": "cpu"}, {"a": 0, "b": 1}])
def test_a_model_on_gpus_alone_or_on_the_cpu_alone_is_left_as_it_is(spread):
    model = object()
    assert resting(model, spread) is model


@pytest.mark.parametrize(("cuda", "mps", "expected"), [(1, 1, "cuda"), (0, 1, "mps"), (0, 0, "cpu")])
def test_the_best_device(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(cuda))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: bool(mps))
    assert placement.best() == expected


def test_a_device_that_does_not_work_here():
    with pytest.raises(EcoflapError, match="The device 'toaster' cannot be used here"):
        placement.place("toaster")


def test_memory_that_torch_holds_unused_on_a_gpu_counts_as_free(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (100, 1000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 50)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 20)
    assert placement.free_on(torch.device("cuda", 0)) == 130


@pytest.mark.parametrize(("main", "expected"), [(500, 70), (40, 40)])
def test_apples_gpus_share_main_memory(monkeypatch, main, expected):
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 100)
    monkeypatch.setattr(torch.mps, "current_allocated_memory", lambda: 30)
    monkeypatch.setattr(placement, "main_memory", lambda: main)
    assert placement.free_on(torch.device("mps")) == expected


def limits(tmp_path, lines, **files):
    """Bytes left under the control groups that `lines` name; keys of `files` are paths with __ for /."""
    (tmp_path / "self").write_text(lines)
    for name, text in files.items():
        path = tmp_path / "root" / name.replace("__", "/").replace("_0_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return sorted(placement._group_limits(tmp_path / "self", tmp_path / "root"))


def test_limits_of_control_groups_of_version_2_hold_on_every_level(tmp_path):
    inner = {
        "a__b__memory_0_max": "100\n",
        "a__b__memory_0_current": "90\n",
        "a__b__memory_0_stat": "inactive_file 40\n",
    }
    outer = {
        "a__memory_0_max": "60\n",
        "a__memory_0_current": "30\n",
        "memory_0_max": "max\n",
        "memory_0_current": "5\n",
    }
    assert limits(tmp_path, "0::/a/b\n", **inner, **outer) == [30, 50]


def test_limits_of_control_groups_of_version_1(tmp_path):
    files = {"memory__x__memory_0_limit_in_bytes": "100", "memory__x__memory_0_usage_in_bytes": "30"}
    assert limits(tmp_path, "4:cpu,memory:/x\n1:cpu:/x\n", **files) == [70]


def test_a_container_sees_its_limits_at_the_root(tmp_path):
    assert limits(tmp_path, "0::/docker/1\n", memory_0_max="70", memory_0_current="80") == [0]


def test_no_control_groups_no_limits(tmp_path):
    assert limits(tmp_path, "") == []
