"""How much of the memory's bandwidth applying a sparsity uses, against a plain copy of the same weights."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ecoflap.masking import MaskedModel, rank_model
from ecoflap.types import Layer


def measure(device: str, rows: int = 5120, cols: int = 2048, count: int = 32, repeats: int = 20) -> dict[str, Any]:
    """Bandwidths on `count` bfloat16 matrices (rows, cols) ranked by row, in GB/s (10^9 bytes): minima of the times.

    A copy reads and writes 2 bytes a weight, applying reads weight and int16 rank and writes the weight: 6 bytes.
    """
    linears = {
        f"w{i}": nn.Linear(cols, rows, bias=False, device=device, dtype=torch.bfloat16).requires_grad_(False)
        for i in range(count)
    }
    layers = tuple(Layer(name, name, "language", rows, cols) for name in linears)
    masked = MaskedModel(layers, linears)
    ranked = rank_model(masked.layers, lambda name: masked.dense[name].float().abs(), "row")
    size, times = rows * cols, {"copy": [], "apply": []}
    for number in range(repeats):
        masked.restore()
        # Every second count, so that every layer is rewritten each time.
        kept = {layer.name: size // 2 - rows * (number % 2) for layer in layers}
        times["apply"].append(_seconds(device, lambda kept=kept: masked.apply(kept, ranked)))
        times["copy"].append(_seconds(device, lambda: [linears[n].weight.copy_(masked.dense[n]) for n in linears]))
    moved = {"copy": 4 * size * count, "apply": 6 * size * count}
    found = {way: moved[way] / min(seconds) / 1e9 for way, seconds in times.items()}
    return {"copy_gb_s": found["copy"], "apply_gb_s": found["apply"], "share": found["apply"] / found["copy"]}


def _seconds(device: str, work: Callable[[], Any]) -> float:
    """How long `work` takes on the device, until all of it is done."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    wait()
    began = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - began
