"""The link: what it may say, for the browser, which writes and reads the page's address (assets/link*.js)."""

from ecoflap.allocation import ALLOCATORS
from ecoflap.asking import MAX_QUESTION
from ecoflap.types.recipe import CHOICES
from ecoflap.ui.embed import panel
from ecoflap.ui.pictures import EXAMPLE_INDICES
from ecoflap.ui.session import DEFAULTS

# The ends of the rail's sliders, in per cent.
MOST = {"percent": 95, "margin": 50, "cap": 100}


def build() -> None:
    """Build the lines below the page's head; empty until a link was opened that has something to say."""
    choices = {name: list(CHOICES[name]) for name in ("granularity", "pattern")}
    choices |= {"cap_mode": ["margin", "fixed"], "allocator": [allocator.name for allocator in ALLOCATORS]}
    known = {"defaults": DEFAULTS, "choices": choices, "most": MOST}
    panel("link", None, known=known | {"examples": len(EXAMPLE_INDICES), "question": MAX_QUESTION})
