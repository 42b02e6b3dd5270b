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
)

from ecoflap.errors import EcoflapError
from ecoflap.models import kinds
from ecoflap.models.libraries import first_line
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


def config_of(spec: str, folder: Path, loading: Loading) -> Any:
    """The configuration in `folder`."""
    path = folder / "config.json"
    if not path.is_file():
        raise EcoflapError("model_folder", spec=spec, missing="config.json")
    trusted = loading.trust_remote_code
    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=trusted)
    except Exception as error:  # a config.json may hold anything, and the library raises as many kinds
        if not trusted and _brings_code(path):
            raise EcoflapError("model_remote_code", spec=spec) from error
        raise EcoflapError("model_config", spec=spec, reason=first_line(error)) from error


def _brings_code(path: Path) -> bool:
    """Whether a config.json names code that comes with the model."""
    try:
        return "auto_map" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def class_of(config: Any) -> Any:
    """The class that the checkpoint was saved from; else, or where the model brings its own, the Auto class for it."""
    facts = config.to_dict()
    kind, named = kinds.kind_of(facts), getattr(transformers, kinds.architecture(facts), None)
    if named is not None and (kind in (kinds.CLASSIFIER, kinds.ZERO_SHOT) or hasattr(named, "generate")):
        return named
    brought = getattr(config, "auto_map", None) or {}
    known = (getattr(transformers, name, None) for name in brought if name.startswith("AutoModel"))
    return next((auto for auto in known if auto is not None), AUTO.get(kind, AutoModelForImageTextToText))
