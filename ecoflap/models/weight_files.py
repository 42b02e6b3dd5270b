"""Which files of a folder hold a model's weights."""

import json
from pathlib import Path

from ecoflap.errors import EcoflapError

# Weights in order of preference: what cannot hold code first. Sharded ones have an index beside them.
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
INDEX = ".index.json"
# Floating types as the header of a safetensors file names them -> as torch does.
FLOATS = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def weights_in(folder: Path) -> list[Path]:
    """The files of weights in `folder`: safetensors, and only where there are none pickles; empty where there are none.

    Of sharded weights all files that their index names, present or not.

    Raises:
        EcoflapError: the index is no index, or names files elsewhere.
    """
    for name in WEIGHTS:
        if (folder / name).is_file():
            return [folder / name]
        index = folder / f"{name}{INDEX}"
        if index.is_file():
            return [folder / shard for shard in shards(index)]
    return []


def shards(index: Path) -> list[str]:
    """The files that an index of sharded weights names, which all lie beside it."""
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        inside = all(Path(name).name == name for name in names)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        names, inside = [], False
    if not names or not inside:
        raise EcoflapError("model_index", path=index)
    return names
