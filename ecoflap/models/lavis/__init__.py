"""Models of the LAVIS library: `lavis:NAME/TYPE`, or a folder that a pruned one was written to."""

from pathlib import Path

from ecoflap.errors import Cancelled
from ecoflap.models import placement
from ecoflap.models.lavis import folder, library
from ecoflap.models.lavis.blip2 import Blip2OPT, Blip2T5
from ecoflap.models.lavis.blip_vqa import BlipVQA
from ecoflap.models.lavis.model import LavisModel
from ecoflap.types.loading import Loading, LoadProgress, LoadStep

PREFIX = "lavis:"
# LAVIS's name of the model -> how it is asked.
ADAPTERS: dict[str, type[LavisModel]] = {"blip2_t5": Blip2T5, "blip2_opt": Blip2OPT, "blip_vqa": BlipVQA}


def open_model(spec: str, loading: Loading | None = None, progress: LoadProgress | None = None) -> LavisModel:
    """The model `spec`: lavis:NAME/TYPE, or a folder that `LavisModel.save` wrote.

    Raises:
        EcoflapError: LAVIS is not usable here, knows no such model, or cannot load it.
        Cancelled: `progress` said so.
    """
    chosen = loading or Loading()
    library.check_loading(chosen)
    device = placement.place(chosen.device)
    stored = None if spec.startswith(PREFIX) else Path(spec).expanduser()
    named = folder.name_in(stored) if stored else spec.removeprefix(PREFIX)
    library.import_lavis(spec)
    name, kind = library.known(named, tuple(ADAPTERS))
    if progress is not None and progress(LoadStep("weights", 0, None)) is False:
        raise Cancelled
    parts = library.load(spec, name, kind)
    if stored:
        folder.put_weights(stored, parts.module)
    # LAVIS's own rule: as the checkpoint has it on a GPU, float32 on the CPU.
    if device.type == "cpu" or chosen.dtype == "float32":
        parts.module.float()
    return ADAPTERS[name](spec, named, parts, device)
