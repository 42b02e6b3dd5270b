"""The command line: one command per stage, a table for people or one JSON document for programs."""

import typer

from ecoflap.cli import asking, benching, comparing, evaluating, exporting, listing, scoring, sizing, sweeping
from ecoflap.cli.clustering import Command
from ecoflap.command import run
from ecoflap.texts import say

app = typer.Typer(add_completion=False, no_args_is_help=True, help=say("cli.help"), pretty_exceptions_enable=False)
modules = (scoring, asking, evaluating, sweeping, comparing, exporting, sizing, listing, benching)
for command in [command for module in modules for command in module.COMMANDS]:
    app.command(command.__name__, help=say(f"cli.{command.__name__}.help"), cls=Command)(command)


def main() -> None:
    """Run one command."""
    run(app)
