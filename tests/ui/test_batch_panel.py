"""The batch's events: what an upload becomes, what a run tells, what a stop leaves, which row goes before the model."""

import threading

import gradio as gr
import pytest
from gradio.utils import get_upload_folder
from PIL import Image

from ecoflap.host import Host
from ecoflap.models.kinds import Description
from ecoflap.types import Answer
from ecoflap.ui import session
from ecoflap.ui.batching import EXAMPLES, MOST_FILES, Batching, example_rows
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.jobs import Jobs
from tests.ui.fakes import FakeExplorer

KNOBS = [*session.DEFAULTS.values()]


class Request:
    session_hash = "somebody"


def batching(explorer=None):
    return Batching(Handlers(Host(explorer or FakeExplorer())), Jobs())


def event(**data):
    return gr.EventData(None, data)


@pytest.fixture
def upload(tmp_path, monkeypatch):
    """Files as Gradio hands them over: in its own folder, the user's name beside the path."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    assert get_upload_folder() == str(tmp_path)

    def save(name, content):
        path = tmp_path / f"stored-{len(list(tmp_path.iterdir()))}.{name.rsplit('.', 1)[-1]}"
        content.save(path) if isinstance(content, Image.Image) else path.write_bytes(content)
        return {"path": str(path), "orig_name": name, "meta": {"_type": "gradio.FileData"}}

    return save


@pytest.fixture
def uploaded(upload):
    """A table of four rows, of which one has no picture and one a broken one."""
    table = "image,question,answer\na.png,What ?,a red circle\ngone.png,What ?,x\nb.png,Where ?,\n<b>.png,<i>,y\n"
    return [
        upload("rows.csv", table.encode()),
        upload("a.png", Image.new("RGB", (30, 20), "red")),
        upload("b.png", b"no picture"),
        upload("<b>.png", Image.new("RGB", (8, 8))),
    ]


def run_all(it, files, known=None):
    return [*it.run(Request, files, known, *KNOBS)]


def test_an_upload_becomes_rows_and_says_what_is_missing(uploaded):
    files, known, value = batching().add([], None, uploaded)
    assert value["state"] == "ready" and [bool(row["problem"]) for row in value["rows"]] == [False, True, False, False]
    assert [row["where"] for row in value["rows"]] == [f"Line {i} of rows.csv" for i in (2, 3, 4, 5)]
    assert files[1] == ["a.png", uploaded[1]["path"]]
    assert known["rows"][0] == {
        "token": {"path": uploaded[1]["path"], "kind": "upload", "name": "a.png"},
        "question": "What ?",
        "dense": None,
    }


def test_files_may_come_in_several_goes(uploaded):
    it = batching()
    files, known, value = it.add([], None, uploaded[1:])
    assert value == {"state": "waiting", "words": value["words"]} and "no table" in value["words"]
    files, known, value = it.add(files, known, uploaded[0])
    assert value["state"] == "ready" and len(files) == 4
    assert it.clear(Request) == ([], None, {"state": "empty"})


def test_paths_that_nobody_uploaded_are_refused():
    for record in ({"path": "/etc/passwd", "orig_name": "a.csv"}, "/etc/hostname", None, {"path": None}):
        files, _, value = batching().add([], None, [record])
        assert files == [] and value["state"] == "waiting" and value["words"].endswith(".")


def test_a_batch_of_too_many_files_is_refused(uploaded):
    files, _, value = batching().add([["a.png", "x"]] * MOST_FILES, None, uploaded)
    assert len(files) == MOST_FILES and f"takes at most {MOST_FILES}" in value["words"]


def test_a_run_tells_the_table_as_it_fills_and_in_the_end_what_came_of_it(uploaded):
    it, explorer = None, FakeExplorer()
    it = batching(explorer)
    files, known, _ = it.add([], None, uploaded)
    told = run_all(it, files, known)
    known, last = told[-1]
    assert last["state"] == "done" and (last["total"], last["percent"]) == (4, 50)
    first, missing, broken, markup = last["rows"]
    assert first["said"]["dense"] == {
        "text": "a red circle",
        "right": True,
        "words": [("a red", True), ("circle", False)],
    }
    assert first["said"]["pruned"]["right"] is False and first["same"] is False
    assert first["thumb"].startswith("data:image/png;base64,")
    assert missing["said"] == {} and "gone.png" in missing["problem"]
    assert "b.png" in broken["problem"] and broken["said"] == {}
    assert (markup["name"], markup["question"]) == ("<b>.png", "<i>")
    assert last["summary"]["right"]["dense"]["questions"] == 2
    assert last["summary"]["broken"] == 1 and last["summary"]["same"]["right"] == 0
    assert last["recipe"]["target"] == 0.5 and last["recipe"]["cap"] == 0.6
    assert last["key"] == it.handlers.table(*KNOBS)["key"]
    assert [row["dense"] for row in known["rows"]] == ["a red circle", None, None, "a red circle"]
    assert explorer.calls["answer"] == 2


def test_the_dense_answers_are_kept_for_the_next_recipe_of_the_same_model(uploaded):
    explorer = FakeExplorer()
    it = batching(explorer)
    files, known, _ = it.add([], None, uploaded)
    known = run_all(it, files, known)[-1][0]
    last = run_all(it, files, known)[-1][1]
    assert explorer.calls["answer"] == 3 and last["rows"][0]["same"] is False
    run_all(it, files, known | {"model": "another"})
    assert explorer.calls["answer"] == 5


def test_a_stop_keeps_what_is_done():
    explorer = FakeExplorer()
    it = batching(explorer)
    answered = explorer.answer

    def answer(*arguments):
        if explorer.calls["answer"] == 1:
            it.stop(Request)
        return answered(*arguments)

    explorer.answer = answer
    last = [*it.examples(Request, None, *KNOBS)][-1][1]
    assert last["state"] == "stopped"
    assert [bool(row["said"]) for row in last["rows"]] == [True] * 16 + [False] * 4
    assert last["summary"] is None


def test_whatever_fails_is_a_sentence_and_the_rows_stay():
    explorer = FakeExplorer()

    def answer(samples, allocation, recipe):
        if allocation:
            raise RuntimeError("CUDA out of memory.\nmore")
        return [Answer("a red circle", (), ())] * len(samples)

    explorer.answer = answer
    last = [*batching(explorer).examples(Request, None, *KNOBS)][-1][1]
    assert last["state"] == "error" and "Memory ran out (RuntimeError: CUDA out of memory)" in last["words"]
    assert all(row["said"]["dense"]["text"] == "a red circle" for row in last["rows"])


def test_a_recipe_that_cannot_be_and_a_model_that_changes_are_sentences():
    knobs = [*(session.DEFAULTS | {"percent": 90, "cap_mode": "fixed"}).values()]
    _, last = [*batching().examples(Request, None, *knobs)][-1]
    assert last["state"] == "error" and "above the cap" in last["words"]
    explorer = FakeExplorer()
    it = batching(explorer)
    answered = explorer.answer

    def answer(*arguments):
        it.handlers.host.explorer = FakeExplorer(spec="new")
        return answered(*arguments)

    explorer.answer = answer
    _, last = [*it.examples(Request, None, *KNOBS)][-1]
    assert last["state"] == "error" and "changed while it answered" in last["words"]


def test_a_model_still_loading_is_waited_for_with_a_word():
    explorer = FakeExplorer(loaded=False)
    told = batching(explorer).examples(Request, None, *KNOBS)
    assert "still loading" in next(told)[1]["words"]
    threading.Timer(0.01, explorer.loaded.set).start()
    assert [*told][-1][1]["state"] == "done"


def test_the_examples_are_scenes_that_the_gallery_can_draw_with_known_answers():
    rows = example_rows().rows
    assert len(rows) == EXAMPLES and all(row.question and row.expected for row in rows)
    assert len({row.picture["example"] for row in rows}) == EXAMPLES
    assert example_rows() == example_rows()


def test_a_row_goes_before_the_model(uploaded):
    it = batching()
    files, known, _ = it.add([], None, uploaded)
    token, picture, _, question, answers = it.pick(event(row=0), known)
    assert token["path"] == uploaded[1]["path"] and question == "What ?" and answers is None
    assert picture["src"].startswith("data:image/png")
    assert "b.png" in it.pick(event(row=2), known)[1]["error"]
    for number in (None, -1, 4, "0", True):
        assert "row is" in it.pick(event(row=number), known)[1]["error"]
    assert "row is" in it.pick(event(row=0), None)[1]["error"]


def test_an_example_row_goes_before_the_model_too():
    it = batching()
    known, value = [*it.examples(Request, None, *KNOBS)][-1]
    token, picture, _, question, _ = it.pick(event(row=3), known)
    assert (token, question) == (known["rows"][3]["token"], value["rows"][3]["question"])
    assert picture["chosen"] is None and picture["src"]


@pytest.mark.parametrize(("kind", "question"), [("text", "What ?"), ("classifier", gr.skip())])
def test_other_kinds_get_what_they_take(uploaded, kind, question):
    explorer = FakeExplorer(is_demo=False)
    it = batching(explorer)
    files, known, _ = it.add([], None, uploaded)
    explorer.described = Description(kind, ("a red circle", "y"))
    assert it.pick(event(row=0), known)[3] == question
    if kind == "text":
        rows = run_all(it, files, known)[-1][1]["rows"]
        assert all(row["thumb"] is None and row["said"] for row in rows)


def test_what_is_forgotten_ends_and_does_not_come_back(uploaded, monkeypatch):
    explorer, forgotten, told = FakeExplorer(), threading.Event(), []
    monkeypatch.setattr(explorer, "answer", lambda *_: forgotten.wait())
    it = batching(explorer)
    files, known, _ = it.add([], None, uploaded)
    for value in it.run(Request, files, known, *KNOBS):
        told.append(value[1]["state"])
        it.clear(Request)
        forgotten.set()
    assert told == ["busy"]


def test_whoever_waits_for_the_model_can_stop():
    it = batching(FakeExplorer(loaded=False))
    told = it.examples(Request, None, *KNOBS)
    assert [next(told)[1]["state"] for _ in range(2)] == ["busy", "busy"]
    it.stop(Request)
    assert [(value["state"], len(value["rows"])) for _, value in told] == [("ready", EXAMPLES)]


def test_a_file_that_its_reader_stumbles_over_is_one_sentence(upload, monkeypatch):
    monkeypatch.setattr("ecoflap.ui.batching.rows_from", lambda *_: 1 / 0)
    files, _, value = batching().add([], None, [upload("rows.csv", b"question\nwhy ?\n")])
    assert files == [] and value["state"] == "waiting" and "ZeroDivisionError" in value["words"]
