"""What lasts between runs: scores and input norms in a cache folder, each under a key of all that they depend on."""

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecoflap.errors import EcoflapError
from ecoflap.types import ScoreBundle
from ecoflap.types.bundle import check_writable

if TYPE_CHECKING:
    import torch


def folder() -> Path:
    """The cache folder: ECOFLAP_CACHE, else `ecoflap` in the user's cache folder."""
    named = os.environ.get("ECOFLAP_CACHE")
    return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ecoflap"


def key(**parts: Any) -> str:
    """16 hex digits over everything that a cached value depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def scores_path(name: str) -> Path:
    """Where the score bundle with key `name` is kept."""
    return folder() / "scores" / f"{name}.json"


def cached_scores(name: str) -> ScoreBundle | None:
    """The score bundle with key `name`; None where there is none, or where its file is damaged (it is then removed)."""
    path = scores_path(name)
    if not path.is_file():
        return None
    try:
        return ScoreBundle.read(path)
    except EcoflapError:
        path.unlink(missing_ok=True)
        return None


def norms_path(name: str) -> Path:
    """Where the input norms with key `name` are kept."""
    return folder() / "norms" / f"{name}.safetensors"


def cached_norms(name: str) -> "dict[str, torch.Tensor] | None":
    """Input norms with key `name`: layer -> (cols,) float32; None where there are none or the file is damaged."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = norms_path(name)
    if not path.is_file():
        return None
    try:
        return load_file(path)
    except (SafetensorError, OSError):
        path.unlink(missing_ok=True)
        return None


def keep_norms(name: str, norms: "dict[str, torch.Tensor]") -> None:
    """Keep input norms under `name`, whole or not at all."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    path = check_writable(norms_path(name))
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file({layer: values.cpu().contiguous() for layer, values in norms.items()}, beside)
        beside.replace(path)
    except (OSError, SafetensorError) as error:
        beside.unlink(missing_ok=True)
        raise EcoflapError("out_unwritable", out=path, reason=error) from error
