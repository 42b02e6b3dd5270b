"""What strangers may send over HTTP, 500 times: each gets a value or a sentence, soon, and nothing of it stays."""

import json
import logging

import pytest

from tests.serving.conftest import weights
from tests.serving.hostile import BODIES, VALUES, Stranger
from tests.serving.raw import Raw
from tests.serving.test_paths import picture, sent

# By kind: bodies that are no request, events that skip the queue, events in the queue, the public endpoints.
COUNTS = {"bodies": 60, "live": 240, "queued": 120, "api": 80}
PATHS = ("/gradio_api/run/predict", "/gradio_api/queue/join", "/gradio_api/call/ask", "/gradio_api/run/allocate")
OTHER_PATHS = ("/gradio_api/cancel", "/gradio_api/reset", "/gradio_api/component_server", "/gradio_api/upload")
# Events in the queue that are joined in one session, and then awaited together.
TOGETHER = 12
# What the public endpoints take, as good values in their order, so that one bad one is looked at far inside.
RECIPE = (None, 0.1, "block", "sum")
GOOD = {
    "allocate": [0.5, *RECIPE, "ecoflap", ["vision", "language"], "unstructured", None],
    "ask": ["a picture", "?", 0.5, *RECIPE, "uniform", ["vision"], "magnitude", "unstructured", None],
    "score": ["first-order", 1, 0, 1, "GradMagAbs", ""],
    "sweep": [["uniform"], ["magnitude"], [0.5], 1, 0, *RECIPE, ["vision"], ""],
}
# Bad values that each argument of each of them gets.
BAD = 3


def decent(status, text):
    """An answer is a value or one sentence: no stack, and no error without words."""
    assert "Traceback" not in text and 'File "' not in text, text
    assert status in (200, 400, 404, 413, 422, 500), (status, text)
    if status == 500:
        sentence = json.loads(text)["error"]
        assert isinstance(sentence, str) and sentence, text


def worded(messages):
    """Check that each failed event of a stream says why in words; how many there were."""
    failed = [
        message["output"] for message in messages if message["msg"] == "process_completed" and not message["success"]
    ]
    for output in failed:
        words = output["error"]
        assert isinstance(words, str) and words.strip() and "\n" not in words, output
    return len(failed)


@pytest.fixture
def said(visitor):
    """What the page says at the start of a test is what it says at the end, to the last bit of its weights."""

    def answers():
        question = ["What colour is the circle?", None, *visitor.defaults]
        (last,) = visitor.queued("ask", "click", [None, *question])[-1]["data"]
        return {side: last[side]["words"] for side in ("dense", "pruned")}

    return answers


def test_500_hostile_requests_each_get_a_value_or_a_sentence_and_nothing_stays(visitor, demo, said, capfd, caplog):
    caplog.set_level(logging.WARNING, "ecoflap.ui.guard")
    before, bits = said(), weights(demo)
    stranger = Stranger(20260)
    for number in range(COUNTS["bodies"]):
        path = stranger.rng.choice(PATHS + OTHER_PATHS)
        decent(*visitor.post(path, BODIES[number % len(BODIES)]))
    events = sorted({event["id"]: event for event in visitor.config["dependencies"]}.values(), key=lambda e: e["id"])
    live = [event for event in events if not event["queue"] and event["backend_fn"]]
    queued = [event for event in events if event["queue"] and event["api_name"] not in ("ask", "leave")]
    for number in range(COUNTS["live"]):
        event = live[number % len(live)]
        decent(*visitor.post("/gradio_api/run/predict", request(event, stranger, visitor.session)))
    for start in range(0, COUNTS["queued"], TOGETHER):
        other = Raw(visitor.url, like=visitor)
        for number in range(start, start + TOGETHER):
            decent(*other.join(request(queued[number % len(queued)], stranger, other.session)))
        messages = other.stream()
        decent(200, json.dumps(messages))
        worded(messages)
    for number in range(COUNTS["api"]):
        if number % 2:
            decent(*visitor.post("/gradio_api/run/allocate", {"data": stranger.recipe()}))
            continue
        other, asked = (
            Raw(visitor.url, like=visitor),
            [stranger.value(), "?", *stranger.recipe()[:7], "wanda", "unstructured", None],
        )
        (ask,) = [event["id"] for event in events if event["api_name"] == "ask"]
        decent(*other.join({"data": asked, "fn_index": ask, "session_hash": other.session}))
        messages = other.stream()
        decent(200, json.dumps(messages))
        worded(messages)
    demo.stop_measuring()
    demo.measurements.wait()
    assert said() == before
    assert weights(demo) == bits
    printed = capfd.readouterr()
    assert "Traceback" not in printed.err + printed.out
    # What the last resort caught was Gradio's, of requests that fit no event; what reaches our handlers they answer.
    assert [line for line in caplog.messages if "/ecoflap/" in line] == []


def request(event, stranger, session):
    """A request for an event with hostile values."""
    data = stranger.data(len(event["inputs"]))
    return {"fn_index": event["id"], "session_hash": session, "event_data": stranger.sent(), "data": data}


@pytest.mark.parametrize("name", GOOD)
def test_one_bad_value_among_good_ones_is_taken_or_refused_in_words(visitor, demo, capfd, caplog, name):
    caplog.set_level(logging.WARNING, "ecoflap.ui.guard")
    (event,) = [event for event in visitor.config["dependencies"] if event["api_name"] == name]
    good, stranger, refused = [*GOOD[name]], Stranger(len(name)), 0
    if name == "ask":
        good[0] = {"path": sent(visitor, "red.png", picture()), "meta": {"_type": "gradio.FileData"}}
    assert len(event["inputs"]) == len(good)
    for place in range(len(good)):
        for bad in stranger.rng.sample(VALUES, BAD):
            data = [*good[:place], bad, *good[place + 1 :]]
            if not event["queue"]:
                status, text = visitor.post(f"/gradio_api/run/{name}", {"data": data})
                decent(status, text)
                refused += status == 500
                continue
            other = Raw(visitor.url, like=visitor)
            decent(*other.join({"data": data, "fn_index": event["id"], "session_hash": other.session}))
            messages = other.stream()
            decent(200, json.dumps(messages))
            refused += worded(messages)
    assert refused >= len(good), "hardly anything was looked at"
    demo.stop_measuring()
    demo.measurements.wait()
    printed = capfd.readouterr()
    assert "Traceback" not in printed.err + printed.out
    assert [line for line in caplog.messages if "/ecoflap/" in line] == []
