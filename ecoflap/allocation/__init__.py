"""From a score bundle and a recipe to weights kept per layer: pure arithmetic, no torch, no model."""

from ecoflap.allocation.plan import TARGETS, Plan, allocate
from ecoflap.allocation.registry import ALLOCATORS

__all__ = ["ALLOCATORS", "TARGETS", "Plan", "allocate"]
