"""BLIP-2 checkpoints of LAVIS, opened without LAVIS: its Blip2T5 and Blip2OPT as the class of Hugging Face.

A checkpoint of LAVIS holds a whole model, or only what was trained: no frozen vision tower and language model.
Configuration, tokenizer, processor, and the weights that it leaves out, come from the folder of the same model as
Hugging Face has it: `lavis-checkpoint:FILE.pth@FOLDER_OR_HUB_ID`.
"""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from ecoflap.errors import EcoflapError, first_line
from ecoflap.formats.lavis_tensors import Tensors, converted, read_checkpoint
from ecoflap.formats.pth import read_pth
from ecoflap.models import hub, huggingface
from ecoflap.models.base import VisionLanguageModel
from ecoflap.models.huggingface.configuration import class_of, config_of
from ecoflap.models.huggingface.halves import check_loss, half_loss
from ecoflap.models.huggingface.model import HuggingFaceModel
from ecoflap.models.huggingface.planning import plan_of
from ecoflap.models.weight_files import weights_in
from ecoflap.types.loading import Loading, LoadProgress

PREFIX = "lavis-checkpoint:"
# The published models, by the name of LAVIS's projection into the language model and that one's width.
PUBLISHED = {
    ("t5_proj", 2048): "Salesforce/blip2-flan-t5-xl",
    ("t5_proj", 4096): "Salesforce/blip2-flan-t5-xxl",
    ("opt_proj", 2560): "Salesforce/blip2-opt-2.7b",
    ("opt_proj", 4096): "Salesforce/blip2-opt-6.7b",
}
# How Hugging Face calls the family, and the eps of the norm behind the vision tower, which its configuration lacks.
KIND, LAST_NORM_EPS = "blip-2", 1e-5


def open_model(spec: str, loading: Loading | None = None, progress: LoadProgress | None = None) -> VisionLanguageModel:
    """The model `lavis-checkpoint:FILE.pth`, with or without `@FOLDER_OR_HUB_ID`; without, the shapes say which it is.

    Raises:
        EcoflapError: it cannot be found, read or loaded, or does not fit the other model.
        Cancelled: `progress` said so.
    """
    loading = loading or Loading()
    file, base = split(spec)
    tensors = read_checkpoint(file)
    folder = hub.folder_of(base or _published(file, tensors), progress, partial(_planned, spec, loading))
    config = _planned(spec, loading, folder)
    state = converted(tensors)
    resized = _fit_words(state, config)
    _check(spec, state, config)
    try:
        with half_loss(spec, loading):
            model = HuggingFaceModel(spec, folder, config, loading, progress, _filled(spec, state, folder))
    except EcoflapError as error:
        if error.code != "model_keys":
            raise
        raise EcoflapError("checkpoint_missing", folder=folder, **error.facts) from error
    # With it the loss is LAVIS's to the last bit; Hugging Face's takes the tower's own 1e-6.
    model.module.vision_model.post_layernorm.eps = LAST_NORM_EPS
    check_loss(model)
    model.name, model.resized = file.name, model.resized or resized
    return model


def room_for(spec: str, loading: Loading | None = None) -> bool:
    """Whether the model fits into the memory that is free now; see `huggingface.room_for`.

    Raises:
        EcoflapError: there is no such file; or nothing stands behind @, and the file tells of no known model.
    """
    file, base = split(spec)
    return huggingface.room_for(base or _published(file, read_checkpoint(file)), loading)


def split(spec: str) -> tuple[Path, str | None]:
    """The file that `spec` names, and the folder or hub id behind its last @.

    Raises:
        EcoflapError: there is no such file.
    """
    named = spec.removeprefix(PREFIX)
    file, mark, base = named.rpartition("@")
    if not mark or Path(named).expanduser().is_file():
        file, base = named, ""
    path = Path(file).expanduser()
    if not path.is_file():
        raise EcoflapError("file_unreadable", path=path, reason="No such file")
    return path, base or None


def _published(path: Path, tensors: Mapping[str, torch.Tensor]) -> str:
    """The hub id of the published model that these tensors have the shapes of."""
    for (projection, width), name in PUBLISHED.items():
        weight = tensors.get(f"{projection}.weight")
        if weight is not None and weight.shape[0] == width:
            return name
    raise EcoflapError("checkpoint_base", path=path, known=", ".join(PUBLISHED.values()))


def _fit_words(state: Tensors, config: Any) -> bool:
    """Make `config` have as many words as the checkpoint; its embeddings grow by zeros if the picture's word needs it.

    Hugging Face's OPT has spare words that LAVIS's has not. Returns whether the configuration changed.
    """
    by_word = re.compile(r"\.(shared|embed_tokens|lm_head)\.weight$")
    names = [name for name, tensor in state.items() if by_word.search(name) and tensor.dim() == 2]
    text = config.get_text_config()
    if not names:
        return False
    words = max(len(state[names[0]]), (config.image_token_index or -1) + 1)
    for name in names:
        state[name] = torch.nn.functional.pad(state[name], (0, 0, 0, words - len(state[name])))
    changed, text.vocab_size = text.vocab_size != words, words
    return changed


def _planned(spec: str, loading: Loading, folder: Path) -> Any:
    """The configuration in `folder`; raises where it is of another family, or the model does not fit into memory."""
    config = config_of(spec, folder, loading)
    if config.model_type != KIND:
        raise EcoflapError("checkpoint_model", spec=spec, found=config.model_type, wanted=KIND)
    plan_of(spec, folder, config, class_of(config), loading)
    return config


def _check(spec: str, state: Tensors, config: Any) -> None:
    """Raise where the model of `config` has no place for a tensor, or one of another shape."""
    with torch.device("meta"):
        places = class_of(config)(config).state_dict()
    wrong = [name for name, tensor in state.items() if name not in places or places[name].shape != tensor.shape]
    if wrong:
        found = tuple(state[wrong[0]].shape)
        wanted = tuple(places[wrong[0]].shape) if wrong[0] in places else "nothing"
        raise EcoflapError("checkpoint_keys", spec=spec, count=len(wrong), first=wrong[0], found=found, wanted=wanted)


def _filled(spec: str, state: Tensors, folder: Path) -> Tensors:
    """The tensors, with those that they lack from the weights in `folder`, if it has any."""
    found: Tensors = {}
    try:
        for path in weights_in(folder):
            found |= _lacking(path, state)
    except (OSError, SafetensorError) as error:
        raise EcoflapError("model_weights", spec=spec, reason=first_line(error)) from error
    return found | state


def _lacking(path: Path, state: Tensors) -> Tensors:
    """The tensors in `path` that `state` lacks."""
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys() if name not in state}  # noqa: SIM118
    found = read_pth(path)
    if not isinstance(found, dict):
        raise EcoflapError("pth_no_names", path=path, value=type(found).__name__)
    return {name: tensor for name, tensor in found.items() if name not in state}
