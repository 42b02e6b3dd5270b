"""The loop that every training stage shares: warm-up and cosine, clipping, averaged weights, checkpoints, a curve."""

import json
import math
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn


@dataclass(frozen=True)
class Pace:
    """How long and how fast a stage learns: steps, highest rate, steps of warm-up, decay of the weight average."""

    steps: int
    rate: float
    warm_up: int = 200
    average: float = 0.998
    check_every: int = 200

    def at(self, step: int) -> float:
        """The learning rate at a step: linear up, cosine down to a hundredth."""
        if step < self.warm_up:
            return self.rate * (step + 1) / self.warm_up
        part = (step - self.warm_up) / max(1, self.steps - self.warm_up)
        return self.rate * (0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, part))) / 2)


class Stage(ABC):
    """One stage of the training: the modules that learn, the loss of a step, and a check on other data."""

    name: str
    learning: nn.ModuleDict

    @abstractmethod
    def loss(self, step: int) -> tuple[torch.Tensor, dict[str, float]]:
        """The loss of the step's batch and what to log beside it; the batch follows from the step alone."""

    @abstractmethod
    def check(self) -> dict[str, float]:
        """Figures on data that is not trained on, with the averaged weights in place."""


def fit(stage: Stage, pace: Pace, out: Path, say: Callable[[str], None] = print) -> None:
    """Train the stage to its last step, from its checkpoint in `out` if there is one; leaves the averaged weights.

    Appends one line per check to `out`/curve.jsonl.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = [weight for weight in stage.learning.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    average = [weight.detach().clone() for weight in weights]
    start = _resume(out / f"{stage.name}.pt", stage, optimizer, average)
    recent, begun = [], time.monotonic()
    for step in range(start, pace.steps):
        loss, facts = _step(stage, optimizer, weights, pace.at(step), step)
        torch._foreach_lerp_(average, [w.detach() for w in weights], 1 - min(pace.average, (step + 1) / (step + 10)))
        recent.append({"loss": loss, **facts})
        if (step + 1) % pace.check_every == 0 or step + 1 == pace.steps:
            _swap(weights, average)
            figures = {**_means(recent), **stage.check(), "seconds": time.monotonic() - begun}
            _swap(weights, average)
            _log(out / "curve.jsonl", stage.name, step + 1, figures, say)
            _save(out / f"{stage.name}.pt", stage, optimizer, average, step + 1)
            recent, begun = [], time.monotonic()
    _swap(weights, average)


def restore(stage: Stage, out: Path) -> int:
    """Load the averaged weights of the stage's checkpoint in `out`; the step they are from, 0 without a checkpoint."""
    weights = [weight for weight in stage.learning.parameters() if weight.requires_grad]
    average = [weight.detach().clone() for weight in weights]
    step = _resume(out / f"{stage.name}.pt", stage, None, average)
    _swap(weights, average)
    return step


def _step(stage: Stage, optimizer: torch.optim.Optimizer, weights: list, rate: float, step: int) -> tuple:
    for group in optimizer.param_groups:
        group["lr"] = rate
    stage.learning.train()
    with torch.autocast(weights[0].device.type, torch.bfloat16):
        loss, facts = stage.loss(step)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    optimizer.step()
    return loss.item(), facts


def _swap(weights: list, average: list) -> None:
    """Exchange learnt and averaged weights in place."""
    with torch.no_grad():
        for weight, mean in zip(weights, average, strict=True):
            kept = weight.clone()
            weight.copy_(mean)
            mean.copy_(kept)


def _means(recent: list[dict[str, float]]) -> dict[str, float]:
    names = {name for facts in recent for name in facts}
    found = {name: [facts[name] for facts in recent if name in facts] for name in sorted(names)}
    return {name: sum(values) / len(values) for name, values in found.items()}


def _log(curve: Path, stage: str, step: int, figures: dict[str, float], say: Callable[[str], None]) -> None:
    rounded = {name: round(value, 4) for name, value in figures.items()}
    with open(curve, "a", encoding="utf-8") as file:
        file.write(json.dumps({"stage": stage, "step": step, **rounded}) + "\n")
    say(f"{stage} {step}: " + " ".join(f"{name} {value:g}" for name, value in rounded.items()))


def _save(path: Path, stage: Stage, optimizer: torch.optim.Optimizer, average: list, step: int) -> None:
    state = {"learning": stage.learning.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({**state, "average": average, "step": step}, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)


def _resume(path: Path, stage: Stage, optimizer: torch.optim.Optimizer | None, average: list) -> int:
    """The step to go on from; loads weights, optimizer and average of the checkpoint when there is one."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location=average[0].device, weights_only=True)
    stage.learning.load_state_dict(state["learning"])
    if optimizer:
        optimizer.load_state_dict(state["optimizer"])
    for mean, kept in zip(average, state["average"], strict=True):
        mean.copy_(kept)
    return state["step"]
