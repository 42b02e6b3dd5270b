"""A few matrices of a large half-precision model scored through replay, and by whole passes beside it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from ecoflap.importance.precision import in_float32
from ecoflap.importance.task import seed_of
from ecoflap.importance.zeroth_order import draws
from ecoflap.models.discovery import Found
from ecoflap.replay import Replay
from ecoflap.types import Layer
from ecoflap.validation.phases import Phases

# The paper's step.
EPS = 1e-3
# How often every draw is repeated; the least time counts, the machine may be busy.
ROUNDS = 2


def score(
    phases: Phases, model: nn.Module, found: Found, batch: Mapping[str, torch.Tensor], blocks: Sequence[str]
) -> dict[str, Any]:
    """One draw of the first matrix of each of `blocks` on one batch, in float32.

    Args:
        phases: measures every step.
        model: gives its loss for `batch`.
        found: the model's layers.
        batch: keywords of the model's forward.
        blocks: names of blocks.

    Returns:
        The dense loss, replay's memory, and per matrix the seconds, loss difference and score of both ways.
    """
    modules = {layer.block: model.get_submodule(layer.block) for layer in found.layers}
    first = {layer.block: layer for layer in reversed(found.layers)}
    start = len(phases.rows)
    with in_float32(model, modules.values()), torch.no_grad():
        with phases.phase("score: first pass") as pass_:
            replay = Replay(modules, partial(_loss, model, batch))
        rows = [_both(phases, model, found.linears[first[block].name], first[block], replay, batch) for block in blocks]
    return {
        "samples": len(batch["labels"]),
        "eps": EPS,
        "rounds": ROUNDS,
        "loss": float(replay.result),
        "replay_gb": replay.bytes / 1e9,
        "pass_seconds": pass_["seconds"],
        "rows": rows,
        "peak_gb": phases.peak(start),
    }


def _loss(model: nn.Module, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The model's own loss."""
    return model(**batch).loss


def _both(
    phases: Phases,
    model: nn.Module,
    linear: nn.Linear,
    layer: Layer,
    replay: Replay[torch.Tensor],
    batch: Mapping[str, torch.Tensor],
) -> dict[str, Any]:
    """The same draw by replay and by whole passes."""
    runs = {"replay": partial(replay.start, layer.block), "naive": partial(_loss, model, batch)}
    found: dict[str, Any] = {"layer": layer.name, "weights": layer.size}
    for number in range(ROUNDS):
        for way, run in runs.items():
            losses: list[float] = []
            with phases.phase(f"score: {layer.block}, {way}") as row:
                [value] = draws([linear], _noted(run, losses), 1, EPS, [seed_of(0, layer.name, 0)])
            least = min(row["seconds"], found[way]["seconds"]) if number else row["seconds"]
            found[way] = {"seconds": least, "score": value, "losses": losses}
    return found


def _noted(run: Callable[[], torch.Tensor], losses: list[float]) -> Callable[[], torch.Tensor]:
    """`run`, its results kept in `losses` too."""

    def noted() -> torch.Tensor:
        loss = run()
        losses.append(float(loss))
        return loss

    return noted
