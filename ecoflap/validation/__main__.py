"""`python -m ecoflap.validation [SECTION ...]`: measure, store, and write docs/validation.md anew."""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ecoflap.command import run
from ecoflap.errors import EcoflapError
from ecoflap.texts import say
from ecoflap.validation import fullsize, gradients, methods, report, sequential, stored

MEASURES: dict[str, Callable[..., Mapping[str, Any]]] = {
    "gradients": gradients.measure,
    "methods": methods.measure,
    "sequential": sequential.measure,
    "fullsize": fullsize.measure,
}
# Seconds between two lines of progress.
EVERY = 5.0
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help=say("validation.help"))
def validate(
    sections: Annotated[
        list[str] | None, typer.Argument(metavar="[SECTION]...", help=say("validation.sections"))
    ] = None,
    docs: Annotated[Path, typer.Option(help=say("validation.docs"))] = stored.DOCS,
    render: Annotated[bool, typer.Option("--render", help=say("validation.render"))] = False,
) -> None:
    """Measure the sections, by default all, and write the document from everything that is stored."""
    chosen = [] if render else sections or list(MEASURES)
    for section in chosen:
        if section not in MEASURES:
            raise EcoflapError("not_a_choice", name="SECTION", value=section, choices=", ".join(MEASURES))
    for section in chosen:
        stored.write(stored.made(section, lambda section=section: _measured(section)), docs)
        report.write(docs)
    if render:
        report.write(docs)


def _measured(section: str) -> Mapping[str, Any]:
    """The section's result, its progress on stderr."""
    told = 0.0

    def tell(what: str, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= EVERY or done == total:
            told = time.monotonic()
            print(section, what, f"{done}/{total}" if total else "", file=sys.stderr, flush=True)

    return MEASURES[section](tell)


def main() -> None:
    """Run one command."""
    run(app)


if __name__ == "__main__":
    main()
