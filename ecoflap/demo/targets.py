"""What the training heads must say: the item in each of the 16 cells, and what lies under each of the 64 patches."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ecoflap.demo.model import PATCHES, QUERIES, WIDTH
from ecoflap.demo.scenes import CELL, COLOURS, GRID, SHAPES, SIDE, SIZES

NAMES = (len(COLOURS), len(SHAPES), len(SIZES))


@dataclass(frozen=True)
class Slots:
    """Per cell [n, 16]: `present`, and indices of colour, shape, size in `names` [n, 16, 3]; `place` [n, 16, 2] is the
    item's centre in the picture as (x, y) in 0..1. Without an item the last two are 0."""

    present: torch.Tensor
    names: torch.Tensor
    place: torch.Tensor


def slots_of(tables: np.ndarray) -> Slots:
    """The slots of item tables [n, 6, 7] (pictures.COLUMNS)."""
    picture, row = np.nonzero(tables[..., 0])
    items = tables[picture, row]
    cell = (items[:, 5] // CELL * GRID + items[:, 4] // CELL).astype(int)
    present = np.zeros((len(tables), QUERIES), np.float32)
    names = np.zeros((len(tables), QUERIES, 3), np.int64)
    place = np.zeros((len(tables), QUERIES, 2), np.float32)
    present[picture, cell] = 1
    names[picture, cell] = items[:, 1:4]
    place[picture, cell] = items[:, 4:6] / SIDE
    return Slots(*(torch.from_numpy(array) for array in (present, names, place)))


def patch_names(tables: np.ndarray) -> torch.Tensor:
    """Colour, shape and size under each patch's middle as indices [n, 64, 3], each one past its last for background."""
    middle = (np.arange(PATCHES, dtype=np.float32) + 0.5) * SIDE / PATCHES
    y, x = np.meshgrid(middle, middle, indexing="ij")
    dx = x.reshape(1, -1, 1) - tables[:, None, :, 4]
    dy = y.reshape(1, -1, 1) - tables[:, None, :, 5]
    reach = np.hypot(dx, dy) / np.maximum(tables[:, None, :, 6], 1e-3)
    nearest = reach.argmin(axis=2)
    inside = np.take_along_axis(reach, nearest[..., None], 2) < 1
    names = np.take_along_axis(tables, nearest[..., None], 1)[..., 1:4]
    return torch.from_numpy(np.where(inside, names, np.asarray(NAMES)).astype(np.int64))


class VisionHeads(nn.Module):
    """Linear heads that make the vision part say what it sees; dropped when it has learnt to."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Linear(WIDTH, sum(NAMES) + 3)
        self.slot = nn.Linear(WIDTH, 1 + sum(NAMES) + 2)

    def slot_loss(self, queries: torch.Tensor, slots: Slots) -> tuple[torch.Tensor, dict[str, float]]:
        """Loss of the query outputs [n, 16, WIDTH], and the share of right presences and of right names."""
        said, colour, shape, size, place = self.slot(queries.float()).split([1, *NAMES, 2], dim=2)
        there = slots.present > 0
        named = [
            F.cross_entropy(logits[there], slots.names[there][:, which])
            for which, logits in enumerate((colour, shape, size))
        ]
        off = (place[there] - slots.place[there]).abs().mean()
        seen = F.binary_cross_entropy_with_logits(said[..., 0], slots.present)
        facts = {"present": ((said[..., 0] > 0) == there).all(1).float().mean().item(), "off": off.item() * SIDE}
        for which, (name, logits) in enumerate((("sees_colour", colour), ("sees_shape", shape), ("sees_size", size))):
            facts[name] = (logits[there].argmax(1) == slots.names[there][:, which]).float().mean().item()
        return 4 * seen + sum(named) + 10 * off, facts

    def patch_loss(self, patches: torch.Tensor, names: torch.Tensor) -> torch.Tensor:
        """Loss of the patch outputs [n, 64, WIDTH] against patch_names."""
        parts = self.patch(patches.float()).split([count + 1 for count in NAMES], dim=2)
        losses = [F.cross_entropy(part.flatten(0, 1), names[..., which].flatten()) for which, part in enumerate(parts)]
        return torch.stack(losses).sum()


class SlotEmbedding(nn.Module):
    """True slots as the language model reads them before it has eyes: [n, 16, WIDTH] in the place of image tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.names = nn.ModuleList(nn.Embedding(count, WIDTH) for count in NAMES)
        self.absent = nn.Parameter(torch.randn(WIDTH) * 0.5)
        self.cells = nn.Parameter(torch.randn(QUERIES, WIDTH) * 0.3)
        self.place = nn.Linear(2, WIDTH)
        for table in self.names:
            nn.init.normal_(table.weight, std=0.6)

    def forward(self, slots: Slots) -> torch.Tensor:
        """Slots to embeddings [n, 16, WIDTH]."""
        named = sum(table(slots.names[..., which]) for which, table in enumerate(self.names))
        there = slots.present[..., None]
        return self.cells + (1 - there) * self.absent + there * (named + self.place(4 * slots.place - 2))
