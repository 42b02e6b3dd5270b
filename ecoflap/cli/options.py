"""Options that several commands share, their help taken from the text table."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from ecoflap.allocation import ALLOCATORS
from ecoflap.cli.output import Format
from ecoflap.command import stderr
from ecoflap.errors import EcoflapError
from ecoflap.formats.recipes import read_recipe
from ecoflap.texts import say
from ecoflap.types import Recipe
from ecoflap.types.pattern import SPARSITY, UNSTRUCTURED
from ecoflap.types.recipe import CHOICES

# What stands for {choices} in help texts.
LISTED = {
    "allocator": ", ".join(allocator.name for allocator in ALLOCATORS),
    "pruner": ", ".join(CHOICES["pruner"]),
}


def option(name: str, text: str = "") -> Any:
    """The option `--name`, with the help text cli.option.<text>, by default <name>."""
    return typer.Option(f"--{name}", help=say(f"cli.option.{text or name}", choices=LISTED.get(name.rstrip("s"))))


FormatOption = Annotated[Format, option("format")]
Model = Annotated[str, option("model")]
Calibration = Annotated[str | None, option("calibration")]
Scores = Annotated[Path | None, option("scores")]
Samples = Annotated[int, option("samples")]
Seed = Annotated[int, option("seed")]
Out = Annotated[Path, option("out")]
RecipeFile = Annotated[Path | None, option("recipe")]

# The recipe's fields on the command line: name -> (type with help, default of Recipe).
_DEFAULT = Recipe()
RECIPE_OPTIONS: dict[str, tuple[Any, Any]] = {
    "target": (Annotated[float, option("target")], _DEFAULT.target),
    "max_sparsity": (Annotated[float | None, option("max-sparsity")], None),
    "cap_margin": (Annotated[float, option("cap-margin")], _DEFAULT.cap_margin),
    "allocator": (Annotated[str, option("allocator")], _DEFAULT.allocator),
    "granularity": (Annotated[str, option("granularity")], _DEFAULT.granularity),
    "aggregate": (Annotated[str, option("aggregate")], _DEFAULT.aggregate),
    "modalities": (Annotated[str, option("modalities")], ",".join(_DEFAULT.modalities)),
    "pruner": (Annotated[str, option("pruner")], _DEFAULT.pruner),
    "scope": (Annotated[str, option("scope")], _DEFAULT.scope),
    "rounding": (Annotated[str, option("rounding")], _DEFAULT.rounding),
    "pattern": (Annotated[str, option("pattern")], _DEFAULT.pattern),
    "calibration_mode": (Annotated[str, option("calibration-mode")], _DEFAULT.calibration),
    "overrides": (Annotated[list[str] | None, option("override")], None),
}
# Options that are not called like their field: on the command line `calibration` is where samples come from.
_FIELDS = {"calibration_mode": "calibration"}


def recipe_from(values: dict[str, Any]) -> Recipe:
    """A recipe from option values; `modalities` is a list with commas, `overrides` a list of NAME=SPARSITY."""
    chosen = tuple(part.strip() for part in values["modalities"].split(",") if part.strip())
    read = {"modalities": chosen, "overrides": dict(map(override, values["overrides"] or ()))}
    return Recipe(**{_FIELDS.get(name, name): value for name, value in values.items()} | read)


def override(text: str) -> tuple[str, float]:
    """Name and sparsity of NAME=SPARSITY.

    Raises:
        EcoflapError: it is not of this form.
    """
    name, _, value = text.rpartition("=")
    try:
        return name.strip(), float(value)
    except ValueError as error:
        raise EcoflapError("override_form", value=text) from error


def with_recipe(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command whose first parameter is `recipe` the recipe's options `names` (all by default) instead.

    It gets `--recipe FILE` too; options that were typed beside it win.
    """
    chosen = names or tuple(RECIPE_OPTIONS)

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(context: typer.Context, recipe_file: Path | None, **given: Any) -> None:
            # A command without --target sets targets of its own; 0 is below every cap.
            values = {name: default for name, (_, default) in RECIPE_OPTIONS.items()} | {"target": 0.0}
            values |= {name: given.pop(name) for name in chosen}
            if "target" not in chosen and values["pattern"] != UNSTRUCTURED:
                values["target"] = SPARSITY
            recipe = recipe_from(values)
            if recipe_file is not None:
                typed = [name for name in chosen if context.get_parameter_source(name).name == "COMMANDLINE"]
                fields = [_FIELDS.get(name, name) for name in typed]
                recipe = read_recipe(recipe_file, {name: getattr(recipe, name) for name in fields})
            if recipe.fixed:
                stderr.print(say("cli.pattern", pattern=recipe.pattern), markup=False, highlight=False, soft_wrap=True)
            command(recipe, **given)

        kind = inspect.Parameter.KEYWORD_ONLY
        own = [p.replace(kind=kind) for p in list(inspect.signature(command).parameters.values())[1:]]
        added = [
            inspect.Parameter(name, kind, default=RECIPE_OPTIONS[name][1], annotation=RECIPE_OPTIONS[name][0])
            for name in chosen
        ]
        added.append(inspect.Parameter("recipe_file", kind, default=None, annotation=RecipeFile))
        added.append(inspect.Parameter("context", kind, annotation=typer.Context))
        run.__signature__ = inspect.Signature(own + added)
        return run

    return decorate
