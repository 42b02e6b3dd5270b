"""The model that a page shows, and changing it: the old one stays until the new one is there, or comes back."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ecoflap.errors import EcoflapError, failure
from ecoflap.explorer import Explorer
from ecoflap.models import registry
from ecoflap.sweep import SweepPoint
from ecoflap.texts import told
from ecoflap.turns import Line, lines

# Points of sweeps that are kept, of about two kilobytes each.
MOST_POINTS = 2000


@dataclass(frozen=True)
class Offer:
    """A model that the page lists, and with what it is opened: as `Explorer.open` takes them."""

    spec: str
    calibration: str | None = None
    scores: str | Path | None = None
    loading: Any = None


class Host:
    """One model at a time for everybody who looks at the page.

    Attributes:
        explorer: the model that is shown now.
        generation: how often it was changed; who has seen another number has to fetch everything anew.
        offers: what the page lists besides the demo and what the hub's cache holds, the first model among them.
        free: whether people may name any folder or hub id; otherwise only what is listed.
        lines: in front of the model, by the kind of work: everybody's, whatever page they look at.
        swept: points of sweeps by key, which says all that they depend on.
    """

    def __init__(
        self,
        explorer: Any,
        offered: Sequence[Offer] = (),
        free: bool = True,
        make: Callable[..., Any] = Explorer.open,
        room_for: Callable[..., bool] | None = None,
    ) -> None:
        """Begin with `explorer`.

        Args:
            explorer: open or opening.
            offered: what else whoever runs the page lists.
            free: see the class.
            make: opens another model, as `Explorer.open` does.
            room_for: whether a model fits beside what is loaded; by default `registry.room_for`.
        """
        self.explorer, self.generation, self.free = explorer, 0, free
        first = Offer(explorer.spec, explorer.calibration, explorer.scores, explorer.loading)
        self.offers = {offer.spec: offer for offer in (*offered, first) if explorer.has_model}
        self.lines: dict[str, Line] = lines()
        self.swept: dict[str, SweepPoint] = {}
        self._make, self._room_for = make, room_for
        self._lock = threading.Lock()
        self._next: Any = None
        self._error: EcoflapError | None = None
        self._stopped = False
        self._thread: threading.Thread | None = None
        # What is on this machine, looked up anew after every change.
        self._openable: list[dict[str, Any]] | None = None

    def keep(self, point: SweepPoint) -> None:
        """Keep a point of a sweep for whoever wants the same one; the oldest go where there are too many."""
        self.swept[point.key] = point
        for key in [*self.swept][:-MOST_POINTS]:
            self.swept.pop(key, None)

    def listed(self) -> list[dict[str, Any]]:
        """What the page offers: {spec, bytes or None, why: it cannot be opened here, or None}, that shown now first."""
        if not self.explorer.has_model:  # nothing is opened here
            return []
        if self._openable is None:
            self._openable = registry.openable()
        known = {entry["model"]: {"bytes": entry["bytes"], "why": entry["why"]} for entry in self._openable}
        specs = dict.fromkeys([self.explorer.spec, *known, *self.offers])
        return [{"spec": spec} | known.get(spec, {"bytes": None, "why": None}) for spec in specs]

    def open(self, spec: Any, calibration: Any = None) -> None:
        """Begin to open another model; `state` tells how far it is.

        Args:
            spec: what `--model` takes.
            calibration: what `--calibration` takes; empty for what the model was offered with, or brings.

        Raises:
            EcoflapError: one is being opened already, the model is not to be had, or needs samples; or the page shows
                scores alone.
        """
        if not self.explorer.has_model:
            raise EcoflapError("scores_only", model=self.explorer.name)
        name, samples = (value.strip() if isinstance(value, str) else "" for value in (spec, calibration))
        if not name:
            raise EcoflapError("host_nothing")
        if not self.free:
            self._check_listed(name, samples)
        offer = self.offers.get(name)
        if offer is None or samples:
            offer = Offer(name, samples or None)
        following = self._make(name, offer.scores, offer.loading or self.loading, offer.calibration, start=False)
        with self._lock:
            if self._next is not None:
                raise EcoflapError("host_busy", model=self._next.name)
            self._next, self._error, self._stopped = following, None, False
        self._thread = threading.Thread(target=self._change, args=(following,), daemon=True, name="change")
        self._thread.start()

    def _check_listed(self, spec: str, calibration: str) -> None:
        """Raise where a stranger names what the page does not offer: other models, or files of this machine."""
        for value, known in ((spec, [entry["spec"] for entry in self.listed()]), (calibration, ["", "demo"])):
            if value not in known:
                raise EcoflapError("host_not_listed", value=value)

    @property
    def loading(self) -> Any:
        """How the first model was loaded; code from strangers is for the command line alone."""
        chosen = self.explorer.loading
        return replace(chosen, trust_remote_code=False) if chosen is not None else None

    def cancel(self) -> None:
        """Stop opening the other model."""
        with self._lock:
            if self._next is not None:
                self._stopped = True
                self._next.cancel()

    def wait(self) -> None:
        """Wait until no model is being opened."""
        if self._thread is not None:
            self._thread.join()

    def state(self, language: str = "en") -> dict[str, Any]:
        """{spec: shown now, opening: name or None, words: how far it is, error: why the last one failed}."""
        with self._lock:
            following, error = self._next, self._error
        words = following.status(language).message if following is not None else ""
        return {
            "spec": self.explorer.spec,
            "opening": told(following.name, language) if following is not None else None,
            "words": words,
            "error": error.text(language) if error is not None else None,
        }

    def _change(self, following: Any) -> None:
        """Load `following` and show it; where it does not fit beside the old one, that one makes room first."""
        old, released = self.explorer, False
        try:
            room_for = self._room_for or registry.room_for
            if not room_for(following.spec, following.loading):
                released = True
                old.close()
            if self._stopped:
                raise EcoflapError("loading_cancelled", model=following.spec)
            following.start()
            following.wait()
        except Exception as error:  # whatever it is, the page says it and the old model stays
            self._failed(following, error, old if released else None)
            return
        with self._lock:
            self.explorer = following
            self.generation += 1
            self._openable = None
        if not released:
            old.close()
        with self._lock:
            self._next = None

    def _failed(self, following: Any, error: Exception, old: Any) -> None:
        """Say why there is no other model, and bring the old one back where it had to make room."""
        following.close()
        if old is not None:
            old.start()
        if not isinstance(error, EcoflapError):
            spec = following.spec
            error = failure(error, lambda reason: EcoflapError("model_failed", model=spec, reason=reason))
        with self._lock:
            self._next, self._error = None, error
