"""Models whose processor needs torchvision, where it is missing or was built for another torch: one sentence."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecoflap.errors import EcoflapError
from ecoflap.models.registry import open_model
from ecoflap.types import Loading
from tests.models.families import qwen

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path) -> Path:
    """A Qwen2-VL as people publish it."""
    words = qwen.qwen_words()
    qwen.qwen2_vl_model(words).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    names = {"processor_class": "Qwen2VLProcessor", "image_processor_type": "Qwen2VLImageProcessor"}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(names))
    return tmp_path


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is not None, reason="torchvision is here")
def test_a_model_that_needs_torchvision_says_so(folder):
    with pytest.raises(EcoflapError) as caught:
        open_model(str(folder), Loading("cpu"))
    assert "pip install torchvision" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def broken(tmp_path) -> Path:
    """A folder with a torchvision that was built for another torch."""
    (tmp_path / "site" / "torchvision").mkdir(parents=True)
    reason = "raise RuntimeError('operator torchvision::nms does not exist')\n"
    (tmp_path / "site" / "torchvision" / "__init__.py").write_text(reason)
    (tmp_path / "site" / "torchvision-0.28.0.dist-info").mkdir()
    facts = "Metadata-Version: 2.1\nName: torchvision\nVersion: 0.28.0\n"
    (tmp_path / "site" / "torchvision-0.28.0.dist-info" / "METADATA").write_text(facts)
    return tmp_path / "site"


def test_a_torchvision_for_another_torch_is_named_as_the_reason(broken, tmp_path):
    command = [sys.executable, "-m", "ecoflap", "evaluate", "--model", "demo", "--questions", "1"]
    environment = os.environ | {"PYTHONPATH": str(broken), "ECOFLAP_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "the torchvision that is installed was built for another torch" in done.stderr
    assert "Traceback" not in done.stderr
