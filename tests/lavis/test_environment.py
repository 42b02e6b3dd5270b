"""Which environment this is: LAVIS's own, or the project's, in which LAVIS cannot be."""

from importlib.metadata import version

import pytest

from tests.lavis.conftest import HERE


@pytest.mark.skipif(not HERE, reason="LAVIS is not installed here; tests/lavis runs where requirements-lavis.txt is")
def test_lavis_is_the_version_that_is_supported():
    assert version("salesforce-lavis") == "1.0.2"
