"""The panel of one layer: what it answers, when the weights are not there, and that every error is a sentence."""

import base64
import json

import gradio as gr
import pytest

from ecoflap.allocation import allocate
from ecoflap.errors import EcoflapError
from ecoflap.host import Host
from ecoflap.masking import keep_mask
from ecoflap.types import Loading, Recipe, ScoreBundle
from ecoflap.ui import session
from ecoflap.ui.handlers import Handlers
from ecoflap.ui.layer_panel import Looking
from tests.tiny import save_samples, scored
from tests.ui.fakes import FakeExplorer, small_bundle

NAME = "vision_model.encoder.layers.0.mlp.fc1"


def looking(explorer=None):
    return Looking(Handlers(Host(explorer or FakeExplorer())))


def event(**data):
    return gr.EventData(None, {"layer": NAME, "target": 50} | data)


def seen_of(answer):
    return json.loads(answer["seen"])


def knobs(**changes):
    """All knobs but the target."""
    return [*(session.DEFAULTS | changes).values()][1:]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A tiny BLIP-2 with its samples."""
    reason = "LAVIS's environment has a transformers that Hugging Face's newer models do not open with"
    huggingface = pytest.importorskip("ecoflap.models.huggingface", reason=reason, exc_type=ImportError)
    from ecoflap.engine import Engine
    from tests.tiny import save_blip2

    folder = save_blip2(tmp_path_factory.mktemp("blip2"), "t5")
    samples = save_samples(tmp_path_factory.mktemp("samples"))
    return Engine(huggingface.open_model(str(folder), Loading("cpu")), str(samples))


@pytest.fixture
def loaded(engine):
    """An explorer with weights."""
    explorer = FakeExplorer(scored(engine))
    explorer.engine = engine
    engine.norms()
    return explorer


def first(explorer, modality="vision"):
    return next(layer for layer in explorer.bundle.layers if layer.modality == modality)


def test_without_weights_it_says_so_and_still_knows_the_price():
    answer = looking().inspect(event(target=20, against="x 30"), *knobs(margin=50))
    assert "still loading" in answer["waiting"] and "seen" not in answer
    assert (answer["layer"], answer["target"], answer["against"]) == (NAME, 20, "x 30")
    assert answer["costs"]["layer"]["weights"] > 0
    assert answer["costs"]["block"]["size"] > answer["costs"]["layer"]["size"]
    assert answer["costs"]["modality"]["name"] == "vision"


def test_a_model_that_is_loading_is_not_touched(loaded):
    loaded.loaded.clear()
    answer = looking(loaded).inspect(event(layer=first(loaded).name), *knobs())
    assert "still loading" in answer["waiting"]


def test_a_look_never_measures_norms(loaded, monkeypatch):
    monkeypatch.setattr(loaded.engine, "_norms", None)
    monkeypatch.setattr(loaded.engine, "_measured_norms", lambda: pytest.fail("the model was held for a whole pass"))
    answer = looking(loaded).inspect(event(layer=first(loaded).name), *knobs())
    assert "has not measured" in answer["waiting"] and "costs" in answer and "seen" not in answer


def test_a_model_that_failed_says_why():
    explorer = FakeExplorer()
    explorer.failure = "The model broke. Open another one."
    assert looking(explorer).inspect(event(), *knobs())["error"] == "The model broke. Open another one."


def test_the_answer_is_about_the_table_of_its_knobs():
    explorer = FakeExplorer()
    handlers = Handlers(Host(explorer))
    chosen = session.DEFAULTS | {"granularity": "layer", "overrides": {NAME: 0.2}}
    table = handlers.table(*chosen.values())
    answer = Looking(handlers).inspect(event(), *[*chosen.values()][1:])
    assert answer["key"] == table["key"]


@pytest.mark.parametrize("modality", ["vision", "language"])
def test_counts_picture_and_rows_of_a_layer(loaded, modality):
    layer = first(loaded, modality)
    answer = looking(loaded).inspect(event(layer=layer.name), *knobs())
    seen = seen_of(answer)
    recipe = Recipe(0.5)
    kept = dict(zip((one.name for one in loaded.bundle.layers), allocate(loaded.bundle, recipe).kept))[layer.name]
    assert (seen["size"], seen["kept"]) == (layer.size, kept)
    for name in ("weights", "criterion"):
        assert (sum(seen[name]["kept"]), sum(seen[name]["removed"])) == (kept, layer.size - kept)
    assert seen["scope"] == {"vision": "matrix", "language": "row"}[modality]
    assert seen["threshold"]["least"] <= seen["threshold"]["most"]
    height, width = seen["cells"]["shape"]
    mask = keep_mask(layer, kept, loaded.engine.ranked(recipe)[layer.name])
    cells = base64.b64decode(seen["cells"]["bytes"])
    assert [cell == 255 for cell in cells] == mask.flatten().tolist() and (height, width) == mask.shape
    assert len(seen["rows"]) == 3 and seen["zeros"] is None


def test_zeros_against_the_pinned_recipe(loaded):
    name = first(loaded).name
    panel = looking(loaded)
    same = seen_of(panel.inspect(event(layer=name, pinned=session.DEFAULTS), *knobs()))
    size, kept = same["size"], same["kept"]
    assert same["zeros"] == {"both": size - kept, "only_a": 0, "only_now": 0, "neither": kept, "overlap": 1.0}
    dense = seen_of(panel.inspect(event(layer=name, pinned=session.DEFAULTS | {"percent": 0}), *knobs()))["zeros"]
    assert (dense["both"], dense["only_a"], dense["only_now"], dense["overlap"]) == (0, 0, size - kept, 0.0)


def test_a_pattern_has_no_threshold_and_nothing_to_lock(loaded):
    answer = looking(loaded).inspect(event(layer=first(loaded).name), *knobs(pattern="2:4"))
    assert answer["costs"] is None
    seen = seen_of(answer)
    assert seen["threshold"] is None and seen["scope"] == "2:4" and seen["kept"] == seen["size"] / 2


def test_a_layer_outside_the_prunable_set_keeps_all(loaded):
    answer = looking(loaded).inspect(event(layer=first(loaded, "bridge").name), *knobs())
    assert answer["costs"] is None
    seen = seen_of(answer)
    assert seen["kept"] == seen["size"] and seen["threshold"] is None


def test_a_price_that_cannot_be_paid_is_a_sentence():
    answer = looking().inspect(event(target=60), *knobs(cap_mode="fixed", cap=60))
    words = answer["costs"]["modality"]["error"]
    assert "at target 60.0%" in words and "under the cap 60%" in words


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"layer": "nowhere"}, "layer is 'nowhere'"),
        ({"layer": None}, "layer is None"),
        ({"layer": [1]}, "layer is"),
        ({"target": "x"}, "target is x"),
        ({"target": 96}, "target is 96"),
        ({"target": 1e999}, "target is inf"),
    ],
)
def test_nonsense_is_answered_with_a_sentence(data, sentence):
    assert sentence in looking().inspect(event(**data), *knobs())["error"]


def test_a_pinned_recipe_that_cannot_be_is_a_sentence(loaded):
    answer = looking(loaded).inspect(event(layer=first(loaded).name, pinned={"percent": "x"}), *knobs())
    assert "target is x" in answer["error"]


def test_without_scores_there_is_nothing_to_look_at():
    explorer = FakeExplorer()
    explorer.bundle = None
    assert "no importance scores yet" in looking(explorer).inspect(event(), *knobs())["error"]


def test_a_model_that_was_changed_meanwhile_is_not_shown(loaded, monkeypatch):
    panel = looking(loaded)
    table = loaded.allocate

    def change(recipe):
        panel.handlers.host.explorer = FakeExplorer(small_bundle())
        return table(recipe)

    monkeypatch.setattr(loaded, "allocate", change)
    answer = panel.inspect(event(layer=first(loaded).name), *knobs())
    assert "model was changed" in answer["error"]


def test_no_room_is_a_sentence(loaded, monkeypatch):
    def full(*_):
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr("ecoflap.inspecting.inspect", full)
    answer = looking(loaded).inspect(event(layer=first(loaded).name), *knobs())
    assert "CUDA out of memory" in answer["error"] and "free memory" in answer["error"]


def test_a_released_model_is_a_sentence(engine):
    bundle = ScoreBundle("x", "x", scored(engine).layers)
    explorer = FakeExplorer(bundle)

    class Gone:
        def looks_at_once(self, *_):
            return True

        def close_look(self, *_):
            raise EcoflapError("model_released", model="x")

    explorer.engine = Gone()
    assert "no longer loaded" in looking(explorer).inspect(event(layer=bundle.layers[0].name), *knobs())["error"]
