"""What kind of model a configuration describes, read without torch: the page knows before the model is there."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecoflap.errors import EcoflapError
from ecoflap.types.loading import KINDS

VISION_LANGUAGE, CLASSIFIER, ZERO_SHOT, TEXT = KINDS
# Keys of a configuration whose model sees: vision_config, visual, image_size, patch_size, vq_config, ...
SEES = re.compile(r"vision|visual|image|patch|^vq_")
WRITES = re.compile(r"For(CausalLM|ConditionalGeneration)$|(LMHead|MT)Model$")


@dataclass(frozen=True)
class Description:
    """What is known of a model before it is loaded: its kind, and the labels of a classifier."""

    kind: str = VISION_LANGUAGE
    labels: tuple[str, ...] = ()


def architecture(config: Mapping[str, Any]) -> str:
    """The class that the checkpoint was saved from; empty where the configuration does not say."""
    found = config.get("architectures")
    return str(found[0]) if isinstance(found, list) and found else ""


def kind_of(config: Mapping[str, Any]) -> str | None:
    """One of KINDS, by rules over the class's name and the configuration's keys; None where none fits.

    A class with image classification in its name names labels. A bare model with a text and a vision part compares the
    two, as CLIP does. What else sees is taken for a vision-language model. Classes that write text, without a trace of
    pictures, read text alone.
    """
    name = architecture(config)
    if "ForImageClassification" in name:
        return CLASSIFIER
    if name.endswith("Model") and {"text_config", "vision_config"} <= config.keys():
        return ZERO_SHOT
    if not name or any(SEES.search(key) for key in config):
        return VISION_LANGUAGE
    return TEXT if WRITES.search(name) else None


def labels_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels of a classifier in the order of its outputs; a name that several outputs have is there once."""
    names = config.get("id2label")
    if not isinstance(names, Mapping):
        return ()
    return tuple(dict.fromkeys(str(names[key]) for key in sorted(names, key=int)))


def candidates(question: str) -> tuple[str, ...]:
    """The labels that a question to a zero-shot model lists, separated by commas; each is there once.

    Raises:
        EcoflapError: fewer than two.
    """
    found = tuple(dict.fromkeys(filter(None, (" ".join(part.split()) for part in question.split(",")))))
    if len(found) < 2:
        raise EcoflapError("candidates_few", value=question)
    return found


def describe(spec: str) -> Description | None:
    """What the configuration on this machine says about the model `spec`; None where there is none to read."""
    if spec == "demo":
        return Description()
    try:
        config = json.loads(_config_path(spec).read_text(encoding="utf-8"))
        kind = kind_of(config)
        return Description(kind, labels_of(config) if kind == CLASSIFIER else ()) if kind else None
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None  # opening the model says what is wrong with it


def _config_path(spec: str) -> Path:
    """Where config.json of `spec` is: in its folder, or in the hub's local cache.

    Raises:
        ValueError: it is not on this machine, or `spec` is no hub id.
    """
    folder = Path(spec).expanduser()
    if folder.is_dir():
        return folder / "config.json"
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(spec, "config.json")
    if not isinstance(found, str):
        raise ValueError(spec)
    return Path(found)
