"""The bench gives what it promises, on the shapes of the model that it names."""

import json
from collections import Counter

from ecoflap.bench import allocating


def test_measures_what_it_names():
    found = allocating.allocating(quick=True)
    assert found.keys() == {"allocate_588_ms", "allocate_96_targets_ms"}
    assert all(type(value) is float and value > 0 for value in found.values())


def test_has_the_shapes_of_the_real_model(reference):
    real = json.loads((reference / "blip2-flant5xl-local-wanda.json").read_text())["layers"]
    found = allocating.bundle().layers
    assert len(found) == 588
    assert Counter((layer.modality, layer.rows, layer.cols) for layer in found) == Counter(
        (layer["modality"], layer["rows"], layer["cols"]) for layer in real
    )
    assert len({layer.block for layer in found}) == len({layer["block"] for layer in real})
