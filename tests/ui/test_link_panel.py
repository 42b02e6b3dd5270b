"""What Python tells the browser for links: scores by name, pictures by number, and what a link may say."""

import json
from dataclasses import replace

import gradio as gr
import pytest

from ecoflap.host import Host
from ecoflap.texts import table
from ecoflap.ui import link_panel, pictures, rail, session
from ecoflap.ui.handlers import Handlers
from tests.ui.fakes import FakeExplorer, small_bundle
from tests.ui.test_handlers import event


def known() -> dict:
    with gr.Blocks() as page:
        link_panel.build()
    return next(block.props["known"] for block in page.blocks.values() if block.elem_id == "link")


def test_a_scene_comes_back_by_its_seed_and_an_example_by_its_place():
    handlers = Handlers(Host(FakeExplorer()))
    token, picture, *_ = handlers.fresh()
    again, same, *_ = handlers.choose(event(**picture["scene"]))
    assert again == token == {"seed": picture["scene"]["seed"]}
    assert same["src"] == picture["src"] and same["mark"] == picture["mark"]
    assert handlers.choose(event(index=2))[1]["scene"] == {"example": 3}
    assert pictures.opening("vision-language", True, "en").picture["scene"] == {"example": 1}


def test_files_and_what_no_gallery_shows_are_in_no_link():
    assert pictures.linked({"path": "/tmp/a.png", "kind": "upload"}) is None
    assert pictures.linked(session.example_token(max(pictures.EXAMPLE_INDICES) + 1)) is None


@pytest.mark.parametrize("seed", [-1, 2**48, 1.0, True, "7", [7]])
def test_a_seed_that_is_none_is_one_sentence(seed):
    token, note, *_ = Handlers(Host(FakeExplorer())).choose(event(seed=seed))
    assert token == gr.skip()
    assert note["error"].startswith(f"seed is {seed}. It has to be a number from 0 to 281474976710655")


def test_the_layers_say_by_which_scores_they_are():
    explorer = FakeExplorer()
    explorer.added.append(replace(small_bundle(), method="first-order"))
    handlers, (own, other) = Handlers(Host(explorer)), [bundle.fingerprint for bundle in explorer.bundles]
    assert (handlers.grid()["scores"], handlers.grid()["own"]) == (own, own)
    assert (handlers.grid(other)["scores"], handlers.grid(other)["own"]) == (other, own)
    unscored = FakeExplorer()
    unscored.bundle = None
    assert "scores" not in Handlers(Host(unscored)).grid()


def test_a_link_may_say_what_the_rail_offers():
    found = known()
    assert json.loads(json.dumps(found)) == found
    assert found["defaults"] == session.DEFAULTS
    for name in ("granularity", "allocator", "pattern", "cap_mode"):
        assert session.DEFAULTS[name] in found["choices"][name]
        assert all(f"page.rail.{name}.{choice}" in table() for choice in found["choices"][name])
    with gr.Blocks():
        built = rail.build(found["choices"]["allocator"], True, [("own", "")], "en")
    assert {name: getattr(built, name).maximum for name in found["most"]} == found["most"]
