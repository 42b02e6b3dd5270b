"""Budget skyline: a column per group, as wide as its weights and as high as its sparsity; area = weights removed."""

from collections.abc import Sequence
from itertools import groupby, pairwise

from ecoflap.plots.frame import COLOURS, HELD, Figure, entry, faint, layout, modality_entry
from ecoflap.plots.groups import Group
from ecoflap.texts import say

# Room for the words of the lines at the right.
WORDS = 62


def skyline(groups: Sequence[Group], kept: str = "", language: str = "en") -> Figure:
    """The columns side by side; what is held by hand has a thick top.

    Args:
        groups: by modality.
        kept: what the zoom depends on.
        language: of the words.
    """
    unit, scale = _unit(sum(group.size for group in groups), language)
    title = say("page.axis.weights", language, unit=unit)
    figure = Figure([], layout(title, say("page.axis.sparsity", language), kept, WORDS))
    left = 0.0
    for modality, columns in groupby(groups, lambda group: group.modality):
        edges = [left]
        chosen = list(columns)
        for group in chosen:
            edges.append(edges[-1] + group.size / scale)
            figure.spots.append([edges[-2], edges[-1], group.sparsity])
        left = edges[-1]
        figure.data += [_area(modality, edges, chosen), _hover(modality, edges, chosen, language)]
        figure.legend.append(modality_entry(modality, "area", language))
    figure.layout["xaxis"]["range"] = [0, left or 1]
    figure.data.append(_tops(groups, figure.spots))
    if any(group.held for group in groups):
        figure.legend.append(entry("line", HELD, say("page.skyline.held", language)))
    return figure


def _area(modality: str, edges: Sequence[float], groups: Sequence[Group]) -> dict:
    """One filled trace; a gap between columns would break its area, so the steps are drawn point by point."""
    heights = [group.sparsity for group in groups for _ in range(2)]
    return {
        "type": "scatter",
        "x": [edge for edge in edges for _ in range(2)],
        "y": [0.0, *heights, 0.0],
        "name": modality,
        "mode": "lines",
        "fill": "tozeroy",
        "fillcolor": faint(COLOURS[modality], 0.45),
        "line": {"color": COLOURS[modality], "width": 1.5},
        "hoverinfo": "skip",
    }


def _hover(modality: str, edges: Sequence[float], groups: Sequence[Group], language: str) -> dict:
    """Invisible points in the middle of each column that carry its words, and its first layer for a click."""
    facts = {"name": "%{text}", "sparsity": "%{y:.1%}", "weights": "%{customdata[1]:,.0f}"}
    held = [f"<br>{say('page.skyline.held', language)}" if group.held else "" for group in groups]
    return {
        "type": "scatter",
        "x": [(a + b) / 2 for a, b in pairwise(edges)],
        "y": [group.sparsity for group in groups],
        "text": [group.words for group in groups],
        "customdata": [[group.layers[0], group.size, words] for group, words in zip(groups, held)],
        "mode": "markers",
        "marker": {"opacity": 0, "size": 14, "color": COLOURS[modality]},
        "hovertemplate": say("page.skyline.hover", language, **facts) + "%{customdata[2]}<extra></extra>",
    }


def _tops(groups: Sequence[Group], spots: Sequence[Sequence[float]]) -> dict:
    """A thick line on what is held by hand."""
    held = [spot for group, spot in zip(groups, spots) if group.held]
    return {
        "type": "scatter",
        "x": [x for left, right, _ in held for x in (left, right, None)],
        "y": [y for *_, height in held for y in (height, height, None)],
        "mode": "lines",
        "line": {"color": HELD, "width": 4},
        "hoverinfo": "skip",
    }


def _unit(total: int, language: str) -> tuple[str, float]:
    """The unit that keeps axis numbers short: thousands, millions, billions."""
    scale = 1e9 if total >= 2e9 else 1e6 if total >= 2e6 else 1e3
    return say(f"page.unit.{int(scale)}", language), scale
