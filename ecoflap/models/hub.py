"""From what `--model` says to a folder: a folder, then the local cache, then the hub, each with its own message."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import CacheNotFound, HFValidationError, LocalEntryNotFoundError

from ecoflap.errors import Cancelled, EcoflapError, first_line
from ecoflap.models import download
from ecoflap.models.registry import DEMO, DEMO_FOLDER
from ecoflap.models.weight_files import weights_in
from ecoflap.types.loading import LoadProgress

# Seconds that the probe of the hub may take; without it an offline machine retries for minutes.
PROBE_SECONDS = 3.0


def folder_of(
    spec: str,
    progress: LoadProgress | None = None,
    check: Callable[[Path], None] | None = None,
    code: bool = False,
) -> Path:
    """The folder that holds the model `spec`, downloading it where needed.

    Args:
        spec: demo, a folder, or the id of a model in the local cache or on the hub.
        progress: told the bytes of the download; one that it stopped goes on there the next time.
        check: told the folder with the configuration before any weights are fetched; what it raises ends it.
        code: whether to fetch code too.

    Raises:
        EcoflapError: no such folder, no such id, or the hub cannot be reached.
        Cancelled: `progress` said so.
    """
    path = _named(spec)
    if path.is_dir():
        return path
    found = cached(spec)
    return found if found is not None else _download(spec, progress, check, code)


def _named(spec: str) -> Path:
    """The folder that `spec` is, if it is one."""
    return DEMO_FOLDER if spec == DEMO else Path(spec).expanduser()


def cached(spec: str) -> Path | None:
    """The folder of the model `spec` in the local cache; None where it is not there, or not as a whole."""
    try:
        folder = Path(huggingface_hub.snapshot_download(spec, local_files_only=True, allow_patterns=["config.json"]))
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:
        raise EcoflapError("model_not_found", spec=spec) from error
    files = weights_in(folder)
    return folder if files and all(file.is_file() for file in files) else None


def cached_models() -> list[tuple[str, int]]:
    """Models in the hub's local cache: (id, bytes on disk), in alphabetical order."""
    try:
        found = huggingface_hub.scan_cache_dir(constants.HF_HUB_CACHE)
    except CacheNotFound:
        return []
    return sorted((repo.repo_id, repo.size_on_disk) for repo in found.repos if repo.repo_type == "model")


def configuration_of(spec: str, code: bool = False) -> Path:
    """The folder that holds at least the small files of the model `spec`; see `folder_of`."""
    path = _named(spec)
    if path.is_dir():
        return path
    found = cached(spec)
    return found if found is not None else _told(spec, lambda: download.fetch_small(spec, code))


def check_at_hand(spec: str) -> None:
    """Raise where the model `spec` is neither here nor to be had; what takes long to import can wait for this."""
    if not Path(spec).expanduser().is_dir() and cached(spec) is None:
        check_online(spec)


def check_online(spec: str) -> None:
    """Raise where `spec` cannot be downloaded: it is forbidden, or the hub does not answer within PROBE_SECONDS."""
    if os.environ.get("HF_HUB_OFFLINE", "0").lower() not in ("0", "", "false", "no", "off"):
        raise EcoflapError("hub_offline", spec=spec)
    if not _reachable(constants.ENDPOINT):
        raise EcoflapError("hub_unreachable", spec=spec, seconds=PROBE_SECONDS)


def _download(spec: str, progress: LoadProgress | None, check: Callable[[Path], None] | None, code: bool) -> Path:
    """Fetch `spec` from the hub: the small files, then, if `check` raises nothing, the weights."""
    folder = _told(spec, lambda: download.fetch_small(spec, code))
    if check is not None:
        check(folder)
    return _told(spec, lambda: download.fetch_weights(spec, folder, progress))


def _told(spec: str, fetch: Callable[[], Path]) -> Path:
    """What `fetch` gets from the hub; whatever the net or the hub has against it is one sentence."""
    check_online(spec)
    try:
        return fetch()
    except (Cancelled, EcoflapError):
        raise
    except Exception as error:  # the library hands on what each of its own libraries raises
        raise EcoflapError("hub_refused", spec=spec, reason=first_line(error)) from error


def _reachable(endpoint: str) -> bool:
    """Whether the hub accepts a connection; proxies are left to the download itself."""
    host, port = _address(endpoint)
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return True
    over, found = threading.Event(), []

    def probe() -> None:
        try:
            socket.create_connection((host, port), timeout=PROBE_SECONDS).close()
            found.append(True)
        except OSError:
            pass
        finally:
            over.set()

    # In a thread: looking the name up has no time limit of its own, and each of its addresses would have one.
    threading.Thread(target=probe, daemon=True, name="probe").start()
    over.wait(PROBE_SECONDS)
    return bool(found)


def _address(endpoint: str) -> tuple[str, int]:
    """Host and port of the hub; raises where HF_ENDPOINT is no address."""
    try:
        parts = urlsplit(endpoint)
        usual = {"http": 80, "https": 443}[parts.scheme]
        if parts.hostname:
            return parts.hostname, parts.port or usual
    except (KeyError, ValueError):
        pass
    raise EcoflapError("hub_endpoint", value=endpoint)
