"""Pages that are opened by a link, and what is read off them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from ecoflap.types import Layer
from ecoflap.ui import build, launch_options
from tests.browser.conftest import Watched, free_port
from tests.ui.fakes import FakeExplorer, small_bundle

BLOCK = "vision_model.encoder.layers.0"
ODD = "vision_model.encoder.layers.9.<img src=x onerror=alert(1)>:&=#+ü%41"
Opener = Callable[[str], Watched]


def bundle():
    """The small one with a matrix whose name holds everything that an address could trip over."""
    layer = Layer(ODD, "vision_model.encoder.layers.9", "vision", 24, 32, 2.0)
    return replace(small_bundle(), layers=(layer, *small_bundle().layers))


def two_scored() -> FakeExplorer:
    """What everybody looks at: the demo by name, with a second score file."""
    explorer = FakeExplorer(bundle(), spec="demo")
    explorer.added.append(replace(bundle(), method="first-order"))
    return explorer


def opening(chromium, explorer, **hosting) -> Iterator[Opener]:
    """Opens the page over `explorer` by a link; at the end nothing may have gone wrong in any console."""
    blocks = build(explorer, **hosting)
    blocks.launch(prevent_thread_lock=True, server_port=free_port(), **launch_options())
    base, opened = blocks.local_url, []

    def open_page(link: str = "") -> Watched:
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        watched = Watched(context.new_page(), link if link.startswith("http") else base + link)
        opened.append(watched)
        watched.page.wait_for_selector("#link .mount[data-restored]", state="attached")
        return watched

    yield open_page
    for watched in opened:
        watched.page.context.close()
        assert watched.errors == []
    blocks.close()


def link(page) -> str:
    return page.evaluate("window.ecoflap.link()")


def notes(page) -> list[str]:
    return page.locator("#link .linknote .words").all_inner_texts()


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def in_address(page, part: str) -> None:
    page.wait_for_function("part => location.href.includes(part)", arg=part)


def restored(page, **values) -> None:
    """Set knobs as the page's own scripts do, and wait for Python."""
    page.evaluate("values => window.ecoflap.restore(values)", values)
    page.wait_for_function("() => !window.ecoflap.waiting()")


STATE = """() => {
  const { state, snapshot, tour, questionTyped, hidden } = window.ecoflap;
  const { selected, grid, view, twin, scene, pinned } = state;
  return {
    now: snapshot(), pinned: pinned && pinned.values, layer: grid.layers[selected].name, view, twin, scene,
    question: questionTyped(), tour: tour.step(), hidden: hidden(),
  };
}"""
