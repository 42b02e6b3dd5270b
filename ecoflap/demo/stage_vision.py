"""Seeing without words: ViT and Q-Former learn to name what lies in every cell and under every patch."""

import numpy as np
import torch
from torch import nn
from transformers import Blip2ForConditionalGeneration

from ecoflap.demo.fit import Stage
from ecoflap.demo.model import PIXELS
from ecoflap.demo.pictures import Pictures, turned
from ecoflap.demo.targets import Slots, VisionHeads, patch_names, slots_of

HELD_OUT = 512


def slots_on(tables: np.ndarray, device: torch.device) -> Slots:
    """slots_of the item tables, on the device."""
    slots = slots_of(tables)
    return Slots(slots.present.to(device), slots.names.to(device), slots.place.to(device))


class Seeing(Stage):
    """What the stages with pictures share: batches of turned and tinted pictures, and the vision part's losses."""

    def __init__(self, model: Blip2ForConditionalGeneration, pictures: Pictures, batch: int) -> None:
        if len(pictures.items) <= HELD_OUT:
            raise ValueError(
                f"{len(pictures.items)} pictures are too few, {HELD_OUT} are held out for checks: draw more of them."
            )
        self.model, self.pictures, self.batch = model, pictures, batch

    def pictures_of(self, step: int) -> tuple[torch.Tensor, np.ndarray]:
        """The step's pictures as pixel values [batch, 3, 96, 96] and their item tables [batch, 6, 7]."""
        rng = np.random.default_rng([len(self.name), step])
        chosen = np.sort(rng.integers(0, len(self.pictures.items) - HELD_OUT, self.batch))
        pixels = np.empty((self.batch, 3, PIXELS, PIXELS), np.float32)
        tables = np.empty_like(self.pictures.items[chosen])
        for row, (index, turn) in enumerate(zip(chosen, rng.integers(0, 8, self.batch), strict=True)):
            pixels[row], tables[row] = turned(self.pictures.pixels[index], self.pictures.items[index], int(turn))
        gain = rng.uniform(0.93, 1.07, (self.batch, 3, 1, 1)).astype(np.float32)
        pixels = np.clip(pixels * gain + rng.uniform(-8, 8, (self.batch, 3, 1, 1)).astype(np.float32), 0, 255)
        return self.values(pixels), tables

    def values(self, pixels: np.ndarray) -> torch.Tensor:
        """Pixels in 0..255 as the image processor hands them to the model."""
        return ((torch.from_numpy(np.asarray(pixels, np.float32)) / 255 - 0.5) / 0.25).to(self.model.device)

    def held_out(self) -> tuple[torch.Tensor, np.ndarray]:
        """The last pictures, which no step trains on."""
        return self.values(self.pictures.pixels[-HELD_OUT:]), self.pictures.items[-HELD_OUT:]

    def see(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Patch outputs [n, 64, d] and query outputs [n, 16, d]."""
        patches = self.model.vision_model(values).last_hidden_state
        queries = self.model.qformer(
            query_embeds=self.model.query_tokens.expand(len(values), -1, -1), encoder_hidden_states=patches
        )
        return patches[:, 1:], queries.last_hidden_state

    def sight(
        self, heads: VisionHeads, patches: torch.Tensor, queries: torch.Tensor, tables: np.ndarray
    ) -> tuple[torch.Tensor, dict[str, float]]:
        """The heads' loss on what was seen, and their share of right names."""
        loss, facts = heads.slot_loss(queries, slots_on(tables, queries.device))
        return loss + heads.patch_loss(patches, patch_names(tables).to(queries.device)), facts


class VisionStage(Seeing):
    """ViT and Q-Former learn to name what lies in every cell and under every patch."""

    name = "vision"

    def __init__(self, model: Blip2ForConditionalGeneration, pictures: Pictures, batch: int) -> None:
        super().__init__(model, pictures, batch)
        queries = nn.ParameterDict({"tokens": model.query_tokens})
        parts = {"eyes": model.vision_model, "queries": queries, "bridge": model.qformer, "heads": VisionHeads()}
        self.learning = nn.ModuleDict(parts)
        self.learning.to(model.device)

    def loss(self, step: int) -> tuple[torch.Tensor, dict[str, float]]:
        """Loss of the heads on the step's pictures."""
        values, tables = self.pictures_of(step)
        return self.sight(self.learning["heads"], *self.see(values), tables)

    @torch.no_grad()
    def check(self) -> dict[str, float]:
        """The heads' share of right names on the held-out pictures."""
        values, tables = self.held_out()
        _, facts = self.learning["heads"].slot_loss(self.see(values)[1], slots_on(tables, values.device))
        return {f"held_{name}": value for name, value in facts.items()}
