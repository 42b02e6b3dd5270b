"""Measuring scores from the page."""

from ecoflap.ui.embed import panel
from ecoflap.ui.shared import Shared


def build(shared: Shared) -> None:
    """Build the panel inside the current container and wire its events."""
    panel("scoring")
