"""N:M patterns: ranks within groups of M weights that follow each other in a row, and how many of each group go."""

import torch

from ecoflap.errors import EcoflapError
from ecoflap.types import Layer, pattern


def ranks(importance: torch.Tensor, name: str, most: int) -> torch.Tensor:
    """Rank of every weight in its group under the pattern `name`, ties by position, `most` weights sorted at a time.

    Columns behind the last whole group get the rank M, which no pattern removes.

    Returns:
        (rows, cols) int8, as is `importance`.
    """
    among = pattern.GROUPED[name][1]
    rows, cols = importance.shape
    whole = cols // among * among
    places = torch.arange(among, dtype=torch.int8, device=importance.device)
    found = torch.full((rows, cols), among, dtype=torch.int8, device=importance.device)
    many = max(1, most // cols)
    for start in range(0, rows, many):
        part = importance[start : start + many, :whole]
        order = part.reshape(-1, among).argsort(dim=1, stable=True)
        placed = torch.empty(order.shape, dtype=torch.int8, device=order.device)
        placed.scatter_(1, order, places.expand_as(order))
        found[start : start + many, :whole] = placed.reshape(part.shape)
    return found


def removed(layer: Layer, kept: int, name: str) -> int:
    """How many weights each group of the pattern `name` loses when `kept` of the layer stay.

    Raises:
        EcoflapError: the pattern keeps another count.
    """
    found = pattern.kept(name, layer.rows, layer.cols)
    if kept != found:
        raise EcoflapError("pattern_count", layer=layer.name, kept=kept, pattern=name, found=found)
    keep, among = pattern.GROUPED[name]
    return among - keep
