"""What T5 reads and says in training: questions and answers as tokens, its loss, its share of right answers."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import Blip2ForConditionalGeneration, PreTrainedTokenizerFast

from ecoflap.demo.hints import ReadingHints
from ecoflap.demo.model import QUERIES
from ecoflap.demo.questions import KINDS, ask
from ecoflap.demo.scenes import Scene

# Types that need two look-ups or a sum take longest to learn and are asked most.
ASKED = {"relation": 4, "comparison": 3, "count": 3, "existence": 2, "where": 1, "colour": 1, "shape": 1, "size": 1}


def kinds_of(step: int, each: int) -> tuple[list[str], int]:
    """What a step asks, and how many questions a picture: captions every fourth step, short answers otherwise.

    They stay apart because answers are padded to the longest of their batch.
    """
    return (["caption"], 1) if step % 4 == 0 else (list(ASKED), each)


@dataclass(frozen=True)
class Texts:
    """Questions and answers as token ids, padded; `labels` -100 there; `owner` is each pair's picture in the batch."""

    ids: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor
    owner: torch.Tensor
    kinds: list[str]


def texts_about(
    scenes: Sequence[Scene], kinds: Sequence[str], each: int, rng: random.Random, tokens: PreTrainedTokenizerFast
) -> Texts:
    """`each` questions on every scene; a kind that a scene does not allow is replaced by another."""
    pairs, owner, asked = [], [], []
    for index, scene in enumerate(scenes):
        for kind in rng.choices(kinds, [ASKED.get(kind, 1) for kind in kinds], k=each):
            pair = ask(scene, kind, rng)
            if pair:
                pairs.append(pair)
                owner.append(index)
                asked.append(kind)
    questions = tokens([question for question, _ in pairs], padding=True, return_tensors="pt")
    answers = tokens([answer for _, answer in pairs], padding=True, return_tensors="pt")
    labels = answers["input_ids"].masked_fill(answers["attention_mask"] == 0, -100)
    return Texts(questions["input_ids"], questions["attention_mask"], labels, torch.tensor(owner), asked)


@dataclass(frozen=True)
class Reading:
    """T5's loss per answer token, whether each pair's answer is wholly `right` [n], and the question's `states`
    [n, words, d] in the encoder block that the hints are about."""

    loss: torch.Tensor
    right: torch.Tensor
    states: torch.Tensor


def read(model: Blip2ForConditionalGeneration, slots: torch.Tensor, texts: Texts) -> Reading:
    """What T5 makes of the texts with the slots [pictures, 16, d] in the place of image tokens."""
    device = slots.device
    words = model.language_model.shared(texts.ids.to(device))
    seen = torch.ones(len(texts.ids), QUERIES, dtype=texts.mask.dtype, device=device)
    output = model.language_model(
        inputs_embeds=torch.cat([slots[texts.owner.to(device)].to(words.dtype), words], dim=1),
        attention_mask=torch.cat([seen, texts.mask.to(device)], dim=1),
        labels=texts.labels.to(device),
        output_hidden_states=True,
    )
    labels = texts.labels.to(device)
    right = ((output.logits.argmax(2) == labels) | (labels == -100)).all(1)
    return Reading(output.loss, right, output.encoder_hidden_states[ReadingHints.BLOCK][:, QUERIES:])


def by_kind(kinds: Sequence[str], right: torch.Tensor) -> dict[str, float]:
    """Share of right answers per kind."""
    marks = right.float().tolist()
    return {
        kind: sum(m for k, m in zip(kinds, marks, strict=True) if k == kind) / kinds.count(kind)
        for kind in KINDS
        if kind in kinds
    }
