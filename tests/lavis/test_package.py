"""The project's package in LAVIS's environment: everything can be imported but what needs a newer transformers."""

import importlib
import pkgutil

import pytest

import ecoflap

# Modules that import classes which the older transformers lacks; all others may not depend on them.
NEWER = (
    "ecoflap.bench.",
    "ecoflap.demo.",
    "ecoflap.models.huggingface",
    "ecoflap.models.lavis_checkpoint",
    "ecoflap.results.",
    "ecoflap.validation.",
)
NAMES = [
    module.name
    for module in pkgutil.walk_packages(ecoflap.__path__, "ecoflap.", lambda name: None)
    if not module.name.startswith(NEWER) and not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", NAMES)
def test_everything_else_can_be_imported(name):
    importlib.import_module(name)
