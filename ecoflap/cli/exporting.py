"""The command that writes an allocation as one HTML page, which needs no server."""

from dataclasses import replace

from ecoflap.cli.options import FormatOption, Out, Scores, with_recipe
from ecoflap.cli.output import Format, show
from ecoflap.formats.tables import fitted
from ecoflap.models.registry import DEMO_SCORES
from ecoflap.texts import say
from ecoflap.types import Recipe, ScoreBundle
from ecoflap.types.bundle import check_writable, write_text


@with_recipe()
def export(recipe: Recipe, out: Out, scores: Scores = None, form: FormatOption = Format.TABLE) -> None:
    from ecoflap.allocation import Plan, allocate
    from ecoflap.ui import standalone

    place = check_writable(out)
    bundle = ScoreBundle.read(scores or DEMO_SCORES)
    recipe = fitted(recipe, bundle.layers)
    allocation = allocate(bundle, recipe)
    table = Plan(bundle, recipe if recipe.fixed else replace(recipe, target=0.0)).table()
    recipe = replace(recipe, model=bundle.model, bundle=bundle.fingerprint)
    write_text(place, standalone.page(bundle, recipe, allocation, table, bundle.model))
    row = {"out": str(out), "target": recipe.target, "achieved": allocation.achieved, "bytes": place.stat().st_size}
    show(row, form, say("cli.export.title"), [row])


COMMANDS = (export,)
