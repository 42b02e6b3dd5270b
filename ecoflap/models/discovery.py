"""Finding the prunable matrices of any vision-language model by rules, without a table of families."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from torch import nn

from ecoflap.models import towers
from ecoflap.models.dense import dense_parts
from ecoflap.models.towers import inside
from ecoflap.types import Layer


@dataclass(frozen=True)
class Found:
    """The prunable matrices of a model.

    Attributes:
        layers: in execution order.
        linears: their modules by name.
        dense: what stays dense: (what it is, number of weights).
        towers: (modality, path) of every tower that was recognised.
        unused: names of matrices that are none of `layers` because no pass uses them.
        uncalled: names of those that are none because a pass takes their weights without calling them.
    """

    layers: tuple[Layer, ...]
    linears: dict[str, nn.Linear]
    dense: tuple[tuple[str, int], ...]
    towers: tuple[tuple[str, str], ...] = ()
    unused: tuple[str, ...] = ()
    uncalled: tuple[str, ...] = ()


def discover(model: nn.Module) -> Found:
    """Every Linear inside a block of the vision or language towers, and every Linear of the bridge between them.

    Output embeddings and Linears that share storage with an embedding stay dense, as in the paper. In a model of one
    tower every block is of its modality, and there is no bridge.
    """
    paths = {module: name for name, module in model.named_modules()}
    tower = towers.only_modality(model)
    vision = towers.vision_root(model, paths)
    language = towers.language_roots(model, paths, vision)
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    outputs = set(map(id, output_embeddings(model)))
    stacks = list(_stacks(model))
    layers, linears = [], {}
    for name, module in model.named_modules():
        if not isinstance(module, nn.Linear) or id(module) in outputs or id(module.weight) in embeddings:
            continue
        modality = tower or towers.modality(name, vision, language)
        block = _block(model, name, stacks) or (name if modality == "bridge" else None)
        if block:
            layers.append(Layer(name, block, modality, *module.weight.shape))
            linears[name] = module
    roots = [("vision", vision)] if vision else []
    roots += [("language", root) for root in language]
    return Found(tuple(layers), linears, dense_parts(model, linears), () if tower else tuple(roots))


def output_embeddings(model: nn.Module) -> list[nn.Module]:
    """What turns hidden states into words: of the model itself, or of the language models inside it."""
    found = []
    for module in model.modules():
        with suppress(AttributeError):  # none at all, or cut off, as LAVIS does with its Q-Former's
            found.append(module.get_output_embeddings())
    return [module for module in found if module is not None]


def _stacks(model: nn.Module) -> Iterator[str]:
    """Paths of the outermost ModuleLists that contain a Linear."""
    found: list[str] = []
    for name, module in model.named_modules():
        if not isinstance(module, nn.ModuleList) or any(inside(name, other) for other in found):
            continue
        if any(isinstance(part, nn.Linear) for part in module.modules()):
            found.append(name)
            yield name


def _block(model: nn.Module, name: str, stacks: list[str]) -> str | None:
    """The block that the Linear `name` belongs to: its stack and the next path part, past further lists and stages."""
    for stack in stacks:
        if not name.startswith(f"{stack}."):
            continue
        parts = name.removeprefix(f"{stack}.").split(".")
        block = f"{stack}.{parts.pop(0)}"
        while parts and _is_list(model.get_submodule(block)):
            block = f"{block}.{parts.pop(0)}"
        return block
    return None


def _is_list(module: nn.Module) -> bool:
    """Whether a part of a stack is a list of blocks itself, or a stage: what has a list of like blocks in it (Swin)."""
    if isinstance(module, (nn.ModuleList, nn.ModuleDict)):
        return True
    inner = (part for name, part in module.named_children() if isinstance(part, nn.ModuleList) and "expert" not in name)
    return any(len({type(block) for block in part}) == 1 and not isinstance(part[0], nn.Linear) for part in inner)
