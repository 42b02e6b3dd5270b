"""The score bundles of one model: those that everybody starts from, and what was measured or uploaded beside them."""

import threading
from typing import TYPE_CHECKING

from ecoflap.errors import EcoflapError
from ecoflap.types import Layer, ScoreBundle

if TYPE_CHECKING:
    from ecoflap.engine import Engine

# Score bundles that are kept beside the first one.
KEPT_BUNDLES = 15


class Shelf:
    """The bundles that there are; many threads may add at once."""

    def __init__(self, bundle: ScoreBundle | None) -> None:
        # The one to start from.
        self.bundle = bundle
        # Further bundles by fingerprint, and where a bundle that did not come with the model is from: measured or file.
        self._added: dict[str, ScoreBundle] = {}
        self.origins: dict[str, str] = {}
        self._adding = threading.Lock()

    @property
    def bundles(self) -> tuple[ScoreBundle, ...]:
        """All scores of the model: those that it is allocated on by default, then what was added, in that order."""
        return () if self.bundle is None else (self.bundle, *self._added.values())

    def add(self, bundle: ScoreBundle, origin: str) -> None:
        """Keep another bundle, or the first one; what is added again counts as new.

        Of too many, the oldest that came from a file goes, or the oldest of all where every one was measured here.
        """
        mark = bundle.fingerprint
        with self._adding:
            if self.bundle is None:
                self.bundle = bundle
            elif mark == self.bundle.fingerprint:
                return
            else:
                self._added = self._with(bundle)
            known = {kept.fingerprint for kept in self.bundles}
            origins = {name: was for name, was in self.origins.items() if name in known}
            # What was measured here stays so, though its file comes back.
            self.origins = origins | {mark: "measured" if origins.get(mark) == "measured" else origin}

    def _with(self, bundle: ScoreBundle) -> dict[str, ScoreBundle]:
        """What was added and `bundle`, the newest last, KEPT_BUNDLES at most."""
        found = {mark: kept for mark, kept in self._added.items() if mark != bundle.fingerprint}
        while len(found) >= KEPT_BUNDLES:
            uploads = [mark for mark in found if self.origins.get(mark) == "file"]
            del found[next(iter(uploads or found))]
        return found | {bundle.fingerprint: bundle}


def check_bundle(engine: "Engine", bundle: ScoreBundle) -> None:
    """Raise where a bundle is of another model: layers for any bundle, weights where it names them.

    Whole modalities may be missing, as the bridge is from scores of the public ECoFLaP code; a part of one may not.

    Raises:
        EcoflapError: a layer is not one of the model, some of a modality are missing, or the weights were others.
    """
    model = engine.model
    own = {layer.name: _facts(layer) for layer in model.layers}
    for layer in bundle.layers:
        if own.get(layer.name) != _facts(layer):
            raise EcoflapError("bundle_of_other_model", layer=layer.name, model=model.name)
    scored = {layer.name for layer in bundle.layers}
    modalities = {layer.modality for layer in bundle.layers}
    lacks = [layer.name for layer in model.layers if layer.modality in modalities and layer.name not in scored]
    if lacks:
        raise EcoflapError("bundle_part", count=len(lacks), first=lacks[0], model=model.name)
    measured_on = bundle.facts.get("model_fingerprint", engine.fingerprint)
    if measured_on != engine.fingerprint:
        raise EcoflapError("bundle_of_other_weights", wanted=measured_on, found=engine.fingerprint)


def _facts(layer: Layer) -> tuple[str, str, int, int]:
    """What a layer of a bundle has to have in common with that of the model."""
    return layer.block, layer.modality, layer.rows, layer.cols
