"""docs/api.md against a live page over the embedded model: its examples run, its arguments are the endpoints' own."""

import re
from pathlib import Path

import pytest
from gradio_client import Client

from ecoflap.demo.drawing import draw
from ecoflap.demo.scenes import scene_of
from ecoflap.explorer import Explorer
from ecoflap.models.registry import without_transformers
from ecoflap.ui import build, launch_options

# Beside LAVIS the embedded model cannot be opened.
pytestmark = pytest.mark.skipif(without_transformers() is not None, reason="the embedded model needs transformers 5")
DOCS = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECOFLAP_CACHE", str(tmp_path_factory.mktemp("cache")))
        explorer = Explorer.open("demo")
        blocks = build(explorer)
        blocks.launch(prevent_thread_lock=True, **launch_options())
        explorer.wait_prepared()
        yield blocks.local_url
        blocks.close()
        explorer.close()


def test_every_example_runs(url, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    draw(scene_of("evaluation", 0)).save("picture.png")
    code = "\n".join(re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)).replace("http://127.0.0.1:7860", url)
    names = {}
    exec(code, names)  # the document's own code
    assert names["found"]["target"] == 0.5 and set(names["asked"]) >= {"dense", "pruned", "tokens"}
    state, point = names["state"], names["point"]
    assert (state["state"], state["done"], state["points"][0]["allocator"]) == ("done", 1, "dense")
    assert (point["target"], point["questions"]) == (0.5, 4)
    assert re.search(r"^[0-9a-f]{16}$", capsys.readouterr().out, re.MULTILINE), "the fingerprint of the new scores"


def test_every_argument_is_described_and_every_description_is_one(url):
    named = Client(url, verbose=False).view_api(return_format="dict")["named_endpoints"]
    for endpoint, facts in named.items():
        section = DOCS.split(f"\n## {endpoint}\n")[1].split("\n## ")[0]
        described = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
        own = {parameter["parameter_name"] for parameter in facts["parameters"]}
        assert described <= own, endpoint
        recipe = set(re.findall(r"^\| `(\w+)` \|", DOCS.split("## The recipe")[1].split("\n## ")[0], re.MULTILINE))
        assert own - described <= recipe, endpoint
