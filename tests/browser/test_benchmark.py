"""The benchmark of the slider measures what it says; how fast this machine is right now is not a test."""

import json

from tests.benchmarks import slider
from tests.benchmarks.measuring import measure, opened
from tests.browser.conftest import serve


def test_few_moves_give_every_figure(chromium, explorer):
    blocks, url = serve(explorer)
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    opened(page, url)
    found = measure(page, moves=12, commits=3, warm=2)
    page.close()
    blocks.close()
    assert len(found.releases) == 3 and 10 <= len(found.moves) <= 12
    assert all(value > 0 for value in (*found.moves, *found.releases, *found.before.values(), *found.after.values()))
    result = slider.document(found, len(explorer.bundle.layers))
    assert json.loads(json.dumps(result)) == result
    assert result["move"]["p50_ms"] <= result["move"]["p95_ms"]
    assert [row["what"] for row in slider.rows(result)] == ["move", "release", "nodes", "objects", "code"]


def test_a_bundle_of_588_matrices_is_made_where_none_is_given(monkeypatch, tmp_path):
    monkeypatch.setattr(slider, "REFERENCE", tmp_path / "none.json")
    assert len(slider.bundle(None).layers) == 588
