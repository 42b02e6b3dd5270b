"""A table of what an allocation decides, layer by layer, for a spreadsheet or a data frame: CSV."""

import csv
import io
from collections.abc import Sequence

from ecoflap.types import Allocation, Recipe

# `name` and `sparsity` are what `tables.read_table` asks for, so the file goes back in as a recipe.
COLUMNS = ("name", "block", "modality", "rows", "cols", "score", "stderr", "sparsity", "kept", "capped", "locked")
# How a cell begins that a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def layers_csv(allocation: Allocation, recipe: Recipe, capped: Sequence[bool]) -> str:
    """The prunable layers as CSV with COLUMNS: sizes in weights, sparsity 0 to 1, `locked` the name of the override.

    Args:
        allocation: of the recipe.
        recipe: whose overrides hold layers.
        capped: per layer of the allocation, whether it is at the cap.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = zip(allocation.layers, allocation.kept, allocation.sparsity, capped, allocation.prunable)
    for layer, kept, sparsity, at_cap, counts in rows:
        if not counts:
            continue
        names = (layer.name, layer.block, layer.modality)
        holder = next((name for name in names if name in recipe.overrides), "")
        facts = (layer.rows, layer.cols, layer.score, layer.stderr, sparsity, kept, str(at_cap).lower())
        writer.writerow((*map(_inert, names), *facts, _inert(holder)))
    return text.getvalue()


def _inert(name: str) -> str:
    """A name that a spreadsheet shows and does not compute."""
    return f"'{name}" if name.startswith(FORMULA) else name
