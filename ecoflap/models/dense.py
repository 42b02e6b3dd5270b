"""What of a model is never pruned, by kind."""

from collections.abc import Mapping
from types import MappingProxyType

from torch import nn


def dense_parts(
    model: nn.Module, linears: Mapping[str, nn.Linear], left: Mapping[str, str] = MappingProxyType({})
) -> tuple[tuple[str, int], ...]:
    """What is never pruned, by kind, with its number of parameters; shared parameters count once.

    Args:
        model: the whole.
        linears: what is pruned.
        left: matrices that are left out although they could be pruned: name -> kind.
    """
    pruned = {id(linear.weight) for linear in linears.values()}
    owners = {id(p): (name, m) for name, m in model.named_modules() for p in m.parameters(recurse=False)}
    sizes: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        if id(parameter) not in pruned:
            kind = left.get(name.removesuffix(".weight")) or _kind(name, parameter, owners[id(parameter)][1])
            sizes[kind] = sizes.get(kind, 0) + parameter.numel()
    return tuple(sizes.items())


def _kind(name: str, parameter: nn.Parameter, owner: nn.Module) -> str:
    """What a dense parameter is: bias, norm, embedding, convolution, experts, linear or other."""
    if name.endswith("bias"):
        return "bias"
    if "expert" in name and parameter.dim() == 3:
        return "experts"
    if "norm" in type(owner).__name__.lower():
        return "norm"
    if isinstance(owner, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
        return "convolution"
    if isinstance(owner, nn.Embedding) or "embed" in name or "query_tokens" in name:
        return "embedding"
    return "linear" if isinstance(owner, nn.Linear) else "other"
