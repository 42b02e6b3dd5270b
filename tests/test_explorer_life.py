"""A model that is opened, stopped, closed and opened again behind the loader."""

import threading
import weakref
from types import SimpleNamespace

import pytest
from PIL import Image

from ecoflap import loader
from ecoflap.errors import EcoflapError
from ecoflap.explorer import Explorer
from ecoflap.types import Loading, Recipe
from ecoflap.types.loading import LoadStep

PICTURE = Image.new("RGB", (32, 32), "blue")


@pytest.fixture
def closed(t5_folder, sample_folder):
    """An explorer that has answered and been closed."""
    opened = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder))
    opened.wait_prepared()
    opened.ask(PICTURE, "what ?", Recipe(0.5))
    engine = opened.engine
    opened.close()
    return opened, engine


def test_a_closed_model_still_allocates_and_says_why_it_does_not_answer(closed):
    explorer, engine = closed
    assert explorer.allocate(Recipe(0.5)).achieved == pytest.approx(0.5, abs=1e-3)
    assert "no longer loaded" in explorer.status().error
    for ask in (
        lambda: explorer.ask(PICTURE, "is there a square ?", Recipe(0.5)),
        lambda: engine.prune(None),
        lambda: engine.score(),
        lambda: engine.norms(),
        lambda: engine.model,
    ):
        with pytest.raises(EcoflapError, match="no longer loaded"):
            ask()


def test_a_closed_model_can_be_opened_again(closed):
    explorer, _ = closed
    explorer.start()
    assert explorer.wait_prepared().ready
    assert explorer.ask(PICTURE, "is there a square ?", Recipe(0.5)).dense.text is not None


def test_loading_that_is_cancelled_ends_in_one_sentence(t5_folder, sample_folder, monkeypatch):
    started, go = threading.Event(), threading.Event()
    real = loader.open_model

    def slow(spec, loading, progress):
        started.set()
        go.wait()
        return real(spec, loading, progress)

    monkeypatch.setattr(loader, "open_model", slow)
    explorer = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder))
    started.wait()
    explorer.cancel()
    go.set()
    assert "was cancelled" in explorer.wait_prepared().error
    with pytest.raises(EcoflapError, match="was cancelled"):
        explorer.allocate(Recipe(0.5))


def test_the_model_answers_while_it_is_scored(t5_folder, sample_folder, monkeypatch):
    from ecoflap.engine import Engine

    answered = threading.Event()
    real = Engine.score

    def later(self, *arguments, **named):
        answered.wait()
        return real(self, *arguments, **named)

    monkeypatch.setattr(Engine, "score", later)
    explorer = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder))
    asked = explorer.ask(PICTURE, "what ?", Recipe(0.5, allocator="uniform", pruner="magnitude"))
    assert explorer.bundle is None
    assert asked.allocation.achieved == pytest.approx(0.5, abs=1e-3)
    answered.set()
    assert explorer.wait_prepared().ready


def test_closing_what_was_never_started_is_no_wait(t5_folder, sample_folder):
    explorer = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder), start=False)
    explorer.close()
    assert explorer.engine is None


def test_loading_tells_how_much_is_done_and_how_long_it_takes(t5_folder, monkeypatch):
    clock = iter([0.0, 1.0, 60.0, 61.0])
    monkeypatch.setattr(loader, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    said = []

    def slow(spec, loading, progress):
        for what, done in (("download", 1), ("download", 2), ("download", 3), ("weights", 1)):
            progress(LoadStep(what, done * 10**9, 5 * 10**9))
            said.append(explorer.status().message)
        raise EcoflapError("model_not_found", spec=spec)

    monkeypatch.setattr(loader, "open_model", slow)
    explorer = Explorer.open(str(t5_folder), None, Loading("cpu"), prepare=False, start=False)
    explorer.start(prepare=False)
    explorer.wait_prepared()
    assert [line.split(f"{t5_folder}: ")[1] for line in said] == [
        "20% of 5.0 GB …",
        "40% of 5.0 GB …",  # one second is no measure of speed
        "60% of 5.0 GB … About 1 minutes left.",
        "20% of 5.0 GB …",  # reading is not downloading
    ]


def test_a_cancel_is_heard_by_a_loader_that_tells_nothing(t5_folder, sample_folder, monkeypatch):
    real = loader.open_model

    def deaf(spec, loading, progress):
        explorer.cancel()
        return real(spec, loading)

    monkeypatch.setattr(loader, "open_model", deaf)
    explorer = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder), start=False)
    explorer.start()
    assert "was cancelled" in explorer.wait_prepared().error
    assert explorer.engine is None


def test_nothing_of_a_model_that_failed_to_open_stays_in_memory(t5_folder, sample_folder, monkeypatch):
    opened = []
    real = loader.open_model

    def kept(*arguments):
        model = real(*arguments)
        opened.append(weakref.ref(model.module))
        return model

    monkeypatch.setattr(loader, "open_model", kept)
    (sample_folder / "samples.csv").write_text("image,question,answer\nmissing.png,what ?,yes\n")
    explorer = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder))
    assert "no usable sample" in explorer.wait_prepared().error
    assert explorer.engine is None
    assert opened[0]() is None


def test_nothing_of_a_closed_model_stays_in_memory(t5_folder, sample_folder):
    explorer = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder))
    explorer.wait_prepared()
    explorer.ask(PICTURE, "what ?", Recipe(0.5))
    module = weakref.ref(explorer.engine.model.module)
    explorer.close()
    assert module() is None


def test_closing_ends_a_scoring_that_a_question_began(t5_folder, sample_folder):
    begun, go = threading.Event(), threading.Event()
    units, failed = [], []
    explorer = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder), prepare=False)
    explorer.wait_prepared()
    engine = explorer.engine
    tell = explorer._tell

    def slow(step):
        units.append(step.done)
        begun.set()
        go.wait()
        return tell(step)

    explorer._tell = slow

    def ask():
        try:
            explorer.ask(PICTURE, "what ?", Recipe(0.5))
        except EcoflapError as error:
            failed.append(str(error))

    asking = threading.Thread(target=ask)
    asking.start()
    begun.wait()
    closing = threading.Thread(target=explorer.close)
    closing.start()
    engine._closing.wait()
    go.set()
    asking.join()
    closing.join()
    assert "no longer loaded" in failed[0] or "was cancelled" in failed[0]
    assert len(units) <= 2


def test_a_question_that_would_wait_for_scores_can_be_refused(t5_folder, sample_folder, monkeypatch):
    from ecoflap.engine import Engine

    go = threading.Event()
    real = Engine.score
    monkeypatch.setattr(Engine, "score", lambda self, *rest, **named: go.wait() and real(self, *rest, **named))
    explorer = Explorer.open(str(t5_folder), None, Loading("cpu"), str(sample_folder))
    explorer.wait()
    with pytest.raises(EcoflapError, match="not scored yet"):
        explorer.check_scored(Recipe(0.5))
    explorer.check_scored(Recipe(0.5, allocator="uniform"))
    go.set()
    explorer.wait_prepared()
    explorer.check_scored(Recipe(0.5))
