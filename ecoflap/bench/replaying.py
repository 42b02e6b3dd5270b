"""How much faster zeroth-order scoring is when passes start at the moved block, and not at the picture."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from ecoflap.bench.timing import one_thread
from ecoflap.data.registry import samples_for
from ecoflap.importance import zeroth_order
from ecoflap.importance.settings import Settings
from ecoflap.importance.task import Task
from ecoflap.models.discovery import discover
from ecoflap.models.registry import open_model
from ecoflap.types import Loading
from ecoflap.validation import blip2

BATCH = 8
# BLIP-2 with FlanT5-XL at a sixteenth of its widths: its blocks, tokens and matrices, and so its shares of the work.
SHAPE: Mapping[str, Any] = {
    "vision": blip2.XL["vision"] | {"hidden_size": 88, "intermediate_size": 384, "num_attention_heads": 4},
    "bridge": blip2.XL["bridge"] | {"hidden_size": 48, "intermediate_size": 192, "encoder_hidden_size": 88},
    "text": blip2.XL["text"] | {"d_model": 128, "d_ff": 320, "d_kv": 16, "num_heads": 8, "vocab_size": 2008},
    "queries": blip2.XL["queries"],
}


def measure(quick: bool = False) -> dict[str, float]:
    """Speed-ups over the paper's loop of whole passes: one draw of every layer on one batch of 8, on one thread.

    A quick run measures an even choice of the layers, 43 of the demo's 129 and 10 of BLIP-2's 685; else all of the
    demo's are measured and 50 of BLIP-2's.

    Returns:
        zeroth_order_replay_speedup: on the demo.
        zeroth_order_replay_speedup_blip2: on a model of random weights in the shape of BLIP-2 with FlanT5-XL.
    """
    return {
        "zeroth_order_replay_speedup": speedup(demo_task(), 43 if quick else 129),
        "zeroth_order_replay_speedup_blip2": speedup(blip2_task(SHAPE), 10 if quick else 50),
    }


def speedup(task: Task, count: int) -> float:
    """Time of the naive loop over that of replay, on the task's first batch with the same draws, taking turns.

    Replay's first pass, which serves all layers, counts by the share of layers that are measured.

    Args:
        task: what to score.
        count: how many layers to measure: one from the middle of each of `count` equal slices of all layers in their
            order, so that every block counts by its number of matrices.
    """
    naive, replayed = replace(task, settings=Settings(replay_bytes=0)), replace(task, settings=Settings())
    plain, fast = zeroth_order.units(naive, {}), zeroth_order.units(replayed, {})
    total = len(task.layers)
    with one_thread():
        naive.replay(0)
        first = seconds(partial(replayed.replay, 0))
        whole, parts = 0.0, first * count / total
        for place in range(count):
            number = int((place + 0.5) * total / count)
            whole += seconds(plain[number].measure)
            parts += seconds(fast[number].measure)
    return whole / parts


def seconds(work: Callable[[], Any]) -> float:
    """Processor seconds of this thread: with one thread the time of an idle machine, whatever else runs on it."""
    begin = time.thread_time()
    work()
    return time.thread_time() - begin


def demo_task() -> Task:
    """The demo with eight of its samples."""
    model = open_model("demo", Loading("cpu"))
    batch = model.encode(samples_for("demo", None, BATCH, 0).samples)
    return Task(model.layers, model.linears, model.blocks, model.loss, [batch])


def blip2_task(shape: Mapping[str, Any]) -> Task:
    """A random float32 model of that shape with eight random samples."""
    model = blip2.build(shape, dtype=torch.float32)
    found = discover(model)
    blocks = {layer.block: model.get_submodule(layer.block) for layer in found.layers}
    rows = [blip2.sample(shape, seed=seed) for seed in range(BATCH)]
    batch = {name: torch.cat([row[name] for row in rows]) for name in rows[0]}
    return Task(found.layers, found.linears, blocks, lambda batch: model(**batch).loss, [batch])
