"""What strangers send: values of every kind that no page sends, and requests built from them, by a seed."""

import random
from typing import Any

from ecoflap.ui.session import DEFAULTS

MARKUP = "<img src=x onerror=window.hacked=1>"
TEMPLATES = ("{{7*7}}", "${7*7}", "{0.__class__}", "%s%n", "javascript:window.hacked=1", "__import__('os').abort()")


def nested(depth: int) -> Any:
    """A list in a list in a list."""
    found: Any = 1
    for _ in range(depth):
        found = [found]
    return found


# Values in the place of any other.
VALUES: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 0.1, 96, 101, 1e308, -1e308, 2**63, 10**400, float("nan"), float("inf"), -float("inf")),
    *("", " ", "1e999", "NaN", "0", "\x00", "\ud800", "x" * 50_000, "🙂" * 300, MARKUP, *TEMPLATES),
    *([], {}, [None], [[]], {"": None}, {"__proto__": {"hacked": 1}}, nested(300), {"a": nested(100)}),
    *({"__type__": "update", "value": 1}, {"path": "/etc/passwd"}, {"path": None}, {"path": ["x"]}, {"path": "\x00"}),
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    {"path": "../../../../etc/passwd", "url": "http://127.0.0.1:1/x", "meta": {"_type": "gradio.FileData"}},
    {"path": "http://127.0.0.1:1/x", "meta": {"_type": "gradio.FileData"}, "orig_name": MARKUP},
    *({"seed": 5}, {"seed": "x"}, {"example": 10**9}, {"path": "/etc/passwd", "kind": "upload"}),
    *({"vision": 2.0}, {"vision": "x"}, {MARKUP: 0.5}, {"vision": float("nan")}, {"vision": {"language": 0}}),
    *("vision", "wanda", "uniform", "2:4", "fixed", "block", ["vision"], ["vision", "vision"], 50, 0.5),
)
# What events look for in what the browser sends with them.
KEYS = ("ticket", "percent", "key", "values", "index", "png", "picture", "kind", "allocators", "run", "row", "asked")
MORE_KEYS = ("method", "samples", "draws", "seed", "gradient", "source", "spec", "calibration", "layer", "name")
# Bodies that are no request at all.
BODIES = (
    *(b"", b"\x00", b"{", b"[]", b"null", b'"x"', b"1e999", b"{}", b'{"data": null}', b'{"data": {}}', b"\xff\xfe{}"),
    *(b"[" * 50_000, b'{"data":' * 5_000, b'{"data": [' + b"[" * 20_000 + b"]" * 20_000 + b"]}"),
    *(b'{"data": [], "fn_index": -1}', b'{"data": [], "fn_index": 1e400}', b'{"data": [], "fn_index": "x"}'),
    *(b'{"data": [], "fn_index": 99999}', b'{"data": [], "session_hash": {"a": 1}, "fn_index": 0}'),
    *(b'{"data": [], "session_hash": "\\ud800", "fn_index": 0}', b'{"data": [NaN], "fn_index": 0, "trigger_id": "x"}'),
    *(b'{"event_id": "x", "session_hash": "x", "fn_index": 0}', b'{"data": [], "fn_index": 1, "batched": true}'),
)


class Stranger:
    """Chooses by a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def value(self) -> Any:
        """Any value."""
        return self.rng.choice(VALUES)

    def data(self, count: int) -> list[Any]:
        """Values for an event's inputs: the knobs as they are but for some; now and then too few or too many."""
        known = list(DEFAULTS.values())
        found = [None, "What colour is the circle?", None, *known][-count:] if count else []
        found = [None] * (count - len(found)) + found
        for place in self.rng.sample(range(count), min(count, self.rng.randint(1, 3))):
            found[place] = self.value()
        if self.rng.random() < 0.1:
            found = found[: self.rng.randint(0, count)] if self.rng.random() < 0.5 else [*found, self.value()]
        return found

    def sent(self) -> Any:
        """What comes with an event."""
        if self.rng.random() < 0.2:
            return self.value()
        return {key: self.value() for key in self.rng.sample([*KEYS, *MORE_KEYS], self.rng.randint(1, 6))}

    def recipe(self) -> list[Any]:
        """Arguments of /allocate in their order, some of them hostile."""
        found = [0.5, None, 0.1, "block", "sum", "ecoflap", ["vision", "language"], "unstructured", None]
        for place in self.rng.sample(range(len(found)), self.rng.randint(1, 3)):
            found[place] = self.value()
        return found
