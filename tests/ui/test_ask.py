"""Asking on the page: columns that grow, what is said of each, a pinned recipe, stopping, failures in one sentence."""

import threading

import pytest

from ecoflap.asking import Said
from ecoflap.errors import EcoflapError
from ecoflap.host import Host
from ecoflap.types import Answer
from ecoflap.ui import answers, session
from ecoflap.ui.asking import Asking
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.jobs import Jobs
from tests.ui.fakes import FakeExplorer, asked

TOKEN, QUESTION = session.example_token(0), "What is it?"


def knobs(**changes):
    return [*(session.DEFAULTS | changes).values()]


def ask(explorer, *values, **more):
    return [*asked(Handlers(Host(explorer)), TOKEN, QUESTION, *(values or knobs()), **more)]


@pytest.fixture
def explorer():
    return FakeExplorer()


def test_the_columns_grow_word_by_word_dense_first(explorer):
    explorer.saying = threading.Semaphore(0)
    seen = []
    for value in asked(Handlers(Host(explorer)), TOKEN, QUESTION, *knobs()):
        if value["state"] == "busy":
            continue
        texts = [" ".join(words for words, _ in value[side]["words"]) for side in ("dense", "pruned")]
        seen.append((*texts, value["dense"]["done"], value["pruned"]["begun"]))
        explorer.saying.release()
    told = list(dict.fromkeys(seen))
    assert told[0] == ("", "", False, False)
    assert told[-1] == ("a red circle", "a red square", True, True)
    assert ("a red", "", False, False) in told and ("a red circle", "a", True, True) in told
    assert told == sorted(told, key=lambda row: (len(row[0]), row[2], row[3], len(row[1])))


def test_in_the_end_every_column_says_what_it_is(explorer):
    last = ask(explorer)[-1]
    dense, pruned = last["dense"], last["pruned"]
    assert [word for word, same in pruned["words"] if not same] == ["square"]
    assert dense["tokens"] == [["a", 0.99, True], ["red", 0.9, True], ["circle", 0.8, True]]
    assert pruned["parting"] == {"token": 2, "word": 3, "dense": ("circle", 0.8), "other": ("square", 0.3)}
    assert (dense["surprise"], pruned["surprise"]) == (0.01, 0.42)
    assert (dense["kept"], dense["seconds"], pruned["seconds"]) == (False, 0.25, 0.25)
    assert (pruned["percent"], round(pruned["achieved"], 3), pruned["recipe"]) == (50, 0.5, "ECoFLaP, Wanda")
    assert "at most 64 new tokens" in last["settings"] and "pinned" not in last
    assert not last["same"]


def test_the_key_is_that_of_the_table_that_the_page_shows(explorer):
    handlers = Handlers(Host(explorer))
    changed = knobs(granularity="layer", percent=40)
    last = [*asked(handlers, TOKEN, QUESTION, *changed, pinned=knobs())][-1]
    assert (last["pruned"]["key"], last["percent"]) == (handlers.table(*changed)["key"], 40)
    assert (last["pinned"]["key"], last["pinned"]["percent"]) == (handlers.table(*knobs())["key"], 50)


def test_what_was_asked_before_comes_at_once_and_says_so(explorer):
    ask(explorer)
    again = ask(explorer)
    assert [value["state"] for value in again][-1] == "done"
    assert (again[-1]["dense"]["kept"], again[-1]["pruned"]["kept"]) == (True, True)
    other = ask(explorer, *knobs(percent=60))[-1]
    assert (other["dense"]["kept"], other["pruned"]["kept"]) == (True, False)


def test_a_pinned_recipe_gets_a_column_of_its_own(explorer):
    last = ask(explorer, pinned=knobs(percent=20, allocator="uniform"))[-1]
    pinned = last["pinned"]
    assert pinned["alike"] and pinned["parting"] is None and pinned["surprise"] == 0.01
    assert (pinned["percent"], pinned["recipe"]) == (20, "Uniform, Wanda")
    assert pinned["key"] != last["pruned"]["key"]


def test_a_pinned_recipe_that_cannot_be_is_left_out_with_its_reason(explorer):
    last = ask(explorer, pinned=knobs(overrides={"nothing": 0.5}))[-1]
    assert last["state"] == "done" and "pinned" not in last
    assert "nothing" in last["problem"]


def test_labels_are_compared_without_a_place_where_they_part(explorer):
    from ecoflap.models.kinds import Description

    explorer.described = Description("classifier", ("cat", "dog"))
    last = ask(explorer)[-1]
    assert last["chosen"] and last["pruned"]["parting"] is None and last["pruned"]["surprise"] == 0.42


def test_stopping_leaves_what_was_said(explorer):
    explorer.saying = threading.Semaphore(2)
    jobs = Jobs()
    page = Asking(Handlers(Host(explorer)), jobs)
    events = asked(page.handlers, TOKEN, QUESTION, *knobs(), page=page)
    for value in events:
        if value["state"] == "saying" and value["dense"]["words"] == [("a red", True)]:
            page.stop(Person())
            explorer.saying.release(9)
            break
    last = [*events][-1]
    assert last["state"] == "stopped"
    assert last["dense"]["words"] == [("a red", True)] and not last["dense"]["done"] and not last["pruned"]["begun"]
    page.stop(Person())  # nothing runs any more


class Person:
    session_hash = "one"


def test_whatever_a_model_runs_into_is_one_sentence(explorer):
    def ask_and_fail(*arguments):
        raise RuntimeError("out of memory\nand much more")

    explorer.ask = ask_and_fail
    last = ask(explorer)[-1]
    assert last["state"] == "error" and "Memory ran out (RuntimeError: out of memory)" in last["words"]


def test_an_error_in_the_middle_takes_the_place_of_the_answers(explorer):
    def ask_and_go(image, question, recipe, pinned, tell):
        raise EcoflapError("model_released", model="fake")

    explorer.ask = ask_and_go
    last = ask(explorer)[-1]
    assert last["state"] == "error" and "no longer loaded" in last["words"]


def test_of_another_picture_nothing_more_is_said(explorer):
    explorer.saying = threading.Semaphore(1)
    page = Asking(Handlers(Host(explorer)), Jobs())
    seen = []
    for value in asked(page.handlers, TOKEN, QUESTION, *knobs(), page=page):
        seen.append(value)
        if value["state"] == "saying" and value["dense"]["words"] == [("a", True)]:
            page.forget(Person())
            explorer.saying.release(9)
    assert seen[-1]["state"] == "saying" and seen[-1]["dense"]["words"] == [("a", True)]
    assert {value["about"] for value in seen} == {page.handlers.opened(TOKEN).picture["mark"]}
    assert seen[0]["about"] != page.handlers.opened(session.scene_token(1)).picture["mark"]


def test_whoever_waits_for_the_model_can_stop():
    explorer = FakeExplorer(loaded=False)
    page = Asking(Handlers(Host(explorer)), Jobs())
    events = asked(page.handlers, TOKEN, QUESTION, *knobs(), page=page)
    assert "still loading" in next(events)["words"]
    assert "still loading" in next(events)["words"], "the job has begun"
    page.stop(Person())
    assert [*events] == [None] and not explorer.calls["ask"]


def test_a_capital_or_a_mark_is_no_other_answer():
    said = {
        name: Said(Answer(text, (text,), (0.9,)), None, True) for name, text in (("dense", "yes"), ("pruned", "Yes."))
    }
    recipe = session.recipe_of(*knobs())
    value = answers.value(answers.Question("?", "text", {"pruned": recipe}, {"pruned": "key"}), said, "done", "en")
    assert value["same"] and value["pruned"]["alike"] and value["pruned"]["parting"] is None
