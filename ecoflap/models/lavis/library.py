"""The LAVIS library itself: importing it, what it knows, and loading by it; every failure as one sentence."""

import difflib
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants
from torch import nn

from ecoflap.errors import EcoflapError, first_line
from ecoflap.models import hub
from ecoflap.models.lavis.eva import call_projections
from ecoflap.models.libraries import explained
from ecoflap.types.loading import Loading

# What LAVIS asks the hub for besides what a model's configuration names.
TEXTS = "bert-base-uncased"


@dataclass(frozen=True)
class Parts:
    """What LAVIS makes of a model: the module in evaluation mode, and what prepares its pictures and questions."""

    module: nn.Module
    picture: Callable[[Any], Any]
    text: Callable[[str], str]


def check_loading(loading: Loading) -> None:
    """Raise where `loading` asks for what LAVIS's models do not have: types and devices are theirs to choose."""
    if loading.dtype not in ("auto", "float32"):
        raise EcoflapError("lavis_option", option="--dtype", value=loading.dtype, choices="auto, float32")
    if loading.device_map is not None:
        raise EcoflapError("lavis_option", option="--device-map", value=loading.device_map, choices="none")


@contextmanager
def _quiet() -> Iterator[None]:
    """What LAVIS prints goes to stderr: stdout is for results. Its own deprecations tell nobody anything."""
    logging.getLogger("transformers").setLevel(logging.ERROR)
    with redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def import_lavis(spec: str) -> None:
    """Import LAVIS; torchvision, which it needs, may be the one that was built for another torch.

    Raises:
        EcoflapError: it cannot be imported.
    """
    try:
        with _quiet():
            import_module("lavis.models")
    except Exception as error:  # LAVIS imports some forty libraries, and each fails in its own way
        known = explained(error, spec)
        if known is not None and known.code == "torchvision_broken":
            raise EcoflapError("lavis_torchvision", torch=torch.__version__) from error
        raise known or EcoflapError("lavis_broken", reason=first_line(error)) from error


def known(named: str, names: tuple[str, ...]) -> tuple[str, str]:
    """Name and type of the model that LAVIS calls NAME/TYPE; `names` are those that can be explored.

    Raises:
        EcoflapError: there is none; the sentence lists those of the closest names.
    """
    from lavis.common.registry import registry

    types = {name: tuple(registry.get_model_class(name).PRETRAINED_MODEL_CONFIG_DICT) for name in names}
    every = [f"{name}/{kind}" for name in names for kind in types[name]]
    if named not in every:
        near = difflib.get_close_matches(named, every, 4, 0.4) or every
        raise EcoflapError("lavis_unknown", value=named, choices=", ".join(f"lavis:{name}" for name in near))
    name, _, kind = named.partition("/")
    return name, kind


def _offline(spec: str) -> EcoflapError | None:
    """Why nothing can be downloaded for `spec`; None where it can."""
    try:
        hub.check_online(spec)
    except EcoflapError as error:
        return error
    return None


@contextmanager
def _from_caches_alone(alone: bool) -> Iterator[None]:
    """Inside, with `alone`, the hub is not asked: without a network each of its files would be tried for minutes."""
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or alone
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def load(spec: str, name: str, kind: str) -> Parts:
    """What LAVIS makes of its model; weights come from its caches or are downloaded.

    Raises:
        EcoflapError: it cannot be loaded, or a folder in the working directory would be taken for the hub's model.
    """
    from lavis.common.registry import registry
    from lavis.models import load_preprocess
    from omegaconf import OmegaConf

    chosen = registry.get_model_class(name)
    config = OmegaConf.load(chosen.default_config_path(kind))
    for wanted in (TEXTS, config.model.get("t5_model"), config.model.get("opt_model")):
        # transformers takes a folder of that name below the working directory before it asks the hub.
        if wanted and not Path(wanted).is_absolute() and Path(wanted).exists():
            raise EcoflapError("lavis_shadowed", spec=spec, name=wanted, folder=Path(wanted).resolve())
    offline = _offline(spec)
    try:
        with _quiet(), _from_caches_alone(offline is not None):
            module = chosen.from_pretrained(kind)
            pictures, texts = load_preprocess(config.preprocess)
    except Exception as error:  # no room, a cut file: as many kinds as libraries take part
        if offline is not None and isinstance(error, OSError):
            raise offline from error
        raise EcoflapError("lavis_load", spec=spec, reason=first_line(error)) from error
    call_projections(module)
    return Parts(module.eval().requires_grad_(False), pictures["eval"], texts["eval"])
