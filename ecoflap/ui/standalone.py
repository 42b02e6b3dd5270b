"""One HTML file that shows an allocation without a server: map, table and figures at all 96 targets, and the recipe."""

import html
import json
import re
from datetime import UTC, datetime
from typing import Any

from ecoflap import __version__, plots
from ecoflap.allocation import TARGETS
from ecoflap.errors import EcoflapError
from ecoflap.texts import say
from ecoflap.types import Allocation, Recipe, ScoreBundle
from ecoflap.ui import embed, figures, naming, payload
from ecoflap.ui.grid import grid

# The page's own scripts, in the order in which they build on each other: it looks up and draws, and asks nobody.
SCRIPTS = ("store.js", "layout.js", "svg.js", "svgmap.js", "svgcharts.js", "standalone.js")
KEY = re.compile(r'"(page\.[\w.]+\w)"')


def page(
    bundle: ScoreBundle, recipe: Recipe, allocation: Allocation, sparsities: Any, name: str, language: str = "en"
) -> str:
    """The file's text.

    Args:
        bundle: the scores.
        recipe: what the file opens with; all that it says holds at every target but the target itself.
        allocation: of the recipe.
        sparsities: at every target, (96, layers); NaN rows are out of reach.
        name: of the model, for people.
        language: of the words.

    Raises:
        EcoflapError: the file cannot open at the recipe's target, which its slider does not have.
    """
    percent = round(100 * recipe.target)
    if percent not in range(len(TARGETS)) or abs(100 * recipe.target - percent) > 1e-9:
        raise EcoflapError("alone_target", target=f"{100 * recipe.target:g}%")
    scripts = [(embed.ASSETS / script).read_text(encoding="utf-8") for script in SCRIPTS]
    data = {
        "grid": grid(bundle.layers, language) | {"model": "", "of": 0},
        "table": payload.table_payload(bundle.layers, sparsities, recipe) | {"knobs": {"overrides": recipe.overrides}},
        "groups": _groups(allocation, recipe, language),
        "palette": figures.PALETTE,
        "percent": percent,
        "held": _held(allocation, recipe),
        "recipe": json.loads(recipe.text()),
        "about": _about(bundle, name),
    }
    parts = {
        "LANGUAGE": html.escape(language),
        "TITLE": html.escape(say("page.alone.title", language, model=name)),
        "STYLE": (embed.ASSETS / "standalone.css").read_text(encoding="utf-8"),
        "TEXTS": embed.script_json(_texts("\n".join(scripts), language)),
        "DATA": embed.script_json(data),
        "SCRIPTS": "\n".join(f"<script>\n{script}\n</script>" for script in scripts),
    }
    template = (embed.ASSETS / "standalone.html").read_text(encoding="utf-8")
    # In one pass: what is put in is not searched again.
    return re.sub(r"@@([A-Z]+)@@", lambda found: parts[found[1]], template)


def _texts(code: str, language: str) -> dict[str, str]:
    """The sentences that the scripts ask for."""
    known = embed.page_texts(language)
    return {key: known[key] for key in dict.fromkeys(KEY.findall(code)) if key in known}


def _groups(allocation: Allocation, recipe: Recipe, language: str) -> list[dict[str, Any]]:
    """What shares one sparsity, as the figures draw it."""
    names = naming.group_words(allocation.layers, recipe.granularity, language)
    if recipe.overrides:
        for granularity in ("layer", "block"):
            names |= naming.group_words(allocation.layers, granularity, language)
    found = plots.groups_of(allocation, names, recipe.overrides, recipe.aggregate)
    return [
        {"words": group.words, "modality": group.modality, "layers": group.layers, "score": group.score}
        for group in found
    ]


def _held(allocation: Allocation, recipe: Recipe) -> list[bool]:
    """Which layers an override holds."""
    return [
        any(name in recipe.overrides for name in (layer.name, layer.block, layer.modality))
        for layer in allocation.layers
    ]


def _about(bundle: ScoreBundle, name: str) -> dict[str, Any]:
    """What the file is about, and when it was made."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return {
        "model": name,
        "method": bundle.method,
        "fingerprint": bundle.fingerprint,
        "made": now,
        "version": __version__,
    }
