"""The command that counts memory before anything is downloaded: memory."""

from typing import Annotated, Any

import typer

from ecoflap.cli.options import FormatOption
from ecoflap.cli.output import Format, show
from ecoflap.models.registry import DEMO, source_of, without_transformers
from ecoflap.texts import say

# Types of weight that the table has a line for.
DTYPES = ("float32", "bfloat16")
PARTS = ("weights", "dense", "ranks", "work", "total")


def memory(
    models: Annotated[list[str] | None, typer.Argument(help=say("cli.option.memory-models"))] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    refusal = without_transformers()
    if refusal is not None:
        raise refusal
    from ecoflap.models.huggingface.shapes import SHAPES, size_of

    rows: list[dict[str, Any]] = []
    for spec in models or [DEMO, *SHAPES]:
        if spec not in SHAPES:
            source_of(spec)
        for dtype in DTYPES:
            size = size_of(spec, dtype)
            parts = {name: getattr(size.need, name) for name in PARTS}
            rows.append({"model": spec, "dtype": dtype, "parameters": size.parameters} | parts)
    shown = [row | {name: f"{row[name] / 1e9:.2f}" for name in PARTS} for row in rows]
    show({"unit": "bytes", "models": rows}, form, say("cli.memory.title"), shown)


COMMANDS = (memory,)
