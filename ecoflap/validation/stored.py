"""The results of the sections as files: one JSON document each, written whole or not at all."""

import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ecoflap.errors import EcoflapError
from ecoflap.types.bundle import read_json, write_text

FORMAT = "ecoflap-validation/1"
SECTIONS = ("gradients", "methods", "sequential", "fullsize")
DOCS = Path(__file__).resolve().parents[2] / "docs"


def memory() -> float:
    """Memory of the machine in GB (10^9 bytes)."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def made(section: str, measure: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """A section's document: what `measure` returns, and with which command, on what and when it was made."""
    began = time.monotonic()
    result = measure()
    return {
        "format": FORMAT,
        "section": section,
        "command": f"python -m ecoflap.validation {section}",
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(time.monotonic() - began, 1),
        "machine": {
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "memory_gb": round(memory(), 1),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "transformers")},
        },
        "result": result,
    }


def write(document: Mapping[str, Any], docs: Path = DOCS) -> None:
    """Store a section's document in the folder `docs`."""
    write_text(docs / "validation" / f"{document['section']}.json", json.dumps(document, indent=1) + "\n")


def read(docs: Path = DOCS) -> dict[str, dict[str, Any]]:
    """Every stored document by section.

    Raises:
        EcoflapError: a file is not such a document.
    """
    found = {}
    for section in SECTIONS:
        path = docs / "validation" / f"{section}.json"
        if path.is_file():
            document = read_json(path)
            form = document.get("format") if isinstance(document, dict) else type(document).__name__
            if form != FORMAT:
                raise EcoflapError("validation_format", path=path, value=form, wanted=FORMAT)
            found[section] = document
    return found
