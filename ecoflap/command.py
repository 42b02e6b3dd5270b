"""What every command line of the project promises: exit 0, or 2 with one line on stderr."""

import sys
import warnings
from typing import NoReturn

import typer
from rich.console import Console

from ecoflap.errors import Cancelled, EcoflapError, one_line
from ecoflap.texts import say

# What typer makes of Ctrl-C.
INTERRUPTED = 130
stderr = Console(stderr=True)


def run(app: typer.Typer) -> NoReturn:
    """Run one command: exit 0, or 2 with one line that says what was wrong with which value and what to do."""
    if not sys.warnoptions:  # what libraries warn of would stand before the one line
        warnings.simplefilter("ignore")
    try:
        code = app(standalone_mode=False) or 0
        if code != INTERRUPTED:
            sys.exit(code)
        message = say("cli.cancelled")
    except EcoflapError as error:
        message = one_line(error)
    except typer.TyperException as error:
        message = " ".join(error.format_message().split()).rstrip(".") + ". " + say("cli.try_help")
    except (Cancelled, KeyboardInterrupt, typer.Abort):
        message = say("cli.cancelled")
    except Exception as error:  # the contract of the command line: one line, whatever happens
        message = say("cli.unexpected", kind=type(error).__name__, reason=" ".join(str(error).split()))
    stderr.print(message, style="red", soft_wrap=True, markup=False, highlight=False)
    sys.exit(2)
