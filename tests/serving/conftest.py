"""The page over the embedded model, served from this process, for everything that is sent to it over HTTP."""

import hashlib
from collections.abc import Iterator

import pytest

from ecoflap.explorer import Explorer
from ecoflap.ui import build, launch_options
from tests.serving.raw import Raw
from tests.serving.running import free_port


@pytest.fixture(scope="session")
def url(demo) -> Iterator[str]:
    """The address of a page over it."""
    page = build(demo)
    page.launch(prevent_thread_lock=True, server_port=free_port(), **launch_options())
    yield page.local_url
    page.close()


@pytest.fixture
def visitor(url) -> Raw:
    """Somebody with a session of their own."""
    return Raw(url)


def weights(explorer: Explorer) -> str:
    """A hash over every bit of the model, dense."""
    found = hashlib.sha256()
    with explorer.engine.state(None) as model:
        for name, value in sorted(model.module.state_dict().items()):
            found.update(name.encode() + value.detach().contiguous().numpy().tobytes())
    return found.hexdigest()
