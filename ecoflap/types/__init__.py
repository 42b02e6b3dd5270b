"""The values that the parts hand each other: frozen, validating, free of torch."""

from ecoflap.types.allocation import Allocation
from ecoflap.types.answer import Answer, Sample
from ecoflap.types.bundle import ScoreBundle
from ecoflap.types.layer import MODALITIES, Layer
from ecoflap.types.loading import Loading
from ecoflap.types.recipe import Recipe

__all__ = ["MODALITIES", "Allocation", "Answer", "Layer", "Loading", "Recipe", "Sample", "ScoreBundle"]
