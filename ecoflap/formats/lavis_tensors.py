"""Checkpoints of LAVIS's BLIP-2: the tensors in a file, and the same under Hugging Face's names."""

import re
from collections.abc import Mapping
from pathlib import Path

import torch

from ecoflap.errors import EcoflapError
from ecoflap.formats.lavis_names import to_hf
from ecoflap.formats.pth import read_pth

Tensors = dict[str, torch.Tensor]
# How torch.nn.utils.prune calls a pruned weight and what it is multiplied with.
WEIGHT, MASK = "_orig", "_mask"


def read_checkpoint(path: Path) -> Tensors:
    """The state dict in `path`, bare or under "model"; where a mask lies beside a weight, it is applied.

    Raises:
        EcoflapError: not readable, or no state dict of a BLIP-2 of LAVIS.
    """
    found = read_pth(path)
    found = found.get("model", found) if isinstance(found, dict) else found
    if not isinstance(found, dict) or not all(map(_is_tensor, found.items())):
        raise EcoflapError("checkpoint_form", path=path)
    if all(to_hf(name) == name for name in found):
        raise EcoflapError("checkpoint_form", path=path)
    tensors = dict(found)
    for name in found:
        whole = name.removesuffix(MASK)
        if name.endswith(MASK) and f"{whole}{WEIGHT}" in tensors:
            tensors[whole] = tensors.pop(f"{whole}{WEIGHT}") * tensors.pop(name)
    return tensors


def _is_tensor(item: tuple[object, object]) -> bool:
    """Whether an entry of a dictionary is a name with a tensor."""
    return isinstance(item[0], str) and isinstance(item[1], torch.Tensor)


def converted(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """LAVIS's tensors under the names of Hugging Face, which has one bias for query, key and value.

    The key has none, so that its third of the bias is 0.
    """
    # Positions are counted, not learnt; LAVIS stores them nevertheless.
    state = {to_hf(name): tensor for name, tensor in tensors.items() if not name.endswith(".position_ids")}
    for name in [name for name in state if name.endswith(".self_attn.q_bias")]:
        query, place = state.pop(name), name.removesuffix("q_bias")
        value = state.pop(f"{place}v_bias", torch.zeros_like(query))
        state[f"{place}qkv.bias"] = torch.cat([query, torch.zeros_like(query), value])
    # Of a frozen language model LAVIS still writes the second names of its embeddings.
    if not any(re.match(r"language_model\..*\.(block|layers)\.", name) for name in state):
        state = {name: tensor for name, tensor in state.items() if not name.startswith("language_model.")}
    return state
