"""Time and memory of the phases of a long run."""

import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ecoflap.validation.stored import memory

_STATUS, _PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def free_memory() -> float:
    """Memory that a new program can use, in GB (10^9 bytes); all of the machine's where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return memory()
    known = dict(line.split(":") for line in lines)
    return int(known["MemAvailable"].split()[0]) * 1024 / 1e9


def _held() -> tuple[float, float]:
    """Memory that this process holds now, and the most it held since the last reset, in GB.

    Where the system tells neither, both are the most that it ever held.
    """
    try:
        lines = _STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        ever = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
        return ever, ever
    known = dict(line.split(":", 1) for line in lines)
    now, most = (int(known[name].split()[0]) * 1024 / 1e9 for name in ("VmRSS", "VmHWM"))
    return now, most


class Phases:
    """What every phase took.

    Attributes:
        rows: phase, seconds, the most memory held in it (peak_gb) and at its end (after_gb); GB are 10^9 bytes.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        """Tell `say` of every phase as it begins."""
        self.rows: list[dict[str, Any]] = []
        self._say = say

    @contextmanager
    def phase(self, name: str) -> Iterator[dict[str, Any]]:
        """Measure what runs inside the context; yields its row, complete once the context is left."""
        self._say(name)
        # 5 resets the peak, so that each phase has its own; elsewhere a peak includes those before it.
        with suppress(OSError):
            _PEAK.write_text("5", encoding="ascii")
        row: dict[str, Any] = {"phase": name}
        began = time.perf_counter()
        yield row
        row["seconds"] = round(time.perf_counter() - began, 3)
        row["after_gb"], row["peak_gb"] = _held()
        self.rows.append(row)

    def peak(self, first: int = 0) -> float:
        """The most memory held in the phases from number `first` on, in GB."""
        return max(row["peak_gb"] for row in self.rows[first:])
