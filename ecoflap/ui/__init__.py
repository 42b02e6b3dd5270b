"""The page: build it over an explorer, launch it with the options that keep it light, offline and safe."""

import os

# Before gradio is imported: no request leaves the machine.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from ecoflap.ui.launching import launch_options
from ecoflap.ui.page import build

__all__ = ["build", "launch_options"]
