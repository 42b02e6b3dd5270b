"""A recipe that comes back as a file: its text, put to the page's knobs, or one sentence why not."""

import json
from dataclasses import fields, replace
from typing import Any

from ecoflap.errors import EcoflapError
from ecoflap.types import MODALITIES, Recipe
from ecoflap.types.bundle import chosen
from ecoflap.ui import session

# Bytes of a recipe: a thousand locks with long names take less.
MOST_BYTES = 512_000
# Letters of a file's name, or of a value, that a sentence repeats.
SHOWN = 80
# Percentages that the sliders can show.
MOST_MARGIN = 50


def recipe_from(text: Any, name: Any) -> Recipe:
    """The recipe in a file's text; errors call the file `name`.

    Raises:
        EcoflapError: too large, no JSON, no recipe, or with a value that no recipe can have.
    """
    place = str(name)[:SHOWN]
    if not isinstance(text, str):
        raise EcoflapError("recipe_text", place=place, reason=type(text).__name__)
    if len(text) > MOST_BYTES:
        raise EcoflapError("recipe_size", place=place, most=MOST_BYTES // 1000)
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise EcoflapError("recipe_text", place=place, reason=str(error)[:SHOWN]) from error
    return Recipe.from_json(document, place)


def knobs_for(recipe: Recipe, explorer: Any, place: str) -> dict[str, Any]:
    """Every knob by name (session.DEFAULTS), as the recipe sets it.

    Args:
        recipe: from a file.
        explorer: whose scores and samples it has to fit.
        place: the file's name, for errors.

    Raises:
        EcoflapError: it was made with other scores or samples, or sets what the page has no knob for.
    """
    scores = _scores(recipe, explorer)
    samples = explorer.engine.samples if explorer.engine else ""
    if recipe.samples and samples and recipe.samples != samples:
        raise EcoflapError("recipe_of_other_samples", wanted=recipe.samples, found=samples)
    fixed = recipe.max_sparsity is not None
    values = session.DEFAULTS | {
        "percent": round(100 * recipe.target),
        "cap_mode": "fixed" if fixed else "margin",
        "granularity": recipe.granularity,
        "allocator": recipe.allocator,
        "bridge": "bridge" in recipe.modalities,
        "pattern": recipe.pattern,
        "scores": scores,
        "overrides": recipe.overrides,
    }
    values |= {"cap": round(100 * recipe.max_sparsity)} if fixed else {"margin": round(100 * recipe.cap_margin)}
    _check(recipe, values, place)
    return values


def _scores(recipe: Recipe, explorer: Any) -> str:
    """The knob's value for the recipe's scores: empty for those that every page opens with."""
    if not recipe.bundle or not explorer.bundles:
        return ""
    if len(explorer.bundles) == 1 and recipe.bundle != explorer.bundles[0].fingerprint:
        found = explorer.bundles[0].fingerprint
        raise EcoflapError("recipe_of_other_bundle", wanted=recipe.bundle[:SHOWN], found=found)
    bundle = chosen(explorer.bundles, recipe.bundle)
    return "" if bundle is explorer.bundles[0] else bundle.fingerprint


def _check(recipe: Recipe, values: dict[str, Any], place: str) -> None:
    """Raise where the knobs would make another recipe; what decides nothing may differ."""
    limits = {"percent": 95, "margin": MOST_MARGIN}
    bounded = values | {name: min(values[name], most) for name, most in limits.items()}
    shown = session.recipe_of(*session.knobs_of(bounded))
    idle = {"model": recipe.model, "bundle": recipe.bundle, "samples": recipe.samples}
    if recipe.fixed:
        idle |= {name: getattr(recipe, name) for name in ("max_sparsity", "cap_margin", "scope", "rounding")}
    elif recipe.max_sparsity is not None:
        idle["cap_margin"] = recipe.cap_margin
    shown = replace(shown, **idle)
    asked = replace(recipe, modalities=tuple(name for name in MODALITIES if name in recipe.modalities))
    strange = [item.name for item in fields(Recipe) if getattr(shown, item.name) != getattr(asked, item.name)]
    if strange:
        said = ", ".join(f"{name} = {str(getattr(recipe, name))[:SHOWN]}" for name in strange)
        raise EcoflapError("recipe_knobs", place=place, fields=said)
