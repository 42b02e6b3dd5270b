"""Code and command: both rebuild the pruned model to the bit."""

import hashlib
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ecoflap.explorer import Explorer
from ecoflap.formats import snippet
from ecoflap.types import Loading, Recipe

ROOT = Path(__file__).resolve().parents[2]
RECIPE = Recipe(
    target=0.63,
    max_sparsity=0.8,
    granularity="layer",
    modalities=("vision", "bridge", "language"),
    overrides={"vision_model.encoder.layers.0": 0.2, "language_model.encoder.block.1": 0.35},
)


def digest(weights):
    """One text for all weights that have two dimensions."""
    parts = sorted((name, value) for name, value in weights.items() if value.ndim == 2)
    return hashlib.sha256(b"".join(value.contiguous().numpy().tobytes() for _, value in parts)).hexdigest()


@pytest.fixture(scope="module")
def rebuilt():
    """(recipe as the page fills it in, digest of the weights that the page prunes to)."""
    explorer = Explorer.open("demo", prepare=False)
    engine = explorer.wait()
    engine.prune(explorer.allocate(RECIPE), RECIPE)
    state = {name: value.detach().clone() for name, value in engine.model.module.state_dict().items()}
    recipe = replace(RECIPE, model="demo", bundle=explorer.bundle.fingerprint, samples=engine.samples)
    explorer.close()
    return recipe, state


def run(*words, cwd, cache):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ECOFLAP_CACHE": str(cache)}
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_code_rebuilds_the_same_weights(rebuilt, tmp_path):
    recipe, state = rebuilt
    code = snippet.python(recipe, snippet.Source("demo"))
    code += "import torch\ntorch.save(model.state_dict(), 'weights.pt')\n"
    (tmp_path / "rebuild.py").write_text(code)
    printed = run(sys.executable, "rebuild.py", cwd=tmp_path, cache=tmp_path / "cache")
    assert printed.startswith("63.0000% of ")
    again = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert again.keys() == state.keys()
    assert all(torch.equal(again[name], state[name]) for name in state)


def test_the_command_writes_the_same_weights(rebuilt, tmp_path):
    recipe, state = rebuilt
    words = shlex.split(snippet.command(recipe, snippet.Source("demo")))
    run(sys.executable, *words[1:], cwd=tmp_path, cache=tmp_path / "cache")
    written = load_file(tmp_path / "pruned-model" / "model.safetensors")
    pruned = {name: value for name, value in written.items() if name in state}
    assert digest(pruned) == digest({name: state[name] for name in pruned})
    kept = replace(Recipe.read(tmp_path / "pruned-model" / "recipe.json"), samples="")
    assert kept == replace(recipe, samples="")


def test_whatever_a_model_or_a_layer_is_called_stays_a_text():
    evil = "a'b\"; import os  # \n$(rm)"
    recipe = Recipe(overrides={evil: 0.5}, model=evil)
    source = snippet.Source(evil, "scores.json", evil, Loading(dtype="bfloat16", trust_remote_code=True))
    code = snippet.python(recipe, source)
    assert "Loading(dtype='bfloat16', trust_remote_code=True)" in code
    names = {}
    exec(code.split("explorer = ")[0].split("import Loading, Recipe\n")[1], {"Recipe": Recipe}, names)
    assert names["recipe"] == recipe
    words = shlex.split(snippet.command(recipe, source))
    assert words[words.index("--model") + 1] == evil == words[words.index("--calibration") + 1]
    assert f"{evil}=0.5" in words and "--trust-remote-code" in words and "bfloat16" in words
