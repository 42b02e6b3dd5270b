"""Draw strokes.json in the page's own editor with a real mouse: `python -m tests.demo.hand_drawn.draw`.

The strokes are points on a board of 512 x 512; every other scene lets the editor fill its outlines. The pictures beside
this file are what the editor hands to Python.
"""

import base64
import json
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ecoflap.demo.scenes import PALETTE
from tests.browser.conftest import launch, serve
from tests.ui.fakes import FakeExplorer

HERE = Path(__file__).parent


def nearest(colour: str) -> int:
    """Place of the swatch that comes nearest to a #rrggbb colour."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    swatches = [[(a + b) / 2 for a, b in zip(*anchors)] for anchors in PALETTE.values()]
    return min(range(len(swatches)), key=lambda i: sum((a - b) ** 2 for a, b in zip(swatches[i], wanted)))


def draw(page: Page, scene: dict, fill: bool) -> bytes:
    """One scene, stroke after stroke; what the board then holds as PNG."""
    page.get_by_text("Clear", exact=True).click()
    page.locator("#editor input[type=checkbox]").set_checked(fill)
    board = page.locator("#editor canvas")
    board.scroll_into_view_if_needed()
    box, side = board.bounding_box(), scene["canvas"][0]
    for stroke in scene["strokes"]:
        page.locator("#editor .swatch").nth(nearest(stroke["colour"])).click()
        page.locator("#editor input[type=range]").fill(str(max(3, round(stroke["width"] * 256 / side))))
        places = [
            (box["x"] + x * box["width"] / side, box["y"] + y * box["height"] / side) for x, y in stroke["points"]
        ]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()
    return base64.b64decode(board.evaluate("board => board.toDataURL('image/png')").partition(",")[2])


def main() -> None:
    """Draw every scene anew."""
    blocks, url = serve(FakeExplorer())
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1440, "height": 1400})
        page.goto(url)
        page.locator("#editor summary").click()
        for i, scene in enumerate(json.loads((HERE / "strokes.json").read_text(encoding="utf-8"))):
            (HERE / scene["picture"]).write_bytes(draw(page, scene, fill=i % 2 == 1))
        browser.close()
    blocks.close()


if __name__ == "__main__":
    main()
