"""How far the reading of weights is, in bytes."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from transformers.utils import logging as told

from ecoflap.errors import Cancelled
from ecoflap.types.loading import LoadProgress, LoadStep


@contextmanager
def counted(progress: LoadProgress | None, sizes: dict[str, int]) -> Iterator[None]:
    """Tell `progress` the bytes of the parameters, `sizes` by name, that this thread loads inside the context."""
    total, thread = sum(sizes.values()), threading.get_ident()

    def hook(factory: Any, inputs: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if progress is None or threading.get_ident() != thread or named.get("desc") != "Loading weights":
            return factory(*inputs, **named)
        return counting(inputs[0])

    def counting(items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        done = 0
        for name, mapping in items:
            tell(min(done, total))
            yield name, mapping
            done += sizes.get(name, 0)
        tell(total)

    def tell(done: int) -> None:
        if progress(LoadStep("weights", done, total or None)) is False:
            raise Cancelled

    before = told.set_tqdm_hook(hook)
    try:
        yield
    finally:
        told.set_tqdm_hook(before)
