"""Loading a model on the command line: its options, and a bar on stderr for the download and the weights."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ecoflap.cli.options import option
from ecoflap.command import stderr
from ecoflap.explorer import Explorer
from ecoflap.texts import say
from ecoflap.types import Loading
from ecoflap.types.loading import LoadProgress, LoadStep

# The fields of Loading on the command line: name -> type with help.
OPTIONS: dict[str, Any] = {
    "device": Annotated[str | None, option("device")],
    "dtype": Annotated[str, option("dtype")],
    "device_map": Annotated[str | None, option("device-map")],
    "trust_remote_code": Annotated[bool, option("trust-remote-code")],
}
# What goes on -> what the bar says.
STEPS = {"download": "cli.loading.download", "weights": "cli.loading.weights"}
# What commands load by where no option says otherwise.
LOADING = Loading()


def with_loading(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes `loading` the options of `Loading` instead."""

    @wraps(command)
    def run(*given: Any, **named: Any) -> None:
        chosen = {name: named.pop(name) for name in OPTIONS}
        command(*given, **named, loading=Loading(**chosen))

    kind = inspect.Parameter.KEYWORD_ONLY
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "loading"]
    added = [
        inspect.Parameter(name, kind, default=getattr(LOADING, name), annotation=OPTIONS[name]) for name in OPTIONS
    ]
    run.__signature__ = inspect.Signature(own + added)
    return run


def opened(model: str, scores: Path | None, loading: Loading, calibration: str | None) -> Explorer:
    """The model, loaded, with a bar while it is; see `Explorer.open`."""
    explorer = Explorer.open(model, scores, loading, calibration, start=False, prepare=False)
    with loading_bar() as explorer.listener:
        explorer.start(prepare=False)
        explorer.wait()
    return explorer


@contextmanager
def loading_bar() -> Iterator[LoadProgress]:
    """What is told of loading, drawn as one bar for the download and one for the weights."""
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as progress:

        def tell(step: LoadStep) -> None:
            if step.what not in tasks:
                tasks[step.what] = progress.add_task(say(STEPS[step.what]), total=step.total)
            progress.update(tasks[step.what], completed=step.done, total=step.total)

        yield tell
