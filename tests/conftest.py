"""What several tests share: small bundles, tiny BLIP-2 models saved to folders, and a cache of their own."""

import os
from pathlib import Path

import pytest

from ecoflap.types import Loading

# Before torch is imported: on models this small two threads wait for each other, and far longer where others work too.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# Its assertions are read by every class that inherits it.
pytest.register_assert_rewrite("tests.models.conformance")

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """No test reads or writes the cache of whoever runs it."""
    monkeypatch.setenv("ECOFLAP_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of allocations that the public reference code computed."""
    if not REFERENCE.is_dir():
        pytest.skip("the reference allocations are not on this machine")
    return REFERENCE


@pytest.fixture(scope="session", params=["t5", "opt"])
def blip2_folder(request, tmp_path_factory) -> Path:
    """A tiny random BLIP-2, saved as a folder; once with T5, once with OPT."""
    from tests.tiny import save_blip2

    return save_blip2(tmp_path_factory.mktemp(f"blip2-{request.param}"), request.param)


@pytest.fixture(scope="session")
def t5_folder(tmp_path_factory) -> Path:
    """A tiny random BLIP-2 with T5, saved as a folder."""
    from tests.tiny import save_blip2

    return save_blip2(tmp_path_factory.mktemp("blip2"), "t5")


@pytest.fixture
def sample_folder(tmp_path) -> Path:
    """Calibration samples as a user has them: pictures and a samples.csv."""
    from tests.tiny import save_samples

    return save_samples(tmp_path)


@pytest.fixture
def engine(blip2_folder, sample_folder):
    """A tiny BLIP-2 with its samples; once with T5, once with OPT."""
    from ecoflap.engine import Engine
    from ecoflap.models import huggingface

    return Engine(huggingface.open_model(str(blip2_folder), Loading("cpu")), str(sample_folder))


@pytest.fixture(scope="session")
def demo():
    """The embedded model, loaded once for all tests."""
    from ecoflap.explorer import Explorer

    explorer = Explorer.open("demo")
    assert explorer.wait_prepared().ready
    yield explorer
    explorer.close()
