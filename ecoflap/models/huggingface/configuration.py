"""A model's configuration, and the class that it describes."""

import json
from pathlib import Path
from typing import Any

import transformers
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForImageClassification,
    AutoModelForImageTextToText,
    PreTrainedConfig,
)

from ecoflap.errors import EcoflapError, first_line
from ecoflap.models import kinds
from ecoflap.types.loading import Loading

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

# By kind of model, what finds the class of a checkpoint that does not name it.
AUTO = {
    kinds.VISION_LANGUAGE: AutoModelForImageTextToText,
    kinds.CLASSIFIER: AutoModelForImageClassification,
    kinds.ZERO_SHOT: AutoModel,
    kinds.TEXT: AutoModelForCausalLM,
}

# What says how many blocks a model has; each takes time and memory, without weights too, so that many never end.
DEPTHS = {f"{kind}_layers" for kind in ("num", "num_hidden", "num_encoder", "num_decoder", "encoder", "decoder", "n")}
DEPTHS |= {"n_layer", "depth", "depths"}
DEEPEST = 2000
# Ways to compute attention that need nothing beside torch; others are kernels to be installed or fetched.
PLAIN_ATTENTION = (None, "eager", "sdpa")


def config_of(spec: str, folder: Path, loading: Loading) -> Any:
    """The configuration in `folder`; attention is computed in a plain way unless the model's code is trusted.

    Raises:
        EcoflapError: there is none, it cannot be read, brings code that is not trusted, or has too many layers.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise EcoflapError("model_folder", spec=spec, missing="config.json")
    facts, trusted = _facts(path), loading.trust_remote_code
    _check_depth(spec, facts)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=trusted)
    except Exception as error:  # a config.json may hold anything, and the library raises as many kinds
        if not trusted and "auto_map" in facts:
            raise EcoflapError("model_remote_code", spec=spec) from error
        raise EcoflapError("model_config", spec=spec, reason=first_line(error)) from error
    if not trusted:
        _reset_attention(config)
    return config


def _facts(path: Path) -> dict[str, Any]:
    """What a config.json says; nothing where it is none, which the library then explains."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _check_depth(spec: str, facts: dict[str, Any]) -> None:
    """Raise where a configuration, or one inside it, says that a model has more than DEEPEST layers."""
    parts = [facts]
    while parts:
        part = parts.pop()
        parts += [value for value in part.values() if isinstance(value, dict)]
        for name in DEPTHS & part.keys():
            for value in part[name] if isinstance(part[name], list) else [part[name]]:
                if isinstance(value, int | float) and value > DEEPEST:
                    raise EcoflapError("model_depth", spec=spec, name=name, value=value, most=f"{DEEPEST:,}")


def _reset_attention(config: PreTrainedConfig) -> None:
    """Let the library choose how attention is computed where a configuration, or one inside it, wants a kernel."""
    if getattr(config, "_attn_implementation_internal", None) not in PLAIN_ATTENTION:
        config._attn_implementation_internal = None
    for part in vars(config).values():
        if isinstance(part, PreTrainedConfig):
            _reset_attention(part)


def class_of(config: Any) -> Any:
    """The class that the checkpoint was saved from; else, or where the model brings its own, the Auto class for it."""
    facts = config.to_dict()
    kind, named = kinds.kind_of(facts), getattr(transformers, kinds.architecture(facts), None)
    if named is not None and (kind in (kinds.CLASSIFIER, kinds.ZERO_SHOT) or hasattr(named, "generate")):
        return named
    brought = getattr(config, "auto_map", None) or {}
    known = (getattr(transformers, name, None) for name in brought if name.startswith("AutoModel"))
    return next((auto for auto in known if auto is not None), AUTO.get(kind, AutoModelForImageTextToText))
