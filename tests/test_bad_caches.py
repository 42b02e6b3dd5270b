"""Every kind of file in the cache, damaged in every way: noticed, named in the log, and made anew."""

import json
import logging
import os
import time
from pathlib import Path

import pytest

from ecoflap import store
from ecoflap.errors import Cancelled
from ecoflap.importance.settings import Settings
from ecoflap.types.bundle import LONG, beside
from tests.tiny import save_blip2, save_samples

SETTINGS = Settings("first-order", samples=3, batch_size=1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """An engine over a tiny model."""
    from ecoflap.engine import Engine
    from ecoflap.models import huggingface
    from ecoflap.types import Loading

    folder = save_blip2(tmp_path_factory.mktemp("model"), "t5")
    samples = save_samples(tmp_path_factory.mktemp("samples"))
    return Engine(huggingface.open_model(str(folder), Loading("cpu")), str(samples))


def scores(engine):
    """What scoring gives, without when it was."""
    return [layer.to_json() for layer in engine.score(SETTINGS).layers]


def norms(engine):
    """What the norms are, measured or read."""
    engine._norms = None
    return {name: values.tolist() for name, values in engine.norms().items()}


def stopped(engine):
    """Scores in two halves: the first is in the journal when it is stopped."""
    with pytest.raises(Cancelled):
        engine.score(SETTINGS, lambda step: step.done < step.total // 2)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path):
    path.write_bytes(b"")


def zeroed(path):
    path.write_bytes(bytes(path.stat().st_size))


def half_zeroed(path):
    """As a disk leaves it that lost power: the head is there, the rest is zeros."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3] + bytes(len(content) - len(content) * 2 // 3))


def folder(path):
    path.unlink()
    path.mkdir()


def full_folder(path):
    folder(path)
    (path / "something").write_text("of somebody else")


def other_scores(path):
    path.write_text(path.read_text().replace("ecoflap-scores/1", "ecoflap-scores/2"))


def altered(path):
    document = json.loads(path.read_text())
    document["layers"][0]["score"] = 1e9
    path.write_text(json.dumps(document))


def other_norms(path):
    from safetensors.torch import load_file, save_file

    save_file(load_file(path), path, {"format": "ecoflap-norms/2"})


def older_norms(path):
    from safetensors.torch import load_file, save_file

    save_file(load_file(path), path)


def made(engine, kind):
    """(what was measured, its file in the cache)."""
    measured = {"scores": scores, "norms": norms}[kind](engine)
    (path,) = (store.folder() / kind).iterdir()
    return measured, path


SCORES = (cut, emptied, zeroed, half_zeroed, folder, full_folder, other_scores, altered)
NORMS = (cut, emptied, zeroed, half_zeroed, folder, full_folder, other_norms, older_norms)


@pytest.mark.parametrize(
    ("kind", "damage"),
    [*(("scores", each) for each in SCORES), *(("norms", each) for each in NORMS)],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_damaged_file_is_named_and_made_anew(tiny, kind, damage, caplog):
    measured, path = made(tiny, kind)
    damage(path)
    assert {"scores": scores, "norms": norms}[kind](tiny) == measured
    (line,) = [line for line in caplog.messages if "measured anew" in line]
    assert str(path) in line and "Traceback" not in caplog.text
    if damage is full_folder:  # nothing of somebody else's is removed; the log says that nothing is kept
        assert "it is a folder" in caplog.messages[-1] and (path / "something").is_file()
        return
    caplog.clear()
    assert made(tiny, kind) == (measured, path)
    assert caplog.messages == []


@pytest.mark.parametrize("damage", [cut, emptied, zeroed, half_zeroed, folder], ids=lambda damage: damage.__name__)
def test_a_damaged_journal_keeps_its_whole_lines_and_the_rest_is_measured_anew(
    tiny, damage, caplog, monkeypatch, tmp_path
):
    stopped(tiny)
    (path,) = (store.folder() / "scores").iterdir()
    assert path.suffix == ".journal"
    damage(path)
    found = scores(tiny)
    # An empty journal is one of a run that has not begun: there is nothing to say.
    assert [str(path) in line for line in caplog.messages if "anew" in line] == [True] * (damage is not emptied)
    assert [each.suffix for each in (store.folder() / "scores").iterdir()] == [".json"]
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "undisturbed"))
    assert scores(tiny) == found


def test_an_unwritable_cache_is_named_and_costs_nothing_else(tiny, caplog, monkeypatch, tmp_path):
    expected = scores(tiny), norms(tiny)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path / "file"))
    caplog.set_level(logging.WARNING)
    assert (scores(tiny), norms(tiny)) == expected
    assert sum("not cached" in line and str(tmp_path / "file") in line for line in caplog.messages) >= 2


def test_what_killed_processes_left_is_removed_and_what_others_write_is_not(tmp_path):
    dead, path = 2**22 + 1, tmp_path / "scores.json"  # beyond what the system numbers processes with
    names = [f".scores.json.{number}" for number in (dead, dead + 1, os.getppid())]
    for name in names:
        (tmp_path / name).write_text("half")
    (tmp_path / f".scores.json.{dead + 2}").mkdir()
    for name in ("note", "9" * 30):
        (tmp_path / f".scores.json.{name}").write_text("no process's")
    long_ago = time.time() - LONG - 60
    for name in (names[0], names[2], f".scores.json.{dead + 2}"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    assert beside(path) == tmp_path / f".scores.json.{os.getpid()}"
    others = [f".scores.json.{name}" for name in ("note", "9" * 30)]
    assert sorted(left.name for left in tmp_path.iterdir()) == sorted([*others, *names[1:]])


def test_a_journal_that_cannot_be_read_now_stays_for_another_day(tmp_path, monkeypatch, caplog):
    path = tmp_path / "scores.journal"
    path.write_text('["a", [1.0]]\n')

    def broken(*_, **__):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", broken)
        journal = store.Journal(path)
    journal["b"] = [2.0]
    assert dict(journal) == {"b": [2.0]} and path.read_text() == '["a", [1.0]]\n'
    assert [str(path) in line and "Input/output error" in line for line in caplog.messages] == [True]
