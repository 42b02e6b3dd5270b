"""Recipes in files: JSON holds everything that determines a pruned model, YAML and CSV every layer's sparsity alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ecoflap.errors import EcoflapError
from ecoflap.formats.tables import CSV, YAML, read_table, write_table
from ecoflap.types import Allocation, Recipe

JSON = (".json",)
# What a table of sparsities leaves open.
_OPEN = ("pruner", "scope", "rounding", "calibration")
# Fields whose option is called otherwise.
_OPTIONS = {"overrides": "override"}


def read_recipe(path: Path, explicit: dict[str, Any]) -> Recipe:
    """The recipe at `path`, with the fields of `explicit` in place of its own.

    What a table makes is not finished before `tables.fitted` has put it to the layers of a model.

    Raises:
        EcoflapError: not readable, no recipe, or an explicit field that a table of sparsities leaves nothing to decide.
    """
    if check_ending(path) in JSON:
        return replace(Recipe.read(path), **explicit)
    idle = [name for name in explicit if name not in _OPEN]
    if idle:
        option = _OPTIONS.get(idle[0], idle[0].replace("_", "-"))
        raise EcoflapError("table_fixes", path=path, option=f"--{option}")
    # Every sparsity is given, so nobody is asked for one; the cap allows all of them.
    fixed = {"target": 0.0, "max_sparsity": 1.0, "allocator": "uniform", "granularity": "layer"}
    return Recipe(**fixed | explicit, overrides=read_table(path))


def write_recipe(path: Path, recipe: Recipe, allocation: Allocation) -> None:
    """Write the recipe to `path`, or as a table what it allocates: JSON, YAML or CSV by the ending.

    Raises:
        EcoflapError: another ending, or it cannot be written.
    """
    if check_ending(path) in JSON:
        recipe.write(path)
    else:
        write_table(path, allocation)


def check_ending(path: Path) -> str:
    """How the name of `path` ends, in small letters, if it is one of a recipe's."""
    ending = path.suffix.lower()
    if ending not in (*JSON, *YAML, *CSV):
        raise EcoflapError("recipe_ending", path=path, choices=", ".join((*JSON, *YAML, *CSV)))
    return ending
