"""Allocations as Plotly figures. Text and lines take their colours from the page, so both themes are readable."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from ecoflap.allocation import TARGETS
from ecoflap.texts import say
from ecoflap.types import MODALITIES, Allocation, Layer

# Okabe and Ito: told apart with every kind of colour vision; the legend says the word beside the colour.
COLOURS = {"vision": "#0072B2", "bridge": "#E69F00", "language": "#009E73"}
CAP, TARGET = "#D55E00", "#7A8794"
HEIGHT = 300


def skyline(allocation: Allocation, names: Mapping[str, str], language: str = "en") -> go.Figure:
    """Budget skyline: a column per group, as wide as its weights and as high as its sparsity; area = weights removed.

    Args:
        allocation: what to show; only its prunable set appears.
        names: group -> what people call it.
        language: of the words.
    """
    unit, scale = _unit(allocation.total, language)
    figure = _figure(say("page.axis.weights", language, unit=unit), say("page.axis.sparsity", language))
    left = 0.0
    for modality in MODALITIES:
        groups, widths, heights = _columns(allocation, modality)
        if not groups:
            continue
        # One filled trace per modality; NaN between columns would break the area, so steps are drawn point by point.
        edges = left + np.concatenate(([0.0], np.cumsum(widths))) / scale
        x = np.repeat(edges, 2)
        y = np.concatenate(([0.0], np.repeat(heights, 2), [0.0]))
        figure.add_trace(_area(modality, x, y, language))
        figure.add_trace(_hover(modality, (edges[:-1] + edges[1:]) / 2, heights, groups, widths, names, language))
        left = float(edges[-1])
    figure.update_xaxes(range=[0, max(left, 1e-9)])
    _line(
        figure, allocation.target, TARGET, say("page.line.target", language, percent=_percent(allocation.target)), "dot"
    )
    if allocation.cap < 1:
        _line(figure, allocation.cap, CAP, say("page.line.cap", language, percent=_percent(allocation.cap)), "dash")
    return figure


def curves(
    layers: Sequence[Layer],
    table: np.ndarray,
    prunable: Sequence[bool],
    target: float,
    caps: Sequence[float],
    language: str = "en",
) -> go.Figure:
    """Mean sparsity of each modality against the target, the cap, and a cursor at the current target.

    Args:
        layers: of the bundle.
        table: sparsities (96, layers); NaN rows are targets that the cap makes unreachable and leave gaps.
        prunable: per layer, whether it is in the prunable set.
        target: where the cursor stands.
        caps: cap at every target, (96,).
        language: of the words.
    """
    figure = _figure(say("page.axis.target", language), say("page.axis.sparsity", language))
    sizes = np.array([layer.size for layer in layers], dtype=np.float64)
    x = np.array(TARGETS)
    for modality in MODALITIES:
        chosen = np.array([layer.modality == modality and counts for layer, counts in zip(layers, prunable)])
        if chosen.any():
            mean = table[:, chosen] @ sizes[chosen] / sizes[chosen].sum()
            name = say(f"page.modality.{modality}", language)
            figure.add_trace(
                go.Scatter(x=x, y=mean, name=name, mode="lines", line={"color": COLOURS[modality], "width": 2.5})
            )
    if min(caps) < 1:
        name = say("page.line.cap_short", language)
        figure.add_trace(
            go.Scatter(x=x, y=list(caps), name=name, mode="lines", line={"color": CAP, "width": 1.5, "dash": "dash"})
        )
    figure.update_traces(hovertemplate="%{y:.1%}")
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(range=[0, 0.95], tickformat=".0%", hoverformat=".0%")
    figure.add_vline(x=target, line={"color": TARGET, "width": 2, "dash": "dot"})
    return figure


def _figure(x: str, y: str) -> go.Figure:
    """An empty figure of fixed height, transparent, without Plotly's own look."""
    figure = go.Figure()
    axis = {
        "showgrid": True,
        "automargin": False,
        "title_font_size": 13,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "fixedrange": True,
    }
    figure.update_layout(
        template=None,
        height=HEIGHT,
        margin={"l": 64, "r": 16, "t": 34, "b": 48},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 12, "family": "system-ui, sans-serif"},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "itemclick": False,
            "itemdoubleclick": False,
        },
        xaxis=axis | {"title_text": x},
        yaxis=axis | {"title_text": y, "title_standoff": 14, "range": [0, 1], "tickformat": ".0%"},
        dragmode=False,
    )
    return figure


def _columns(allocation: Allocation, modality: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Groups of a modality in the prunable set: names, weights, sparsities."""
    size: dict[str, int] = {}
    kept: dict[str, int] = {}
    rows = zip(allocation.layers, allocation.kept, allocation.group_of, allocation.prunable)
    for layer, count, group, counts in rows:
        if counts and layer.modality == modality:
            size[group] = size.get(group, 0) + layer.size
            kept[group] = kept.get(group, 0) + count
    widths = np.array([size[group] for group in size], dtype=np.float64)
    return list(size), widths, np.array([1 - kept[group] / size[group] for group in size])


def _area(modality: str, x: np.ndarray, y: np.ndarray, language: str) -> go.Scatter:
    colour = COLOURS[modality]
    return go.Scatter(
        x=x,
        y=y,
        name=say(f"page.modality.{modality}", language),
        mode="lines",
        fill="tozeroy",
        fillcolor=f"rgba{(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)), 0.3)}",
        line={"color": colour, "width": 1.5},
        hoverinfo="skip",
    )


def _hover(
    modality: str,
    middle: np.ndarray,
    heights: np.ndarray,
    groups: Sequence[str],
    widths: np.ndarray,
    names: Mapping[str, str],
    language: str,
) -> go.Scatter:
    """Invisible points in the middle of each column that carry its words."""
    template = say("page.skyline.hover", language, name="%{text}", sparsity="%{y:.1%}", weights="%{customdata:,.0f}")
    return go.Scatter(
        x=middle,
        y=heights,
        text=[names.get(group, group) for group in groups],
        customdata=widths,
        mode="markers",
        marker={"opacity": 0, "size": 14, "color": COLOURS[modality]},
        showlegend=False,
        hovertemplate=f"{template}<extra></extra>",
    )


def _line(figure: go.Figure, y: float, colour: str, words: str, dash: str) -> None:
    """A horizontal line with its words at the right end."""
    figure.add_hline(y=y, line={"color": colour, "width": 1.5, "dash": dash})
    figure.add_annotation(
        xref="paper",
        x=1,
        y=y,
        text=words,
        showarrow=False,
        xanchor="right",
        yanchor="bottom",
        font={"size": 12, "color": colour},
    )


def _unit(total: int, language: str) -> tuple[str, float]:
    """The unit that keeps axis numbers short: thousands, millions, billions."""
    scale = 1e9 if total >= 2e9 else 1e6 if total >= 2e6 else 1e3
    return say(f"page.unit.{int(scale)}", language), scale


def _percent(share: float) -> str:
    return f"{share:.0%}"
