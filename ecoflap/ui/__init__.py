"""The page: build it over an explorer, launch it with the options that keep it light, offline and safe."""

import os

from ecoflap.ui.importing import without_stubs

# Before gradio is imported: no request leaves the machine, and no time is lost.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
without_stubs()

from ecoflap.ui.launching import launch_options  # noqa: E402
from ecoflap.ui.page import build  # noqa: E402

__all__ = ["build", "launch_options"]
