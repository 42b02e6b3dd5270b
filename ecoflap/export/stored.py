"""How a checkpoint's weights are stored: its files, and the type of every tensor."""

import json
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from ecoflap import bitmask
from ecoflap.models.weight_files import FLOATS, weights_in


def files(folder: Path) -> list[Path]:
    """The files of the weights in `folder`, packed or plain."""
    return bitmask.files(folder) or weights_in(folder)


def size(paths: list[Path]) -> int:
    """Bytes of the files `paths`."""
    return sum(path.stat().st_size for path in paths)


def types(folder: Path) -> dict[str, torch.dtype]:
    """The type in which every floating tensor of the checkpoint in `folder` is stored: name -> type.

    Only headers are read. A file that cannot be read so is left out: its tensors keep the type that they have.
    """
    found: dict[str, torch.dtype] = {}
    for path in files(folder):
        try:
            found |= dict(_safetensors(path) if path.suffix == ".safetensors" else _pickled(path))
        except (SafetensorError, OSError, RuntimeError, EOFError, pickle.UnpicklingError):
            continue
    return found


def _safetensors(path: Path) -> Iterator[tuple[str, torch.dtype]]:
    """(name, type) of every floating tensor of a safetensors file."""
    with safe_open(path, "pt") as file:
        for name in file.keys():  # noqa: SIM118
            kind = FLOATS.get(file.get_slice(name).get_dtype())
            plain = name.removesuffix("compressed") + "weight" if name.endswith(".compressed") else name
            if kind is not None:
                yield plain, getattr(torch, kind)


def _pickled(path: Path) -> Iterator[tuple[str, torch.dtype]]:
    """(name, type) of every floating tensor of a file written by torch.save; nothing in it is run."""
    for name, value in torch.load(path, map_location="meta", weights_only=True).items():
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            yield name, value.dtype


def restore_types(paths: list[Path], stored: Mapping[str, torch.dtype]) -> list[str]:
    """Write the tensors of the safetensors files `paths` in the types `stored` that a model computed in wider ones had.

    Only where nothing is lost: a tensor stays as it is where a single value would be rounded. One that is not in
    `stored` (a name that loading changed) gets the commonest of these types.

    Returns:
        Names of the tensors that stayed as they are although the checkpoint has a type for them that is no wider.
    """
    kinds = list(stored.values())
    usual = max(set(kinds), key=kinds.count) if kinds else None
    stayed, total = [], 0
    for path in paths:
        tensors = load_file(path)
        wanted = {name: stored.get(name, usual) for name, tensor in tensors.items() if tensor.is_floating_point()}
        cast = {name: _exactly(tensors[name], kind) for name, kind in wanted.items() if kind is not None}
        stayed += [
            name for name, tensor in cast.items() if _fits(tensor, wanted[name]) and tensor.dtype != wanted[name]
        ]
        if any(tensor.dtype != tensors[name].dtype for name, tensor in cast.items()):
            beside = path.with_name(f"{path.name}.new")
            save_file(tensors | cast, beside, {"format": "pt"})
            beside.replace(path)
        total += sum(tensor.nbytes for tensor in (tensors | cast).values())
    _correct_index(paths[0].parent / "model.safetensors.index.json", total)
    return stayed


def _correct_index(index: Path, total: int) -> None:
    """Put the bytes of all tensors into the index of the shards, where there is one."""
    if index.is_file():
        document = json.loads(index.read_text(encoding="utf-8"))
        document["metadata"]["total_size"] = total
        index.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _fits(tensor: torch.Tensor, kind: torch.dtype) -> bool:
    """Whether `kind` is no wider than the type of `tensor`."""
    return kind.itemsize <= tensor.dtype.itemsize


def _exactly(tensor: torch.Tensor, kind: torch.dtype) -> torch.Tensor:
    """`tensor` in the type `kind` where that is no wider than its own and every value stays the same; else as it is."""
    if not _fits(tensor, kind):
        return tensor
    cast = tensor.to(kind)
    return cast if torch.equal(cast.to(tensor.dtype), tensor) else tensor
