"""Every layer has a cell of its own, in the right band."""

from ecoflap.types import Layer, ScoreBundle
from ecoflap.ui.grid import grid
from tests.ui.fakes import small_bundle


def cells(found):
    return [(cell["band"], cell["stack"], cell["column"], cell["row"]) for cell in found["layers"]]


def test_small_model():
    found = grid(small_bundle().layers)
    assert [band["title"] for band in found["bands"]] == ["Vision", "Bridge", "Language"]
    assert [row["word"] for row in found["bands"][0]["rows"]] == ["query+key+value", "output", "up", "down"]
    assert [stack["title"] for stack in found["bands"][2]["stacks"]] == ["encoder", "decoder"]
    assert found["bands"][1]["stacks"][1]["columns"] == [-1]
    assert cells(found)[:5] == [(0, 0, 0, 0), (0, 0, 0, 1), (0, 0, 0, 2), (0, 0, 0, 3), (0, 0, 1, 0)]
    assert len(set(cells(found))) == len(found["layers"])


def test_reference_model_has_588_cells(reference):
    found = grid(ScoreBundle.read(reference / "blip2-flant5xl-local-wanda.json").layers)
    assert len(set(cells(found))) == 588
    assert [len(band["rows"]) for band in found["bands"]] == [4, 11]
    assert [len(stack["columns"]) for band in found["bands"] for stack in band["stacks"]] == [39, 24, 24]


def test_two_layers_that_read_the_same_get_two_rows():
    block = "visual.blocks.0"
    names = ("mlp.fc1", "mlp.up_proj")
    found = grid([Layer(f"{block}.{name}", block, "vision", 2, 2) for name in names])
    assert [row["word"] for row in found["bands"][0]["rows"]] == ["up", "mlp.up_proj"]
    assert len(set(cells(found))) == 2
