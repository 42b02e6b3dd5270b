"""What workers do: points of a sweep, or units of a score, each with a model of their own."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ecoflap import __version__
from ecoflap.importance import registry
from ecoflap.importance.settings import Settings
from ecoflap.importance.task import Unit
from ecoflap.types import Allocation, Loading, Recipe

if TYPE_CHECKING:
    from ecoflap.data.samples import Samples
    from ecoflap.engine import Engine
    from ecoflap.evaluation import Metric, Point

# A point to measure: seed of the calibration samples, recipe, and what it keeps; all None for the dense model.
Asked = tuple[int | None, Recipe | None, Allocation | None]


@dataclass(frozen=True)
class Opening:
    """What a worker opens: a model and where its calibration samples come from, as the command line names them."""

    model: str
    loading: Loading
    calibration: str | None = None
    seed: int = 0

    def engine(self) -> "Engine":
        """The model, loaded."""
        from ecoflap.engine import Engine
        from ecoflap.models.registry import open_model

        device = self.loading.device
        if device is not None and device.startswith("cuda"):
            device = "cuda"  # Ray shows a worker its own GPUs alone, counted from 0
        return Engine(open_model(self.model, replace(self.loading, device=device)), self.calibration, self.seed)


def facts_of(engine: "Engine") -> dict[str, str]:
    """What two machines must have in common, so that their results are those of one."""
    import torch

    from ecoflap.scoring import kinds

    return {
        "model": engine.fingerprint,
        "dtype": str(engine.dtype).removeprefix("torch."),
        "device": kinds(engine.model.devices),
        "torch": torch.__version__,
        "ecoflap": __version__,
    }


class Points:
    """Measures points of sweeps."""

    def __init__(self, opening: Opening, found: "Samples", metric: str) -> None:
        """Open the model.

        Args:
            opening: which.
            found: the evaluation set.
            metric: marks the answers.
        """
        from ecoflap.evaluation import Questions, metric_for

        self._engine, self._questions = opening.engine(), Questions(found.samples)
        self._metric: Metric = metric_for(metric, found.samples)

    def facts(self) -> dict[str, str]:
        """See `facts_of`."""
        return facts_of(self._engine)

    def begin(self, shared: None) -> None:
        """Nothing is shared."""

    def do(self, what: Asked) -> "tuple[Point, float]":
        """A point, and the seconds that it took."""
        from ecoflap.evaluation import evaluate

        (seed, recipe, allocation), began = what, time.monotonic()
        if seed is not None:
            self._engine.calibrate(seed)
        asked = (self._engine, self._questions, allocation, recipe or Recipe(target=0.0))
        return evaluate(*asked, metric=self._metric), time.monotonic() - began


class Units:
    """Measures units of a score."""

    def __init__(self, opening: Opening, settings: Settings) -> None:
        """Open the model, read the samples, and make ready what the method needs."""
        from ecoflap import scoring

        self._engine, self._method = opening.engine(), registry.find(settings.method)
        self._task = scoring.task_of(self._engine, scoring.samples(self._engine, settings), settings)
        self._hold = partial(scoring.held, self._engine, self._method)
        self._units: dict[str, Unit] = {}

    def facts(self) -> dict[str, str]:
        """See `facts_of`."""
        return facts_of(self._engine)

    def begin(self, shared: Mapping[str, Sequence[float]]) -> None:
        """Take the values that are known: they decide which units there are."""
        self._units = {unit.key: unit for unit in self._method.units(self._task, shared)}

    def do(self, what: str) -> tuple[list[float], set[int]]:
        """The values of the unit with this key, and the batches that ran whole passes so far."""
        with self._hold():
            values = self._units[what].measure()
        return values, set(self._task.whole_passes)
