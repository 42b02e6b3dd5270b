"""How much memory a model will take, from its configuration alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ecoflap.masking import scope_of
from ecoflap.models.discovery import discover
from ecoflap.types import Layer
from ecoflap.types.loading import Loading

# Activations of one pass, as a share of the weights in float32: eight samples through BLIP-2 FlanT5-XL, with the
# outputs of its blocks kept for replay, take 0.6 of 15.5 GB.
ACTIVATIONS = 1 / 20
# Most weights that are compared by ranks of two bytes.
_INT16 = 32767


@dataclass(frozen=True)
class Need:
    """Bytes that a model takes in one type: see `need_of`."""

    weights: int
    dense: int
    ranks: int
    work: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.dense + self.ranks + self.work


def need_of(model: nn.Module, dtype: torch.dtype) -> Need:
    """Bytes that `model`, on the meta device, will take with weights in `dtype`.

    weights: every parameter and buffer, shared ones once; what the library keeps in float32 at 4 bytes.
    dense:   the copy of the prunable weights from which every sparsity is made, in the same type.
    ranks:   2 bytes for each prunable weight, 4 where more than 32,767 are compared (whole matrices in vision).
    work:    ACTIVATIONS of 4 bytes for every parameter, and the larger of two temporary things: a layer's importance
             in float32 while its weights are ranked; or, of a model in half precision while it is scored, all outside
             the blocks and the largest block in float32.
    """
    found = discover(model)
    sizes = dict(sizes_of(model, dtype))
    by_name = {layer.name: sizes[f"{layer.name}.weight"] for layer in found.layers}
    count = sum(parameter.numel() for parameter in model.parameters())
    ranking = 4 * max((layer.size for layer in found.layers), default=0)
    scoring = _widened(model, {layer.block for layer in found.layers}, sizes)
    return Need(
        sum(sizes.values()),
        sum(by_name.values()),
        sum(layer.size * (2 if _compared(layer) <= _INT16 else 4) for layer in found.layers),
        int(4 * count * ACTIVATIONS) + max(ranking, scoring),
    )


def _compared(layer: Layer) -> int:
    """How many weights of `layer` the default scope compares."""
    return layer.size if scope_of(layer, "paper") == "matrix" else layer.cols


def _widened(model: nn.Module, blocks: set[str], sizes: dict[str, int]) -> int:
    """Bytes in float32 of what is narrower outside `blocks`, and of the largest block."""
    inside = dict.fromkeys(blocks, 0)
    outside = 0
    for name, parameter in model.named_parameters():
        wide = 4 * parameter.numel() if sizes[name] < 4 * parameter.numel() else 0
        owner = next((block for block in _parents(name) if block in inside), None)
        if owner is None:
            outside += wide
        else:
            inside[owner] += wide
    return outside + max(inside.values(), default=0)


def _parents(name: str) -> Iterator[str]:
    """Paths of the modules that hold the parameter `name`, the innermost first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def sizes_of(model: nn.Module, dtype: torch.dtype) -> Iterator[tuple[str, int]]:
    """(name, bytes) of every parameter and buffer once weights are in `dtype`."""
    kept = model._get_dtype_plan(dtype) if hasattr(model, "_get_dtype_plan") else {}
    wide = re.compile("|".join(re.escape(part).replace(r"\*", ".*") for part in kept)) if kept else None
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        narrow = tensor.is_floating_point() and not (wide and wide.search(name))
        yield name, tensor.numel() * (dtype.itemsize if narrow else tensor.element_size())


def empty(kind: Any, config: Any, loading: Loading) -> nn.Module | None:
    """The model of class `kind` on the meta device, without weights; None where it cannot be made so."""
    make = getattr(kind, "from_config", None)
    try:
        with torch.device("meta"):
            return make(config, trust_remote_code=loading.trust_remote_code) if make else kind(config)
    except Exception:  # code of any model may need values while it is built; loading then says what is wrong, if any
        return None
