"""A BLIP-2 FlanT5-XL of full size with random weights: pruned tower by tower, and a few layers scored by replay.

All weights, the dense copies and the ranks together do not fit in 24 GB; one tower's do. It runs in a process of its
own, `python -m ecoflap.validation.fullsize`, so that its memory is its own and is given back.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn

from ecoflap.allocation import allocate
from ecoflap.errors import EcoflapError
from ecoflap.masking import MaskedModel, Ranked, rank_model
from ecoflap.models import discovery
from ecoflap.pruning import wanda
from ecoflap.types import Allocation, Layer, Recipe, ScoreBundle
from ecoflap.validation import bandwidth, blip2, replayed
from ecoflap.validation.phases import Phases, free_memory
from ecoflap.validation.plateau import Progress

# Free memory that a run needs, in GB (10^9 bytes).
NEEDED = 18
TARGETS = (0.5, 0.6, 0.7)
# How often every sparsity is applied; the least time counts, the machine may be busy.
ROUNDS = 3
# Blocks of which one matrix each is scored.
SCORED = (
    "vision_model.encoder.layers.30",
    "language_model.encoder.block.12",
    "language_model.decoder.block.2",
    "language_model.decoder.block.20",
)


def measure(progress: Progress, command: Sequence[str] = (sys.executable, "-m", "ecoflap.validation.fullsize")) -> Any:
    """The section's result, from a process of its own.

    Args:
        progress: told of every phase; how many there will be is not known.
        command: runs the process, which says its phases on stderr and its result, as JSON, on stdout.

    Raises:
        EcoflapError: too little memory is free, or the process failed.
    """
    free = free_memory()
    if free < NEEDED:
        raise EcoflapError("validation_memory", needed=NEEDED, free=f"{free:.1f}")
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True)
        last = ""
        for number, line in enumerate(process.stderr):
            last = line.strip() or last
            progress(last, number, 0)
        if process.wait():
            raise EcoflapError("validation_process", status=process.returncode, last=last)
        out.seek(0)
        return json.load(out)


def run(
    say: Callable[[str], None],
    shape: Mapping[str, Any] = blip2.XL,
    targets: Sequence[float] = TARGETS,
    scored: Sequence[str] = SCORED,
) -> dict[str, Any]:
    """Build, prune every tower, score the blocks `scored`, and compare the weights with those at the start.

    Args:
        say: told of every phase.
        shape: of the model, as in `blip2.XL`.
        targets: sparsities over all prunable weights.
        scored: names of blocks.
    """
    phases = Phases(say)
    with phases.phase("build"):
        model = blip2.build(shape)
    found = discovery.discover(model)
    before = fingerprint(model.parameters())
    allocations = allocated(found.layers, targets)
    prunable = [layer for layer in found.layers if layer.modality != "bridge"]
    towers = [
        prune_tower(phases, name, layers, found.linears, allocations) for name, layers in by_tower(prunable).items()
    ]
    scores = replayed.score(phases, model, found, blip2.sample(shape), scored)
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "matrices": len(prunable),
        "prunable": sum(layer.size for layer in prunable),
        "targets": list(targets),
        "rounds": ROUNDS,
        "removed": [allocation.total - allocation.total_kept for allocation in allocations],
        "towers": towers,
        "scores": scores,
        "identical": fingerprint(model.parameters()) == before,
        "phases": phases.rows,
        "peak_gb": phases.peak(),
        "gpu": bandwidth.measure("cuda") if torch.cuda.is_available() else None,
    }


def fingerprint(tensors: Iterable[torch.Tensor]) -> str:
    """SHA-256 over all bytes of the tensors."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(tensor.detach().contiguous().view(torch.uint8).numpy())
    return digest.hexdigest()


def allocated(layers: Sequence[Layer], targets: Sequence[float]) -> list[Allocation]:
    """ECoFLaP's allocation at every target, by made-up scores between 0 and 1."""
    values = torch.rand(len(layers), generator=torch.Generator().manual_seed(0)).tolist()
    scored = tuple(replace(layer, score=value) for layer, value in zip(layers, values))
    bundle = ScoreBundle("blip2-flan-t5-xl", "made up", scored)
    return [allocate(bundle, Recipe(target=target)) for target in targets]


def by_tower(layers: Iterable[Layer]) -> dict[str, list[Layer]]:
    """Layers by the stack that their block is in."""
    towers: dict[str, list[Layer]] = {}
    for layer in layers:
        towers.setdefault(layer.block.rpartition(".")[0], []).append(layer)
    return towers


def prune_tower(
    phases: Phases,
    name: str,
    layers: Sequence[Layer],
    linears: Mapping[str, nn.Linear],
    allocations: Sequence[Allocation],
) -> dict[str, Any]:
    """Rank a tower's weights, apply every allocation, restore; what was kept beside the model is freed on return."""
    weights = [linears[layer.name].weight for layer in layers]
    before, first = fingerprint(weights), len(phases.rows)
    with phases.phase(f"{name}: copy"):
        masked = MaskedModel(tuple(layers), linears)
    with phases.phase(f"{name}: ranks"):
        ranked = rank_model(masked.layers, partial(made_up_importance, masked), "paper")
    zeros = []
    for number in range(ROUNDS):
        for allocation in allocations:
            with phases.phase(f"{name}: {allocation.target:.0%}"):
                masked.apply(_kept(allocation, ranked), ranked)
            if number == 0:
                zeros.append(sum(weight.numel() - int(weight.count_nonzero()) for weight in weights))
        with phases.phase(f"{name}: restore"):
            masked.restore()
    copy, rank, *rounds = (row["seconds"] for row in phases.rows[first:])
    *applied, restored = (min(rounds[i :: len(allocations) + 1]) for i in range(len(allocations) + 1))
    return {
        "tower": name,
        "matrices": len(layers),
        "weights": sum(layer.size for layer in layers),
        "dense_gb": _gigabytes(masked.dense.values()),
        "ranks_gb": _gigabytes(by.ranks for by in ranked.values()),
        "copy_seconds": copy,
        "rank_seconds": rank,
        "apply_seconds": applied,
        "restore_seconds": restored,
        "peak_gb": phases.peak(first),
        "zeros": zeros,
        "identical": fingerprint(weights) == before,
    }


def _kept(allocation: Allocation, ranked: Mapping[str, Ranked]) -> dict[str, int]:
    """Weights kept of every layer that has ranks."""
    return {layer.name: count for layer, count in zip(allocation.layers, allocation.kept) if layer.name in ranked}


def made_up_importance(masked: MaskedModel, name: str) -> torch.Tensor:
    """Wanda's importance of a layer's weights with input norms between 0.5 and 1.5 instead of measured ones."""
    dense = masked.dense[name]
    generator = torch.Generator().manual_seed(dense.shape[1])
    return wanda.importance(dense, 0.5 + torch.rand(dense.shape[1], generator=generator))


def _gigabytes(tensors: Iterable[torch.Tensor]) -> float:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors) / 1e9


if __name__ == "__main__":
    print(json.dumps(run(lambda phase: print(phase, file=sys.stderr, flush=True))))
