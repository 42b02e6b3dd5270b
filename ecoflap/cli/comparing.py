"""The command that compares the methods of a sweep: compare."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecoflap.cli.options import FormatOption, option
from ecoflap.cli.output import Format, show
from ecoflap.errors import EcoflapError
from ecoflap.texts import say

if TYPE_CHECKING:
    from ecoflap.comparing import Measured

# Points of accuracy, as shares, whose loss is looked for.
FALLS = (0.05, 0.10, 0.50)


def compare(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=say("cli.compare.files"))],
    against: Annotated[str, option("against")] = "uniform",
    form: FormatOption = Format.TABLE,
) -> None:
    from ecoflap.comparing import read

    found = read(files)
    if against not in {allocator for _, allocator in found.methods()}:
        names = ", ".join(sorted({allocator for _, allocator in found.methods()}))
        raise EcoflapError("not_a_choice", name="--against", value=against, choices=names)
    rows = [row(found, method, against) for method in found.methods()]
    rows.sort(key=lambda row: (row["pruner"], -row["accuracy"]))
    facts = {"dense": f"{found.dense.accuracy:.1%}", "questions": f"{found.dense.questions:,}", "against": against}
    document = {"dense": found.dense.accuracy, "questions": found.dense.questions, "against": against, "methods": rows}
    show(document, form, say("cli.compare.title", **facts), [_shown(row) for row in rows])


def row(found: "Measured", method: tuple[str, str], against: str) -> dict[str, Any]:
    """One method beside `against` under the same pruner, over all targets that both were measured at."""
    pruner, allocator = method
    other = (pruner, against) if (pruner, against) in found.methods() else method
    targets = found.targets(method, other)
    pair = found.against(method, other, targets) if other != method else None
    return {
        "pruner": pruner,
        "allocator": allocator,
        "targets": targets,
        "seeds": len(found.seeds(targets[0], method)) if targets else 0,
        "accuracy": sum(found.accuracy(method, target) for target in targets) / len(targets) if targets else None,
        "difference": pair and pair.mean,
        "interval": pair and [pair.low, pair.high],
        "sure": pair and pair.sure,
        "falls": {f"{points:g}": found.falls(method, points) for points in FALLS},
    }


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A method's line of the table."""
    line = {name: row[name] for name in ("pruner", "allocator", "seeds")} | {"targets": len(row["targets"])}
    line["accuracy"] = row["accuracy"]
    line["difference"] = row["difference"]
    low, high = row["interval"] or (None, None)
    line["95%"] = "" if low is None else f"{low:+.4f} to {high:+.4f}"
    line[say("cli.compare.verdict")] = "" if row["sure"] is None else say(_verdict(row))
    return line | {f"-{float(points):.0%}": sparsity for points, sparsity in row["falls"].items()}


def _verdict(row: dict[str, Any]) -> str:
    """The key of what the difference says."""
    if not row["sure"]:
        return "cli.compare.none"
    return "cli.compare.better" if row["difference"] > 0 else "cli.compare.worse"


COMMANDS = (compare,)
