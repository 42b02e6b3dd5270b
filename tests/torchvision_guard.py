"""Lets torchvision be imported beside a torch that its compiled operators do not fit, for tests and CI alone.

The package registry's torchvision belongs to the CUDA build of torch. Beside a CPU build its operators cannot load, and
`import torchvision` ends with "operator torchvision::nms does not exist", although what image processors need of it,
the transforms, is plain torch. The part that describes the missing operators is left out here. Where the operators
load, nothing changes, and nothing is imported before somebody imports torchvision.
"""

import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

DESCRIPTIONS = "torchvision._meta_registrations"
# Python runs the sitecustomize.py of a folder on PYTHONPATH at its start.
STARTUP = Path(__file__).parent / "startup"


class _Empty(Loader):
    """Loads a module without content."""

    def exec_module(self, module: ModuleType) -> None:
        pass


class _Guard(MetaPathFinder):
    """Finds an empty module in place of the descriptions of operators that did not load."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != DESCRIPTIONS or sys.modules["torchvision.extension"]._has_ops():
            return None
        return ModuleSpec(name, _Empty())


def install() -> None:
    """Guard this process; asked again, it does nothing."""
    if not any(isinstance(finder, _Guard) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Guard())


def install_below() -> None:
    """Guard every Python process that this one starts from now on."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(STARTUP), *([before] if before else [])])
