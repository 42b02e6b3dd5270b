"""Scores that the public ECoFLaP code wrote: `importance_scores/*.pth`, parameter name -> number or tensor."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ecoflap.errors import EcoflapError, first_line
from ecoflap.formats.matching import by_layer
from ecoflap.formats.pth import read_pth
from ecoflap.types import Layer, ScoreBundle


def imported_scores(path: Path, model: str, layers: Sequence[Layer]) -> ScoreBundle:
    """The scores in `path` as a bundle of `model`, whose `layers` give the shapes.

    A tensor counts as the sum of its values, as in the public code. Modalities that the file leaves out are not in the
    bundle.

    Raises:
        EcoflapError: not readable, not such a file, or it lacks layers.
    """
    found = read_pth(path)
    if not isinstance(found, dict) or not found:
        raise EcoflapError("scores_form", path=path, value=type(found).__name__)
    scores = by_layer({str(name): value for name, value in found.items()}, layers, str(path))
    scored = (
        replace(layer, score=_number(path, layer.name, scores[layer.name])) for layer in layers if layer.name in scores
    )
    return ScoreBundle(model, f"imported from {path.name}", tuple(scored))


def _number(path: Path, name: str, value: Any) -> float:
    """One score as a number."""
    try:
        if isinstance(value, torch.Tensor) and not value.is_complex():
            return float(value.double().sum())
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    except (OverflowError, RuntimeError) as error:  # too large a number, a tensor without values
        raise EcoflapError("scores_form", path=path, value=f"{name}: {first_line(error)}") from error
    raise EcoflapError("scores_form", path=path, value=f"{name}: {type(value).__name__}")
