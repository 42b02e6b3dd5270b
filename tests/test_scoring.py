"""Scoring a loaded model: killed and resumed, beside others, beyond the memory bound, in half precision."""

import json
import signal
import subprocess
import sys
import threading

import pytest
import torch

from ecoflap import store
from ecoflap.allocation import allocate
from ecoflap.engine import Engine
from ecoflap.errors import Cancelled
from ecoflap.importance import registry
from ecoflap.importance.settings import Settings
from ecoflap.models import huggingface
from ecoflap.types import Loading, Recipe
from tests.tiny import samples

SETTINGS = {"samples": 3, "batch_size": 2}
EVERY_METHOD = [method.name for method in registry.METHODS]
# What replays passes from a block on, in float32.
FORWARDS_ONLY = [method.name for method in registry.METHODS if method.forwards_only and method.name != "local"]

# Scores a folder and prints what came out. Half-way it kills itself, or waits for a line.
PROGRAM = """
import json, os, signal, sys
from ecoflap.engine import Engine
from ecoflap.importance.settings import Settings
from ecoflap.models import huggingface
from ecoflap.types import Loading
folder, samples, method, half_way = sys.argv[1:]
engine = Engine(huggingface.open_model(folder, Loading("cpu")), samples)
steps = []
def progress(step):
    steps.append(step.done)
    if step.done == step.total // 2 and half_way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if step.done == step.total // 2 and half_way == "wait":
        print("waiting", flush=True)
        sys.stdin.readline()
bundle = engine.score(Settings(method, samples=3, batch_size=2), progress)
intact = engine.model.fingerprint() == engine.fingerprint
print(json.dumps({"layers": [layer.to_json() for layer in bundle.layers], "from": steps[0], "intact": intact}))
"""


@pytest.fixture
def engine(t5_folder, sample_folder):
    return Engine(huggingface.open_model(str(t5_folder), Loading("cpu")), str(sample_folder))


def written(bundle):
    """The bytes of a bundle's layers."""
    return json.dumps([layer.to_json() for layer in bundle.layers])


def started(engine, method="zeroth-order", half_way=""):
    """A process that scores the engine's model."""
    arguments = map(str, (engine.model.folder, engine.source, method, half_way))
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_by_last_run():
    """Names of the files that scoring left in the cache, by their endings."""
    return sorted(path.suffix for path in (store.folder() / "scores").iterdir())


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_a_killed_run_goes_on_to_the_same_bytes(engine, method, monkeypatch, tmp_path):
    killed = started(engine, method, "kill")
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert left_by_last_run() == [".journal"]
    (journal,) = (store.folder() / "scores").iterdir()
    measured = len(store.Journal(journal))
    assert measured > 0
    # The line that was being written when the process was killed.
    with journal.open("a") as file:
        file.write('["1/vision_mod')
    out, err = started(engine, method).communicate()
    again = json.loads(out)
    assert (again["from"], again["intact"]) == (measured, True), err
    assert left_by_last_run() == [".json"]
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "undisturbed"))
    assert json.dumps(again["layers"]) == written(engine.score(Settings(method, **SETTINGS)))


def test_two_processes_at_once_give_the_same_scores(engine, monkeypatch, tmp_path):
    both = [started(engine, half_way="wait") for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "waiting\n"
    found = [json.loads(process.communicate("\n")[0]) for process in both]
    assert left_by_last_run() == [".json"]
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "undisturbed"))
    assert [json.dumps(one["layers"]) for one in found] == [written(engine.score(Settings(**SETTINGS)))] * 2


def test_a_cache_that_cannot_be_written_changes_no_score(engine, monkeypatch, tmp_path):
    expected = written(engine.score(Settings(**SETTINGS)))
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "file"))
    assert written(engine.score(Settings(**SETTINGS))) == expected


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_others_get_answers_between_units_and_disturb_nothing(engine, method, monkeypatch, tmp_path):
    undisturbed = engine.score(Settings(method, **SETTINGS))
    recipe, asked = Recipe(0.9), samples()[:1]
    allocation = allocate(undisturbed, recipe)
    expected = engine.answer(asked, allocation, recipe)
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "beside"))
    ask, answered, answers = threading.Event(), threading.Event(), []

    def person():
        ask.wait()
        answers.extend(engine.answer(asked, allocation, recipe))
        answered.set()

    thread = threading.Thread(target=person, daemon=True)
    thread.start()
    seen = []

    def progress(step):
        if step.done == step.total // 2:
            ask.set()
            seen.append(answered.wait(60))

    found = engine.score(Settings(method, **SETTINGS), progress)
    assert seen == [True], "the model was held between units"
    assert answers == expected
    assert written(found) == written(undisturbed)


@pytest.mark.parametrize("method", FORWARDS_ONLY)
def test_batches_beyond_the_memory_bound_run_whole_passes_and_say_so(engine, method):
    replayed = engine.score(Settings(method, **SETTINGS))
    assert "note" not in replayed.facts
    whole = scored_anew(engine, Settings(method, **SETTINGS, replay_bytes=1000))
    assert "2 of 2 batches did not fit" in whole.facts["note"]
    for layer, other in zip(replayed.layers, whole.layers):
        assert layer.score == pytest.approx(other.score, rel=0, abs=1e-6 / Settings().eps)


def scored_anew(engine, settings):
    """Scores that are not taken from the cache."""
    for path in (store.folder() / "scores").iterdir():
        path.unlink()
    return engine.score(settings)


@pytest.mark.parametrize("method", FORWARDS_ONLY)
def test_a_half_precision_model_is_scored_like_its_values_in_float32(t5_folder, sample_folder, method):
    narrow, wide = (huggingface.open_model(str(t5_folder), Loading("cpu")) for _ in range(2))
    narrow.module.bfloat16()
    wide.module.load_state_dict({name: value.float() for name, value in narrow.module.state_dict().items()})
    before = {name: (value.data_ptr(), value.clone()) for name, value in narrow.module.state_dict().items()}
    settings = Settings(method, **SETTINGS)
    found = Engine(narrow, str(sample_folder)).score(settings)
    for name, value in narrow.module.state_dict().items():
        assert (value.dtype, value.data_ptr()) == (torch.bfloat16, before[name][0])
        assert torch.equal(value, before[name][1])
    assert written(found) == written(scored_anew(Engine(wide, str(sample_folder)), settings))


def test_scores_of_another_type_are_not_taken_for_these(t5_folder, sample_folder):
    narrow, wide = (huggingface.open_model(str(t5_folder), Loading("cpu")) for _ in range(2))
    narrow.module.bfloat16()
    wide.module.load_state_dict({name: value.float() for name, value in narrow.module.state_dict().items()})
    settings = Settings("first-order", **SETTINGS)
    first = Engine(narrow, str(sample_folder)).score(settings)
    assert written(Engine(wide, str(sample_folder)).score(settings)) != written(first)


def test_the_note_on_whole_passes_survives_a_kill(engine):
    settings = Settings(**SETTINGS, replay_bytes=1000)
    with pytest.raises(Cancelled):
        engine.score(settings, lambda step: step.done < step.total - 1)
    assert "2 of 2 batches did not fit" in engine.score(settings).facts["note"]


def test_memory_that_ends_before_the_bound_means_whole_passes(engine, monkeypatch):
    from ecoflap.importance import task

    class Short(task.Replay):
        def __init__(self, blocks, run, most_bytes=float("inf")):
            if most_bytes:
                raise torch.OutOfMemoryError
            super().__init__(blocks, run, most_bytes)

    expected = engine.score(Settings(**SETTINGS))
    monkeypatch.setattr(task, "Replay", Short)
    found = scored_anew(engine, Settings(**SETTINGS))
    assert [layer.score for layer in found.layers] == pytest.approx([layer.score for layer in expected.layers])
    assert "2 of 2 batches did not fit" in found.facts["note"]
