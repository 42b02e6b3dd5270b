"""Models of one tower, and of two that are compared: the suite, and what is theirs alone."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers as tf

from ecoflap.errors import EcoflapError
from ecoflap.models.registry import open_model
from ecoflap.types import Loading, Sample
from tests.models.conformance import Conformance
from tests.models.expected_towers import CLASSIFIERS, COMPARED, TEXTS
from tests.models.families.towers import LABELS, TOWERS
from tests.models.generating import Generating
from tests.models.opened import picture

MAKERS = {family.name: family.make for family in TOWERS}
SIZES = ((40, 32), (32, 64), (48, 48))


class Tower(Conformance):
    @pytest.fixture(scope="class")
    def folder(self, name, tmp_path_factory) -> Path:
        return MAKERS[name](tmp_path_factory.mktemp("tower"))

    @pytest.fixture(scope="class")
    def expected(self, name):
        return (CLASSIFIERS | COMPARED | TEXTS)[name]


class Classified:
    """A classifier on one picture, its outputs of the same name added up."""

    def __init__(self, folder: Path) -> None:
        self.model = tf.AutoModelForImageClassification.from_pretrained(folder).eval()
        self.pictures = tf.AutoImageProcessor.from_pretrained(folder)

    @torch.inference_mode()
    def probabilities(self, sample: Sample) -> dict[str, float]:
        found = dict.fromkeys(LABELS, 0.0)
        logits = self.model(**self.pictures(sample.image, return_tensors="pt")).logits[0]
        for label, value in zip(LABELS, logits.softmax(-1).tolist(), strict=True):
            found[label] += value
        return found

    def losses(self, sample: Sample) -> list[float]:
        return [-float(torch.tensor(self.probabilities(sample)[sample.answer]).log())]

    def answer(self, sample: Sample) -> list[tuple[str, float]]:
        return sorted(self.probabilities(sample).items(), key=lambda pair: -pair[1])[:5]


class TestClassifiers(Tower):
    @pytest.fixture(scope="class", params=CLASSIFIERS)
    def name(self, request) -> str:
        return request.param

    @pytest.fixture(scope="class")
    def reference(self, folder) -> Classified:
        return Classified(folder)

    @pytest.fixture(scope="class")
    def samples(self) -> list[Sample]:
        answers = ("red", "green square", "two, three")
        return [Sample(picture(*size), "", answer) for size, answer in zip(SIZES, answers)]

    def test_it_takes_a_picture_and_names_its_labels(self, model):
        assert (model.kind, model.asks) == ("classifier", "picture")
        assert model.labels == ("red", "white", "blue circle", "green square", "two, three")

    def test_an_answer_means_a_label_whatever_its_case_blanks_and_closing_mark(self, model, samples):
        written = replace(samples[1], answer=" Green  square. ")
        assert float(model.loss(model.encode([written]))) == float(model.loss(model.encode([samples[1]])))

    def test_an_answer_that_is_no_label_is_one_sentence(self, model, samples):
        with pytest.raises(EcoflapError, match=r"'blue' is none of the 5 labels .* \(red, white, blue circle, "):
            model.encode([samples[0], replace(samples[1], answer="blue")])


@pytest.mark.parametrize("key", ["image_processor_type", "feature_extractor_type"])
def test_a_checkpoint_whose_processor_class_has_gone_takes_that_of_the_model(tmp_path, key):
    path = MAKERS["ViT"](tmp_path) / "preprocessor_config.json"
    facts = json.loads(path.read_text())
    del facts["image_processor_type"]
    samples = [Sample(picture(40, 32), "", "")]
    expected = open_model(str(tmp_path), Loading("cpu")).answer(samples)
    path.write_text(json.dumps(facts | {key: "ViTFeatureExtractor"}))
    assert open_model(str(tmp_path), Loading("cpu")).answer(samples) == expected


class Compared:
    """Two towers on one picture and the prompts of its labels, one text at a time, each of its own length."""

    def __init__(self, folder: Path) -> None:
        self.model = tf.AutoModel.from_pretrained(folder).eval()
        self.processor = tf.AutoProcessor.from_pretrained(folder)
        # As the model cards say: SigLIP was trained on texts of full length.
        self.settings = {"padding": "max_length", "max_length": 20} if "Siglip" in type(self.model).__name__ else {}

    @torch.inference_mode()
    def probabilities(self, sample: Sample) -> dict[str, float]:
        labels = [label.strip() for label in sample.question.split(",")]
        pixels = self.processor.image_processor(sample.image, return_tensors="pt")
        logits = []
        for label in labels:
            text = self.processor.tokenizer(f"A photo of a {label}.", return_tensors="pt", **self.settings)
            logits.append(float(self.model(**pixels, **text).logits_per_image))
        return dict(zip(labels, torch.tensor(logits).softmax(0).tolist()))

    def losses(self, sample: Sample) -> list[float]:
        return [-float(torch.tensor(self.probabilities(sample)[sample.answer]).log())]

    def answer(self, sample: Sample) -> list[tuple[str, float]]:
        return sorted(self.probabilities(sample).items(), key=lambda pair: -pair[1])[:5]


class TestZeroShot(Tower):
    @pytest.fixture(scope="class", params=COMPARED)
    def name(self, request) -> str:
        return request.param

    @pytest.fixture(scope="class")
    def reference(self, folder) -> Compared:
        return Compared(folder)

    @pytest.fixture(scope="class")
    def samples(self) -> list[Sample]:
        many = ("small, large red object, blue, two, three, white", "two")
        asked = (("red, blue square", "red"), many, ("yes, no", "no"))
        return [Sample(picture(*size), *texts) for size, texts in zip(SIZES, asked)]

    def test_it_takes_a_picture_and_labels(self, model):
        assert (model.kind, model.asks, model.labels) == ("zero-shot", "picture and text", ())

    def test_probabilities_are_shared_among_the_labels_of_the_question(self, model, samples):
        first, second, third = model.answer(samples)
        assert sum(first.probabilities) == pytest.approx(1) and sum(third.probabilities) == pytest.approx(1)
        assert len(second.tokens) == 5 and sum(second.probabilities) < 1
        assert {*first.tokens} == {"red", "blue square"}

    def test_an_answer_that_the_question_does_not_list_is_one_sentence(self, model, samples):
        with pytest.raises(EcoflapError, match=r"'blue square' is none of the 2 labels .* \(yes, no\)"):
            model.encode([samples[0], replace(samples[2], answer="blue square")])

    def test_without_any_weight_in_a_projection_no_label_fits_better(self, folder, samples):
        model = self.open(folder)
        whole = float(model.loss(model.encode(samples[:1])))
        for layer in model.layers:
            if layer.modality == "bridge":
                kept = model.linears[layer.name].weight.detach().clone()
                model.linears[layer.name].weight.zero_()
                assert model.answer(samples[:1])[0].probabilities == (0.5, 0.5)
                assert float(model.loss(model.encode(samples[:1]))) == pytest.approx(math.log(2))
                model.linears[layer.name].weight.copy_(kept)
        assert float(model.loss(model.encode(samples[:1]))) == whole

    @pytest.mark.parametrize("question", ["red", "red,", "red, red ", "what is there ?", ","])
    def test_fewer_than_two_labels_are_no_choice(self, model, samples, question):
        said = f"'{re.escape(question)}' is no choice: give at least two labels"
        with pytest.raises(EcoflapError, match=said):
            model.answer([replace(samples[0], question=question)])


class TestText(Tower):
    @pytest.fixture(scope="class", params=TEXTS)
    def name(self, request) -> str:
        return request.param

    @pytest.fixture(scope="class")
    def reference(self, folder) -> Generating:
        return Generating(folder)

    @pytest.fixture(scope="class")
    def samples(self) -> list[Sample]:
        long = ("is there a square in the picture ?", "yes")
        return [Sample(None, *text) for text in (("what is there ?", "a red circle"), long, ("which ?", "blue"))]

    def test_it_takes_text(self, model):
        assert (model.kind, model.asks, model.labels) == ("text", "text", ())


@pytest.mark.parametrize(
    ("architecture", "said"),
    [("BertForMaskedLM", "is a BertForMaskedLM, which neither"), ("ViTModel", "is a ViTModel, which neither")],
)
def test_a_class_that_answers_nothing_is_one_sentence(tmp_path, architecture, said):
    kind = getattr(tf, architecture)
    kind.config_class(architectures=[architecture]).save_pretrained(tmp_path)
    with pytest.raises(EcoflapError, match=said):
        open_model(str(tmp_path), Loading("cpu"))


def test_a_model_that_hears_is_one_sentence(tmp_path):
    sides = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "vocab_size": 30, "num_mel_bins": 8}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "decoder_ffn_dim": 16, "encoder_ffn_dim": 16}
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1, "decoder_start_token_id": 1}
    tf.WhisperForConditionalGeneration(tf.WhisperConfig(**sides, **heads, **ids)).save_pretrained(tmp_path)
    with pytest.raises(EcoflapError, match="is a WhisperForConditionalGeneration, which neither"):
        open_model(str(tmp_path), Loading("cpu"))
