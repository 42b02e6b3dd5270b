"""What every Python process that the tests start runs first."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])

sys.path.append(ROOT)
from tests import torchvision_guard  # noqa: E402

sys.path.remove(ROOT)
torchvision_guard.install()
