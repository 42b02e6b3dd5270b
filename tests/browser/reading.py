"""What a page says, piece by piece: text, tooltips, labels and hints, also of what is out of sight."""

import json
import re

from playwright.sync_api import Page

from ecoflap.models.registry import DEMO_FOLDER

# Whatever the page holds but what people and models said, and Gradio's own parts that it hides.
PIECES = """() => {
  const root = document.querySelector(".gradio-container"), found = new Set();
  const hidden = "script, style, footer, .nav-holder";
  const left = `${hidden}, textarea, #chips, .said, .answer, .tokens, .heard, code, pre, .js-plotly-plot .hoverlayer`;
  for (const node of root.querySelectorAll("*")) {
    if (node.closest(left)) continue;
    for (const child of node.childNodes) if (child.nodeType === 3) found.add(child.textContent.trim());
    for (const name of ["title", "aria-label", "placeholder", "alt", "aria-description", "aria-valuetext"])
      if (node.hasAttribute(name)) found.add(node.getAttribute(name).trim());
  }
  found.delete("");
  return [...found];
}"""
# What has no other name in Chinese: methods, formats, types, keys, columns of a file.
NAMES = (
    r"ECoFLaP|Q-Former|BLIP-2|LAVIS|Hugging Face|Wanda|Cividis|Plotly|Gradio|"
    r"CSV|JSONL?|YAML|PNG|JPEG|WEBP|GIF|BMP|SVG|HTML|CSR|API|URL|GPU|CPU|float\d+|bfloat16|k?bytes?|[kMG]B|Ctrl|Shift|Home|End|"
    r"image|question|answer|samples\.csv|OWNER/NAME|python -m ecoflap \w+|python app\.py"
)
WORD = r"[A-Za-z][A-Za-z'’-]*"
ENGLISH = re.compile(rf"{WORD}(?:[,.:;]* +{WORD}){{2,}}")
# What the embedded model hears and says, in every language of the page.
SPOKEN = {*json.loads((DEMO_FOLDER / "tokenizer.json").read_text())["model"]["vocab"], "colour", "color"}


def english(pieces: list[str], known: frozenset[str] = frozenset()) -> list[str]:
    """Those of `pieces` with three or more English words in a row: no names, not the model's, not `known`."""
    words = SPOKEN | known

    def ours(run: str) -> bool:
        return not words.issuperset(re.findall(WORD, run.lower()))

    return [piece for piece in pieces if any(map(ours, ENGLISH.findall(re.sub(rf"\b(?:{NAMES})\b", "·", piece))))]


def said(page: Page) -> list[str]:
    """Every piece of text on the page."""
    return page.evaluate(PIECES)
