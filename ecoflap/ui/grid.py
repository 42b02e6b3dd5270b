"""The map's layout: three bands by modality, x the block's depth, y the operator. Plain data for the browser."""

from collections.abc import Sequence
from typing import Any

from ecoflap.texts import say
from ecoflap.types import MODALITIES, Layer
from ecoflap.ui import naming

# Modality colours of Okabe and Ito, always beside the word.
COLOURS = {"vision": "#0072B2", "bridge": "#E69F00", "language": "#009E73"}


def grid(layers: Sequence[Layer], language: str = "en") -> dict[str, Any]:
    """Bands with their rows and stacks, and for every layer its band, stack, column, row and what the page says of it.

    No two layers share a cell: where the rules give two the same one, the later gets a row with its raw name.
    """
    bands = [_band(modality, layers, language) for modality in MODALITIES]
    bands = [band for band in bands if band["stacks"]]
    place = {band["modality"]: i for i, band in enumerate(bands)}
    cells = [_cell(layer, bands[place[layer.modality]], place[layer.modality], language) for layer in layers]
    for band in bands:
        band["rows"] = [{"part": row["part"], "word": row["word"]} for row in band["rows"]]
        band["stacks"] = [{"title": stack["title"], "columns": stack["columns"]} for stack in band["stacks"]]
    return {"bands": bands, "layers": cells}


def _band(modality: str, layers: Sequence[Layer], language: str) -> dict[str, Any]:
    """One band: its rows in reading order, its stacks of blocks in execution order."""
    chosen = [(layer, naming.place_of(layer)) for layer in layers if layer.modality == modality]
    stacks: dict[str, set[int]] = {}
    for _, place in chosen:
        stacks.setdefault(place.stack, set()).add(-1 if place.depth is None else place.depth)
    rows = {_row_key(place.part, place.operator): place for _, place in chosen}
    ordered = sorted(rows, key=lambda key: key[:2])
    return {
        "modality": modality,
        "title": say(f"page.modality.{modality}", language),
        "colour": COLOURS[modality],
        "rows": [_row(key, language) for key in ordered],
        "stacks": [
            {
                "key": stack,
                "title": naming.stack_title(stack, modality, language),
                "columns": sorted(depths),
                "taken": set(),
            }
            for stack, depths in stacks.items()
        ],
    }


def _row_key(part: str, operator: str) -> tuple[int, int, str]:
    """Sorts rows by part, then by operator; raw names come last, in alphabetical order among themselves."""
    known = naming.OPERATORS
    return naming.PARTS.index(part), known.index(operator) if operator in known else len(known), operator


def _row(key: tuple[int, int, str], language: str) -> dict[str, Any]:
    part = naming.PARTS[key[0]]
    word = naming.operator_word(key[2], language)
    return {"key": key, "part": naming.part_word(part, language), "word": word}


def _cell(layer: Layer, band: dict[str, Any], index: int, language: str) -> dict[str, Any]:
    """A layer's cell, and its meaning in words."""
    place = naming.place_of(layer)
    stack = next(i for i, entry in enumerate(band["stacks"]) if entry["key"] == place.stack)
    depth = -1 if place.depth is None else place.depth
    column = band["stacks"][stack]["columns"].index(depth)
    key = _row_key(place.part, place.operator)
    taken = band["stacks"][stack]["taken"]
    if (column, key) in taken:
        inside = layer.name.removeprefix(layer.block).strip(".")
        key = _row_key("other", inside)
        if all(row["key"] != key for row in band["rows"]):
            band["rows"].append(_row(key, language))
    taken.add((column, key))
    return {
        "band": index,
        "stack": stack,
        "column": column,
        "row": next(i for i, row in enumerate(band["rows"]) if row["key"] == key),
        "name": layer.name,
        "words": naming.layer_words(layer, language),
        "block": layer.block,
        "block_words": naming.block_words(layer, language),
        "rows": layer.rows,
        "cols": layer.cols,
        "score": layer.score,
        "stderr": layer.stderr,
    }
