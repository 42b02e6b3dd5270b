"""Configuration and weights from a folder: where they go, of which type, and every failure as one sentence."""

from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModelForImageTextToText

from ecoflap.errors import EcoflapError
from ecoflap.types.loading import Loading, LoadProgress

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def place(device: str | None) -> torch.device:
    """The torch device called `device`; None is the GPU where there is one."""
    try:
        place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.zeros(1, device=place).item()
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        raise EcoflapError("device_unusable", value=device, reason=first_line(error)) from error
    return place


def first_line(error: Exception) -> str:
    """What an error says in its first line, or its kind where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def config_of(spec: str, folder: Path) -> Any:
    """The configuration in `folder`."""
    if not (folder / "config.json").is_file():
        raise EcoflapError("model_folder", spec=spec, missing="config.json")
    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # a config.json may hold anything, and the library raises as many kinds
        raise EcoflapError("model_config", spec=spec, reason=first_line(error)) from error


def weights_of(spec: str, folder: Path, config: Any, loading: Loading, progress: LoadProgress | None = None) -> Any:
    """The model with its weights on `device`: the checkpoint's type on a GPU, float32 on the CPU.

    A parameter that the checkpoint lacks would silently be random, so it is an error.
    """
    architectures = getattr(config, "architectures", None)
    architecture = architectures[0] if isinstance(architectures, list) and architectures else ""
    named = getattr(transformers, str(architecture), None)
    kind = named if named is not None and hasattr(named, "generate") else AutoModelForImageTextToText
    device = place(loading.device)
    dtype = "auto" if device.type == "cuda" else torch.float32
    try:
        model, info = kind.from_pretrained(
            folder,
            dtype=dtype,
            local_files_only=True,
            trust_remote_code=False,
            weights_only=True,
            output_loading_info=True,
        )
    except Exception as error:  # transformers raises many kinds for a folder that is no model, or a cut file
        raise EcoflapError("model_weights", spec=spec, reason=first_line(error)) from error
    wrong = sorted(info["missing_keys"]) + sorted(key[0] for key in info.get("mismatched_keys", ()))
    if wrong:
        raise EcoflapError("model_keys", spec=spec, count=len(wrong), first=wrong[0])
    return model.to(device)
