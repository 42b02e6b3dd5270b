"""Sparsity over every target: thick per modality, faint per block, and where a block stops being spared."""

from collections.abc import Mapping, Sequence

import numpy as np

from ecoflap.allocation import TARGETS
from ecoflap.plots.frame import CAP, COLOURS, Figure, entry, faint, layout, modality_entry
from ecoflap.texts import say
from ecoflap.types import MODALITIES, Layer

# "Zero" and "at the cap" as people read them: the same number to a tenth of a per cent.
NEAR = 0.0005
# Names that one hover lists.
LISTED = 6
MARK = {"type": "scatter", "mode": "markers", "cliponaxis": False, "hoverinfo": "text"}


def curves(
    layers: Sequence[Layer],
    table: np.ndarray,
    prunable: Sequence[bool],
    caps: Sequence[float],
    names: Mapping[str, str],
    kept: str = "",
    language: str = "en",
) -> Figure:
    """The same at every target, so that one figure serves as long as only the target moves.

    Args:
        layers: of the bundle.
        table: sparsities (96, layers); NaN rows are targets without a solution and leave gaps.
        prunable: per layer, whether it is in the prunable set.
        caps: cap at every target, (96,); 1 where there is none.
        names: block -> what people call it.
        kept: what the zoom depends on.
        language: of the words.
    """
    axes = layout(say("page.axis.target", language), say("page.axis.sparsity", language), kept)
    axes["xaxis"] |= {"range": [0, 0.95], "tickformat": ".0%", "dtick": 0.2}
    figure = Figure([], axes)
    modality, blocks, sizes, sparsity = _blocks(layers, table, prunable)
    marks = []
    for name in MODALITIES:
        chosen = np.flatnonzero(modality == name)
        if len(chosen):
            inside, weights = sparsity[:, chosen], sizes[chosen]
            figure.data += [_faint(name, inside), _thick(name, inside @ (weights / weights.sum()), language)]
            figure.legend.append(modality_entry(name, "line", language))
            marks += _turns(name, inside, weights, np.array(caps), [names.get(blocks[i], blocks[i]) for i in chosen])
    if min(caps) < 1:
        words = say("page.line.cap_short", language)
        figure.data.append(_line(list(caps), {"color": CAP, "width": 1.5, "dash": "dash"}) | {"hoverinfo": "skip"})
        figure.legend.append(entry("dash", CAP, words))
    _mark(figure, marks, language)
    return figure


def _blocks(
    layers: Sequence[Layer], table: np.ndarray, prunable: Sequence[bool]
) -> tuple[np.ndarray, list[str], np.ndarray, np.ndarray]:
    """Modality, name, weights (blocks,) and sparsity (96, blocks) of every block of the prunable set."""
    places: dict[tuple[str, str], int] = {}
    chosen = [i for i, counts in enumerate(prunable) if counts]
    member = np.array([places.setdefault((layers[i].modality, layers[i].block), len(places)) for i in chosen])
    weights = np.zeros((len(chosen), len(places)))
    weights[np.arange(len(chosen)), member] = [layers[i].size for i in chosen]
    sizes = weights.sum(axis=0)
    modality = np.array([modality for modality, _ in places])
    return modality, [block for _, block in places], sizes, table[:, chosen] @ (weights / sizes)


def _line(y: list[float | None], style: dict, x: Sequence[float | None] = TARGETS) -> dict:
    return {"type": "scatter", "mode": "lines", "x": list(x), "y": y, "line": style}


def _faint(modality: str, sparsity: np.ndarray) -> dict:
    """All blocks of a modality as one trace with gaps; in straight stretches only the ends are points."""
    x: list[float | None] = []
    y: list[float | None] = []
    bends = np.ones(sparsity.shape, dtype=bool)
    with np.errstate(invalid="ignore"):  # NaN where there is no solution: a comparison with it is False, which keeps it
        bends[1:-1] = ~(np.abs(sparsity[2:] - 2 * sparsity[1:-1] + sparsity[:-2]) < 2e-4)
    for column, bent in zip(sparsity.T, bends.T):
        points = np.flatnonzero(bent)
        x += [*(TARGETS[i] for i in points), None]
        y += [*_rounded(column[points]), None]
    style = {"color": faint(COLOURS[modality], 0.75), "width": 1}
    return _line(y, style, x) | {"hoverinfo": "skip", "name": modality}


def _thick(modality: str, mean: np.ndarray, language: str) -> dict:
    name = say(f"page.modality.{modality}", language)
    template = say("page.curves.hover", language, name=name, sparsity="%{y:.1%}", target="%{x:.0%}")
    style = {"color": COLOURS[modality], "width": 3}
    return _line(_rounded(mean), style) | {"hovertemplate": template + "<extra></extra>", "name": name}


def _rounded(values: np.ndarray) -> list[float | None]:
    """Four digits are finer than a pixel; NaN becomes a gap."""
    return [None if value != value else value for value in values.round(4).tolist()]


def _turns(
    modality: str, sparsity: np.ndarray, sizes: np.ndarray, caps: np.ndarray, names: Sequence[str]
) -> list[tuple[str, str, int, float, list[str]]]:
    """Where blocks leave zero and where they reach the cap: (what, modality, row, height, names of the blocks)."""
    near = np.maximum(NEAR, 1 / sizes)
    rows = np.flatnonzero(~np.isnan(sparsity).any(axis=1))
    values, targets, limits = sparsity[rows], np.array(TARGETS)[rows], caps[rows]
    above = values > near
    moves = values.max(axis=0, initial=0.0) - values.min(axis=0, initial=1.0) > near  # else a hand holds it
    # Where the target is the cap every block is at it, which says nothing about one.
    binding = (limits < 1) & (limits - targets > NEAR)
    capped = moves & binding[:, None] & (values >= limits[:, None] - near)
    found: dict[tuple[str, int], list[str]] = {}
    for block, name in enumerate(names):
        first = int(above[:, block].argmax())  # 0 also where nothing of it ever goes
        if first > 1:
            found.setdefault(("zero", int(rows[first - 1])), []).append(name)
        if capped[:, block].any():
            found.setdefault(("cap", int(rows[capped[:, block].argmax()])), []).append(name)
    heights = {"zero": np.zeros(len(caps)), "cap": caps}
    return [(what, modality, row, float(heights[what][row]), words) for (what, row), words in found.items()]


def _mark(figure: Figure, marks: Sequence[tuple[str, str, int, float, list[str]]], language: str) -> None:
    """Open circles where blocks leave zero, triangles where they reach the cap; hovering names them."""
    for what, symbol in (("zero", "circle-open"), ("cap", "triangle-down-open")):
        chosen = [mark for mark in marks if mark[0] == what]
        if chosen:
            colours = [COLOURS[modality] for _, modality, *_ in chosen]
            trace = {
                "x": [TARGETS[row] for _, _, row, _, _ in chosen],
                "y": [height for *_, height, _ in chosen],
                "hovertext": [_listed(what, row, names, language) for _, _, row, _, names in chosen],
                "marker": {"symbol": symbol, "size": 9, "color": colours, "line": {"width": 2}},
            }
            figure.data.append(MARK | trace)
            figure.legend.append(entry(symbol, "currentColor", say(f"page.curves.{what}", language)))


def _listed(what: str, row: int, names: Sequence[str], language: str) -> str:
    """The blocks that turn at one target, in words."""
    shown = list(names[:LISTED])
    if len(names) > LISTED:
        shown.append(say("page.curves.more", language, count=len(names) - LISTED))
    return say(f"page.curves.{what}_hover", language, names="<br>".join(shown), target=f"{TARGETS[row]:.0%}")
