"""Tests that need LAVIS; they run in the environment of requirements-lavis.txt and are skipped elsewhere."""

import warnings
from importlib.util import find_spec

import pytest

from tests import torchvision_guard

torchvision_guard.install()
torchvision_guard.install_below()
HERE = find_spec("lavis") is not None
# Without LAVIS their imports would fail; test_environment.py says that they were left out.
NEED_LAVIS = ("conformance", "lavis", "package", "page", "recorded")
collect_ignore = [] if HERE else [f"test_{name}.py" for name in NEED_LAVIS]
if HERE:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lavis.models  # noqa: F401


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Tiny models as LAVIS's type `tiny`."""
    from tests.lavis import makers

    folder = tmp_path_factory.mktemp("lavis")
    makers.make(folder)
    return folder
