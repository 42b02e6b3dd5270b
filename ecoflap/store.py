"""What lasts between runs: scores and input norms in a cache folder, each under a key of all that they depend on."""

import hashlib
import json
import logging
import math
import os
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ecoflap.errors import EcoflapError, first_line
from ecoflap.texts import say
from ecoflap.types import ScoreBundle
from ecoflap.types.bundle import beside, check_writable

if TYPE_CHECKING:
    import torch


NORMS_FORMAT = "ecoflap-norms/1"


def folder() -> Path:
    """The cache folder: ECOFLAP_CACHE, else `ecoflap` in the user's cache folder."""
    named = os.environ.get("ECOFLAP_CACHE")
    return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ecoflap"


@contextmanager
def apart() -> Iterator[None]:
    """An empty cache folder inside the context, so that what is measured there is not read; then the one before."""
    before = os.environ.get("ECOFLAP_CACHE")
    with TemporaryDirectory() as place:
        os.environ["ECOFLAP_CACHE"] = place
        try:
            yield
        finally:
            del os.environ["ECOFLAP_CACHE"]
            if before is not None:
                os.environ["ECOFLAP_CACHE"] = before


def key(**parts: Any) -> str:
    """16 hex digits over everything that a cached value depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def scores_path(name: str) -> Path:
    """Where the score bundle with key `name` is kept."""
    return folder() / "scores" / f"{name}.json"


def cached_scores(name: str) -> ScoreBundle | None:
    """The score bundle with key `name`; None where there is none, or where its file is damaged (it is then removed)."""
    path = scores_path(name)
    if not _there(path):
        return None
    try:
        return ScoreBundle.read(path)
    except EcoflapError as error:
        made_anew(path, error)
        return None


def made_anew(path: Path, reason: object) -> None:
    """Remove a cached file that cannot be used, and say so: what it held is measured again."""
    logging.getLogger(__name__).warning(say("store.made_anew", path=path, reason=reason))
    with suppress(OSError):
        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)


def _there(path: Path) -> bool:
    """Whether there is a file; an empty folder in its place is removed, since nobody can write there otherwise."""
    if path.is_dir():
        made_anew(path, say("store.folder"))
    return path.is_file()


class Journal(MutableMapping[str, list[float]]):
    """Measured values that outlive the process: one line per key, written the moment it is known.

    A process may be killed between any two bytes; a line that is not whole is left out when the file is read again.
    Values come back as they were, to the last bit. Two processes that measure the same write the same lines. Where the
    file cannot be written the values are kept in memory only.
    """

    def __init__(self, path: Path) -> None:
        """Read what `path` holds of an earlier run."""
        self._path, self._values, self._writable = path, {}, True
        try:
            text = path.read_text(encoding="utf-8", errors="replace") if _there(path) else ""
        except OSError as error:  # its hours of work may be readable again tomorrow
            reason = error.strerror or error
            logging.getLogger(__name__).warning(say("store.unreadable", path=path, reason=reason))
            text, self._writable = "", False
        lines = text.splitlines()
        entries = [entry for line in lines if (entry := _entry(line)) is not None]
        self._values |= dict(entries)
        lost = sum(map(bool, lines)) - len(entries)
        if lost:
            logging.getLogger(__name__).warning(say("store.lines", path=path, lost=lost, kept=len(self._values)))
        self._torn = bool(text) and not text.endswith("\n")

    def __getitem__(self, name: str) -> list[float]:
        return self._values[name]

    def __setitem__(self, name: str, values: list[float]) -> None:
        self._values[name] = values
        line = ("\n" if self._torn else "") + json.dumps([name, values]) + "\n"
        if self._writable:
            self._writable = try_to(self._append, line)
            self._torn = False

    def _append(self, line: str) -> None:
        try:
            with check_writable(self._path).open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise EcoflapError("out_unwritable", out=self._path, reason=error.strerror or error) from error

    def __delitem__(self, name: str) -> None:
        raise TypeError("what was measured stays")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def remove(self) -> None:
        """Remove the file: its values went into a bundle."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _entry(line: str) -> tuple[str, list[float]] | None:
    """Key and values of a journal's line; None where it is not whole."""
    try:
        name, values = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return None
    numbers = isinstance(values, list) and values and all(type(v) is float and math.isfinite(v) for v in values)
    return (name, values) if isinstance(name, str) and numbers else None


def journal_path(name: str) -> Path:
    """Where the unfinished scores with key `name` are kept."""
    return folder() / "scores" / f"{name}.journal"


def try_to(write: Callable[..., None], *what: Any) -> bool:
    """Whether `write` could write to the cache; where not, what was measured still counts, and the log says why."""
    try:
        write(*what)
    except EcoflapError as error:
        logging.getLogger(__name__).warning("not cached: %s", error)
        return False
    return True


def norms_path(name: str) -> Path:
    """Where the input norms with key `name` are kept."""
    return folder() / "norms" / f"{name}.safetensors"


def cached_norms(name: str) -> "dict[str, torch.Tensor] | None":
    """Input norms with key `name`: layer -> (cols,) float32.

    None where there are none, or where the file is damaged or of another version (it is then removed).
    """
    from safetensors import SafetensorError, safe_open

    path = norms_path(name)
    if not _there(path):
        return None
    try:
        with safe_open(path, "pt") as file:
            written = file.metadata() or {}
            names = file.keys()
            norms = {layer: file.get_tensor(layer) for layer in names}
    except (SafetensorError, OSError) as error:
        made_anew(path, first_line(error))
        return None
    if written != _facts_of(norms):
        made_anew(path, say("store.norms", wanted=NORMS_FORMAT, found=ascii(written.get("format", ""))))
        return None
    return norms


def _facts_of(norms: "dict[str, torch.Tensor]") -> dict[str, str]:
    """What is written beside norms: the format, and a sum over their names and bits."""
    found = hashlib.sha256()
    for layer in sorted(norms):
        found.update(layer.encode() + b"\0" + norms[layer].contiguous().numpy().tobytes())
    return {"format": NORMS_FORMAT, "sum": found.hexdigest()[:16]}


def keep_norms(name: str, norms: "dict[str, torch.Tensor]") -> None:
    """Keep input norms under `name`, whole or not at all."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    path = check_writable(norms_path(name))
    there, kept = beside(path), {layer: values.cpu().contiguous() for layer, values in norms.items()}
    try:
        save_file(kept, there, _facts_of(kept))
        there.replace(path)
    except (OSError, SafetensorError) as error:
        there.unlink(missing_ok=True)
        raise EcoflapError("out_unwritable", out=path, reason=error) from error
