"""Values of a file put to a model's layers, whichever of the known names the file uses."""

import logging
from collections.abc import Mapping, Sequence
from typing import TypeVar

from ecoflap.errors import EcoflapError
from ecoflap.formats.lavis_names import to_hf
from ecoflap.texts import say
from ecoflap.types import Layer

Value = TypeVar("Value")


def by_layer(values: Mapping[str, Value], layers: Sequence[Layer], place: str) -> dict[str, Value]:
    """The values of `layers` by their names, in order; modalities of which the file names nothing are left out.

    A name is that of a layer or of its weight, LAVIS's or Hugging Face's. Names that fit no layer are told to the log.

    Args:
        values: by the names of the file.
        layers: of the model.
        place: the file, for messages.

    Raises:
        EcoflapError: no name fits, or the file lacks layers of a modality of which it has others.
    """
    known = {_plain(layer.name): layer.name for layer in layers}
    found = {known[plain]: value for name, value in values.items() if (plain := _plain(name)) in known}
    strange = [name for name in values if _plain(name) not in known]
    if not found:
        raise EcoflapError("file_names", place=place, first=next(iter(values), "nothing"), known=layers[0].name)
    modalities = {layer.modality for layer in layers if layer.name in found}
    wanted = [layer.name for layer in layers if layer.modality in modalities]
    missing = [name for name in wanted if name not in found]
    if missing:
        raise EcoflapError("file_lacks_layers", place=place, count=len(missing), first=missing[0])
    if strange:
        logging.getLogger(__name__).warning(say("formats.unknown", place=place, count=len(strange), first=strange[0]))
    return {name: found[name] for name in wanted}


def _plain(name: str) -> str:
    """A layer's name in the form that names are compared in: Hugging Face's, without `.weight`."""
    return to_hf(name.removesuffix(".weight"))
