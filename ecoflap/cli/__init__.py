"""The command line: one command per stage, a table for people or one JSON document for programs."""

import typer

from ecoflap.cli import asking, benching, evaluating, scoring
from ecoflap.command import run
from ecoflap.texts import say

app = typer.Typer(add_completion=False, no_args_is_help=True, help=say("cli.help"), pretty_exceptions_enable=False)
for command in (*scoring.COMMANDS, *asking.COMMANDS, *evaluating.COMMANDS, *benching.COMMANDS):
    app.command(command.__name__, help=say(f"cli.{command.__name__}.help"))(command)


def main() -> None:
    """Run one command."""
    run(app)
