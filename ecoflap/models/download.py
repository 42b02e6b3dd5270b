"""Fetching a model from the hub into the local cache: bytes are counted, and none is fetched twice."""

import hashlib
import re
from pathlib import Path

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.file_download import http_get, repo_folder_name
from huggingface_hub.utils import WeakFileLock, build_hf_headers
from tqdm import tqdm

from ecoflap.errors import Cancelled, EcoflapError
from ecoflap.models.weight_files import INDEX, WEIGHTS, shards
from ecoflap.types.loading import LoadProgress, LoadStep

# Configuration, tokenizer and processor: everything but weights.
SMALL = ("*.json", "*.txt", "*.model", "*.jinja")
# Code that comes with a model; fetched only where it may run.
CODE = "*.py"


def fetch_small(spec: str, code: bool) -> Path:
    """Fetch everything but weights."""
    wanted = [*SMALL, CODE] if code else list(SMALL)
    return Path(huggingface_hub.snapshot_download(spec, allow_patterns=wanted, tqdm_class=_Silent))


def fetch_weights(spec: str, folder: Path, progress: LoadProgress | None) -> Path:
    """Fetch the weights that `folder`, which holds the small files, lacks."""
    commit = folder.name
    remote = huggingface_hub.HfApi().model_info(spec, revision=commit, files_metadata=True).siblings or []
    sizes = {file.rfilename: file.size or 0 for file in remote}
    wanted: list[str] = []
    for name in WEIGHTS:
        index = folder / f"{name}{INDEX}"
        wanted = [name] if name in sizes else shards(index) if index.is_file() else []
        if wanted:
            break
    if not wanted:
        raise EcoflapError("hub_no_weights", spec=spec)
    done, total = 0, sum(sizes.get(name, 0) for name in wanted)
    for name in wanted:
        if not (folder / name).is_file():
            _fetch(spec, commit, name, _bar_for(progress, done, total))
        done += sizes.get(name, 0)
    return Path(huggingface_hub.snapshot_download(spec, revision=commit, allow_patterns=wanted, tqdm_class=_Silent))


def _fetch(spec: str, commit: str, name: str, bar: type[tqdm]) -> None:
    """Put the content of one file into the local cache, where the library finds it.

    The library begins a file anew when it was stopped; here the bytes that are there stay, and more are added.

    Raises:
        EcoflapError: what came is not what the hub says it is.
    """
    url = huggingface_hub.hf_hub_url(spec, name, revision=commit)
    facts = huggingface_hub.get_hf_file_metadata(url)
    blobs = Path(constants.HF_HUB_CACHE, repo_folder_name(repo_id=spec, repo_type="model"), "blobs")
    blob, part = blobs / facts.etag, blobs / f"{facts.etag}.part"
    if blob.is_file():
        return
    blobs.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(f"{part}.lock"), part.open("ab") as file:
        if file.tell() != facts.size:
            more = {"resume_size": file.tell(), "expected_size": facts.size, "headers": build_hf_headers()}
            http_get(url, file, tqdm_class=bar, **more)
    # The etag of a large file is its hash: a file that changed between two halves does not pass.
    if re.fullmatch("[0-9a-f]{64}", facts.etag) and _sha256(part) != facts.etag:
        part.unlink()
        raise EcoflapError("hub_damaged", spec=spec, name=name)
    part.rename(blob)
    Path(f"{part}.lock").unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Silent(tqdm):
    """A bar that nobody sees."""

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named | {"disable": True})


def _bar_for(progress: LoadProgress | None, before: int, total: int) -> type[tqdm]:
    """The kind of bar that one file's download is to have; it tells `progress` its bytes and those `before` it."""

    class Told(_Silent):
        def __init__(self, *args: object, **named: object) -> None:
            super().__init__(*args, **named)
            self.done = before + named.get("initial", 0)

        def update(self, n: float | None = 1) -> None:
            self.done += int(n or 0)
            if progress is not None and progress(LoadStep("download", self.done, total)) is False:
                raise Cancelled

    return Told
