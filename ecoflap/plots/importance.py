"""Importance against sparsity: why a group is spared."""

import math
from collections.abc import Sequence
from itertools import groupby

from ecoflap.plots.frame import COLOURS, SYMBOLS, Figure, layout, modality_entry
from ecoflap.plots.groups import Group
from ecoflap.plots.skyline import WORDS
from ecoflap.texts import say

# Scores beyond these stand at them: a margin further and a tick's value still is a number.
LEAST, MOST = 1e-200, 1e200
# Where what has no score stands: this share of the axis from its left end.
EDGE = 0.05
# Numbers between one power of ten and the next that ticks may stand at; the first that are enough are taken.
STEPS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7), tuple(step / 10 for step in range(10, 100)))


def importance(groups: Sequence[Group], kept: str = "", aggregate: str = "sum", language: str = "en") -> Figure:
    """A point per group: right is more important (logarithmic), low is more spared; what has no score is at the left.

    Args:
        groups: by modality.
        kept: what the zoom depends on.
        aggregate: what `score` is: sum, or avg for per weight.
        language: of the words.
    """
    low, high = span([group.score for group in groups])
    title = say(f"page.axis.importance.{aggregate}", language)
    figure = Figure([], layout(title, say("page.axis.sparsity", language), kept, WORDS))
    values = ticks(low, high)
    written = {"tickvals": values, "ticktext": [_number(value) for value in values]}
    figure.layout["xaxis"] |= {"type": "log", "range": [low, high]} | written
    edge = low + EDGE * (high - low)
    if any(group.score <= 0 for group in groups):
        figure.layout |= _edge(edge, 2 * edge - low, language)
    for modality, members in groupby(groups, lambda group: group.modality):
        chosen = list(members)
        figure.data.append(_points(modality, chosen, 10**edge, language))
        figure.legend.append(modality_entry(modality, SYMBOLS[modality], language))
        figure.spots += [[x, group.sparsity] for x, group in zip(figure.data[-1]["x"], chosen)]
    return figure


def span(scores: Sequence[float]) -> tuple[float, float]:
    """Ends of the axis in decades: a little more than the scores, and room for those at the left that have none."""
    known = [math.log10(_within(score)) for score in scores if score > 0]
    if not known:
        return -1.0, 1.0
    wide = max(max(known) - min(known), 0.2)
    left = 0.06 * wide if len(known) == len(scores) else 4 * EDGE * wide
    return min(known) - left, max(known) + 0.06 * wide


def _within(score: float) -> float:
    return min(max(score, LEAST), MOST)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers along an axis from 10**low to 10**high, at least three where the axis is long enough for them."""
    decades = range(math.floor(low), math.ceil(high) + 1, max(1, round((high - low) / 5)))
    for steps in STEPS:
        found = [step * 10.0**decade for decade in decades for step in steps]
        found = [value for value in found if low <= math.log10(value) <= high]
        if len(found) >= 3:
            break
    return found[:: max(1, math.ceil(len(found) / 6))]


def _number(value: float) -> str:
    """A tick in words: plain where that is short, else with a power of ten."""
    if 1e-3 <= value < 1e4:
        return f"{value:g}"
    exponent = math.floor(math.log10(value) + 1e-9)
    factor = round(value / 10.0**exponent, 1)
    return f"{'' if factor == 1 else f'{factor:g}·'}10<sup>{exponent}</sup>"


def _edge(place: float, end: float, language: str) -> dict:
    """A dotted line at the left, beyond which there is no score, and its words; both in decades."""
    line = {"type": "line", "xref": "x", "yref": "paper", "x0": 10**end, "x1": 10**end, "y0": 0, "y1": 1}
    words = {"xref": "x", "yref": "paper", "x": place, "y": 0.02, "yanchor": "bottom", "textangle": -90}
    return {
        "shapes": [line | {"line": {"color": "#7A8794", "width": 1, "dash": "dot"}}],
        "annotations": [words | {"showarrow": False, "text": say("page.importance.none", language)}],
    }


def _points(modality: str, groups: Sequence[Group], edge: float, language: str) -> dict:
    """One trace; hovering says everything in words, and the first layer is what a click selects."""
    facts = {"name": "%{text}", "sparsity": "%{y:.1%}", "weights": "%{customdata[1]:,.0f}", "score": "%{customdata[2]}"}
    trace = {
        "type": "scatter",
        "x": [_within(group.score) if group.score > 0 else edge for group in groups],
        "y": [group.sparsity for group in groups],
        "text": [group.words for group in groups],
        "customdata": [[group.layers[0], group.size, worded(group, language)] for group in groups],
        "mode": "markers",
        "marker": {"size": 8, "symbol": SYMBOLS[modality], "color": COLOURS[modality], "opacity": 0.8},
        "hovertemplate": say("page.importance.hover", language, **facts) + "<extra></extra>",
    }
    if any(group.stderr for group in groups):
        errors = [group.stderr or 0.0 for group in groups]
        trace["error_x"] = {"array": errors, "color": COLOURS[modality], "thickness": 1, "width": 0}
    return trace


def worded(group: Group, language: str) -> str:
    """A group's score with its interval."""
    if group.score <= 0:
        return say("page.importance.none", language)
    return f"{group.score:.3g}" if group.stderr is None else f"{group.score:.3g} ± {group.stderr:.1g}"
