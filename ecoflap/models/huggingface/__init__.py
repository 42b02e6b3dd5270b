"""Models of Hugging Face transformers, loaded from a folder, the local cache or the hub."""

from ecoflap.models import hub
from ecoflap.models.base import VisionLanguageModel
from ecoflap.models.huggingface.loading import config_of
from ecoflap.models.huggingface.model import HuggingFaceModel
from ecoflap.types.loading import Loading, LoadProgress


def open_model(spec: str, loading: Loading | None = None, progress: LoadProgress | None = None) -> VisionLanguageModel:
    """The model `spec`: a folder, or the id of one in the local cache or on the hub.

    Raises:
        EcoflapError: it cannot be found or loaded.
        Cancelled: `progress` said so.
    """
    folder = hub.folder_of(spec, progress)
    return HuggingFaceModel(spec, folder, config_of(spec, folder), loading or Loading(), progress)
