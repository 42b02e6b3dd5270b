"""Opening a model by what `--model` says. A module is imported when it is asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecoflap.errors import EcoflapError
from ecoflap.types.loading import Loading, LoadProgress

if TYPE_CHECKING:
    from ecoflap.models.base import VisionLanguageModel

ASSETS = Path(__file__).resolve().parents[2] / "assets"
DEMO_FOLDER = ASSETS / "demo-model"
DEMO_SCORES = ASSETS / "demo-scores.json"


@dataclass(frozen=True)
class Source:
    """One kind of thing that `--model` may name."""

    form: str
    what: str


SOURCES = (
    Source("demo", "models.demo"),
    Source("FOLDER", "models.folder"),
    Source("OWNER/NAME", "models.hub"),
)


def check_spec(spec: str) -> None:
    """Raise unless `spec` may name a model: demo, an existing folder, or an id of the form OWNER/NAME."""
    path = Path(spec).expanduser()
    if spec == "demo" or path.is_dir():
        return
    if path.exists() or spec.startswith((".", "/", "~")) or spec.count("/") != 1:
        raise EcoflapError("model_not_found", spec=spec)


def open_model(
    spec: str, loading: Loading | None = None, progress: LoadProgress | None = None
) -> "VisionLanguageModel":
    """The model that `spec` names, loaded.

    Args:
        spec: `demo`, a folder, or a hub id.
        loading: where to and how; by default the GPU where there is one.
        progress: told how far it is; may stop it.

    Raises:
        EcoflapError: it cannot be found or loaded.
        Cancelled: `progress` said so.
    """
    from ecoflap.models import huggingface

    check_spec(spec)
    folder = str(DEMO_FOLDER) if spec == "demo" else spec
    model = huggingface.open_model(folder, loading, progress)
    model.spec = spec
    model.name = spec if spec == "demo" else Path(spec).name
    return model
