"""Models of Hugging Face transformers, loaded from a folder, the local cache or the hub."""

from functools import partial
from pathlib import Path
from typing import Any

from ecoflap.errors import EcoflapError
from ecoflap.models import hub
from ecoflap.models.base import VisionLanguageModel
from ecoflap.models.discovery import discover
from ecoflap.models.huggingface import memory
from ecoflap.models.huggingface.classifier import Classifier
from ecoflap.models.huggingface.configuration import class_of, config_of
from ecoflap.models.huggingface.halves import check_loss, half_loss
from ecoflap.models.huggingface.model import HuggingFaceModel
from ecoflap.models.huggingface.planning import Plan, plan_of
from ecoflap.models.huggingface.text import TextModel
from ecoflap.models.huggingface.zero_shot import ZeroShot
from ecoflap.models.kinds import architecture, kind_of
from ecoflap.types import Layer
from ecoflap.types.loading import Loading, LoadProgress

MODELS = {model.kind: model for model in (HuggingFaceModel, Classifier, ZeroShot, TextModel)}


def open_model(spec: str, loading: Loading | None = None, progress: LoadProgress | None = None) -> VisionLanguageModel:
    """The model `spec`: demo, a folder, or the id of one in the local cache or on the hub.

    Raises:
        EcoflapError: it cannot be found or loaded, is of no kind that can be explored, does not fit into memory, or
            gives no loss in float16.
        Cancelled: `progress` said so.
    """
    loading = loading or Loading()
    check = partial(_planned, spec, loading)
    folder = hub.folder_of(spec, progress, check, loading.trust_remote_code)
    config = config_of(spec, folder, loading)
    kind = _kind(spec, config)
    with half_loss(spec, loading):
        model = MODELS[kind](spec, folder, config, loading, progress)
    check_loss(model)
    return model


def _kind(spec: str, config: Any) -> str:
    """What kind of model a configuration describes; raises where it is none that answers."""
    facts = config.to_dict()
    kind, known = kind_of(facts), getattr(class_of(config), "_model_mapping", None)
    unknown = known is not None and type(config) not in known and not getattr(config, "auto_map", None)
    if kind is None or unknown:
        raise EcoflapError("model_kind", spec=spec, kind=architecture(facts) or facts.get("model_type"))
    return kind


def layers_of(spec: str, loading: Loading | None = None) -> tuple[Layer, ...]:
    """The prunable layers of the model `spec`, without scores, from its configuration alone where that will do.

    Without weights nobody can tell which layers no pass reaches: those are among them.
    """
    loading = loading or Loading()
    config = config_of(spec, hub.configuration_of(spec, loading.trust_remote_code), loading)
    module = memory.empty(class_of(config), config, loading)
    return open_model(spec, loading).layers if module is None else discover(module).layers


def room_for(spec: str, loading: Loading | None = None) -> bool:
    """Whether the model `spec` fits into the memory that is free now; of the hub's the configuration is fetched.

    False also where its memory cannot be counted. True where it cannot be opened at all, which opening it tells.
    """
    loading = loading or Loading()
    try:
        return _planned(spec, loading, hub.configuration_of(spec, loading.trust_remote_code)).need is not None
    except EcoflapError as error:
        return error.code != "model_too_large"


def _planned(spec: str, loading: Loading, folder: Path) -> Plan:
    """How the model, whose configuration is in `folder`, will be loaded; raises where it does not fit or answer."""
    config = config_of(spec, folder, loading)
    _kind(spec, config)
    return plan_of(spec, folder, config, class_of(config), loading)
