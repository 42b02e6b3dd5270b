"""The command line: one command per stage, a table for people or one JSON document for programs."""

import sys

import typer

from ecoflap.cli import asking, benching, scoring
from ecoflap.cli.output import stderr
from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.texts import say

app = typer.Typer(add_completion=False, no_args_is_help=True, help=say("cli.help"), pretty_exceptions_enable=False)
for command in (*scoring.COMMANDS, *asking.COMMANDS, *benching.COMMANDS):
    app.command(command.__name__, help=say(f"cli.{command.__name__}.help"))(command)

# What typer makes of Ctrl-C.
INTERRUPTED = 130


def main() -> None:
    """Run one command: exit 0, or 2 with one line that says what was wrong with which value and what to do."""
    try:
        code = app(standalone_mode=False) or 0
        if code != INTERRUPTED:
            sys.exit(code)
        message = say("cli.cancelled")
    except EcoflapError as error:
        message = str(error)
    except typer.TyperException as error:
        message = " ".join(error.format_message().split()).rstrip(".") + ". " + say("cli.try_help")
    except (Cancelled, KeyboardInterrupt, typer.Abort):
        message = say("cli.cancelled")
    except Exception as error:  # the contract of the command line: one line, whatever happens
        message = say("cli.unexpected", kind=type(error).__name__, reason=" ".join(str(error).split()))
    stderr.print(message, style="red", soft_wrap=True, markup=False, highlight=False)
    sys.exit(2)
