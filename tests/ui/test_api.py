"""The public endpoints through Gradio's own client; docs/api.md's own examples run in test_api_docs.py."""

import threading

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from ecoflap.allocation import allocate
from ecoflap.types import Recipe
from ecoflap.ui import build, launch_options
from tests.ui.fakes import FakeExplorer, small_bundle


@pytest.fixture(scope="module")
def explorer():
    return FakeExplorer()


@pytest.fixture(scope="module")
def client(explorer):
    blocks = build(explorer)
    blocks.launch(prevent_thread_lock=True, **launch_options())
    yield Client(blocks.local_url, verbose=False)
    blocks.close()


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "red.png"
    Image.new("RGB", (20, 10), "red").save(path)
    return path


def test_four_endpoints_are_public(client):
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert sorted(named) == ["/allocate", "/ask", "/score", "/sweep"]
    assert client.view_api(return_format="dict")["unnamed_endpoints"] == {}


def test_allocate(client):
    recipe = Recipe(0.4, 0.7, granularity="layer", aggregate="avg", modalities=("vision",))
    found = client.predict(
        target=0.4, max_sparsity=0.7, granularity="layer", aggregate="avg", modalities=["vision"], api_name="/allocate"
    )
    wanted = allocate(small_bundle(), recipe)
    assert found == {"target": 0.4, "achieved": wanted.achieved, "groups": wanted.groups()}


def test_allocate_with_no_arguments_takes_the_defaults(client):
    assert client.predict(api_name="/allocate")["groups"] == allocate(small_bundle(), Recipe()).groups()


def test_allocate_with_sparsities_fixed_by_hand(client):
    found = client.predict(target=0.4, overrides={"vision": 0.35}, api_name="/allocate")
    wanted = allocate(small_bundle(), Recipe(0.4, overrides={"vision": 0.35}))
    assert found["groups"] == wanted.groups() and found["achieved"] == wanted.achieved
    with pytest.raises(AppError, match="Nothing that is pruned is called 'hearing'"):
        client.predict(overrides={"hearing": 0.3}, api_name="/allocate")


def test_a_pattern_fixes_every_group(client):
    found = client.predict(pattern="2:4", api_name="/allocate")
    assert set(found["groups"].values()) == {0.5}
    with pytest.raises(AppError, match="target 0.7 cannot be met"):
        client.predict(target=0.7, pattern="4:8", api_name="/allocate")


def test_ask(client, picture):
    found = client.predict(image=handle_file(picture), question="What is it?", target=0.5, api_name="/ask")
    assert (found["dense"], found["pruned"], found["target"]) == ("a red circle", "a red square", 0.5)
    assert found["achieved"] == pytest.approx(0.5, abs=1e-3)


def test_errors_are_one_sentence(client, picture, tmp_path):
    with pytest.raises(AppError, match="above the cap"):
        client.predict(target=0.9, max_sparsity=0.6, api_name="/allocate")
    with pytest.raises(AppError, match="granularity is 'row'"):
        client.predict(granularity="row", api_name="/allocate")
    broken = tmp_path / "broken.png"
    broken.write_bytes(picture.read_bytes()[:30])
    with pytest.raises(AppError, match="broken.png"):
        client.predict(image=handle_file(broken), question="What?", api_name="/ask")
    assert client.predict(image=handle_file(picture), question="What?", api_name="/ask")["dense"]


def test_a_path_of_the_server_is_no_picture(client, picture):
    with pytest.raises(AppError, match="was not uploaded"):
        client.predict(image={"path": str(picture)}, question="What?", api_name="/ask")


def test_who_asks_by_the_api_stands_in_the_line_of_questions_and_hears_of_it(client, explorer, picture, monkeypatch):
    begun, free, answer = threading.Event(), threading.Event(), explorer.ask

    def slow(*args, **more):
        begun.set()
        assert free.wait(60)
        return answer(*args, **more)

    monkeypatch.setattr(explorer, "ask", slow)
    first = client.submit(handle_file(picture), "What?", api_name="/ask")
    assert begun.wait(60)
    second = client.submit(handle_file(picture), "What?", api_name="/ask")
    said = next(status.log for status in told(second) if status.log)
    assert said == ("One person is before you. Your turn comes by itself …", "info")
    free.set()
    assert first.result(60)["dense"] == second.result(60)["dense"] == "a red circle"


def told(job):
    """What the client reads of its job, again and again."""
    while not job.done():
        yield job.status()
