"""The command line around loading: the same options everywhere, the bar, and the list of what can be loaded here."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from ecoflap.cli import app, loading
from ecoflap.types import Loading
from ecoflap.types.loading import LoadStep
from tests.models.fake_hub import serving

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = ("--device", "--dtype", "--device-map", "--trust-remote-code")


def invoke(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.mark.parametrize("command", [command.name for command in app.registered_commands])
def test_whatever_takes_a_model_takes_the_ways_to_load_it(command):
    found = {name for param in typer.main.get_command(app).commands[command].params for name in param.opts}
    assert "--model" not in found or found.issuperset(OPTIONS)


def test_the_page_takes_them_too():
    from app import options

    chosen = options().parse_args(["--device", "cpu", "--dtype", "bfloat16", "--trust-remote-code"])
    assert (chosen.device, chosen.dtype, chosen.device_map, chosen.trust_remote_code) == ("cpu", "bfloat16", None, True)


def test_options_become_one_value():
    seen = []

    @loading.with_loading
    def command(model: str = "demo", loading: Loading = loading.LOADING) -> None:
        seen.append((model, loading))

    one = typer.Typer()
    one.command()(command)
    CliRunner().invoke(one, ["--dtype", "float16", "--device-map", "auto"])
    CliRunner().invoke(one, [])
    assert seen == [("demo", Loading(None, "float16", "auto")), ("demo", Loading())]


def test_a_type_that_is_none_is_refused_before_anything_is_loaded():
    run = subprocess.run(
        [sys.executable, "-m", "ecoflap", "score", "--dtype", "int3", "--out", "x.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2 and "dtype is 'int3'. Choose one of: auto, float32, float16, bfloat16." in run.stderr


def test_the_bar_shows_bytes_of_download_and_weights(monkeypatch):
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr(loading, "stderr", terminal)
    with loading.loading_bar() as tell:
        tell(LoadStep("download", 500_000, 2_000_000))
        tell(LoadStep("weights", 1_000_000, 4_000_000))
    text = terminal.file.getvalue()
    assert "downloading" in text and "0.5/2.0 MB" in text and "loading weights" in text and "1.0/4.0 MB" in text


def test_the_bar_leaves_no_trace_where_nobody_watches(monkeypatch):
    file = Console(file=io.StringIO())
    monkeypatch.setattr(loading, "stderr", file)
    with loading.loading_bar() as tell:
        tell(LoadStep("weights", 1, 2))
    assert file.file.getvalue() == ""


def test_models_lists_what_is_here_with_sizes_and_where_it_would_go(t5_folder, tmp_path, monkeypatch):
    from ecoflap.models import hub

    with serving(monkeypatch, tmp_path / "cache", {"owner/tiny": t5_folder}):
        folder = hub.folder_of("owner/tiny")
        rows = {row["model"]: row for row in json.loads(invoke("models", "--format", "json").stdout)["models"]}
        assert rows["demo"]["available"] and rows["demo"]["bytes"] > 10**6
        assert rows["owner/tiny"]["available"] and rows["owner/tiny"]["bytes"] > 10**4
        assert rows["FOLDER"]["bytes"] is None
        (folder / "model.safetensors").unlink()
        document = json.loads(invoke("models", "--device", "cpu", "--format", "json").stdout)
        row = next(row for row in document["models"] if row["model"] == "owner/tiny")
        assert not row["available"] and "Only part of owner/tiny" in row["why"]
        assert document["place"]["device"] == "cpu" and document["place"]["dtype"] == "float32"
        assert document["place"]["free"] > 0
