"""Pictures that are no uploads: pasted, dropped, of the camera; and what is said where there is none."""

import base64
import io
import shutil

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.conftest import ARGUMENTS, Watched, serve, watching
from tests.browser.test_asking import ask, problem
from tests.ui.fakes import FakeExplorer

# Chromium's camera for tests shows a pattern; the first two let it say yes.
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")

# Gives the page a file as a paste or a drop would: (how, where, content in base64, type, name).
HAND_OVER = """([how, where, content, type, name]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    if (name) data.items.add(new File([bytes], name, { type }));
    else data.items.add("some words", "text/plain");
    const node = document.querySelector(where);
    const settings = { bubbles: true, cancelable: true };
    if (how === "paste") return node.dispatchEvent(new ClipboardEvent("paste", { ...settings, clipboardData: data }));
    node.dispatchEvent(new DragEvent("dragover", { ...settings, dataTransfer: data }));
    const zone = document.querySelector("#ask-picture.dropping") !== null;
    node.dispatchEvent(new DragEvent("drop", { ...settings, dataTransfer: data }));
    return zone;
}"""


def encoded(width=300, height=200, colour="red", kind="PNG") -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


def give(page, how, where, content="", kind="image/png", name="photo.png"):
    return page.evaluate(HAND_OVER, [how, where, content, kind, name])


def words(page, text):
    """Wait for the words under the picture."""
    page.wait_for_function("(text) => document.querySelector('#picker .words').textContent === text", arg=text)


@pytest.mark.parametrize(
    ("how", "where", "said"),
    [
        ("paste", "body", "The picture that you pasted."),
        ("paste", "#target input[type=range]", "The picture that you pasted."),
        ("drop", "#picker .shown", "The picture that you dropped here."),
    ],
)
def test_a_picture_that_is_handed_over_is_asked_about(opened, explorer, how, where, said):
    page = opened.page
    give(page, how, where, encoded())
    words(page, said)
    assert "drawn shapes only" in page.locator("#picker .note").text_content()
    ask(opened)
    assert explorer.questions[-1][0] == (300, 200)


def test_a_large_picture_is_made_small_before_it_is_sent(opened, explorer):
    page = opened.page
    give(page, "paste", "body", encoded(3000, 1500, kind="JPEG"), "image/jpeg")
    words(page, "The picture that you pasted.")
    ask(opened)
    assert explorer.questions[-1][0] == (1024, 512)


def test_pasting_into_the_question_leaves_the_picture_alone(opened):
    page = opened.page
    picture = page.locator("#picker .shown").get_attribute("src")
    assert give(page, "paste", "#question textarea", encoded()), "the paste was taken from the text field"
    give(page, "drop", "#question textarea", encoded())
    page.click("#new-scene")
    page.wait_for_function("(old) => document.querySelector('#picker .shown').src !== old", arg=picture)
    assert "pasted" not in page.locator("#picker .words").text_content()


@pytest.mark.parametrize(
    ("how", "where", "content", "name", "said"),
    [
        ("paste", "body", "", "", "The clipboard holds no picture."),
        ("drop", "#picker .shown", encoded(), "notes.txt", "no picture file"),
        ("paste", "body", base64.b64encode(b"nothing of the kind").decode(), "torn.png", "“torn.png” cannot be read"),
    ],
)
def test_what_is_no_picture_is_one_sentence_and_the_old_one_stays(opened, how, where, content, name, said):
    page = opened.page
    picture = page.locator("#picker .shown").get_attribute("src")
    give(page, how, where, content, "text/plain" if name.endswith("txt") else "image/png", name)
    assert said in problem(opened, "#intake")
    assert page.locator("#picker .shown").get_attribute("src") == picture
    give(page, "paste", "body", encoded())
    words(page, "The picture that you pasted.")
    assert not page.locator("#intake .problem").is_visible()


def test_the_picture_says_where_a_file_may_be_dropped(opened):
    assert give(opened.page, "drop", "#picker .shown", encoded())
    assert opened.page.locator("#ask-picture.dropping").count() == 0


@pytest.fixture(scope="module")
def seeing(chromium) -> Browser:
    """A Chromium with a camera, which every page may use."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    browser = chromium.browser_type.launch(executable_path=path, args=[*ARGUMENTS, *CAMERA])
    yield browser
    browser.close()


@pytest.fixture
def camera_page(seeing, explorer):
    """The page over `explorer` in front of a camera."""
    yield from watching(seeing, explorer)


def look(opened) -> None:
    """Open the camera's dialog and wait until it sees."""
    opened.page.click("#intake .open-camera")
    opened.page.wait_for_selector("dialog.camera[data-live=true]")


# Streams that were given out are counted, so that a test can see that each is switched off.
COUNT = """() => {
    window.streams = [];
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await real(wanted);
        window.streams.push(stream);
        return stream;
    };
}"""
OFF = """() => window.streams.length > 0 && window.streams.every(
    (each) => each.getTracks().every((track) => track.readyState === "ended"))"""


def test_a_photo_is_taken_and_the_camera_is_off_afterwards(camera_page, explorer):
    page = camera_page.page
    page.evaluate(COUNT)
    look(camera_page)
    assert page.locator("dialog.camera video").is_visible()
    page.get_by_role("button", name="Take picture").click()
    words(page, "Your photo.")
    page.wait_for_function(OFF)
    assert not page.locator("dialog.camera").is_visible()
    ask(camera_page)
    width, height = explorer.questions[-1][0]
    assert max(width, height) <= 1024 and min(width, height) > 100


@pytest.mark.parametrize("how", ["button", "key"])
def test_leaving_the_dialog_switches_the_camera_off(camera_page, how):
    page = camera_page.page
    page.evaluate(COUNT)
    picture = page.locator("#picker .shown").get_attribute("src")
    look(camera_page)
    if how == "key":
        page.keyboard.press("Escape")
    else:
        page.locator("dialog.camera").get_by_role("button", name="Cancel").click()
    page.wait_for_function(OFF)
    assert page.locator("#picker .shown").get_attribute("src") == picture


def test_a_camera_that_comes_after_the_dialog_was_left_is_switched_off(camera_page):
    page = camera_page.page
    page.evaluate(COUNT)
    page.evaluate(
        """() => {
            const real = navigator.mediaDevices.getUserMedia;
            const allowed = new Promise((done) => (window.allow = done));
            navigator.mediaDevices.getUserMedia = async (wanted) => (await allowed, real(wanted));
        }"""
    )
    page.click("#intake .open-camera")
    assert "may ask" in page.locator("dialog.camera .note").text_content()
    page.locator("dialog.camera").get_by_role("button", name="Cancel").click()
    page.evaluate("window.allow()")
    page.wait_for_function(OFF)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NotAllowedError", "refused the camera"),
        ("NotFoundError", "There is no camera"),
        ("NotReadableError", "another program"),
        ("TypeError", "(TypeError)"),
    ],
)
def test_a_camera_that_is_not_to_be_had_is_one_sentence(opened, name, said):
    page = opened.page
    page.evaluate(
        "(name) => (navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name)))", name
    )
    page.click("#intake .open-camera")
    assert said in problem(opened, "#intake")
    assert not page.locator("dialog.camera").is_visible()


def test_a_page_that_browsers_do_not_trust_says_so(opened):
    opened.page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    opened.page.click("#intake .open-camera")
    assert "https" in problem(opened, "#intake")


def test_a_model_without_pictures_takes_none_from_the_clipboard(chromium):
    from ecoflap.models.kinds import Description

    explorer = FakeExplorer(is_demo=False)
    explorer.described = Description("text")
    blocks, url = serve(explorer)
    page = chromium.new_page()
    watched = Watched(page, url)
    assert give(page, "paste", "body", encoded()), "the paste was taken"
    ask(watched)
    assert explorer.questions[-1][0] is None
    page.close()
    blocks.close()
