"""The page without a browser: its events by element and name, over plain HTTP, as anybody may send them."""

import json
import re
import urllib.error
import urllib.request
import uuid
from typing import Any

from ecoflap.ui.session import DEFAULTS

# Seconds within which every answer has to be there.
PATIENCE = 60


# A part's value on its way: a number, then JSON (ecoflap/ui/embed.py).
PART = re.compile(r"\d+ (?=[\[{\"])")


def read(sent: Any) -> Any:
    """What Python sent, the values of the page's parts read as the page reads them."""
    if isinstance(sent, dict):
        return {key: read(value) for key, value in sent.items()}
    if isinstance(sent, list):
        return [read(value) for value in sent]
    mark = PART.match(sent) if isinstance(sent, str) else None
    return json.loads(sent[mark.end() :]) if mark else sent


class Raw:
    """One visitor: an address, a session of its own, and the knobs as a page has them at first."""

    defaults = tuple(DEFAULTS.values())

    def __init__(self, url: str, like: "Raw | None" = None) -> None:
        self.url, self.session = url.rstrip("/"), uuid.uuid4().hex
        # The description of the page is one megabyte, and the same for everybody.
        self.config = json.loads(self.get("/config")[1]) if like is None else like.config
        names = {part["id"]: part["props"].get("elem_id") for part in self.config["components"]}
        # Of the first language: (element, event) -> dependency.
        self.events: dict[tuple[Any, str], dict[str, Any]] = {}
        for event in self.config["dependencies"]:
            for target, name in event["targets"]:
                self.events.setdefault((names.get(target), name), event)

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a path below the address."""
        return self._fetch(urllib.request.Request(self.url + path))

    def post(self, path: str, body: Any) -> tuple[int, str]:
        """Status and text of a JSON document, or of raw bytes, that is posted."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._fetch(urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}))

    def _fetch(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def body(self, element: str | None, event: str, data: list[Any], sent: Any = None) -> dict[str, Any]:
        """The request of an event; what Python keeps for a session (gr.State) is None in `data`."""
        found = self.events[element, event]
        given = {"fn_index": found["id"], "session_hash": self.session, "event_data": sent}
        return given | {"data": data + [None] * (len(found["inputs"]) - len(data))}

    def run(self, element: str | None, event: str, data: list[Any] | None = None, sent: Any = None) -> Any:
        """The values of an event that skips the queue."""
        status, text = self.post("/gradio_api/run/predict", self.body(element, event, data or [], sent))
        assert status == 200, text
        return read(json.loads(text)["data"])

    def join(self, body: Any) -> tuple[int, str]:
        """Put an event into the queue; status and text."""
        return self.post("/gradio_api/queue/join", body)

    def stream(self) -> list[dict[str, Any]]:
        """Every message of this session's queued events up to the end of the last one."""
        return [*self.messages()]

    def messages(self) -> Any:
        """Messages as they come; whoever stops to read has closed the page."""
        path = f"/gradio_api/queue/data?session_hash={self.session}"
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as stream:
            for line in stream:
                if not line.startswith(b"data: "):
                    continue
                message = read(json.loads(line[6:]))
                yield message
                if message["msg"] == "close_stream":
                    return

    def queued(self, element: str, event: str, data: list[Any] | None = None, sent: Any = None) -> list[Any]:
        """The outputs that a queued event sends while it runs, as far as Gradio sends them whole, and the last ones."""
        status, text = self.join(self.body(element, event, data or [], sent))
        assert status == 200, text
        found = [message for message in self.stream() if message["msg"].startswith("process_")]
        return [message["output"] for message in found if "output" in message]
