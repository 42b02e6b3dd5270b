"""The command that lists what there is to choose from: methods."""

from typing import Any

from ecoflap.allocation import ALLOCATORS
from ecoflap.cli.options import FormatOption
from ecoflap.cli.output import Format, show
from ecoflap.texts import say

# What a calibrated pruner reads besides: norms of a layer's inputs, or, where it moves weights, their products.
READS = (" and input norms", " and products of inputs")


def allocator_rows() -> list[dict[str, str]]:
    """Every allocator: its name, what people read, what it reads of every layer and what measures that, its paper."""
    return [
        {
            "name": allocator.name,
            "title": allocator.title,
            "reads": ", ".join(allocator.needs) or "shapes",
            "measured by": allocator.method or ("any score" if allocator.needs else "nothing"),
            "paper": allocator.link,
        }
        for allocator in ALLOCATORS
    ]


def pruner_rows() -> list[dict[str, str]]:
    """Every pruner: its name, what people read, what it reads, its paper."""
    from ecoflap.pruning.registry import PRUNERS  # brings torch

    return [
        {
            "name": pruner.name,
            "title": pruner.title,
            "reads": "weights" + (READS[pruner.moves] if pruner.calibrated else ""),
            "paper": pruner.link,
        }
        for pruner in PRUNERS
    ]


def methods(form: FormatOption = Format.TABLE) -> None:
    found: dict[str, Any] = {"allocators": allocator_rows(), "pruners": pruner_rows()}
    show(found, form, say("cli.methods.allocators"), found["allocators"])
    if form is not Format.JSON:
        show(found, form, say("cli.methods.pruners"), found["pruners"])


COMMANDS = (methods,)
