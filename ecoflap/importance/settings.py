"""What a user chooses about scoring."""

from dataclasses import asdict, dataclass
from typing import Any

from ecoflap.errors import EcoflapError
from ecoflap.types.answer import check_choice

# Bytes of kept block outputs for one batch: eight samples through BLIP-2 FlanT5-XL need 0.6 GB in float32.
REPLAY_BYTES = 4 * 2**30
# Shorter steps vanish in the rounding of the loss, longer ones leave every model's neighbourhood.
EPS = (1e-8, 10.0)
# First-order scores of a matrix W with gradient g.
GRADIENTS = ("GradOnly", "GradMagAbs", "GradMagSquare")


@dataclass(frozen=True)
class Settings:
    """Settings of a scoring run.

    Attributes:
        method: name in `ecoflap.importance.registry`.
        samples: calibration samples in all.
        seed: of samples and directions.
        batch_size: samples per batch.
        draws: directions per layer and batch (zeroth-order); the public code takes one.
        eps: length of a step along a direction (zeroth-order).
        gradient: which first-order score becomes the layers' score: GradOnly, GradMagAbs or GradMagSquare.
        sparsities: the sparsities at which a block's response is measured (response).
        replay_bytes: most memory for kept block outputs, and for the activations of a first-order backward pass; what
            needs more runs whole passes, or recomputes its activations: slower, the same scores.
    """

    method: str = "zeroth-order"
    samples: int = 32
    seed: int = 0
    batch_size: int = 8
    draws: int = 1
    eps: float = 1e-3
    gradient: str = "GradMagAbs"
    sparsities: tuple[float, ...] = (0.4, 0.6, 0.7, 0.8, 0.9, 1.0)
    replay_bytes: float = REPLAY_BYTES

    def __post_init__(self) -> None:
        for name in ("batch_size", "draws", "eps"):
            if not 0 < getattr(self, name) < float("inf"):
                raise EcoflapError("not_positive", name=name, value=getattr(self, name))
        if not EPS[0] <= self.eps <= EPS[1]:
            raise EcoflapError("eps_range", value=self.eps, least=EPS[0], most=EPS[1])
        check_choice(self.samples, self.seed)
        if self.gradient not in GRADIENTS:
            raise EcoflapError("not_a_choice", name="gradient", value=self.gradient, choices=", ".join(GRADIENTS))
        if not 0 <= self.replay_bytes < float("inf"):
            raise EcoflapError("not_memory", value=f"{self.replay_bytes / 2**30:g}")
        if not self.sparsities or len(set(self.sparsities)) < len(self.sparsities):
            raise EcoflapError("sparsities_distinct", value=self.sparsities)
        for value in self.sparsities:
            if not 0 < value <= 1:
                raise EcoflapError("not_a_share", name="sparsities", value=value)

    def to_json(self) -> dict[str, Any]:
        """Everything that scores depend on; replay changes no number."""
        return {name: value for name, value in asdict(self).items() if name != "replay_bytes"}
