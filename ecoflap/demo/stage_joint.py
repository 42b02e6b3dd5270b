"""Both together: questions about pictures, from the picture to the last word of the answer."""

import random

import torch
from torch import nn
from transformers import Blip2ForConditionalGeneration, PreTrainedTokenizerFast

from ecoflap.demo.pictures import Pictures, scene_from
from ecoflap.demo.reading import ASKED, by_kind, kinds_of, read, texts_about
from ecoflap.demo.stage_vision import Seeing, slots_on
from ecoflap.demo.targets import SlotEmbedding, VisionHeads

# The eyes go on learning from the heads: names come before answers.
SIGHT_WEIGHT = 1.0


class JointStage(Seeing):
    """Everything learns together from questions about pictures; each picture is seen once for several questions."""

    name = "joint"

    def __init__(
        self,
        model: Blip2ForConditionalGeneration,
        heads: VisionHeads,
        pictures: Pictures,
        tokens: PreTrainedTokenizerFast,
        batch: int,
        each: int = 2,
    ) -> None:
        super().__init__(model, pictures, batch)
        self.tokens, self.each = tokens, each
        self.learning = nn.ModuleDict({"model": model, "heads": heads})
        self.learning.to(model.device)

    def loss(self, step: int) -> tuple[torch.Tensor, dict[str, float]]:
        """Loss of the answers, and of the heads beside them."""
        values, tables = self.pictures_of(step)
        patches, queries = self.see(values)
        kinds, each = kinds_of(step, self.each)
        scenes = [scene_from(table) for table in tables]
        texts = texts_about(scenes, kinds, each, random.Random(step), self.tokens)
        loss = read(self.model, self.model.language_projection(queries), texts).loss
        seen, facts = self.sight(self.learning["heads"], patches, queries, tables)
        return loss + SIGHT_WEIGHT * seen, {f"{'caption' if each == 1 else 'answer'}_loss": loss.item(), **facts}

    @torch.no_grad()
    def check(self) -> dict[str, float]:
        """Share of right answers per type about the held-out pictures."""
        values, tables = self.held_out()
        slots = self.model.language_projection(self.see(values)[1])
        scenes, rng = [scene_from(table) for table in tables], random.Random(1)
        questions = texts_about(scenes, list(ASKED), 5, rng, self.tokens)
        captions = texts_about(scenes, ["caption"], 1, rng, self.tokens)
        right = [read(self.model, slots, texts).right for texts in (questions, captions)]
        return by_kind(questions.kinds + captions.kinds, torch.cat(right))


def connect(stage: JointStage, slots: SlotEmbedding, batches: int = 200) -> float:
    """Set language_projection so that query outputs read like the true slots' embeddings (least squares); the
    relative residual."""
    seen, wanted = [], []
    with torch.no_grad():
        for step in range(batches):
            values, tables = stage.pictures_of(step)
            seen.append(stage.see(values)[1].float().flatten(0, 1))
            wanted.append(slots(slots_on(tables, values.device)).flatten(0, 1))
        inputs = torch.cat(seen)
        inputs = torch.cat([inputs, torch.ones_like(inputs[:, :1])], dim=1)
        targets = torch.cat(wanted)
        solution = torch.linalg.lstsq(inputs, targets).solution
        stage.model.language_projection.weight.copy_(solution[:-1].T)
        stage.model.language_projection.bias.copy_(solution[-1])
        return ((inputs @ solution - targets).var() / targets.var()).item()
