"""Where a model can go: the best device there is, and how much memory is free on it."""

from pathlib import Path
from typing import Any

import psutil
import torch

from ecoflap.errors import EcoflapError, first_line
from ecoflap.types import Loading

_PROC, _CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def best() -> str:
    """The fastest kind of device here: cuda, else mps (Apple's GPUs), else cpu."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def place(device: str | None) -> torch.device:
    """The torch device called `device`; None is the best one there is.

    Raises:
        EcoflapError: there is none of that name, or it does not work here.
    """
    try:
        found = torch.device(device or best())
        torch.zeros(1, device=found).item()
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        raise EcoflapError("device_unusable", value=device, reason=first_line(error)) from error
    return found


def described(loading: Loading) -> dict[str, Any]:
    """Where a model would go as `loading` says: device, dtype (None: its own) and free bytes there.

    Raises:
        EcoflapError: there is no such device.
    """
    device = place(loading.device)
    dtype = loading.dtype if loading.dtype != "auto" else "float32" if device.type == "cpu" else None
    return {"device": str(device), "dtype": dtype, "free": free_on(device)}


def free_on(device: torch.device) -> int:
    """Bytes that can still be had on `device`; memory that torch holds without using it counts as free."""
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + unused
    if device.type == "mps":
        left = torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
        return min(left, main_memory())
    return main_memory()


def main_memory() -> int:
    """Bytes of main memory that can still be had: the machine's, within the limits of this process's control groups."""
    return min([psutil.virtual_memory().available, *_group_limits(_PROC, _CGROUPS)])


def _group_limits(proc: Path, root: Path) -> list[int]:
    """Bytes left under every memory limit of the control groups that `proc` lists; files in cache can be given up."""
    found = []
    for line in _read(proc).splitlines():
        _, kinds, path = line.split(":", 2)
        if kinds == "":
            folder, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):
            folder, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        # In a container the path may be the host's, of which only the root is to be seen.
        inner = folder / path.lstrip("/")
        for group in {folder, inner, *(parent for parent in inner.parents if folder in parent.parents)}:
            limit, used = _read(group / names[0]).strip(), _read(group / names[1]).strip()
            if limit.isdigit() and used.isdigit():
                facts = dict(line.split() for line in _read(group / "memory.stat").splitlines())
                found.append(max(0, int(limit) - int(used) + int(facts.get(names[2], 0))))
    return found


def _read(path: Path) -> str:
    """The text of a file of the kernel; empty where there is none."""
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
