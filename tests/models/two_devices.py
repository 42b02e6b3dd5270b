"""A model over two pretended GPUs and main memory: tensors without values that mind their device.

`python -m tests.models.two_devices FOLDER` says what held; a process of its own, as a pretended kind of device stays.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
from accelerate import hooks
from torch import nn
from torch._subclasses import FakeTensorMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from ecoflap.importance.precision import in_float32, movable
from ecoflap.masking import MaskedModel, rank_model
from ecoflap.models import huggingface
from ecoflap.models.huggingface.spreading import resting
from ecoflap.pruning import activations, wanda
from ecoflap.pruning.sequential import Sequential
from ecoflap.replay import Replay
from ecoflap.types import Loading
from tests.tiny import samples

GPU = "privateuseone"


def place(module, name, device, **rest):
    """What accelerate does to place a weight, less its look at addresses, which mean nothing without values."""
    path, _, last = name.rpartition(".")
    owner = module.get_submodule(path)
    if last in owner._parameters:
        owner._parameters[last] = nn.Parameter(owner._parameters[last].to(device), requires_grad=False)
    else:
        owner._buffers[last] = owner._buffers[last].to(device)


def spread_of(module):
    """Vision on one GPU, half of the language model on the other, the rest in main memory."""
    places = {"query_tokens": f"{GPU}:0"}
    for name, child in module.named_children():
        inner = [f"{name}.{part}" for part, _ in child.named_children()] if name == "language_model" else []
        places |= dict.fromkeys(inner[:-1], f"{GPU}:1") | dict.fromkeys(inner[-1:], "cpu")
        if not inner:
            places[name] = f"{GPU}:{int(name == 'language_projection')}"
    return places


def pretended(model, mode):
    """The model's tensors without their values, spread."""
    for module in model.module.modules():
        if hasattr(module, "config"):  # an empty cache cannot be pretended
            module.config.use_cache = False
        for name, parameter in module.named_parameters(recurse=False):
            module._parameters[name] = nn.Parameter(mode.from_tensor(parameter.data), requires_grad=False)
        for name, buffer in module.named_buffers(recurse=False):
            module._buffers[name] = mode.from_tensor(buffer)
    model.module = resting(model.module, spread_of(model.module))


def loss_of(model):
    """The library's own loss: unlike ours it looks at no values."""
    return lambda batch: model.module(**batch).loss


def masks(model, batch):
    """Norms, ranks and masks of every layer lie where its weights are."""
    masked = MaskedModel(model.layers, model.linears)
    norms = activations.input_norms(model.linears, loss_of(model), [batch], 3)
    ranked = rank_model(masked.layers, lambda name: wanda.importance(masked.dense[name], norms[name]), "paper")
    masked.apply({layer.name: layer.size // 2 for layer in model.layers}, ranked)
    masked.restore()
    return all(ranked[name].ranks.device == linear.weight.device for name, linear in model.linears.items())


def sequence(model, batch):
    """A sequential calibration gives norms where the weights are."""
    masked = MaskedModel(model.layers, model.linears)
    kept = {layer.name: layer.size // 2 for layer in model.layers}
    solved = Sequential(masked, model.blocks, loss_of(model), [batch], kept, wanda.importance, "paper").solve()
    return all(solved.norms[name].device == linear.weight.device for name, linear in model.linears.items())


def replays(model, batch):
    """A loss can be had from every block on, with a layer of it moved, in float32."""
    with torch.no_grad(), in_float32(model.module, model.blocks.values()):
        replay = Replay(model.blocks, lambda: loss_of(model)(batch))
        for layer in model.layers:
            with movable(model.linears[layer.name]):
                replay.start(layer.block)
    return True


def main(folder):
    """Print as JSON where the weights are, and what held."""
    _setup_privateuseone_for_python_backend()
    warnings.filterwarnings("ignore", "Accessing the data pointer")
    hooks.set_module_tensor_to_device = place
    model = huggingface.open_model(folder, Loading("cpu"))
    batch = model.encode(samples())
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        pretended(model, mode)
        batch = {key: mode.from_tensor(value) for key, value in batch.items()}
        held = {check.__name__: check(model, batch) for check in (masks, sequence, replays)}
        print(json.dumps({"devices": sorted(model.devices)} | held))


if __name__ == "__main__":
    main(str(Path(sys.argv[1])))
