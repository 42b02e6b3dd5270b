"""A Ray cluster on this machine for the tests, with processors for two workers."""

import pytest

from ecoflap.cluster.cluster import Cluster, Size
from ecoflap.cluster.connection import connected
from ecoflap.types import Loading


@pytest.fixture(scope="session")
def ray():
    """Ray, connected to a cluster that ends with the tests."""
    with connected("local", 2) as module:
        yield module


@pytest.fixture
def two(ray):
    """A cluster of two workers, with as many threads as the tests."""
    cluster = Cluster(ray, Size(2, 1), Loading("cpu"))
    yield cluster
    cluster.close()
