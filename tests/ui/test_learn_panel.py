"""What the Learn section is told: the numbers of a layer's score and share, or one sentence why not."""

from types import SimpleNamespace

import pytest

from ecoflap.allocation import allocate
from ecoflap.host import Host
from ecoflap.ui import session
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.learn_panel import Learning
from tests.ui.fakes import FakeExplorer

NAME = "vision_model.encoder.layers.0.mlp.fc1"


def explained(layer=NAME, target=50, **knobs):
    values = session.DEFAULTS | knobs
    learning = Learning(Handlers(Host(FakeExplorer())))
    event = SimpleNamespace(_data={"layer": layer, "target": target, "ticket": 7})
    return learning.explain(event, *list(values.values())[1:])


@pytest.mark.parametrize("knobs", [{}, {"granularity": "layer", "margin": 20}])
def test_numbers_are_those_of_the_allocation(knobs):
    found = explained(target=40, **knobs)
    assert (found["layer"], found["target"], found["ticket"]) == (NAME, 40, 7)
    explorer = FakeExplorer()
    layer = next(layer for layer in explorer.layers if layer.name == NAME)
    assert found["scored"] == {
        "method": "zeroth-order", "eps": None, "score": layer.score, "stderr": layer.stderr, "draws": 8
    }  # fmt: skip
    values = session.DEFAULTS | {"percent": 40} | knobs
    allocation = allocate(explorer.bundle, session.recipe_of(*values.values()))
    share = found["share"]
    kept = sum(kept for kept, group in zip(allocation.kept, allocation.group_of) if group == share["group"])
    assert (share["kept"], share["keep"], share["target"]) == (kept, allocation.total_kept, 0.4)
    assert (share["granularity"], share["allocator"]) == (values["granularity"], "ecoflap")


def test_what_is_not_shared_out_has_no_share():
    assert explained(pattern="2:4")["share"] is None
    assert explained("language_projection")["share"] is None


def test_nonsense_is_one_sentence():
    for layer, target in (("nowhere", 50), ({"a": 1}, 50), (NAME, "50"), (NAME, 1e999)):
        assert "share" not in (found := explained(layer, target)) and found["error"]
