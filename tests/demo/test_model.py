import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from ecoflap.demo.model import QUERIES, fresh_model, processor, save_model, sines, tokenizer


@pytest.fixture(scope="module")
def model():
    return fresh_model(3)


def test_the_tokenizer_takes_a_caption_apart_and_puts_it_together():
    words = tokenizer()
    ids = words("A large RED circle, a small star.")["input_ids"]
    assert words.convert_ids_to_tokens(ids) == ["a", "large", "red", "circle", ",", "a", "small", "star", ".", "</s>"]
    assert words.decode(ids, skip_special_tokens=True) == "a large red circle, a small star."
    assert words.convert_ids_to_tokens(words("zebra")["input_ids"]) == ["<unk>", "</s>"]


def test_every_word_has_an_id_of_its_own():
    words = tokenizer()
    assert sorted(words.get_vocab().values()) == list(range(len(words)))


def test_the_model_is_deep_small_and_under_25_megabytes(model):
    layers = model.vision_model.encoder.layers, model.qformer.encoder.layer
    language = model.language_model
    assert [len(part) for part in (*layers, language.encoder.block, language.decoder.block)] == [6, 4, 4, 4]
    assert sum(weight.numel() for weight in model.parameters()) * 4 < 25e6


def test_the_first_outputs_of_every_part_have_the_same_scale(model):
    with torch.no_grad():
        patches = model.vision_model(torch.randn(4, 3, 96, 96)).last_hidden_state
        queries = model.qformer(
            query_embeds=model.query_tokens.expand(4, -1, -1), encoder_hidden_states=patches
        ).last_hidden_state
        scales = [part.std().item() for part in (patches, queries, model.language_projection(queries))]
    assert all(0.7 < scale < 1.4 for scale in [*scales, model.language_model.shared.weight.std().item()])


def test_a_query_first_looks_at_the_patches_of_its_cell():
    nearest = (sines(4) @ sines(8).T).topk(4, dim=1).indices
    assert sorted(nearest[5].tolist()) == [18, 19, 26, 27]


def test_the_saved_model_loads_as_any_other_and_answers_the_same(model, tmp_path):
    save_model(model, tmp_path / "model")
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]
    loaded = AutoModelForImageTextToText.from_pretrained(tmp_path / "model")
    inputs = AutoProcessor.from_pretrained(tmp_path / "model")(
        images=Image.new("RGB", (256, 256), "red"), text="What do you see?", return_tensors="pt"
    )
    assert inputs["pixel_values"].shape == (1, 3, 96, 96)
    assert (inputs["input_ids"] == 3).sum() == QUERIES
    with torch.no_grad():
        logits = [m(**inputs, decoder_input_ids=torch.tensor([[0]])).logits for m in (model.eval(), loaded)]
    assert torch.allclose(*logits, atol=1e-5)


def test_a_grey_picture_becomes_zero_and_white_two():
    for level, value in ((127.5, 0.0), (255, 2.0)):
        picture = Image.new("RGB", (300, 200), (int(level),) * 3)
        pixels = processor()(images=picture, return_tensors="pt")["pixel_values"]
        assert torch.allclose(pixels, torch.full_like(pixels, value), atol=0.02)
