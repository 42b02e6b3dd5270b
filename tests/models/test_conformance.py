"""The suite over every family of Hugging Face models; those that need torchvision in a process that has it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import torchvision_guard
from tests.models.conformance import Conformance
from tests.models.expected import EXPECTED
from tests.models.families import FAMILIES
from tests.models.generating import Generating

ROOT = Path(__file__).resolve().parents[2]
# Where the README's line puts torchvision: beside the environment, for it may not fit the torch there.
TORCHVISION = ROOT / ".torchvision"
# Names a package in the process that runs only the families that need it.
ONLY = "ECOFLAP_TESTS_NEEDING"


def here(name: str) -> bool:
    """Whether this process has what a family needs."""
    return all(importlib.util.find_spec(need) is not None for need in FAMILIES[name].needs)


def chosen(name: str) -> bool:
    """Whether this process is to run a family."""
    return here(name) and os.environ.get(ONLY, "") in ("", *FAMILIES[name].needs)


def family_parameter(name: str):
    """A family as a parameter; one that the README lists as not passing is left out with its reason."""
    reason = EXPECTED[name].fails
    return pytest.param(name, marks=pytest.mark.skip(reason=reason) if reason else ())


class TestFamilies(Conformance):
    @pytest.fixture(scope="class", params=[family_parameter(name) for name in FAMILIES if chosen(name)])
    def name(self, request) -> str:
        return request.param

    @pytest.fixture(scope="class")
    def folder(self, name, tmp_path_factory) -> Path:
        return FAMILIES[name].make(tmp_path_factory.mktemp("family"))

    @pytest.fixture(scope="class")
    def reference(self, name, folder) -> Generating:
        return Generating(folder, EXPECTED[name].prompt, EXPECTED[name].start, EXPECTED[name].end)

    @pytest.fixture(scope="class")
    def expected(self, name):
        return EXPECTED[name].stacks

    @pytest.fixture(scope="class")
    def idle(self, name) -> tuple[str, ...]:
        return EXPECTED[name].idle

    def test_it_is_the_class_that_checkpoints_name(self, name, model):
        assert type(model.module).__name__ == FAMILIES[name].architecture


def test_every_family_is_expected():
    assert EXPECTED.keys() == FAMILIES.keys()


@pytest.mark.skipif(all(map(here, FAMILIES)), reason="this process has torchvision, so every family ran above")
def test_families_that_need_torchvision():
    if not TORCHVISION.is_dir():
        pytest.skip("torchvision is not in .torchvision; the README's test command puts it there")
    # Without the others the process below would leave families out.
    others = {need for family in FAMILIES.values() for need in family.needs} - {"torchvision"}
    assert all(importlib.util.find_spec(need) for need in others)
    environment = {
        "PYTHONPATH": os.pathsep.join([str(torchvision_guard.STARTUP), str(TORCHVISION)]),
        ONLY: "torchvision",
    }
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", __file__, "-k", "TestFamilies"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
