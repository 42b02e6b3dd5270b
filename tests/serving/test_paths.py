"""What is served: the page's own files and what people uploaded; no other path of the machine, however spelled."""

import json
import tempfile
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

import pytest
from gradio.utils import get_upload_folder
from PIL import Image

from tests.serving.running import ROOT

PLACES = ("/gradio_api/file=", "/file=", "/gradio_api/file/", "/static/", "/assets/", "/gradio_api/proxy=", "/svelte/")
SECRETS = ("/etc/passwd", str(ROOT / "app.py"), str(ROOT / "README.md"), str(Path.home()), "/proc/self/environ")


def spellings(path):
    """A path as a stranger may write it."""
    yield path
    yield path.lstrip("/")
    yield "../" * 12 + path.lstrip("/")
    yield "..%2f" * 12 + urllib.parse.quote(path.lstrip("/"), safe="")
    yield "%2e%2e/" * 12 + path.lstrip("/")
    yield "....//" * 12 + path.lstrip("/")
    yield f"file://{path}"
    yield f"{path}%00.png"
    yield "//" + path
    yield urllib.parse.quote(path, safe="")


@pytest.mark.parametrize("place", PLACES)
def test_no_path_outside_is_served(visitor, place):
    for path in SECRETS:
        for written in spellings(path):
            status, text = visitor.get(place + written)
            assert status in (400, 403, 404, 422), (place + written, status)
            assert "root:" not in text and "Traceback" not in text and "import argparse" not in text


def sent(visitor, name, content):
    """The path that the server gave an uploaded file."""
    mark = uuid.uuid4().hex
    head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
    request = urllib.request.Request(
        f"{visitor.url}/gradio_api/upload",
        head + content + f"\r\n--{mark}--\r\n".encode(),
        {"Content-Type": f"multipart/form-data; boundary={mark}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())[0]


def picture():
    from io import BytesIO

    buffer = BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    return buffer.getvalue()


def test_a_link_in_the_folder_of_uploads_leads_nowhere(visitor, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    folder = Path(get_upload_folder()).resolve() / uuid.uuid4().hex
    folder.mkdir(parents=True)
    (folder / "link.png").symlink_to(secret)
    record = {"path": str(folder / "link.png"), "meta": {"_type": "gradio.FileData"}}
    taken = visitor.queued("upload", "upload", [record])
    assert "secret" not in json.dumps(taken).replace("secret.txt", "") and "error" in json.dumps(taken)


def test_names_of_uploads_stay_in_their_folder_and_what_is_sent_back_is_never_a_page(visitor):
    uploads = Path(get_upload_folder()).resolve()
    for name in (
        "../../../evil.png",
        "/etc/evil.png",
        "..\\..\\evil.png",
        "<img src=x onerror=alert(1)>.png",
        "a" * 300,
    ):
        path = Path(sent(visitor, urllib.parse.quote(name), picture()))
        assert path.resolve().is_relative_to(uploads) and ".." not in path.parts
    page = sent(visitor, "page.html", b"<script>window.hacked=1</script>")
    with urllib.request.urlopen(f"{visitor.url}/gradio_api/file={page}", timeout=60) as answer:
        # Somebody who has the address gets their own file to save, not a page that runs here.
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_path_that_nobody_can_guess_is_all_that_leads_to_an_upload(visitor):
    path = sent(visitor, "mine.png", picture())
    folder = Path(path).parent
    assert len(folder.name) >= 32
    for other in (folder, folder.parent, folder.parent / "mine.png", folder / "other.png"):
        assert visitor.get(f"/gradio_api/file={other}")[0] in (403, 404)
    assert tempfile.gettempdir() not in visitor.get("/config")[1].replace("\\/", "/")
