"""The command that measures the figures README quotes."""

from typing import Annotated

from ecoflap.cli.options import FormatOption, option
from ecoflap.cli.output import Format, bar, show
from ecoflap.models.registry import check_spec
from ecoflap.texts import say


def bench(quick: Annotated[bool, option("quick")] = False, form: FormatOption = Format.TABLE) -> None:
    # It measures the embedded model.
    check_spec("demo")
    from ecoflap.bench import report

    with bar() as progress:
        task = progress.add_task(say("cli.bench.running"), total=len(report.PARTS))
        found = report.measure(quick, lambda done: progress.update(task, completed=done))
    show(found, form, say("cli.bench.title"), report.rows(found))


COMMANDS = (bench,)
