"""Models on several devices, by accelerate: every weight lies where it is computed, so that it can be pruned there."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def resting(model: Any, spread: dict[str, int | str]) -> Any:
    """The model with every weight where it is computed: those in main memory stay there and are used by the CPU.

    As it comes, modules in main memory have no weights but while the GPU runs them, and nothing to prune.
    """
    from accelerate import dispatch_model
    from accelerate.hooks import remove_hook_from_submodules

    if len(set(spread.values())) == 1 or "cpu" not in spread.values():
        return model
    remove_hook_from_submodules(model)
    places = {name: where if isinstance(where, str) else f"cuda:{where}" for name, where in spread.items()}
    with quiet():
        return dispatch_model(model, places, main_device="cpu", skip_keys=model._skip_keys_device_placement)


@contextmanager
def quiet() -> Iterator[None]:
    """None of accelerate's warnings: of parameters in no module, which it maps itself, and of those `resting` moves."""
    log = logging.getLogger("accelerate.big_modeling")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The following device_map keys", UserWarning)
            yield
    finally:
        log.setLevel(before)
