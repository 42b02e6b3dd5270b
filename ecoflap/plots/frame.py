"""What all figures share: colours, margins, axes, and the value that travels to the browser."""

import json
from dataclasses import dataclass, field
from typing import Any

from ecoflap.texts import say

# Okabe and Ito: told apart with every kind of colour vision; a shape and the word stand beside the colour.
COLOURS = {"vision": "#0072B2", "bridge": "#E69F00", "language": "#009E73"}
SYMBOLS = {"vision": "circle", "bridge": "diamond", "language": "square"}
CAP, HELD = "#D55E00", "#B0479B"
HEIGHT = 300
# Lines that follow the hand are drawn over the figure by the browser; their words stand in the right margin.
MARGIN = {"l": 60, "r": 16, "t": 8, "b": 46}


@dataclass
class Figure:
    """A figure in Plotly's terms, and what the browser draws around it.

    Attributes:
        data: traces.
        layout: with every axis range given, so that the browser knows where a value stands.
        legend: entries {mark, colour, words}, shown above the figure.
        spots: where each group is shown, [x, y] or [left, right, y], for the mark of the selected one.
    """

    data: list[dict[str, Any]]
    layout: dict[str, Any]
    legend: list[dict[str, str]] = field(default_factory=list)
    spots: list[list[float | None]] = field(default_factory=list)

    def json(self) -> str:
        """One string: what passes the page's machinery as a string is neither searched nor copied there."""
        return json.dumps(self.__dict__, separators=(",", ":"), allow_nan=False)


def layout(x: str, y: str, kept: str, right: int = 0) -> dict[str, Any]:
    """A layout of fixed height without Plotly's own look.

    Args:
        x: title of the x axis.
        y: title of the y axis, which is a sparsity, 0 to 1.
        kept: while this stays the same, zooming into the figure survives new values (`uirevision`).
        right: further room at the right, in pixels.
    """
    axis = {"automargin": False, "zeroline": False, "ticks": "outside", "ticklen": 4, "nticks": 6}
    share = {"range": [0, 1.02], "tickformat": ".0%", "dtick": 0.2}
    return {
        "height": HEIGHT,
        "margin": MARGIN | {"r": MARGIN["r"] + right, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12, "family": "system-ui, sans-serif"},
        "hoverlabel": {"align": "left", "font": {"size": 12}},
        "showlegend": False,
        "hovermode": "closest",
        "uirevision": kept,
        "xaxis": axis | {"title": {"text": x, "standoff": 8, "font": {"size": 12}}},
        "yaxis": axis | share | {"title": {"text": y, "standoff": 10, "font": {"size": 12}}},
    }


def entry(mark: str, colour: str, words: str) -> dict[str, str]:
    """One entry of a legend."""
    return {"mark": mark, "colour": colour, "words": words}


def modality_entry(modality: str, mark: str, language: str) -> dict[str, str]:
    """The legend's entry of a modality."""
    return entry(mark, COLOURS[modality], say(f"page.modality.{modality}", language))


def faint(colour: str, share: float) -> str:
    """A hexadecimal colour at an opacity."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"
