"""The score bundle: every fact that an allocation needs, without the model (format ecoflap-scores/1)."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from glob import escape
from pathlib import Path
from typing import Any

from ecoflap.errors import EcoflapError
from ecoflap.types.layer import Layer, check_name

FORMAT = "ecoflap-scores/1"
# Seconds after which what a process left half-written is nobody's.
LONG = 3600
_OPTIONAL = (
    "model_fingerprint",
    "calibration",
    "seed",
    "eps",
    "convergence",
    "pruned_by",
    "created",
    "library",
    "note",
    "added",
)


def write_text(path: Path, text: str) -> None:
    """Write `text` beside `path`, then rename: a reader sees the old file or the new one, never half of one."""
    there = beside(check_writable(path))
    try:
        there.write_text(text, encoding="utf-8")
        there.replace(path)
    except OSError as error:
        there.unlink(missing_ok=True)
        raise EcoflapError("out_unwritable", out=path, reason=error.strerror or error) from error


def beside(path: Path) -> Path:
    """Where a process writes what becomes `path` when it is whole. What killed processes left there is removed."""
    for left in path.parent.glob(f".{escape(path.name)}.*"):
        number = left.name.rpartition(".")[2]
        if number.isdecimal() and not _runs(int(number)) and _idle(left):
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else _try_unlink(left)
    return path.with_name(f".{path.name}.{os.getpid()}")


def _try_unlink(left: Path) -> None:
    with suppress(OSError):  # somebody else's, perhaps
        left.unlink()


def _idle(left: Path) -> bool:
    """Whether nobody has written to a file or a folder for long: a process of another machine may be at work there."""
    try:
        return time.time() - max(path.stat().st_mtime for path in (left, *left.glob("*"))) > LONG
    except OSError:
        return False


def _runs(process: int) -> bool:
    """Whether there is such a process on this machine; yes where that cannot be asked."""
    if os.name != "posix":  # elsewhere the question would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def check_writable(path: Path) -> Path:
    """`path`, if a file can be written there; its folder is made. Asked before long work, so that none is lost.

    Raises:
        EcoflapError: it is a folder, or its own folder cannot be made or written to.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        if path.exists() and not path.is_file():
            raise OSError(22, "it is a device, not a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise PermissionError(13, "no permission")
    except (OSError, ValueError) as error:
        raise EcoflapError("out_unwritable", out=path, reason=getattr(error, "strerror", None) or error) from error
    return path


def read_json(path: Path, name: str | None = None) -> Any:
    """The JSON document at `path`; errors call it `name`.

    Raises:
        EcoflapError: there is no such file, or it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EcoflapError("file_unreadable", path=name or path, reason=error.strerror or error) from error
    except (ValueError, RecursionError) as error:
        raise EcoflapError("file_not_json", path=name or path, reason=error) from error


@dataclass(frozen=True)
class ScoreBundle:
    """Importance scores of a model's layers, in execution order.

    Attributes:
        model: the model's name.
        method: how the scores were measured.
        layers: every prunable layer; the bridge is scored too.
        facts: optional facts: model_fingerprint, calibration, seed, eps, convergence, pruned_by, created,
            library, note, added (the origin of what another bundle brought).
        stored_fingerprint: the `fingerprint` field of the file, if it had one.
    """

    model: str
    method: str
    layers: tuple[Layer, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    stored_fingerprint: str | None = None

    def __post_init__(self) -> None:
        if not self.layers:
            raise EcoflapError("bundle_empty", model=self.model)
        names = [layer.name for layer in self.layers]
        if len(set(names)) != len(names):
            double = next(name for name in names if names.count(name) > 1)
            raise EcoflapError("bundle_double", name=double)

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the bundle: 16 hex digits over model, method and layers."""
        body = [self.model, self.method, [layer.to_json() for layer in self.layers]]
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]

    def joined(self, other: "ScoreBundle") -> "ScoreBundle":
        """This bundle with the curves and stats that `other` measured on the same model; scores stay its own.

        Raises:
            EcoflapError: the other one is of another model or other weights, or has neither curves nor stats.
        """
        self.check_same_model(other)
        if not any(layer.curve or layer.stats for layer in other.layers):
            raise EcoflapError("bundle_adds_nothing", method=other.method)
        layers = tuple(
            replace(own, curve=new.curve or own.curve, stats=own.stats | new.stats)
            for own, new in zip(self.layers, other.layers)
        )
        origin = {key: value for key, value in other.facts.items() if key not in ("model_fingerprint", "added")}
        added = [*self.facts.get("added", []), {"method": other.method} | origin]
        return ScoreBundle(self.model, self.method, layers, self.facts | {"added": added})

    def check_same_model(self, other: "ScoreBundle") -> None:
        """Raise where `other` is of another model, or of other weights as far as both say."""
        shapes = [[(layer.name, layer.rows, layer.cols) for layer in bundle.layers] for bundle in (self, other)]
        marks = [bundle.facts.get("model_fingerprint", "") for bundle in (self, other)]
        if shapes[0] != shapes[1] or (all(marks) and marks[0] != marks[1]):
            raise EcoflapError("bundles_differ", first=self.model, second=other.model)

    def to_json(self) -> dict[str, Any]:
        """The bundle as a JSON document."""
        head = {"format": FORMAT, "model": self.model, "method": self.method}
        facts = {key: self.facts[key] for key in _OPTIONAL if key in self.facts}
        return head | facts | {"fingerprint": self.fingerprint, "layers": [layer.to_json() for layer in self.layers]}

    def text(self) -> str:
        """What its file holds."""
        return json.dumps(self.to_json(), indent=1) + "\n"

    def write(self, path: Path) -> None:
        """Write the bundle to `path`, whole or not at all."""
        write_text(path, self.text())

    @classmethod
    def read(cls, path: Path, name: str | None = None) -> "ScoreBundle":
        """Read a bundle; errors call its file `name`, by default its path.

        Raises:
            EcoflapError: not readable, not a bundle, or its content does not match its own fingerprint.
        """
        place = name or str(path)
        bundle = cls.from_json(read_json(path, place), place)
        if bundle.stored_fingerprint not in (None, bundle.fingerprint):
            raise EcoflapError("bundle_altered", path=place, stored=bundle.stored_fingerprint, found=bundle.fingerprint)
        return bundle

    @classmethod
    def from_json(cls, document: Any, place: str) -> "ScoreBundle":
        """A bundle from a JSON document; `place` names it in errors."""
        found = document.get("format") if isinstance(document, dict) else type(document).__name__
        if found != FORMAT:
            raise EcoflapError("bundle_format", place=place, value=found, wanted=FORMAT)
        if not isinstance(document.get("layers"), list):
            raise EcoflapError("bundle_field", place=place, fields="layers")
        layers = tuple(Layer.from_json(entry, f"{place}: layers[{i}]") for i, entry in enumerate(document["layers"]))
        facts = {key: document[key] for key in _OPTIONAL if key in document}
        model, method = (check_name(document.get(name, ""), f"{place}: {name}") for name in ("model", "method"))
        return cls(model, method, layers, facts, document.get("fingerprint"))


def chosen(bundles: Sequence[ScoreBundle], fingerprint: str) -> ScoreBundle:
    """The one of `bundles` with this fingerprint; the first where it is empty.

    Raises:
        EcoflapError: there is none.
    """
    found = next((bundle for bundle in bundles if fingerprint in ("", bundle.fingerprint)), None)
    if found is None:
        marks = ", ".join(bundle.fingerprint for bundle in bundles)
        raise EcoflapError("scores_unknown", wanted=fingerprint, found=marks)
    return found
