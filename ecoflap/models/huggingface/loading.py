"""Weights from a folder: every failure as one sentence."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig
from transformers.utils import GENERATION_CONFIG_NAME

from ecoflap import bitmask
from ecoflap.errors import Cancelled, EcoflapError, first_line
from ecoflap.models.huggingface.configuration import class_of
from ecoflap.models.huggingface.counting import counted
from ecoflap.models.huggingface.planning import plan_of
from ecoflap.models.huggingface.spreading import quiet, resting
from ecoflap.models.libraries import explained
from ecoflap.models.weight_files import weights_in
from ecoflap.types.loading import Loading, LoadProgress

# Bytes at whose multiples torch's own tensors begin.
ALIGNMENT = 64


def weights_of(
    spec: str,
    folder: Path,
    config: Any,
    loading: Loading,
    progress: LoadProgress | None = None,
    state: Mapping[str, torch.Tensor] | None = None,
) -> Any:
    """The model with its weights, where and of which type `loading` says; `plan_of` says what that comes to.

    A parameter that the checkpoint lacks would silently be random, so it is an error. Weights are read from
    safetensors; from a pickle only where there are none, and then without running what it asks for; or they are
    `state`, by name.

    Raises:
        EcoflapError: it does not fit into memory, or the weights cannot be read or are not the configuration's.
        Cancelled: `progress` said so.
    """
    kind = class_of(config)
    plan = plan_of(spec, folder, config, kind, loading)
    if state is None and bitmask.files(folder):
        state = bitmask.read(folder)
    kind, source = (kind, {}) if state is None else _from_state(folder, config, kind, loading, state)
    source["config"] = config
    spread = {} if plan.spread is None else {"device_map": plan.spread}
    safe = not any(path.suffix == ".bin" for path in weights_in(folder))
    try:
        with counted(progress, plan.sizes), quiet():
            model, info = kind.from_pretrained(
                folder if state is None else None,
                dtype=plan.dtype,
                local_files_only=True,
                trust_remote_code=loading.trust_remote_code,
                use_safetensors=safe,
                ignore_mismatched_sizes=True,  # they are named below
                weights_only=True,
                output_loading_info=True,
                **source,
                **spread,
            )
    except Cancelled:
        raise
    except pickle.UnpicklingError as error:
        raise EcoflapError("model_pickle", spec=spec) from error
    except Exception as error:  # transformers raises many kinds for a folder that is no model, or a cut file
        raise explained(error, spec) or EcoflapError("model_weights", spec=spec, reason=first_line(error)) from error
    wrong = sorted(info["missing_keys"]) + sorted(key[0] for key in info.get("mismatched_keys", ()))
    if wrong:
        raise EcoflapError("model_keys", spec=spec, count=len(wrong), first=wrong[0])
    return resting(model, plan.spread) if plan.spread else _aligned(model.to(plan.device))


def _from_state(
    folder: Path, config: Any, kind: Any, loading: Loading, state: Mapping[str, torch.Tensor]
) -> tuple[Any, dict[str, Any]]:
    """The class, and what its `from_pretrained` is given instead of a folder whose weights are not `state`."""
    if hasattr(kind, "from_config"):  # an Auto class, which takes weights from folders alone
        with torch.device("meta"):
            kind = type(kind.from_config(config, trust_remote_code=loading.trust_remote_code))
    source: dict[str, Any] = {"state_dict": dict(state)}
    if (folder / GENERATION_CONFIG_NAME).is_file():
        source["generation_config"] = GenerationConfig.from_pretrained(folder, local_files_only=True)
    return kind, source


def _aligned(model: Any) -> Any:
    """The model with weights in memory of their own.

    Weights that are used from the file's memory begin anywhere, and the processor adds numbers up in another order
    there: the same weights from another file would give probabilities that differ in the last digits.
    """
    for parameter in model.parameters():
        if parameter.device.type == "cpu" and parameter.data_ptr() % ALIGNMENT:
            parameter.data = parameter.data.clone()
    return model
