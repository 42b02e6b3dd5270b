"""PyTorch files: tensors and plain values only, so that opening one executes nothing."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from ecoflap.errors import EcoflapError, first_line


def read_pth(path: Path) -> Any:
    """What `torch.save` wrote to `path`, on the CPU; tensors are mapped from the file where its form allows.

    Raises:
        EcoflapError: not readable, no such file, or it holds more than tensors and plain values.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as error:
        raise EcoflapError("pth_unsafe", path=path) from error
    except OSError as error:
        raise EcoflapError("file_unreadable", path=path, reason=error.strerror or error) from error
    except Exception as error:  # a damaged file fails anywhere in torch's reader
        raise EcoflapError("pth_damaged", path=path, reason=first_line(error)) from error
