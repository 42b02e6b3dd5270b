"""Datasets that `save_to_disk` wrote: which files they are of."""

import json
from pathlib import Path

from ecoflap.errors import EcoflapError

# What such a folder holds: of one split, of several.
SAVED = ("state.json", "dataset_dict.json")


def check_inside(folder: Path) -> None:
    """Raise where a saved dataset is of files elsewhere; whatever else is wrong with it the library says."""
    root, folders = folder.resolve(), [folder]
    if (folder / SAVED[1]).is_file():
        names = json.loads((folder / SAVED[1]).read_text(encoding="utf-8"))["splits"]
        folders += [folder / name for name in names]
    for each in folders:
        state = each / SAVED[0]
        inside = state.resolve().is_relative_to(root)
        named = json.loads(state.read_text(encoding="utf-8"))["_data_files"] if inside and state.is_file() else []
        files = [state, *(each / file["filename"] for file in named)]
        wrong = next((file for file in files if not file.resolve().is_relative_to(root)), None)
        if wrong is not None:
            raise EcoflapError("data_outside", name=folder, file=wrong)
