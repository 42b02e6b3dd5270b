"""Whether a run that was stopped comes to the same bytes, and whether anything leaves a trace in the weights."""

import hashlib
import json
from contextlib import suppress

import torch
from torch import nn

from ecoflap import store
from ecoflap.allocation import allocate
from ecoflap.bench.timing import one_thread
from ecoflap.engine import Engine
from ecoflap.errors import Cancelled
from ecoflap.importance import registry
from ecoflap.importance.run import Step
from ecoflap.importance.settings import Settings
from ecoflap.models.registry import open_model
from ecoflap.types import Loading, Recipe, ScoreBundle


def measure(quick: bool = False) -> dict[str, bool]:
    """Facts about the demo, for every method of scoring; a quick run takes 2 samples, else 16.

    Returns:
        resume_identical: a run that ended half-way, in the middle of a line of its journal, and was started again gives
            the `layers` of an undisturbed one, byte for byte.
        weights_identical: every parameter is the same, bit for bit, after all that scoring, and after pruning and going
            back to dense.
    """
    engine = Engine(open_model("demo", Loading("cpu")))
    samples = 2 if quick else 16
    before = weights(engine.model.module)
    chosen = [Settings(method.name, samples, batch_size=samples // 2, sparsities=(0.5,)) for method in registry.METHODS]
    # A small model on several threads waits most of the time as soon as another program has one of the cores.
    with one_thread():
        same = [resumed(engine, settings) for settings in chosen]
    pruned = prunes(engine)
    return {"resume_identical": all(same), "weights_identical": pruned and weights(engine.model.module) == before}


def weights(module: nn.Module) -> str:
    """SHA-256 over all parameters and buffers of a module on the CPU."""
    digest = hashlib.sha256()
    for name, value in module.state_dict().items():
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(value.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def resumed(engine: Engine, settings: Settings) -> bool:
    """Whether a run that ended half-way goes on to the bytes of an undisturbed one."""
    with store.apart():
        expected = layers(engine.score(settings))
    with store.apart():
        with suppress(Cancelled):
            engine.score(settings, half_way)
        (journal,) = (store.folder() / "scores").glob("*.journal")
        journal.write_bytes(journal.read_bytes()[:-9])
        return layers(engine.score(settings)) == expected


def half_way(step: Step) -> bool:
    """A progress that stops the run after half of its units."""
    return step.done < step.total // 2


def layers(bundle: ScoreBundle) -> str:
    """A bundle's layers as they are written."""
    return json.dumps([layer.to_json() for layer in bundle.layers])


def prunes(engine: Engine) -> bool:
    """Whether pruning to 60% changes the weights; they are dense again afterwards."""
    recipe = Recipe(0.6, pruner="magnitude", allocator="uniform")
    dense = weights(engine.model.module)
    changed = engine.prune(allocate(ScoreBundle("demo", "none", engine.model.layers), recipe), recipe)
    pruned = weights(engine.model.module)
    engine.prune(None)
    return changed > 0 and pruned != dense
