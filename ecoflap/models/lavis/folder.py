"""A LAVIS model as a folder: lavis.json says which one it is, model.pth has the weights as LAVIS's own files do."""

import json
from pathlib import Path

import torch
from torch import nn

from ecoflap.errors import EcoflapError, first_line
from ecoflap.texts import say

FORMAT = "ecoflap-lavis/1"
MARK, WEIGHTS = "lavis.json", "model.pth"


def write(folder: Path, named: str, module: nn.Module) -> None:
    """Write NAME/TYPE and the weights to `folder`; `load_checkpoint` of LAVIS takes the weights' file too.

    Raises:
        OSError: it cannot be written.
    """
    (folder / MARK).write_text(json.dumps({"format": FORMAT, "model": named}, indent=1) + "\n", encoding="utf-8")
    try:
        torch.save({"model": module.state_dict()}, folder / WEIGHTS)
    except RuntimeError as error:  # what torch makes of a full disk
        raise OSError(say("models.lavis.unwritten", name=WEIGHTS)) from error


def name_in(folder: Path) -> str:
    """NAME/TYPE of the model that lies in `folder`.

    Raises:
        EcoflapError: its lavis.json says none.
    """
    try:
        content = json.loads((folder / MARK).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}")
        return str(content["model"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise EcoflapError("lavis_folder", folder=folder, mark=MARK, reason=first_line(error)) from error


def put_weights(folder: Path, module: nn.Module) -> None:
    """Give `module` the weights that lie in `folder`; reading them runs nothing.

    Raises:
        EcoflapError: the file cannot be read, or holds other weights than the model has.
    """
    try:
        stored = torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True)["model"]
        module.load_state_dict(stored)
    except Exception as error:  # a file may hold anything, and torch raises as many kinds
        raise EcoflapError("lavis_weights", folder=folder, reason=first_line(error)) from error
