"""The way to a folder: what is fetched and what is not, going on where a download was, and one sentence offline."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.models import hub
from ecoflap.models.weight_files import weights_in
from tests.models.fake_hub import serving

ROOT = Path(__file__).resolve().parents[2]
SIZE = 300_000


def write(folder, *names, **sizes):
    """A folder with the files `names`, each of SIZE bytes that differ from file to file."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        (folder / name).write_bytes(bytes((i * (number + 3)) % 251 for i in range(SIZE)))
    (folder / "config.json").write_text("{}")
    return folder


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Serve a folder as owner/model."""
    with serving(monkeypatch, tmp_path / "cache", {}) as server:

        def put(folder):
            server.models["owner/model"] = folder
            return server

        yield put


def refused(spec):
    with pytest.raises(EcoflapError) as caught:
        hub.folder_of(spec)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_download_is_told_byte_by_byte_and_needs_no_network_afterwards(tmp_path, serve, monkeypatch):
    source = write(tmp_path / "m", "model.safetensors", "notes.md", "tokenizer.model")
    server, steps = serve(source), []
    folder = hub.folder_of("owner/model", lambda step: steps.append((step.what, step.done, step.total)))
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors", "tokenizer.model"]
    assert (folder / "model.safetensors").read_bytes() == (source / "model.safetensors").read_bytes()
    done = [step[1] for step in steps]
    assert done == sorted(done) and done[-1] == SIZE and {step[::2] for step in steps} == {("download", SIZE)}
    monkeypatch.setattr(hub, "_reachable", lambda endpoint: pytest.fail("the network was asked"))
    assert hub.folder_of("owner/model") == folder
    [(name, size)] = hub.cached_models()
    assert name == "owner/model" and size > 2 * SIZE
    assert len(server.asked) == 3


def test_weights_are_not_fetched_when_the_configuration_says_no(tmp_path, serve):
    server = serve(write(tmp_path / "m", "model.safetensors"))

    def no(folder):
        assert (folder / "config.json").is_file()
        raise EcoflapError("model_not_found", spec="too large")

    with pytest.raises(EcoflapError, match="too large"):
        hub.folder_of("owner/model", check=no)
    assert [name for name, _ in server.asked] == ["config.json"]
    assert hub.cached("owner/model") is None
    assert (hub.configuration_of("owner/model") / "config.json").is_file()


def test_a_stopped_download_goes_on_where_it_was(tmp_path, serve, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 65536)
    source = write(tmp_path / "m", "model.safetensors")
    server = serve(source)
    with pytest.raises(Cancelled):
        hub.folder_of("owner/model", lambda step: step.done < SIZE // 2)
    assert hub.cached("owner/model") is None
    first = []
    folder = hub.folder_of("owner/model", lambda step: first.append(step.done))
    assert (folder / "model.safetensors").read_bytes() == (source / "model.safetensors").read_bytes()
    begins = [begin for name, begin in server.asked if name == "model.safetensors"]
    assert begins == [0, 2 * 65536]
    assert first[0] > begins[1] and first[-1] == SIZE


def test_bytes_that_are_not_the_hubs_are_thrown_away(tmp_path, serve):
    source = write(tmp_path / "m", "model.safetensors")
    serve(source)
    with pytest.raises(Cancelled):
        hub.folder_of("owner/model", lambda step: False)
    [part] = (tmp_path / "cache").rglob("*.part")
    part.write_bytes(b"something else")
    assert "did not arrive as it is on the hub" in refused("owner/model")
    assert weights_in(hub.folder_of("owner/model"))[0].read_bytes() == (source / "model.safetensors").read_bytes()


def test_safetensors_are_taken_where_there_are_pickles_too(tmp_path, serve):
    server = serve(write(tmp_path / "m", "model.safetensors", "pytorch_model.bin", "consolidated.safetensors"))
    hub.folder_of("owner/model")
    assert sorted(name for name, _ in server.asked) == ["config.json", "model.safetensors"]


def test_a_pickle_is_fetched_where_there_is_nothing_else(tmp_path, serve):
    serve(write(tmp_path / "m", "pytorch_model.bin"))
    assert [path.name for path in weights_in(hub.folder_of("owner/model"))] == ["pytorch_model.bin"]


def test_sharded_weights_are_what_the_index_names(tmp_path, serve):
    names = ["model-1-of-2.safetensors", "model-2-of-2.safetensors"]
    source = write(tmp_path / "m", *names, "model-other.safetensors", "pytorch_model.bin")
    (source / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": dict(zip("abc", [*names, names[0]]))})
    )
    server, totals = serve(source), set()
    folder = hub.folder_of("owner/model", lambda step: totals.add(step.total))
    assert [path.name for path in weights_in(folder)] == names
    assert totals == {2 * SIZE}
    assert not {"model-other.safetensors", "pytorch_model.bin"} & {name for name, _ in server.asked}


def test_one_shard_of_two_is_no_cached_model(tmp_path, serve):
    names = ["model-1-of-2.safetensors", "model-2-of-2.safetensors"]
    source = write(tmp_path / "m", *names)
    (source / "model.safetensors.index.json").write_text(json.dumps({"weight_map": dict(zip("ab", names))}))
    serve(source)
    folder = hub.folder_of("owner/model")
    (folder / names[1]).unlink()
    assert hub.cached("owner/model") is None
    assert hub.folder_of("owner/model") == folder and (folder / names[1]).is_file()


@pytest.mark.parametrize("name", ["../secret.bin", "/etc/passwd", "sub/x.safetensors"])
def test_an_index_names_files_beside_it_only(tmp_path, name):
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(EcoflapError, match="no index of sharded weights"):
        weights_in(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "[" * 10**5, '{"weight_map": {}}', '{"weight_map": {"a": 1}}'])
def test_an_index_that_is_none(tmp_path, text):
    (tmp_path / "model.safetensors.index.json").write_text(text)
    with pytest.raises(EcoflapError, match="no index of sharded weights"):
        weights_in(tmp_path)


def test_code_is_fetched_only_where_it_may_run(tmp_path, serve):
    server = serve(write(tmp_path / "m", "model.safetensors", "modeling_own.py"))
    assert not (hub.folder_of("owner/model") / "modeling_own.py").exists()
    server.models["owner/other"] = server.models["owner/model"]
    assert (hub.folder_of("owner/other", code=True) / "modeling_own.py").is_file()


def test_a_model_that_the_hub_does_not_have(tmp_path, serve):
    serve(write(tmp_path / "m"))
    assert "The hub did not give 'owner/nothing'" in refused("owner/nothing")


def test_a_model_without_weights(tmp_path, serve):
    serve(write(tmp_path / "m", "weights.gguf"))
    assert "has no weights on the hub" in refused("owner/model")


def test_what_forbids_the_download_is_said(serve, monkeypatch):
    serve(None)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE forbids" in refused("owner/model")


def test_a_hub_that_swallows_packets_is_given_three_seconds(serve, monkeypatch):
    server, let_go, tries = serve(None), threading.Event(), []

    def swallowed(address, timeout):
        tries.append((address, timeout))
        let_go.wait()
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", swallowed)
    assert hub.PROBE_SECONDS == 3.0
    monkeypatch.setattr(hub, "PROBE_SECONDS", 0.01)
    assert "did not answer within 0.01 s" in refused("owner/model")
    let_go.set()
    assert tries == [(("127.0.0.1", server.server_port), 0.01)] and server.asked == []


def test_a_hub_that_refuses_connections(serve, monkeypatch):
    def refusing(address, timeout):
        raise ConnectionRefusedError

    server = serve(None)
    monkeypatch.setattr(socket, "create_connection", refusing)
    monkeypatch.setattr(hub, "PROBE_SECONDS", 0.01)
    assert "the model hub did not answer" in refused("owner/model")
    assert server.asked == []


@pytest.mark.parametrize("value", ["nonsense", "http://", "https://x:99999999", "https://[::1", "ftp://x"])
def test_an_address_of_the_hub_that_is_none(serve, monkeypatch, value):
    serve(None)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", value)
    assert f"HF_ENDPOINT is '{value}', which is no address" in refused("owner/model")


def test_that_a_model_cannot_be_had_is_said_before_torch_is_imported():
    code = """
import sys
from ecoflap.errors import EcoflapError
from ecoflap.models import registry

assert registry.openable()[0]["model"] == "demo"
try:
    registry.open_model("owner/no-such-model")
except EcoflapError as error:
    print(error.code, "torch" in sys.modules, "transformers" in sys.modules)
"""
    env = os.environ | {"HF_HUB_OFFLINE": "1"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    assert run.stdout.split() == ["hub_offline", "False", "False"], run.stderr
