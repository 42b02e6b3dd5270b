"""Memory that runs out in the middle of something: named with the way out, the dense model kept, the next one works."""

from types import SimpleNamespace

import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from ecoflap import masking
from ecoflap.explorer import Explorer
from ecoflap.host import Host
from ecoflap.importance.settings import Settings
from ecoflap.ui import session
from ecoflap.ui.batching import Batching
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.jobs import Jobs
from ecoflap.ui.laddering import Laddering
from tests.serving.conftest import weights
from tests.ui.fakes import asked

ERRORS = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has 3.1 GiB free.\nMore to read"),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: 64 bytes"),
)
KNOBS = [*session.DEFAULTS.values()]
QUESTION = (session.example_token(0), "What colour is the circle?")
REQUEST, EVENT = SimpleNamespace(session_hash="one"), SimpleNamespace(_data={"run": 1, "allocators": ["uniform"]})


def ask(handlers):
    return [*asked(handlers, *QUESTION, *KNOBS)][-1]


def climb(handlers):
    return [*Laddering(handlers, Jobs()).climb(EVENT, REQUEST, *QUESTION, *KNOBS)][-1]


def explain(handlers):
    return [*Laddering(handlers, Jobs()).explain(EVENT, REQUEST, *QUESTION, *KNOBS)][-1]


def batch(handlers):
    return [*Batching(handlers, Jobs()).examples(REQUEST, None, *KNOBS)][-1][1]


@pytest.fixture
def full(demo, monkeypatch):
    """Writing masks runs out of memory half-way through the model, with one of ERRORS, as long as this is on."""
    monkeypatch.setattr(demo._answers, "get", lambda key: None)
    real, state = masking.MaskedModel._write, SimpleNamespace(error=None, left=0)

    def write(self, layer, count, ranked):
        state.left -= 1
        if state.error is not None and state.left < 0 and count < layer.size:
            raise state.error
        real(self, layer, count, ranked)

    monkeypatch.setattr(masking.MaskedModel, "_write", write)

    def runs_out(error, after=5):
        state.error, state.left = error, after

    return runs_out


@pytest.mark.parametrize("work", [ask, climb, explain, batch], ids=lambda work: work.__name__)
def test_asking_without_memory_is_named_and_the_next_one_is_answered_as_before(demo, full, work):
    handlers, bits = Handlers(Host(demo)), weights(demo)
    before = ask(handlers)
    for error in ERRORS:
        full(error)
        failed = work(handlers)
        assert failed["state"] == "error", failed
        assert (
            failed["words"].startswith(f"Memory ran out ({type(error).__name__}") and "smaller model" in failed["words"]
        )
        assert "More to read" not in failed["words"]
        full(None)
        assert weights(demo) == bits
    after = ask(handlers)
    for side in ("dense", "pruned"):
        assert (after["state"], after[side]["words"]) == ("done", before[side]["words"])


def test_the_endpoint_says_it_too(demo, url, full, tmp_path, capfd):
    Image.new("RGB", (9, 9), "red").save(tmp_path / "red.png")
    client = Client(url, verbose=False)
    question = {"image": handle_file(str(tmp_path / "red.png")), "question": "What is it?", "api_name": "/ask"}
    before = client.predict(**question)
    full(ERRORS[0])
    with pytest.raises(AppError, match=r"Memory ran out \(OutOfMemoryError: CUDA out of memory"):
        client.predict(**question)
    full(None)
    assert client.predict(**question) == before
    client.close()
    assert "Traceback" not in capfd.readouterr().err


def test_scoring_without_memory_is_named_keeps_what_it_has_and_leaves_the_model_dense(demo, monkeypatch):
    bits, settings = weights(demo), Settings(samples=2, batch_size=2, seed=11)
    real, left = torch.nn.Linear.forward, [800]

    def forward(self, *given):
        left[0] -= 1
        if left[0] < 0:  # in the middle of a disturbed forward
            raise ERRORS[0]
        return real(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(torch.nn.Linear, "forward", forward)
        demo.measure(settings)
        demo.measurements.wait()
    run = demo.measuring
    assert run.state == "failed" and str(run.error).startswith("Memory ran out (OutOfMemoryError: CUDA out of memory")
    assert 0 < run.done < run.total and weights(demo) == bits
    demo.measure(settings)
    demo.measurements.wait()
    assert demo.measuring.state == "done" and demo.measuring.resumed == run.done and weights(demo) == bits


def test_opening_without_memory_is_named_and_the_old_model_answers(demo, monkeypatch):
    host, bits = Host(demo), weights(demo)
    following = Explorer("demo", demo.bundle)

    def full(*given):
        raise ERRORS[0]

    monkeypatch.setattr(following, "_open", full)
    host._make, host._room_for = (lambda *given, **named: following), (lambda *given: True)
    host.open("demo")
    host.wait()
    assert host.explorer is demo and weights(demo) == bits
    assert "Memory ran out (OutOfMemoryError" in host.state()["error"]
    assert ask(Handlers(host))["state"] == "done"
