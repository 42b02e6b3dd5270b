"""The recipe: everything that determines a pruned model (format ecoflap-recipe/1)."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ecoflap.errors import EcoflapError
from ecoflap.types.bundle import read_json, write_text
from ecoflap.types.layer import MODALITIES
from ecoflap.types.pattern import PATTERNS, SPARSITY, UNSTRUCTURED

FORMAT = "ecoflap-recipe/1"
CHOICES = {
    "granularity": ("layer", "block", "model"),
    "aggregate": ("sum", "avg"),
    "pruner": ("wanda", "magnitude", "ria", "sparsegpt"),
    "scope": ("paper", "row", "matrix"),
    "rounding": ("exact", "reference"),
    "pattern": PATTERNS,
    "calibration": ("dense", "sequential"),
}


def _share(name: str, value: Any) -> None:
    """Raise unless `value` is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise EcoflapError("not_a_share", name=name, value=value)


@dataclass(frozen=True)
class Recipe:
    """What determines a pruned model, given the model and its score bundle.

    Attributes:
        target: asked-for sparsity over the prunable set, 0 to 1.
        max_sparsity: the cap; None ties it to the target.
        cap_margin: where `max_sparsity` is None the cap is min(1, target + cap_margin).
        allocator: name in `ecoflap.allocation.registry`.
        granularity: what shares one sparsity: layer (each matrix), block, or model (each modality).
        aggregate: a group's score is the sum of its matrices' scores, or that sum per weight (avg).
        modalities: the prunable set.
        overrides: name of a layer, a block or a modality -> sparsity fixed by hand, whatever the granularity and the
            cap. What it names keeps exactly size - round(sparsity * size) weights, shared by the allocator among the
            groups in it; what is named inside it (a layer in its block, a block in its modality) counts first, and the
            rest of it pays. Everything else shares the rest of the budget exactly, under the cap.
        pruner: the local criterion that ranks weights inside a layer; sparsegpt moves those that stay, compares over
            all rows of some columns whatever the scope, and knows no other rounding than exact.
        scope: weights are compared within a row or the whole matrix; paper = matrix in vision, row elsewhere.
        rounding: exact keeps exactly the budget; reference removes int(cols * sparsity) per row like the public code.
        pattern: which zeros are allowed in a row. unstructured allows any; 2:4 and 4:8 remove half of every group of 4
            or 8, so that every layer's sparsity is given: target, allocator, scope and rounding decide nothing, and
            nothing can be overridden.
        calibration: dense measures the pruner's input norms on the dense model, once for every sparsity; sequential
            measures a block's while the blocks before it are masked, as the paper does, anew for every allocation.
        model: name of the model; empty where it does not matter.
        bundle: fingerprint of the score bundle; empty where it does not matter.
        samples: fingerprint of the samples that the pruner was calibrated on; empty where it does not matter.
    """

    target: float = 0.5
    max_sparsity: float | None = None
    cap_margin: float = 0.1
    allocator: str = "ecoflap"
    granularity: str = "block"
    aggregate: str = "sum"
    modalities: tuple[str, ...] = ("vision", "language")
    overrides: dict[str, float] = field(default_factory=dict)
    pruner: str = "wanda"
    scope: str = "paper"
    rounding: str = "exact"
    pattern: str = "unstructured"
    calibration: str = "dense"
    model: str = ""
    bundle: str = ""
    samples: str = ""

    def __post_init__(self) -> None:
        _share("target", self.target)
        _share("cap_margin", self.cap_margin)
        if self.max_sparsity is not None:
            _share("max_sparsity", self.max_sparsity)
        if not isinstance(self.overrides, dict):
            raise EcoflapError("not_a_table", name="overrides", value=self.overrides)
        for group, value in self.overrides.items():
            _share(group, value)
        for name in ("allocator", "model", "bundle", "samples"):
            if not isinstance(getattr(self, name), str):
                raise EcoflapError("not_a_text", name=name, value=getattr(self, name))
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise EcoflapError("not_a_choice", name=name, value=getattr(self, name), choices=", ".join(choices))
        known = isinstance(self.modalities, tuple) and all(modality in MODALITIES for modality in self.modalities)
        if not known or not self.modalities:
            value = ", ".join(map(str, self.modalities)) if isinstance(self.modalities, tuple) else self.modalities
            raise EcoflapError(
                "not_a_choice", name="modalities", value=value or "nothing", choices=", ".join(MODALITIES)
            )
        if self.target > self.cap:
            raise EcoflapError("target_above_cap", target=self.target, cap=self.cap)
        if self.fixed and (self.target != SPARSITY or self.overrides):
            what = "overrides" if self.overrides else f"target {self.target}"
            raise EcoflapError("pattern_fixes_target", pattern=self.pattern, what=what)

    @property
    def fixed(self) -> bool:
        """Whether the pattern fixes every layer's sparsity, so that no allocator is asked."""
        return self.pattern != UNSTRUCTURED

    @property
    def compared(self) -> str:
        """Within what weights are compared: `scope`, or the groups of an N:M pattern."""
        return self.pattern if self.fixed else self.scope

    @property
    def cap(self) -> float:
        """The largest sparsity that the allocator may give a group; a hand may fix a larger one."""
        return min(1.0, self.target + self.cap_margin) if self.max_sparsity is None else self.max_sparsity

    def text(self) -> str:
        """What its file holds."""
        return json.dumps({"format": FORMAT} | asdict(self), indent=1) + "\n"

    def write(self, path: Path) -> None:
        """Write the recipe as JSON to `path`, whole or not at all."""
        write_text(path, self.text())

    @classmethod
    def read(cls, path: Path) -> "Recipe":
        """Read a recipe.

        Raises:
            EcoflapError: not readable, not a recipe, or with a value that no recipe can have.
        """
        return cls.from_json(read_json(path), path)

    @classmethod
    def from_json(cls, document: Any, place: Any) -> "Recipe":
        """A recipe from a JSON document; `place` names it in errors.

        Raises:
            EcoflapError: as for `read`.
        """
        found = document.get("format") if isinstance(document, dict) else type(document).__name__
        if found != FORMAT:
            raise EcoflapError("recipe_format", place=place, value=found, wanted=FORMAT)
        known = {item.name for item in fields(cls)} | {"format"}
        strange = sorted(set(document) - known)
        if strange:
            raise EcoflapError("recipe_field", place=place, fields=", ".join(strange))
        values = {key: value for key, value in document.items() if key != "format"}
        if isinstance(values.get("modalities"), list):
            values["modalities"] = tuple(values["modalities"])
        return cls(**values)
