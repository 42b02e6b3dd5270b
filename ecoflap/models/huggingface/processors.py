"""What turns pictures and texts into tensors, from a folder."""

from pathlib import Path
from typing import Any

from transformers import AutoImageProcessor, AutoProcessor, AutoTokenizer

from ecoflap.errors import EcoflapError, first_line
from ecoflap.models.libraries import explained
from ecoflap.types.loading import Loading


def processor_of(spec: str, folder: Path, loading: Loading) -> Any:
    """What turns pictures and texts into tensors."""
    return _made(AutoProcessor, spec, folder, loading)


def text_processor_of(spec: str, folder: Path, loading: Loading) -> Any:
    """What turns texts into tensors: the tokenizer of a model that reads nothing else."""
    return _made(AutoTokenizer, spec, folder, loading)


def picture_processor_of(spec: str, folder: Path, config: Any, loading: Loading) -> Any:
    """What turns pictures into tensors; where its class has gone, as ViTFeatureExtractor has, that of the model."""
    return _made(AutoImageProcessor, spec, folder, loading, config=config)


def _made(auto: Any, spec: str, folder: Path, loading: Loading, **more: Any) -> Any:
    """What the Auto class makes of the files in `folder`."""
    try:
        return auto.from_pretrained(folder, local_files_only=True, trust_remote_code=loading.trust_remote_code, **more)
    except Exception as error:  # which kind depends on the file or the library that is missing or broken
        if not loading.trust_remote_code and "trust_remote_code" in str(error):
            raise EcoflapError("model_remote_code", spec=spec) from error
        reason = first_line(error)
        raise explained(error, spec) or EcoflapError("model_processor", spec=spec, reason=reason) from error
