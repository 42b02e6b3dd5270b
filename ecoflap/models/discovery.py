"""Finding the prunable matrices of any vision-language model by rules, without a table of families."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from ecoflap.types import Layer

VISION_NAMES = ("vision_tower", "visual", "vision_model", "vision_encoder", "image_tower", "visual_encoder")
LANGUAGE_NAMES = (
    "language_model",
    "text_model",
    "text_encoder",
    "text_decoder",
    "t5_model",
    "opt_model",
    "llm_model",
)
BRIDGE = re.compile(r"merger|projector|projection|connector|resampler|perceiver|qformer|abstractor", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """The prunable matrices of a model, in execution order, and what stays dense: (what it is, number of weights)."""

    layers: tuple[Layer, ...]
    linears: dict[str, nn.Linear]
    dense: tuple[tuple[str, int], ...]


def discover(model: nn.Module) -> Found:
    """Every Linear inside a block of the vision or language towers, and every Linear of the bridge between them.

    Output embeddings and Linears that share storage with an embedding stay dense, as in the paper.
    """
    paths = {module: name for name, module in model.named_modules()}
    vision = _vision_root(model, paths)
    language = _language_roots(model, paths, vision)
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    output = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    stacks = list(_stacks(model))
    layers, linears = [], {}
    for name, module in model.named_modules():
        if not isinstance(module, nn.Linear) or module is output or id(module.weight) in embeddings:
            continue
        modality = _modality(name, vision, language)
        block = _block(name, stacks) or (name if modality == "bridge" else None)
        if block:
            layers.append(Layer(name, block, modality, *module.weight.shape))
            linears[name] = module
    return Found(tuple(layers), linears, _dense(model, linears))


def _inside(name: str, root: str) -> bool:
    return name == root or name.startswith(f"{root}.")


def _modality(name: str, vision: str | None, language: list[str]) -> str:
    """Which tower `name` is in; a merger right below the vision tower (Qwen2-VL) is bridge."""
    if vision is not None and _inside(name, vision):
        return "bridge" if BRIDGE.search(name.removeprefix(vision).lstrip(".").split(".")[0]) else "vision"
    return "language" if any(_inside(name, root) for root in language) else "bridge"


def _vision_root(model: nn.Module, paths: dict[nn.Module, str]) -> str | None:
    """Path of the vision tower: what the model itself says, else the first module with a customary name."""
    try:
        encoder = model.get_encoder(modality="image")
    except (AttributeError, TypeError, ValueError):
        encoder = None
    if encoder is not None and encoder is not model and paths.get(encoder):
        return paths[encoder]
    return next((name for name in paths.values() if name.split(".")[-1] in VISION_NAMES), None)


def _language_roots(model: nn.Module, paths: dict[nn.Module, str], vision: str | None) -> list[str]:
    """Outermost paths of the language towers."""
    named = [name for name in paths.values() if name.split(".")[-1] in LANGUAGE_NAMES]
    for getter in ("get_decoder", "get_encoder"):
        try:
            module = getattr(model, getter)()
        except (AttributeError, TypeError, ValueError):
            continue
        if module is not None and module is not model and paths.get(module):
            named.append(paths[module])
    outside = [name for name in named if vision is None or not _inside(name, vision)]
    return [name for name in outside if not any(other != name and _inside(name, other) for other in outside)]


def _stacks(model: nn.Module) -> Iterator[str]:
    """Paths of the outermost ModuleLists that contain a Linear."""
    found: list[str] = []
    for name, module in model.named_modules():
        if not isinstance(module, nn.ModuleList) or any(_inside(name, other) for other in found):
            continue
        if any(isinstance(part, nn.Linear) for part in module.modules()):
            found.append(name)
            yield name


def _block(name: str, stacks: list[str]) -> str | None:
    """The block that the Linear `name` belongs to: its stack and the next path part."""
    for stack in stacks:
        if name.startswith(f"{stack}."):
            return f"{stack}.{name.removeprefix(f'{stack}.').split('.')[0]}"
    return None


def _dense(model: nn.Module, linears: dict[str, nn.Linear]) -> tuple[tuple[str, int], ...]:
    """What is never pruned, by kind, with its number of parameters; shared parameters count once."""
    pruned = {id(linear.weight) for linear in linears.values()}
    owners = {id(p): (name, m) for name, m in model.named_modules() for p in m.parameters(recurse=False)}
    sizes: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        if id(parameter) not in pruned:
            kind = _kind(name, owners[id(parameter)][1])
            sizes[kind] = sizes.get(kind, 0) + parameter.numel()
    return tuple(sizes.items())


def _kind(name: str, owner: nn.Module) -> str:
    """What a dense parameter is: bias, norm, embedding, convolution, linear or other."""
    if name.endswith("bias"):
        return "bias"
    if "norm" in type(owner).__name__.lower():
        return "norm"
    if isinstance(owner, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
        return "convolution"
    if isinstance(owner, nn.Embedding) or "embed" in name or "query_tokens" in name:
        return "embedding"
    return "linear" if isinstance(owner, nn.Linear) else "other"
