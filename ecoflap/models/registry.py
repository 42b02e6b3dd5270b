"""Opening a model by what `--model` says. A module is imported when it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecoflap.errors import EcoflapError
from ecoflap.texts import Phrase
from ecoflap.types import Layer
from ecoflap.types.loading import Loading, LoadProgress

if TYPE_CHECKING:
    from ecoflap.models.base import VisionLanguageModel

ASSETS = Path(__file__).resolve().parents[2] / "assets"
DEMO = "demo"
DEMO_FOLDER = ASSETS / "demo-model"
DEMO_SCORES = ASSETS / "demo-scores.json"


# The oldest major version of transformers that models of Hugging Face are opened with.
TRANSFORMERS = 5


def without_transformers() -> EcoflapError | None:
    """Why no model of Hugging Face can be opened here; None where one can."""
    try:
        found = version("transformers")
    except PackageNotFoundError:
        found = "none"
    if found != "none" and int(found.split(".")[0]) >= TRANSFORMERS:
        return None
    return EcoflapError("transformers_old", found=found, wanted=TRANSFORMERS)


def without_lavis() -> EcoflapError | None:
    """Why no model of LAVIS can be opened here; None where one can."""
    return None if find_spec("lavis") else EcoflapError("lavis_missing")


@dataclass(frozen=True)
class Source:
    """One kind of thing that `--model` may name.

    Attributes:
        form: how it is written.
        what: key of the sentence that says what it is.
        module: that opens it, with a function `open_model`.
        why_not: says why none of this kind can be opened here.
        prefix: that its specs begin with.
        mark: file by which a folder is known to be of this kind.
    """

    form: str
    what: str
    module: str = "huggingface"
    why_not: Callable[[], EcoflapError | None] = without_transformers
    prefix: str | None = None
    mark: str | None = None


HUB = Source("OWNER/NAME", "models.hub")
SOURCES = (
    Source(DEMO, "models.demo"),
    Source("FOLDER", "models.folder"),
    HUB,
    Source("lavis:NAME/TYPE", "models.lavis", "lavis", without_lavis, "lavis:", "lavis.json"),
    Source("lavis-checkpoint:FILE.pth@MODEL", "models.checkpoint", "lavis_checkpoint", prefix="lavis-checkpoint:"),
)


def source_of(spec: str) -> Source:
    """The kind of thing that `spec` names.

    Raises:
        EcoflapError: it names nothing: no demo, folder or id of the form OWNER/NAME, and no prefix of SOURCES.
    """
    path = Path(spec).expanduser()
    for source in SOURCES:
        if (source.prefix and spec.startswith(source.prefix)) or (source.mark and (path / source.mark).is_file()):
            return source
    if spec == DEMO or path.is_dir():
        return SOURCES[0 if spec == DEMO else 1]
    if path.exists() or spec.startswith((".", "/", "~")) or spec.count("/") != 1:
        raise EcoflapError("model_not_found", spec=spec)
    return HUB


def check_spec(spec: str) -> None:
    """Raise unless `spec` may name a model, and what its kind needs is installed here."""
    refusal = source_of(spec).why_not()
    if refusal is not None:
        raise refusal


def open_model(
    spec: str, loading: Loading | None = None, progress: LoadProgress | None = None
) -> "VisionLanguageModel":
    """The model that `spec` names, loaded.

    Args:
        spec: what one of SOURCES takes.
        loading: where to and how; by default the GPU where there is one.
        progress: told how far it is; may stop it.

    Raises:
        EcoflapError: it cannot be found or loaded.
        Cancelled: `progress` said so.
    """
    check_spec(spec)
    source = source_of(spec)
    if source is HUB:
        from ecoflap.models.hub import check_at_hand

        check_at_hand(spec)
    opener = _opener(spec)
    model = opener.open_model(spec, loading, progress)
    model.spec = spec
    if not (source.prefix and spec.startswith(source.prefix)):  # what has a prefix is named by what opens it
        model.name = spec if spec == DEMO else Path(spec).name
    return model


def _opener(spec: str) -> Any:
    """The module that opens models of the kind of `spec`.

    Raises:
        EcoflapError: a library that it needs is missing or broken.
    """
    try:
        return import_module(f"ecoflap.models.{source_of(spec).module}")
    except (ImportError, RuntimeError) as error:
        from ecoflap.models.libraries import explained

        known = explained(error, spec)
        if known is None:
            raise
        raise known from error


def layers_of(spec: str, loading: Loading | None = None) -> tuple[str, tuple[Layer, ...]]:
    """Name and prunable layers of a model, without scores; weights are read only where its kind needs them for that."""
    check_spec(spec)
    opener = _opener(spec)
    if not hasattr(opener, "layers_of"):
        model = open_model(spec, loading)
        return model.name, model.layers
    name = spec if spec == DEMO else Path(spec).name
    return name, opener.layers_of(spec, loading)


def room_for(spec: str, loading: Loading | None = None) -> bool:
    """Whether the model `spec` fits into the memory that is free now; False where that is unknown (as LAVIS's).

    Of a model on the hub the configuration is fetched, never weights. True also for one that cannot be opened for
    another reason than memory, which opening it tells.

    Raises:
        EcoflapError: it names no model, or its kind cannot be opened here.
    """
    check_spec(spec)
    opener = _opener(spec)
    asked = getattr(opener, "room_for", None)
    return asked is not None and asked(spec, loading)


def openable() -> list[dict[str, Any]]:
    """The models that are on this machine: model, what, bytes, available, and why not; quick, and without torch."""
    from ecoflap.models import hub, kinds

    refusal = without_transformers()
    weights = sum(path.stat().st_size for path in DEMO_FOLDER.glob("*.safetensors"))
    found = [(DEMO, "models.demo", weights, refusal)]
    for spec, size in hub.cached_models():
        reason = refusal
        if reason is None and hub.cached(spec) is None:
            reason = EcoflapError("hub_partial", spec=spec)
        if reason is None and kinds.describe(spec) is None:
            reason = EcoflapError("model_kind", spec=spec, kind=Phrase("models.other"))
        found.append((spec, "cli.models.cached", size, reason))
    return [
        {"model": spec, "what": what, "bytes": size or None, "available": not why, "why": why.phrase if why else None}
        for spec, what, size, why in found
    ]
