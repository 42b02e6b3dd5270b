"""Open the page: python app.py [--model demo|FOLDER|HUB_ID|lavis:NAME/TYPE] [--scores FILE] ..."""

import argparse

from ecoflap.errors import EcoflapError
from ecoflap.texts import say

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def options() -> argparse.ArgumentParser:
    """The command line of the page."""
    parser = argparse.ArgumentParser(prog="app.py", description=say("page.title"))
    parser.add_argument("--model", default="demo", help=say("cli.option.model"))
    parser.add_argument("--scores", help="score bundle to allocate from (default: the shipped or cached one)")
    for name in ("device", "dtype", "device-map"):
        parser.add_argument(f"--{name}", help=say(f"cli.option.{name}"))
    parser.add_argument("--trust-remote-code", action="store_true", help=say("cli.option.trust-remote-code"))
    parser.add_argument("--calibration", help="folder or JSON file with pictures and questions to calibrate on")
    parser.add_argument(
        "--offer",
        action="append",
        default=[],
        metavar="MODEL[=SAMPLES]",
        help="list this model on the page, scored on SAMPLES where it has no scores yet; may be repeated",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on (default: 7860)")
    parser.add_argument("--share", action="store_true", help="make a public link through Gradio's servers")
    parser.add_argument("--auth", metavar="USER:PASSWORD", help="ask for this name and password")
    return parser


def main() -> None:
    """Parse, build, launch."""
    parser = options()
    chosen = parser.parse_args()
    if chosen.auth and not all(chosen.auth.partition(":")):
        parser.error(say("page.app.auth", value=chosen.auth))
    from ecoflap.explorer import Explorer
    from ecoflap.host import Offer
    from ecoflap.types import Loading
    from ecoflap.ui import build, launch_options

    try:
        loading = Loading(chosen.device, chosen.dtype or "auto", chosen.device_map, chosen.trust_remote_code)
        explorer = Explorer.open(chosen.model, chosen.scores, loading, chosen.calibration, start=False)
    except EcoflapError as error:
        parser.exit(2, f"{error}\n")
    auth = tuple(chosen.auth.split(":", 1)) if chosen.auth else None
    place = {"server_name": chosen.host, "server_port": chosen.port}
    # People on other machines open what is listed; whoever sits at this one may name any folder.
    own = chosen.host in LOOPBACK and not chosen.share
    named = [offer.partition("=") for offer in chosen.offer]
    offered = [Offer(model, samples or None) for model, _, samples in named]
    page = build(explorer, offered=offered, free=own)
    try:
        page.launch(**place, share=chosen.share, auth=auth, prevent_thread_lock=True, **launch_options())
    except (OSError, OverflowError):
        parser.exit(2, say("page.app.port", host=chosen.host, port=chosen.port) + "\n")
    print(say("page.app.opening", model=explorer.name, url=page.share_url or page.local_url), flush=True)
    # Importing torch would slow the page's own start: the page first, then the model.
    if not explorer.closed:  # somebody may have opened another one already
        explorer.start()
    page.block_thread()


if __name__ == "__main__":
    main()
