"""From what `--model` says to a folder: a folder, then the local cache, then the hub, each with its own message."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import CacheNotFound, HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from ecoflap.errors import EcoflapError
from ecoflap.types.loading import LoadProgress

# Seconds that the probe of the hub may take; without it an offline machine retries for minutes.
PROBE_SECONDS = 3.0
# Weights as safetensors and the text files beside them; no pickles.
WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")


def folder_of(spec: str, progress: LoadProgress | None = None) -> Path:
    """The folder that holds the model `spec`, downloading it where needed.

    Raises:
        EcoflapError: no such folder, no such id, or the hub cannot be reached.
    """
    path = Path(spec).expanduser()
    if path.is_dir():
        return path
    try:
        return Path(huggingface_hub.snapshot_download(spec, local_files_only=True, allow_patterns=list(WANTED)))
    except LocalEntryNotFoundError:
        pass
    except HFValidationError as error:
        raise EcoflapError("model_not_found", spec=spec) from error
    return _download(spec)


def cached_models() -> list[tuple[str, int]]:
    """Models in the hub's local cache: (id, bytes on disk), in alphabetical order."""
    try:
        found = huggingface_hub.scan_cache_dir()
    except CacheNotFound:
        return []
    return sorted((repo.repo_id, repo.size_on_disk) for repo in found.repos if repo.repo_type == "model")


def _download(spec: str) -> Path:
    """Fetch `spec` from the hub."""
    host = urlsplit(constants.ENDPOINT).hostname
    if os.environ.get("HF_HUB_OFFLINE", "0").lower() not in ("0", "", "false", "no", "off"):
        raise EcoflapError("hub_offline", spec=spec)
    if not _reachable(host):
        raise EcoflapError("hub_unreachable", spec=spec, seconds=PROBE_SECONDS)
    try:
        return Path(huggingface_hub.snapshot_download(spec, allow_patterns=list(WANTED)))
    except (HfHubHTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise EcoflapError("hub_refused", spec=spec, reason=reason) from error


def _reachable(host: str | None) -> bool:
    """Whether the hub accepts a connection; proxies are left to the download itself."""
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return True
    try:
        socket.create_connection((host, 443), timeout=PROBE_SECONDS).close()
    except OSError:
        return False
    return True
