"""The allocators, as one explicit list: the page's menu, the command line's choices and the docs are built from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ecoflap import errors
from ecoflap.allocation import (
    alphapruning,
    atp,
    dlp,
    ecoflap,
    erk,
    joint,
    lamp,
    magnitude,
    multiflow,
    owl,
    response,
    ressa,
    tamp,
    uniform,
)
from ecoflap.allocation.groups import STATS, Groups
from ecoflap.types import Layer

Keep = Callable[[Groups, int, float], np.ndarray]


@dataclass(frozen=True)
class Allocator:
    """One way to split a budget over groups.

    Attributes:
        name: what recipes and the command line call it.
        title: what people read.
        link: where it comes from; empty for what has no paper.
        needs: the bundle fields it reads besides the shapes: score, curve, or stats.NAME.
        keep: (groups, weights to keep, cap) -> weights kept per group, (groups,) int64 that sum to the second.
        method: the way of scoring that measures what it needs; empty where every bundle or none is enough.
        score: the stat that takes the place of the layers' scores; empty for these.
    """

    name: str
    title: str
    link: str
    needs: tuple[str, ...]
    keep: Keep
    method: str = ""
    score: str = ""

    def lacks(self, layers: Sequence[Layer]) -> str | None:
        """The first need that some layer does not meet; None where all are met."""
        return next((need for need in self.needs if not all(_has(layer, need) for layer in layers)), None)

    def score_of(self, layer: Layer) -> float:
        """The importance that it shares out by, at least 0."""
        return max(0.0, layer.stats.get(self.score, 0.0)) if self.score else layer.score


def _has(layer: Layer, need: str) -> bool:
    """Whether a layer brings what an allocator needs."""
    return {"score": True, "curve": bool(layer.curve)}.get(need, need.removeprefix(STATS) in layer.stats)


def _by(name: str, title: str, stat: str, method: str) -> Allocator:
    """ECoFLaP by another measured value than the bundle's scores."""
    return Allocator(name, title, PAPER, (STATS + stat,), ecoflap.keep, method, stat)


PAPER = "https://arxiv.org/abs/2310.02998"
LOCAL = "local"
ALLOCATORS = (
    Allocator("ecoflap", "ECoFLaP: by importance", PAPER, ("score",), ecoflap.keep),
    Allocator("response", "Response: by measured loss", "", ("curve",), response.keep, "response"),
    Allocator("joint", "Joint: measured together", "", (joint.NEED,), joint.keep, "joint"),
    Allocator("uniform", "Uniform: the same everywhere", "", (), uniform.keep),
    _by("ecoflap-grad", "ECoFLaP by |g|", "first_order.GradOnly", "first-order"),
    _by("ecoflap-abs", "ECoFLaP by |W| |g|", "first_order.GradMagAbs", "first-order"),
    _by("ecoflap-square", "ECoFLaP by W^2 g^2", "first_order.GradMagSquare", "first-order"),
    _by("ecoflap-block", "ECoFLaP, blocks moved whole", "zeroth_order_block", "zeroth-order-block"),
    _by("ecoflap-local", "ECoFLaP by the local score", "local", LOCAL),
    Allocator("ressa", "RESSA: ECoFLaP in each modality", "https://arxiv.org/abs/2404.02424", ("score",), ressa.keep),
    Allocator(
        "magnitude", "Global magnitude", "https://arxiv.org/abs/1506.02626", (magnitude.NEED,), magnitude.keep, LOCAL
    ),
    Allocator(
        "multiflow",
        "MULTIFLOW: magnitude in each modality",
        "https://arxiv.org/abs/2404.05621",
        (magnitude.NEED,),
        multiflow.keep,
        LOCAL,
    ),
    Allocator("lamp", "LAMP", "https://arxiv.org/abs/2010.07611", (lamp.NEED,), lamp.keep, LOCAL),
    Allocator("erk", "ERK: by shape", "https://arxiv.org/abs/1911.11134", (), erk.keep),
    Allocator("owl", "OWL: by outliers", "https://arxiv.org/abs/2310.05175", (owl.NEED,), owl.keep, LOCAL),
    Allocator("dlp", "DLP: by medians", "https://arxiv.org/abs/2505.23807", (dlp.NEED,), dlp.keep, LOCAL),
    Allocator(
        "alphapruning",
        "AlphaPruning: by spectra",
        "https://arxiv.org/abs/2410.10912",
        (alphapruning.NEED,),
        alphapruning.keep,
        LOCAL,
    ),
    Allocator("tamp", "TAMP: by token diversity", "https://arxiv.org/abs/2504.09897", (tamp.NEED,), tamp.keep, LOCAL),
    Allocator("atp", "ATP: rising with depth", "https://arxiv.org/abs/2502.14770", ("curve",), atp.keep, "response"),
)


def find(name: str) -> Allocator:
    """The allocator called `name`.

    Raises:
        EcoflapError: there is none of that name.
    """
    return errors.find("allocator", name, ALLOCATORS)
