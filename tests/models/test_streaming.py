"""An answer that is told while it grows: whole letters, ended by whoever hears it, and which families tell it."""

import importlib.util

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from ecoflap.errors import Cancelled
from ecoflap.models.base import VisionLanguageModel
from ecoflap.models.huggingface.streaming import Listening
from ecoflap.models.registry import open_model
from ecoflap.types import Answer, Loading, Sample
from tests.models.families import FAMILIES
from tests.models.families.towers import TOWERS
from tests.models.opened import WORDS, picture

KNOWN = FAMILIES | {family.name: family for family in TOWERS}
# One with a decoder of its own, one without, two whose class has a generate of its own, a text model, a chat.
TELLING = ("BLIP-2 (FlanT5)", "LLaVA", "BLIP (questions)", "BLIP (captions)", "T5", "Llama")
QUESTION = Sample(picture(40, 32), "what is there ?", "")


def opened(name, tmp_path):
    family = KNOWN[name]
    if not all(importlib.util.find_spec(need) for need in family.needs):
        pytest.skip(f"{name} needs {family.needs}")
    model = open_model(str(family.make(tmp_path)), Loading("cpu", "float32"))
    return model, QUESTION if model.kind != "text" else Sample(None, QUESTION.question, "")


@pytest.mark.parametrize("name", TELLING)
def test_a_model_tells_its_answer_token_by_token(name, tmp_path):
    model, sample = opened(name, tmp_path)
    told = []
    answer = model.answer_aloud(sample, told.append, WORDS)
    assert answer == model.answer([sample], WORDS)[0]
    assert len(told) in range(max(1, len(answer.tokens)), WORDS + 1)
    assert [len(heard.tokens) for heard in told] == sorted(len(heard.tokens) for heard in told)
    assert all(answer.text.startswith(heard.text) for heard in told)
    assert told[-1].text == answer.text


@pytest.mark.parametrize("name", TELLING)
def test_whoever_hears_an_answer_can_end_it(name, tmp_path):
    model, sample = opened(name, tmp_path)
    told = []

    def hear(answer):
        told.append(answer)
        raise Cancelled

    before = model.answer([sample], WORDS)
    with pytest.raises(Cancelled):
        model.answer_aloud(sample, hear, WORDS)
    assert len(told) == 1
    assert model.answer([sample], WORDS) == before


def test_a_model_that_answers_in_one_piece_tells_nothing():
    class Whole(VisionLanguageModel):
        encode = loss = losses = save = None

        def answer(self, samples, max_new_tokens=64):
            return [Answer("red", ("red",), (1.0,))] * len(samples)

    told = []
    Whole.__abstractmethods__ = frozenset()
    assert Whole().answer_aloud(QUESTION, told.append).text == "red"
    assert told == []


def bytewise():
    """A tokenizer that writes a text byte by byte."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=core)


def test_no_letter_is_told_before_its_last_byte():
    tokenizer, told = bytewise(), []
    ids = tokenizer("ein Käse für 3 €").input_ids
    listening = Listening(tokenizer, [], told.append)
    for i in ids:
        scores = torch.full((1, 256), -5.0)
        scores[0, i] = 5.0
        assert listening(torch.zeros(1, 1, dtype=torch.long), scores) is scores
    assert told[-1].text == "ein Käse für 3 €"
    assert len(told) == len(ids) > len(told[-1].text)
    assert all(told[-1].text.startswith(heard.text) for heard in told)


def test_an_empty_answer_surprises_nobody(tmp_path):
    model, sample = opened("BLIP-2 (FlanT5)", tmp_path)
    assert model.surprise(sample) is None
