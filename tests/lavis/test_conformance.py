"""The suite that every model keeps to, over the three kinds of LAVIS's models; the oracle is LAVIS itself."""

from pathlib import Path

import pytest
import torch
from lavis.models.eva_vit import convert_weights_to_fp16

from ecoflap.engine import Engine
from ecoflap.importance.settings import Settings
from ecoflap.models import lavis
from ecoflap.models.lavis import library
from ecoflap.models.registry import open_model
from ecoflap.types import Loading
from tests.lavis.makers import NAMES, TYPE
from tests.lavis.speaking import Speaking
from tests.models.conformance import WORDS, Conformance

# Attention, cross-attention and a feed-forward part of two matrices; a Q-Former's text part is cut off.
BRIDGE = {"Qformer.bert.encoder.layer": 2 * (4 + 2) + 4}
T5 = {"t5_model.encoder.block": 2 * (4 + 3), "t5_model.decoder.block": 2 * (8 + 3)}
BERT = 2 * (4 + 4 + 2)
EXPECTED = {
    "blip2_t5": {"vision": {"visual_encoder.blocks": 8}, "bridge": BRIDGE | {"t5_proj": 1}, "language": T5},
    "blip2_opt": {
        "vision": {"visual_encoder.blocks": 8},
        "bridge": BRIDGE | {"opt_proj": 1},
        "language": {"opt_model.model.decoder.layers": 2 * 6},
    },
    "blip_vqa": {
        "vision": {"visual_encoder.blocks": 8},
        "language": {"text_encoder.encoder.layer": BERT, "text_decoder.bert.encoder.layer": BERT},
    },
}
# What LAVIS stores in half precision, and how.
HALVES = {"blip2_t5": ("t5_model", torch.bfloat16), "blip2_opt": ("opt_model", torch.float16)}


@pytest.mark.filterwarnings("ignore")
class TestLavis(Conformance):
    @pytest.fixture(scope="class", params=NAMES)
    def name(self, request, home) -> str:
        return request.param

    @pytest.fixture(scope="class")
    def folder(self, name) -> Path:
        return Path(f"lavis:{name}") / TYPE

    @pytest.fixture(scope="class")
    def reference(self, name) -> Speaking:
        return Speaking(name)

    @pytest.fixture(scope="class")
    def expected(self, name):
        return EXPECTED[name]

    def open(self, folder, dtype="float32"):
        return open_model(str(folder), Loading("cpu", dtype))

    def test_bfloat16_loads_scores_and_answers(self, name, folder, source, samples, model):
        """LAVIS's models bring their own types: the tower in float16, T5 in bfloat16, OPT in float16."""
        if name not in HALVES:
            pytest.skip("BLIP of LAVIS is float32 throughout")
        parts = library.load(str(folder), name, TYPE)
        convert_weights_to_fp16(parts.module.visual_encoder)
        part, dtype = HALVES[name]
        getattr(parts.module, part).to(dtype)
        halves = lavis.ADAPTERS[name](str(folder), f"{name}/{TYPE}", parts, torch.device("cpu"))
        engine = Engine(halves, str(source))
        before = {key: value.clone() for key, value in halves.module.state_dict().items()}
        for method in ("zeroth-order", "first-order"):
            bundle = engine.score(Settings(method, samples=len(samples), batch_size=2))
            assert [layer.name for layer in bundle.layers] == [layer.name for layer in model.layers]
        assert all(torch.equal(value, before[key]) for key, value in halves.module.state_dict().items())
        wide, narrow = (float(each.loss(each.encode(samples))) for each in (model, halves))
        assert narrow == pytest.approx(wide, rel=0.05)
        assert len(halves.answer(samples, WORDS)) == len(samples)
