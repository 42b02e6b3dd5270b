"""Knobs to recipes and pictures to tokens, also for what no browser would send."""

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import pytest
from gradio.route_utils import delete_files_created_by_app
from gradio.utils import get_upload_folder
from PIL import Image

from ecoflap.errors import EcoflapError
from ecoflap.types import Recipe
from ecoflap.ui import build, pictures, session
from tests.ui.fakes import FakeExplorer


def knobs(**changes):
    return [*(session.DEFAULTS | changes).values()]


def test_the_opening_knobs_are_the_default_recipe():
    assert session.recipe_of(*knobs()) == Recipe()


def test_every_knob_reaches_the_recipe():
    recipe = session.recipe_of(
        *knobs(percent=30, cap_mode="fixed", cap=70, granularity="layer", allocator="uniform", bridge=True)
    )
    assert recipe == Recipe(0.3, 0.7, 0.1, "uniform", "layer", modalities=("vision", "bridge", "language"))
    assert session.recipe_of(*knobs(margin=25)).cap == 0.75


@pytest.mark.parametrize("value", [None, "50", -1, 96, float("nan"), float("inf"), True, [50]])
def test_a_target_that_no_slider_has_is_one_sentence(value):
    with pytest.raises(EcoflapError, match="target is .* It has to be a number from 0 to 95"):
        session.recipe_of(*knobs(percent=value))


def test_a_target_above_the_cap_is_one_sentence():
    with pytest.raises(EcoflapError, match="0.8 is above the cap 0.6"):
        session.recipe_of(*knobs(percent=80, cap_mode="fixed"))


def test_scenes_are_the_same_for_the_same_token_and_have_questions():
    token = session.scene_token(7)
    assert session.picture_for(token).tobytes() == session.picture_for(token).tobytes()
    assert len(session.questions_for(token)) >= 3
    assert session.picture_for(session.example_token(0)).size == (256, 256)


def png(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def test_a_drawing_comes_back_as_it_was_drawn():
    token = session.sent_token(png(Image.new("RGB", (256, 256), (10, 20, 200))), "drawing")
    assert session.picture_for(token).getpixel((5, 5)) == (10, 20, 200)
    assert session.questions_for(token) == []


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "",
        "data:image/svg+xml;base64,AAAA",
        "data:image/png;base64,%%%",
        "data:image/png;base64," + "A" * 4_000_001,
    ],
)
def test_what_the_page_would_not_send_is_one_sentence(value):
    with pytest.raises(EcoflapError, match="The picture could not be read"):
        session.sent_token(value, "drawing")


def jpeg(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize("kind", ["pasted", "dropped", "camera"])
def test_pictures_that_are_no_files_are_opened_and_named_after_where_they_come_from(kind):
    token = session.sent_token(jpeg(Image.new("RGB", (60, 40), "red")), kind)
    assert (token["kind"], session.picture_for(token).size) == (kind, (60, 40))
    opened = pictures.open_token(token, "vision-language", True, "en")
    assert "drawn shapes only" in opened.picture["note"]
    assert (
        opened.picture["words"] != pictures.open_token(token | {"kind": "upload"}, "text", True, "en").picture["words"]
    )


@pytest.mark.parametrize("kind", [None, "upload", "../x", 3, []])
def test_a_picture_from_nowhere_is_refused(kind):
    with pytest.raises(EcoflapError, match="The picture could not be read"):
        session.sent_token(jpeg(Image.new("RGB", (4, 4))), kind)


def test_what_claims_to_be_a_picture_and_is_none_is_refused():
    with pytest.raises(EcoflapError, match="pasted"):
        session.sent_token("data:image/jpeg;base64," + base64.b64encode(b"no picture").decode(), "pasted")


def test_only_uploaded_files_are_opened(tmp_path):
    outside = tmp_path / "secret.png"
    Image.new("RGB", (4, 4)).save(outside)
    for file in (str(outside), {"path": str(outside)}, {"path": f"{get_upload_folder()}/../{outside}"}):
        with pytest.raises(EcoflapError, match="was not uploaded to this page"):
            session.upload_token(file)
    inside = Path(get_upload_folder()) / "test-session" / "fine.png"
    inside.parent.mkdir(parents=True, exist_ok=True)
    outside.rename(inside)
    assert session.picture_for(session.upload_token({"path": str(inside)})).size == (4, 4)
    inside.unlink()


@pytest.mark.parametrize("path", ["\0", "/etc/passwd", "/tmp/gradio/\ud800", "a" * 5000])
def test_a_path_that_nobody_uploaded_is_one_short_sentence(path):
    with pytest.raises(EcoflapError, match="was not uploaded to this page") as caught:
        session.uploaded({"path": path})
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("file", [None, {}, {"url": "somewhere"}])
def test_no_file_at_all_is_said(file):
    with pytest.raises(EcoflapError, match="There is no picture yet"):
        session.uploaded(file)


def test_what_is_no_picture_never_reaches_the_disk_and_what_is_one_is_noted_for_deleting(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    page = build(FakeExplorer())
    taken = next(fn.fn for fn in page.fns.values() if fn.name == "taken")
    junk = "data:image/jpeg;base64," + base64.b64encode(b"no picture").decode()
    assert "error" in taken(gr.EventData(None, {"picture": junk, "kind": "camera"}))[1]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    taken(gr.EventData(None, {"picture": jpeg(Image.new("RGB", (9, 9))), "kind": "camera"}))
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    delete_files_created_by_app(page, None)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_same_picture_from_many_at_once_is_whole_for_everybody(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    noise = Image.effect_noise((400, 400), 90).convert("RGB")
    sent = png(noise)

    def send(_):
        return session.picture_for(session.sent_token(sent, "dropped")).size

    with ThreadPoolExecutor(8) as people:
        assert set(people.map(send, range(64))) == {(400, 400)}
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
