"""docs/validation.md and its figure, written from the stored results alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ecoflap.texts import say
from ecoflap.types.bundle import write_text
from ecoflap.validation import stored, tables
from ecoflap.validation.figures import Panel, Series, figure

FIGURE = "validation/gradients.svg"
# Per section the key of its title, and what makes its paragraphs.
SECTIONS = {
    "gradients": ("validation.gradients.title", tables.gradients),
    "methods": ("validation.methods.title", tables.methods),
    "sequential": ("validation.sequential.title", tables.sequential),
    "fullsize": ("validation.fullsize.title", tables.fullsize),
}


def write(docs: Path = stored.DOCS) -> None:
    """Write the document and its figure into the folder `docs`, each whole or not at all."""
    found = stored.read(docs)
    if "gradients" in found:
        write_text(docs / FIGURE, gradients_figure(found["gradients"]["result"]))
    write_text(docs / "validation.md", render(found))


def render(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The document, from the stored documents by section; a section that is missing says so."""
    parts = ["# " + say("validation.title"), say("validation.intro")]
    for section, (title, paragraphs) in SECTIONS.items():
        parts.append(f"## {say(title)}")
        if section in found:
            parts += [*paragraphs(found[section]["result"]), _made(found[section])]
        else:
            parts.append(say("validation.missing", section=section))
    return "\n\n".join(parts) + "\n"


def _made(document: Mapping[str, Any]) -> str:
    """With which command, on what machine and when a section was made."""
    machine = document["machine"]
    return say(
        "validation.made",
        **{name: document[name] for name in ("command", "date")},
        **{name: machine[name] for name in ("cores", "threads", "python", "torch", "transformers")},
        minutes=f"{document['seconds'] / 60:.0f}",
        memory=f"{machine['memory_gb']:.0f}",
        gpu=machine["gpu"] or say("validation.no_gpu"),
    )


def gradients_figure(result: Mapping[str, Any]) -> str:
    """Ratio, error and rank correlation against the step length, float32 and float64, as SVG."""
    curves = result["plateau"]
    x = say("validation.figure.eps")
    ratio = [_banded(name, rows, "ratio") for name, rows in curves.items()]
    error = [_banded(name, rows, "error") for name, rows in curves.items()]
    ranks = [Series(name, [(row["eps"], row["layers"]) for row in rows]) for name, rows in curves.items()]
    titles = [
        (say("validation.figure.ratio"), x, say("validation.figure.ratio.axis")),
        (say("validation.figure.error"), x, say("validation.figure.error.axis")),
        (say("validation.figure.ranks"), x, say("validation.figure.ranks.axis")),
    ]
    panels = [
        Panel(*titles[0], ratio, 0, 2, (0, 0.5, 1, 1.5, 2), line=result["expected"]),
        Panel(*titles[1], error, 1e-9, 10, (1e-8, 1e-6, 1e-4, 1e-2, 1), log=True),
        Panel(*titles[2], ranks, 0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1)),
    ]
    return figure(panels, say("validation.figure.description"))


def _banded(name: str, rows: Sequence[Mapping[str, Any]], value: str) -> Series:
    """The median of a value with its band from 5% to 95%."""
    points = [(row["eps"], row[value]["median"]) for row in rows]
    return Series(name, points, [(row["eps"], row[value]["low"], row[value]["high"]) for row in rows])
