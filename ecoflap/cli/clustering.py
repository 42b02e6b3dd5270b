"""Commands that spread their work over a Ray cluster: `--ray [ADDRESS]`, and where they do it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from ecoflap.cli.options import option
from ecoflap.command import stderr
from ecoflap.errors import EcoflapError
from ecoflap.texts import say
from ecoflap.types import Loading

if TYPE_CHECKING:
    from ecoflap.cluster.cluster import Cluster

RAY = "--ray"
Ray = Annotated[str | None, typer.Option(RAY, metavar="[ADDRESS]", help=say("cli.option.ray"))]
RayWorkers = Annotated[int | None, option("ray-workers")]


class Command(TyperCommand):
    """A command whose option --ray may stand without a value."""

    def parse_args(self, context: Any, arguments: list[str]) -> list[str]:
        """Give the option an empty value where it has none."""
        return super().parse_args(context, with_value(arguments))


def with_value(arguments: Sequence[str]) -> list[str]:
    """Arguments in which --ray has a value: empty where another option follows, or nothing."""
    following = [*arguments[1:], "-"]
    bare = [argument == RAY and after.startswith("-") for argument, after in zip(arguments, following)]
    return [f"{argument}=" if alone else argument for argument, alone in zip(arguments, bare)]


@contextmanager
def spreading(ray: str | None, workers: int | None, loading: Loading) -> "Iterator[Cluster | None]":
    """The cluster that the options name, inside the context; None where they name none.

    Raises:
        EcoflapError: they cannot be, there is no such cluster, or Ray is not installed.
    """
    if workers is not None and workers < 1:
        raise EcoflapError("not_positive", name="--ray-workers", value=workers)
    if ray is None:
        if workers is not None:
            raise EcoflapError("ray_workers_alone", value=workers)
        yield None
        return
    from ecoflap.cluster.cluster import cluster

    with cluster(ray.strip(), loading, workers) as found:
        facts = {"workers": found.size.workers, "threads": found.size.threads, "gpus": found.size.gpus}
        stderr.print(say("cli.ray.on_gpus" if found.size.gpus else "cli.ray.workers", **facts), soft_wrap=True)
        yield found
