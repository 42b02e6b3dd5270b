"""Open the page: python app.py [--model demo|FOLDER|HUB_ID|lavis:NAME/TYPE] [--scores FILE] ..."""

import argparse
import gc
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from typing import Any

from ecoflap.errors import EcoflapError, one_line
from ecoflap.texts import say

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Where Gradio serves the tools.
TOOLS = "/gradio_api/mcp/"


def options() -> argparse.ArgumentParser:
    """The command line of the page."""
    parser = argparse.ArgumentParser(prog="app.py", description=say("page.title"))
    parser.add_argument("--model", help=say("cli.option.model"))
    parser.add_argument("--scores", help=say("page.app.scores"))
    for name in ("device", "dtype", "device-map"):
        parser.add_argument(f"--{name}", help=say(f"cli.option.{name}"))
    parser.add_argument("--trust-remote-code", action="store_true", help=say("cli.option.trust-remote-code"))
    parser.add_argument("--calibration", help=say("page.app.calibration"))
    parser.add_argument(
        "--offer",
        action="append",
        default=[],
        metavar="MODEL[=SAMPLES]",
        help=say("page.app.offer"),
    )
    # Where a host of pages such as Hugging Face Spaces sets these, only that place is seen from outside.
    host, port = os.environ.get("GRADIO_SERVER_NAME", LOOPBACK[0]), os.environ.get("GRADIO_SERVER_PORT", "7860")
    parser.add_argument("--host", default=host, help=say("page.app.host", default=host))
    parser.add_argument("--port", type=int, default=port, help=say("page.app.port_option", default=port))
    parser.add_argument("--root-path", help=say("page.app.root_path"))
    parser.add_argument("--share", action="store_true", help=say("page.app.share_option"))
    parser.add_argument("--auth", metavar="USER:PASSWORD", help=say("page.app.auth_option"))
    parser.add_argument("--mcp", action="store_true", help=say("page.app.mcp"))
    return parser


def check(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> None:
    """Exit 2 with a sentence where options cannot be met."""
    if chosen.auth and not all(chosen.auth.partition(":")):
        parser.error(say("page.app.auth", value=chosen.auth))
    if chosen.mcp and find_spec("mcp") is None:
        parser.exit(2, say("page.app.no_mcp") + "\n")


def explorer_of(chosen: argparse.Namespace) -> Any:
    """The model, not yet loaded; where scores alone are named, those without any.

    Raises:
        EcoflapError: it names no model, or the scores cannot be read.
    """
    if chosen.scores and chosen.model is None:
        from ecoflap.scores_only import ScoresOnly

        return ScoresOnly(chosen.scores)
    from ecoflap.explorer import Explorer
    from ecoflap.types import Loading

    loading = Loading(chosen.device, chosen.dtype or "auto", chosen.device_map, chosen.trust_remote_code)
    return Explorer.open(chosen.model or "demo", chosen.scores, loading, chosen.calibration, start=False)


def launch(page: Any, chosen: argparse.Namespace) -> None:
    """Serve the page; where it cannot be shared, it stays open on this machine, and a line says so.

    Raises:
        OSError: nothing can listen there.
    """
    from ecoflap.ui import launch_options

    options = launch_options() | {"server_name": chosen.host, "server_port": chosen.port, "share": chosen.share}
    options |= {
        "root_path": (chosen.root_path or "").rstrip("/") or None,
        "prevent_thread_lock": True,
        "mcp_server": chosen.mcp,
    }
    auth = tuple(chosen.auth.split(":", 1)) if chosen.auth else None
    with redirect_stdout(io.StringIO()):  # Gradio's own lines are many
        page.launch(auth=auth, **options)
    if chosen.share and not page.share_url:
        print(say("page.app.share"), file=sys.stderr, flush=True)


@contextmanager
def no_collecting() -> Iterator[None]:
    """No garbage collection inside: imports leave none, and looking for it takes a seventh of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def opened(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> tuple[Any, Any]:
    """The explorer and the page over it, served; or exit 2 with one line that says why not."""
    try:
        explorer = explorer_of(chosen)
    except EcoflapError as error:
        parser.exit(2, one_line(error) + "\n")
    from ecoflap.host import Offer
    from ecoflap.ui import build

    # People on other machines open what is listed; whoever sits at this one may name any folder.
    own = chosen.host in LOOPBACK and not chosen.share and not chosen.root_path  # whose visitors come through a proxy
    named = [offer.partition("=") for offer in chosen.offer]
    offered = [Offer(model, samples or None) for model, _, samples in named]
    page = build(explorer, offered=offered, free=own)
    try:
        launch(page, chosen)
    except (OSError, OverflowError):
        parser.exit(2, say("page.app.port", host=chosen.host, port=chosen.port) + "\n")
    return explorer, page


def main() -> None:
    """Parse, build, launch."""
    parser = options()
    chosen = parser.parse_args()
    check(parser, chosen)
    with no_collecting():
        explorer, page = opened(parser, chosen)
    url = page.share_url or page.local_url
    print(say("page.app.opening", model=explorer.name, url=url), flush=True)
    if chosen.mcp:
        print(say("page.app.tools", url=url.rstrip("/") + TOOLS), flush=True)
    # Importing torch would slow the page's own start: the page first, then the model.
    if not explorer.closed:  # somebody may have opened another one already
        explorer.start()
    page.block_thread()


if __name__ == "__main__":
    main()
