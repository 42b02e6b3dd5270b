"""A score bundle without its model: everything up to the allocation, and one sentence where weights are needed."""

from pathlib import Path
from typing import Any

from ecoflap.errors import EcoflapError
from ecoflap.explorer import Explorer, check_size
from ecoflap.types import ScoreBundle


class ScoresOnly(Explorer):
    """Scores that are explored without the model that they were measured on; neither torch nor weights are needed."""

    has_model, described = False, None

    def __init__(self, path: str | Path) -> None:
        """Read the bundle at `path`.

        Raises:
            EcoflapError: it cannot be read, is too large, or is no bundle.
        """
        check_size(Path(path))
        bundle = ScoreBundle.read(Path(path))
        super().__init__("", bundle)
        self.scores = path
        self._error = EcoflapError("scores_only", model=bundle.model)
        for event in (self._loaded, self._done):
            event.set()

    @property
    def name(self) -> str:
        """The model that the scores are of, as their file calls it."""
        return self.bundle.model

    def start(self, prepare: bool = True) -> None:
        """There is nothing to load."""

    def add_scores(self, path: Path) -> ScoreBundle:
        """Add the score bundle in an uploaded file; errors call it by its name.

        Raises:
            EcoflapError: it cannot be read, is too large, or is of another model.
        """
        check_size(path, path.name)
        bundle = ScoreBundle.read(path, path.name)
        self.bundle.check_same_model(bundle)
        self.add(bundle, "file")
        return bundle

    def _there(self) -> Any:
        raise self._error
