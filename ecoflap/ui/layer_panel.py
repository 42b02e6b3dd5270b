"""The selected layer: histogram, mask, rows, what is zero in A and B, and what sparing it costs."""

from ecoflap.ui.embed import panel
from ecoflap.ui.shared import Shared


def build(shared: Shared) -> None:
    """Build the panel inside the current container and wire its events."""
    panel("layer")
