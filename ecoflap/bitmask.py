"""Weights without their zeros, in safetensors files: the kept values, and one bit per weight that says where they go.

A matrix `x.weight` of (rows, cols) becomes four tensors, as in the format `sparse-bitmask` of compressed-tensors (its
versions up to 0.14; from 0.15 on, which transformers 5 asks for, it neither writes nor reads sparse weights):

- `x.compressed`: the values that are not zero, row by row, (kept,) in the type of the weights,
- `x.bitmask`: (rows, ceil(cols / 8)) uint8, bit j % 8 of byte j // 8 is column j's, the lowest bit first,
- `x.row_offsets`: (rows,) int64, where each row begins in `compressed`,
- `x.shape`: (2,) int64.

A tensor that would not become smaller is stored as it is, under its own name. -0 counts as a value, so that what is
read is what was written, bit for bit.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ecoflap.errors import EcoflapError, first_line

PARTS = ("compressed", "bitmask", "row_offsets", "shape")
# Type and number of dimensions of each part; values may be of any type.
_FORMS = {
    "compressed": (None, 1),
    "bitmask": (torch.uint8, 2),
    "row_offsets": (torch.int64, 1),
    "shape": (torch.int64, 1),
}
_BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
# About what the header says of three tensors more.
_HEADER = 3 * 100


def pack(weight: torch.Tensor) -> dict[str, torch.Tensor]:
    """The four parts of a matrix (rows, cols)."""
    # In numpy all of this takes half as long as in torch, or less.
    bits = weight.contiguous().view(_BITS[weight.element_size()]).numpy()
    there = bits != 0
    counts = torch.from_numpy(np.count_nonzero(there, axis=1))
    return {
        "compressed": torch.from_numpy(bits[there]).view(weight.dtype),
        "bitmask": torch.from_numpy(np.packbits(there, axis=1, bitorder="little")),
        "row_offsets": counts.cumsum(0) - counts,
        "shape": torch.tensor(weight.shape),
    }


def unpack(parts: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The matrix (rows, cols) that `pack` took apart.

    Raises:
        ValueError: the parts do not fit each other.
    """
    for part, (dtype, dims) in _FORMS.items():
        if parts[part].dim() != dims or dtype not in (None, parts[part].dtype):
            raise ValueError(f"a {part} of {tuple(parts[part].shape)} {parts[part].dtype}")
    if len(parts["shape"]) != 2:
        raise ValueError(f"a shape of {len(parts['shape'])} numbers")
    rows, cols = parts["shape"].tolist()
    if parts["bitmask"].shape != (rows, -(-cols // 8)):
        raise ValueError(f"a bitmask of {tuple(parts['bitmask'].shape)} for a matrix of {rows} x {cols}")
    there = np.unpackbits(parts["bitmask"].numpy(), axis=1, count=cols, bitorder="little").view(bool)
    counts, values = torch.from_numpy(np.count_nonzero(there, axis=1)), parts["compressed"]
    if counts.sum() != len(values):
        raise ValueError(f"{len(values)} values for {counts.sum()} places")
    if not torch.equal(parts["row_offsets"], counts.cumsum(0) - counts):
        raise ValueError("row_offsets that are not where the rows begin")
    return torch.zeros((rows, cols), dtype=values.dtype).masked_scatter_(torch.from_numpy(there), values)


def packed(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A checkpoint's tensors with every matrix `x.weight` packed that becomes smaller by it."""
    found: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        parts = pack(tensor) if name.endswith(".weight") and tensor.dim() == 2 else {}
        if parts and _bytes(parts.values()) + _HEADER < tensor.nbytes:
            found |= {name.removesuffix("weight") + part: value for part, value in parts.items()}
        else:
            found[name] = tensor
    return found


def _bytes(tensors: Iterator[torch.Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def files(folder: Path) -> list[Path]:
    """The files of packed weights in `folder`, in order; none where its weights are stored otherwise."""
    return sorted(folder.glob("sparse-*-of-*.safetensors"))


def write(dense: list[Path], folder: Path) -> list[Path]:
    """Write the tensors of the safetensors files `dense` packed to `folder`, file by file."""
    written = []
    for number, path in enumerate(dense, 1):
        with safe_open(path, "pt") as file:
            tensors = packed({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        written.append(folder / f"sparse-{number:05d}-of-{len(dense):05d}.safetensors")
        save_file(tensors, written[-1], {"format": "pt"})
    return written


def read(folder: Path) -> dict[str, torch.Tensor]:
    """Every tensor of the packed weights in `folder`, dense again, by the name it has in the checkpoint.

    Raises:
        EcoflapError: a file is missing or damaged.
    """
    found, tensors = files(folder), {}
    try:
        if len(found) != int(found[0].stem.rsplit("-", 1)[1]):
            raise ValueError(f"{len(found)} files, and {found[0].name} tells of another number")
        for path in found:
            with safe_open(path, "pt") as file:
                tensors |= {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        for name in [name for name in tensors if name.endswith(".bitmask")]:
            stem = name.removesuffix("bitmask")
            tensors[stem + "weight"] = unpack({part: tensors.pop(stem + part) for part in PARTS})
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise EcoflapError("sparse_damaged", folder=folder, reason=first_line(error)) from error
    return tensors
