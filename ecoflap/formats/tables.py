"""Tables of sparsities: YAML in the form of the public ECoFLaP code's `sparsity_dict`, and CSV.

`sparsity_dict` maps parameter names to sparsities: `visual_encoder.blocks.0.attn.qkv.weight: 0.5649`. It is written in
LAVIS's names where the model is a BLIP-2, so that the public code reads it, and read in LAVIS's or the model's own.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ecoflap.errors import EcoflapError
from ecoflap.formats.lavis_names import to_lavis
from ecoflap.formats.matching import by_layer
from ecoflap.types import MODALITIES, Allocation, Layer, Recipe
from ecoflap.types.bundle import write_text

YAML, CSV = (".yaml", ".yml"), (".csv",)
COLUMNS = ("name", "sparsity")
# Most bytes of a table: ten times that of a model with ten thousand layers.
MOST_BYTES = 8 * 2**20
# Longest name or value that a sentence repeats.
_SHOWN = 120


class Table(dict[str, float]):
    """What a file says: name of a layer or of its weight -> sparsity, and the file's own name.

    As a recipe's overrides it stands for a recipe that is not finished: `fitted` puts it to the layers of a model.
    """

    def __init__(self, place: str, sparsities: dict[str, float]) -> None:
        super().__init__(sparsities)
        self.place = place


def read_table(path: Path) -> Table:
    """The table at `path`, YAML or CSV with the columns name and sparsity.

    Raises:
        EcoflapError: not readable, no such table, or a value that is no sparsity.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content[:MOST_BYTES].decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EcoflapError("file_unreadable", path=path, reason=getattr(error, "strerror", None) or error) from error
    if len(content) > MOST_BYTES:
        raise EcoflapError("table_form", path=path, reason=f"it is larger than {MOST_BYTES >> 20} MB")
    rows = _csv_rows(path, text) if path.suffix.lower() in CSV else _yaml_rows(path, text)
    return Table(str(path), {name: _share(path, name, value) for name, value in rows.items()})


class _Loader(yaml.SafeLoader):
    """YAML whose references are single values: lists of references to lists grow beyond all memory."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The next node, as the library reads it."""
        reference = self.check_event(yaml.AliasEvent)
        node = super().compose_node(parent, index)
        if reference and not isinstance(node, yaml.ScalarNode):
            raise yaml.YAMLError(f"a reference to more than a value, of line {node.start_mark.line + 1}")
        return node


def _yaml_rows(path: Path, text: str) -> dict[str, Any]:
    try:
        rows = yaml.load(text, _Loader)
        if isinstance(rows, dict) and rows:
            return {str(name): value for name, value in rows.items()}
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise EcoflapError("table_form", path=path, reason=" ".join(str(error).split())) from error
    raise EcoflapError("table_form", path=path, reason=f"found {type(rows).__name__}")


def _csv_rows(path: Path, text: str) -> dict[str, Any]:
    try:
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise EcoflapError("table_form", path=path, reason=error) from error
    if not rows or any(row.get(column) is None for row in rows for column in COLUMNS):
        raise EcoflapError("table_form", path=path, reason=f"a column {' or '.join(COLUMNS)} is missing")
    return {row["name"]: row["sparsity"] for row in rows}


def _share(path: Path, name: str, value: Any) -> float:
    """`value` as a sparsity; YAML reads 1e-05 as a text."""
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not 0 <= number <= 1:
        raise EcoflapError("not_a_share", name=f"{path}: {name[:_SHOWN]}", value=_brief(value))
    return number


def _brief(value: Any) -> str:
    """A text or a number as a sentence repeats it; of what is long or holds other things, its type alone."""
    short = isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**_SHOWN)
    short = short or (isinstance(value, str) and len(value) <= _SHOWN)
    return str(value) if short else f"of type {type(value).__name__}"


def fitted(recipe: Recipe, layers: Sequence[Layer]) -> Recipe:
    """The recipe for a model with `layers`: one that came from a table fixes every layer of the modalities it names.

    Its target is then what the table's sparsities add up to, over those modalities.

    Raises:
        EcoflapError: the table does not fit the layers.
    """
    table = recipe.overrides
    if not isinstance(table, Table):
        return recipe
    if recipe.target:
        raise EcoflapError("table_fixes", path=table.place, option="--target")
    found = by_layer(table, layers, table.place)
    fixed = [layer for layer in layers if layer.name in found]
    kept = sum(layer.size - round(found[layer.name] * layer.size) for layer in fixed)
    target = 1 - kept / sum(layer.size for layer in fixed)
    named = {layer.modality for layer in fixed}
    modalities = tuple(modality for modality in MODALITIES if modality in named)
    return replace(recipe, target=target, modalities=modalities, overrides=found)


def write_table(path: Path, allocation: Allocation) -> None:
    """Write the prunable layers' sparsities to `path`, YAML or CSV by its ending; whole or not at all."""
    if path.suffix.lower() in YAML:
        write_text(path, yaml_text(allocation))
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "block", "modality", "rows", "cols", "kept", "sparsity"))
    for layer, kept, sparsity in _prunable(allocation):
        writer.writerow((layer.name, layer.block, layer.modality, layer.rows, layer.cols, kept, sparsity))
    write_text(path, text.getvalue())


def yaml_text(allocation: Allocation) -> str:
    """The prunable layers' sparsities as a `sparsity_dict`."""
    rows = _prunable(allocation)
    lavis = to_lavis([layer.name for layer, _, _ in rows])
    table = {f"{lavis[layer.name]}.weight": sparsity for layer, _, sparsity in rows}
    return yaml.safe_dump(table, sort_keys=False)


def _prunable(allocation: Allocation) -> list[tuple[Layer, int, float]]:
    """(layer, weights kept, sparsity) of the prunable set, in order."""
    rows = zip(allocation.layers, allocation.kept, allocation.sparsity, allocation.prunable)
    return [(layer, kept, sparsity) for layer, kept, sparsity, counts in rows if counts]
