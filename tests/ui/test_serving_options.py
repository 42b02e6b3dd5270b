"""What app.py's options do to a page that is really served: name and password, and a proxy's path."""

import httpx
import pytest
from gradio_client import Client

from ecoflap.ui import build, launch_options
from tests.ui.fakes import FakeExplorer


@pytest.fixture
def served():
    """Serve a page with more arguments of `launch`; its address."""
    blocks = build(FakeExplorer())

    def serve(**more):
        blocks.launch(prevent_thread_lock=True, **launch_options() | more)
        return blocks.local_url

    yield serve
    blocks.close()


def test_without_name_and_password_nothing_is_answered(served):
    url = served(auth=("class", "room:12"))
    assert "page.rail" not in httpx.get(url).text
    for path in ("config", "gradio_api/info", "gradio_api/call/allocate", "gradio_api/run/allocate"):
        ask = httpx.post if "/call" in path or "/run" in path else httpx.get
        assert ask(url + path, **({"json": {"data": []}} if ask is httpx.post else {})).status_code == 401, path
    for name, password in (("class", "wrong"), ("nobody", "room:12"), ("class", "")):
        assert httpx.post(f"{url}login", data={"username": name, "password": password}).status_code in (400, 422)
    with pytest.raises(ValueError, match="Could not login"):
        Client(url, auth=("class", "wrong"), verbose=False)
    client = Client(url, auth=("class", "room:12"), verbose=False)
    assert client.predict(target=0.3, api_name="/allocate")["target"] == 0.3


def test_behind_a_proxy_every_address_begins_with_its_path(served):
    url = served(root_path="/pruning")
    assert httpx.get(f"{url}config").json()["root"].endswith("/pruning")
