"""Answers as labels: which tokens end and begin them, and rows of tokens with the padding behind."""

from types import SimpleNamespace

import pytest
import torch

from ecoflap.models.huggingface import answers, rows
from ecoflap.models.huggingface.labels import Labels
from tests.models.families.common import tokenizer

MARKS = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
BERT = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}


def labels(words, generation=None, template=None, decoder=False, call=lambda text: None, **text):
    """Labels of a model of which only the configurations are there."""
    config = SimpleNamespace(is_encoder_decoder=decoder, **text)
    module = SimpleNamespace(
        config=SimpleNamespace(is_encoder_decoder=decoder, get_text_config=lambda: config),
        generation_config=SimpleNamespace(**(generation or {})),
    )
    return Labels(module, SimpleNamespace(__call__=call, chat_template=template), words)


def ids(words, text):
    return words(text, add_special_tokens=False).input_ids


def test_an_answer_ends_with_the_tokenizers_end():
    words = tokenizer(MARKS)
    found = labels(words)
    assert (found.end, found.ends) == (2, {2})
    assert found.answer_ids("a red circle", "what ?", []) == [*ids(words, "a red circle"), 2]


def test_the_end_that_generation_stops_at_comes_first():
    words = tokenizer(MARKS, ["<end_of_line>"])
    line = words.convert_tokens_to_ids("<end_of_line>")
    found = labels(words, {"eos_token_id": line})
    assert (found.end, found.ends) == (line, {line, 2})


def test_an_end_token_may_be_the_first_of_the_vocabulary():
    words = tokenizer({"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"})
    assert labels(words, {"eos_token_id": 0}, eos_token_id=7).end == 0


def test_of_several_ends_the_one_in_the_chat_template_ends_an_answer():
    words = tokenizer(MARKS, ["<end_of_turn>"])
    turn = words.convert_tokens_to_ids("<end_of_turn>")
    several = {"eos_token_id": [2, turn]}
    assert labels(words, several, "{{ content }}<end_of_turn>").end == turn
    assert labels(words, several, "{{ content }}").end == 2
    assert labels(words, several).ends == {2, turn}


def test_barts_first_mark_stays_and_berts_does_not():
    bart = tokenizer(MARKS | {"cls_token": "<s>"}, template="<s> $A </s>")
    found = labels(bart, decoder=True, bos_token_id=1, decoder_start_token_id=2)
    assert found.answer_ids("yes", "", []) == [1, *ids(bart, "yes"), 2]
    bert = tokenizer(BERT, ["[DEC]"], "[CLS] $A [SEP]")
    found = labels(bert, decoder=True, bos_token_id=4)
    assert found.answer_ids("yes", "", []) == [*ids(bert, "yes"), bert.sep_token_id]
    assert found.start == 4


def test_t5_begins_with_padding_and_ends_once():
    t5 = tokenizer({"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}, template="$A </s>")
    found = labels(t5, decoder=True, decoder_start_token_id=0, bos_token_id=None)
    assert found.answer_ids("yes", "", []) == [*ids(t5, "yes"), 1]
    made = found.taught({"input_ids": torch.tensor([[5, 1]] * 2)}, [[8, 9, 1], [7, 1]])
    assert found.shifted(made["labels"]).tolist() == [[0, 8, 9], [0, 7, 1]]
    assert made["labels"].tolist() == [[8, 9, 1], [7, 1, -100]]


def pairs():
    """Words of byte pairs, where a word after a blank is another token: 1 and 2 are 'a', 3 and 4 are 'b'."""

    def call(text, add_special_tokens=True):
        parts = text.split(" ")
        found = [{"a": 1, "b": 3, "\n": 9}[part] + (place > 0) for place, part in enumerate(parts)]
        return SimpleNamespace(input_ids=found)

    call.eos_token_id, call.sep_token_id, call.pad_token_id = 0, None, 0
    return call


def test_an_answer_behind_its_question_is_written_after_a_blank():
    found = labels(pairs())
    assert found.answer_ids("b", "a", [7, 1]) == [4, 0]
    assert found.answer_ids("b", "a", [7, 1, 9]) == [3, 0]  # something stands between the two


@pytest.mark.parametrize("call, kind", [(lambda text: None, 0), (lambda text, suffix=None: None, 1)])
def test_only_a_processor_that_takes_suffixes_numbers_answers(call, kind):
    words = tokenizer(MARKS)
    made = labels(words, call=call).taught(
        {"input_ids": torch.tensor([[5, 6]]), "token_type_ids": torch.zeros(1, 2, dtype=torch.long)}, [[7, 2]]
    )
    assert made["token_type_ids"].tolist() == [[0, 0, kind, kind]]
    assert made["labels"].tolist() == [[-100, -100, 7, 2]]


def test_padding_of_prompt_and_answer_comes_last():
    prompts = {
        "input_ids": torch.tensor([[0, 0, 5, 6], [4, 0, 5, 6]]),
        "attention_mask": torch.tensor([[0, 0, 1, 1], [1, 0, 1, 1]]),
        "cross_attention_mask": torch.arange(8).view(2, 4, 1, 1),
        "pixel_values": torch.ones(2, 4, 3),
        "qformer_input_ids": torch.tensor([[1, 2, 3, 4]] * 2),
        "sizes": [1, 2],
    }
    made = rows.together(rows.behind(prompts, torch.tensor([[7, 2], [2, -100]]), pad=0, answer_type=0))
    assert made["input_ids"].tolist() == [[5, 6, 7, 2], [4, 5, 6, 2]]
    assert made["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 1, 1]]
    assert made["labels"].tolist() == [[-100, -100, 7, 2], [-100, -100, -100, 2]]
    assert made["cross_attention_mask"][0].flatten().tolist() == [2, 3, 3, 3]
    assert made["qformer_input_ids"].shape == (2, 4)
    assert made["pixel_values"] is prompts["pixel_values"]


def test_a_shorter_row_is_padded_behind():
    prompts = {"input_ids": torch.tensor([[3, 5], [0, 5]]), "attention_mask": torch.tensor([[1, 1], [0, 1]])}
    made = rows.together(rows.behind(prompts, torch.tensor([[7, 2], [2, -100]]), pad=9, answer_type=0))
    assert made["input_ids"].tolist() == [[3, 5, 7, 2], [5, 2, 0, 9]]
    assert made["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert made["labels"].tolist() == [[-100, -100, 7, 2], [-100, 2, -100, -100]]


def test_generated_ids_come_without_what_is_repeated():
    prompt = torch.tensor([[5, 6]])
    echoed, plain = torch.tensor([[5, 6, 7, 8]]), torch.tensor([[7, 8]])
    assert answers.chosen(echoed, prompt, False).tolist() == [[7, 8]]
    assert answers.chosen(plain, prompt, False).tolist() == [[7, 8]]
    assert answers.chosen(torch.tensor([[0, 7, 8]]), prompt, True).tolist() == [[7, 8]]
    made = SimpleNamespace(sequences=echoed, logits=(None, None))
    assert answers.chosen(made, prompt, False).tolist() == [[7, 8]]


def test_an_answer_stops_at_the_first_of_several_ends():
    words = tokenizer(MARKS, ["<end_of_turn>"])
    turn, yes, no = words.convert_tokens_to_ids(["<end_of_turn>", "yes", "no"])
    found = answers.decoded(words, {2, turn}, [1, yes, turn, no, 2], [0.9, 0.5, 0.25, 0.1, 0.1])
    assert (found.text, found.tokens, found.probabilities) == ("yes", ("yes",), (0.5,))
