"""Words without seeing: T5 learns to answer from the true slots of scenes that nobody has drawn."""

import random

import numpy as np
import torch
from torch import nn
from transformers import Blip2ForConditionalGeneration, PreTrainedTokenizerFast

from ecoflap.demo.fit import Stage
from ecoflap.demo.hints import ReadingHints
from ecoflap.demo.pictures import item_table
from ecoflap.demo.reading import Reading, Texts, by_kind, kinds_of, read, texts_about
from ecoflap.demo.scenes import Scene, random_scene, scene_seed
from ecoflap.demo.targets import SlotEmbedding, Slots, slots_of

UNDRAWN = 2**31
STEP_SEEDS = 1024
CHECKED = UNDRAWN // STEP_SEEDS


class LanguageStage(Stage):
    """T5 learns to answer from the true slots of scenes that nobody has drawn."""

    name = "language"

    def __init__(self, model: Blip2ForConditionalGeneration, tokens: PreTrainedTokenizerFast, batch: int) -> None:
        self.model, self.tokens, self.batch = model, tokens, batch
        self.learning = nn.ModuleDict(
            {"language": model.language_model, "slots": SlotEmbedding(), "hints": ReadingHints(tokens)}
        )
        self.learning.to(model.device)

    def loss(self, step: int) -> tuple[torch.Tensor, dict[str, float]]:
        """Loss of the answers, and of the hints unless the step is one of captions."""
        reading, texts, scenes = self._answers(step)
        if texts.kinds[0] == "caption":
            return reading.loss, {"caption_loss": reading.loss.item()}
        asked = [scenes[owner] for owner in texts.owner.tolist()]
        hints = self.learning["hints"].loss(reading.states, texts.ids, asked)
        return reading.loss + 0.5 * hints, {"answer_loss": reading.loss.item(), "hint_loss": hints.item()}

    @torch.no_grad()
    def check(self) -> dict[str, float]:
        """Share of right answers per type about scenes that no step trains on."""
        found = [self._answers(step) for step in range(CHECKED - 8, CHECKED)]
        kinds = [kind for _, texts, _ in found for kind in texts.kinds]
        return by_kind(kinds, torch.cat([reading.right for reading, _, _ in found]))

    def _answers(self, step: int) -> tuple[Reading, Texts, list[Scene]]:
        """Four questions each about scenes of the step's own seeds, or captions every few steps."""
        first = UNDRAWN + step * STEP_SEEDS
        rng = random.Random(scene_seed("train", first))
        scenes = [random_scene(random.Random(scene_seed("train", first + index))) for index in range(self.batch // 4)]
        kinds, each = kinds_of(step, 4)
        texts = texts_about(scenes, kinds, each, rng, self.tokens)
        slots = self.learning["slots"](_shaken(slots_of(np.stack([item_table(s) for s in scenes])), step))
        noise = torch.randn(slots.shape, generator=torch.Generator().manual_seed(step)) * 0.1
        return read(self.model, slots + noise.to(slots.device), texts), texts, scenes


def _shaken(slots: Slots, step: int) -> Slots:
    """The slots with centres off by about two pixels, as eyes will report them."""
    noise = torch.randn(slots.place.shape, generator=torch.Generator().manual_seed(step)) * 0.008
    return Slots(slots.present, slots.names, slots.place + noise)
