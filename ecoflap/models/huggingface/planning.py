"""Where a model goes and in which type, decided before a weight is read, and whether it fits there."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ecoflap.errors import EcoflapError
from ecoflap.models.huggingface.memory import Need, empty, need_of, sizes_of
from ecoflap.models.placement import free_on, main_memory, place
from ecoflap.models.weight_files import FLOATS, weights_in
from ecoflap.texts import Phrase
from ecoflap.types.loading import Loading

# Set to "off", this variable lets a model be loaded that does not seem to fit.
OVERRIDE = "ECOFLAP_MEMORY_CHECK"


@dataclass(frozen=True)
class Plan:
    """How a model will be loaded.

    Attributes:
        dtype: of its weights.
        device: where all of it goes; None where it is spread.
        spread: module -> device (a GPU's number or "cpu"), where it is spread.
        need: the memory that it takes; None where that could not be computed.
        sizes: bytes of each parameter by name; empty where that could not be computed.
    """

    dtype: torch.dtype
    device: torch.device | None
    spread: dict[str, int | str] | None
    need: Need | None
    sizes: dict[str, int]


def checkpoint_dtype(config: Any, folder: Path) -> torch.dtype:
    """The type that the checkpoint in `folder` was saved in: its configuration's, else its first weight's."""
    said = getattr(config, "dtype", None)
    if isinstance(said, torch.dtype) and said.is_floating_point:
        return said
    files = [path for path in weights_in(folder) if path.suffix == ".safetensors" and path.is_file()]
    return _first_type(files[0]) if files else torch.float32


def _first_type(path: Path) -> torch.dtype:
    """Type of the first floating weight of a safetensors file, at most float32; that where the file cannot be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            types = (FLOATS.get(file.get_slice(name).get_dtype()) for name in file.keys())  # noqa: SIM118
            return getattr(torch, next((kind for kind in types if kind not in (None, "float64")), "float32"))
    except (OSError, SafetensorError):
        return torch.float32


def plan_of(spec: str, folder: Path, config: Any, kind: Any, loading: Loading) -> Plan:
    """How the model `spec` is to be loaded as `loading` says.

    Raises:
        EcoflapError: it does not fit, there is no such device, or the choices exclude each other.
    """
    if loading.device_map and loading.device:
        raise EcoflapError("device_and_map", device=loading.device, map=loading.device_map)
    device = place(loading.device)
    dtype = _dtype(config, folder, device, loading)
    model = empty(kind, config, loading)
    if model is None:
        return Plan(dtype, device, None, None, {})
    need, sizes = need_of(model, dtype), dict(sizes_of(model, dtype))
    spread = _spread(model, dtype, need) if loading.device_map and device.type == "cuda" else None
    if spread is None:
        free, where = free_on(device), str(device)
    else:
        free, where = sum(_rooms().values()), Phrase("memory.everywhere")
    fits = need.total <= free and (spread is None or "disk" not in spread.values())
    if not fits and os.environ.get(OVERRIDE, "").lower() != "off":
        raise _too_large(spec, need, dtype, where, free, spread is None and torch.cuda.is_available())
    return Plan(dtype, None if spread else device, spread, need, sizes)


def _dtype(config: Any, folder: Path, device: torch.device, loading: Loading) -> torch.dtype:
    """The type that `loading` means: float32 on the CPU, which computes it fastest, and else the checkpoint's."""
    if loading.dtype != "auto":
        return getattr(torch, loading.dtype)
    return torch.float32 if device.type == "cpu" else checkpoint_dtype(config, folder)


def _rooms() -> dict[int | str, int]:
    """Free bytes by GPU and in main memory."""
    gpus = {number: free_on(torch.device("cuda", number)) for number in range(torch.cuda.device_count())}
    return gpus | {"cpu": main_memory()}


def _spread(model: nn.Module, dtype: torch.dtype, need: Need) -> dict[str, int | str]:
    """Module -> GPU or "cpu": GPUs are filled first, and "disk" says that it fits nowhere.

    What lies beside the weights is shared out as they are, so each place holds that share less of weights.
    """
    from accelerate import infer_auto_device_map

    rooms = {where: int(free * need.weights / need.total) for where, free in _rooms().items()}
    whole = list(getattr(model, "_no_split_modules", None) or ())
    return dict(infer_auto_device_map(model, max_memory=rooms, no_split_module_classes=whole, dtype=dtype))


def _too_large(spec: str, need: Need, dtype: torch.dtype, where: str, free: int, spreads: bool) -> EcoflapError:
    """The sentence on a model that does not fit; `spreads` says whether it could be shared out between devices."""
    parts = {name: f"{getattr(need, name) / 1e9:.1f}" for name in ("weights", "dense", "ranks", "work", "total")}
    narrower = Phrase("memory.narrower") if dtype.itemsize > 2 else ""
    spread = Phrase("memory.spread") if spreads else ""
    facts = {"dtype": str(dtype).removeprefix("torch."), "free": f"{free / 1e9:.1f}"}
    facts |= {"narrower": narrower, "spread": spread}
    return EcoflapError("model_too_large", spec=spec, where=where, override=OVERRIDE, **facts, **parts)
