"""What releases of transformers get wrong and a loss depends on; each is undone where it is found, else nothing."""

import inspect
from typing import Any

from torch import nn


def mend(module: nn.Module) -> None:
    """Let cross-attention see the mask that it is given.

    BLIP's hands it on under the name that only self-attention reads (5.23), so that answers would depend on how far the
    questions beside them are padded.
    """
    for name, part in module.named_modules():
        if (
            name.endswith("crossattention.self")
            and "encoder_attention_mask" in inspect.signature(part.forward).parameters
        ):
            part.register_forward_pre_hook(_with_mask, with_kwargs=True)


def _with_mask(module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], Any]:
    """The same call with the mask under both names."""
    if named.get("encoder_attention_mask") is None:
        named = named | {"encoder_attention_mask": named.get("attention_mask")}
    return inputs, named
