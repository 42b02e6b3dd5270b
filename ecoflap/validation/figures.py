"""Small line charts as SVG text: readable on a light page without any script."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Okabe and Ito, told apart with every kind of colour vision; the dash tells the series apart as well.
STYLES = (("#0072B2", ""), ("#D55E00", "6 4"))
GREY = "#667080"
WIDTH, HEIGHT = 330, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 34, 48


@dataclass(frozen=True)
class Series:
    """One line: its name, points (x, y), and where known the band (x, low, high) around it."""

    name: str
    points: Sequence[tuple[float, float]]
    band: Sequence[tuple[float, float, float]] = ()


@dataclass(frozen=True)
class Panel:
    """One chart; x is logarithmic.

    Attributes:
        title: above it.
        x: label of the horizontal axis, with its unit.
        y: label of the vertical axis, with its unit.
        series: the lines, at most two.
        low: lower end of the vertical axis; what lies beyond an end is drawn at the end.
        high: its upper end.
        ticks: labelled values of the vertical axis.
        log: whether the vertical axis is logarithmic.
        line: a value to mark by a dotted line.
    """

    title: str
    x: str
    y: str
    series: Sequence[Series]
    low: float
    high: float
    ticks: Sequence[float]
    log: bool = False
    line: float | None = None

    @property
    def range(self) -> tuple[float, float]:
        """Ends of the horizontal axis."""
        values = [x for series in self.series for x, _ in series.points]
        return min(values), max(values)

    def across(self, x: float) -> float:
        """Pixels from the left of the panel."""
        first, last = map(math.log10, self.range)
        return _LEFT + (math.log10(x) - first) / (last - first) * (WIDTH - _LEFT - _RIGHT)

    def down(self, y: float) -> float:
        """Pixels from the top of the panel."""
        scale = math.log10 if self.log else float
        share = (scale(min(max(y, self.low), self.high)) - scale(self.low)) / (scale(self.high) - scale(self.low))
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)


def figure(panels: Sequence[Panel], description: str) -> str:
    """The panels side by side with one legend, as an SVG document; `description` is what screen readers say."""
    width, height = WIDTH * len(panels), HEIGHT + 26
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{description}" font-family="system-ui, sans-serif" font-size="12" fill="#1f2933">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({WIDTH * number} 0)">', *_axes(panel), *_lines(panel), "</g>"]
    return "\n".join([*parts, *_legend(panels[0].series, width, height), "</svg>"]) + "\n"


def _axes(panel: Panel) -> list[str]:
    """Frame, grid, ticks and labels of a panel."""
    right, bottom, middle = WIDTH - _RIGHT, HEIGHT - _BOTTOM, (_LEFT + WIDTH - _RIGHT) / 2
    parts = [f'<text x="{_LEFT}" y="20" font-weight="600">{panel.title}</text>']
    for tick in panel.ticks:
        y = panel.down(tick)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="#e3e7eb"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(tick)}</text>')
    first, last = (round(math.log10(x)) for x in panel.range)
    for power in range(first, last + 1):
        x = panel.across(10.0**power)
        parts.append(f'<path d="M{x:.1f} {bottom}v4" stroke="{GREY}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 17}" text-anchor="middle">{_number(10.0**power)}</text>')
    parts.append(f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="{GREY}"/>')
    parts.append(f'<text x="{middle}" y="{bottom + 37}" text-anchor="middle">{panel.x}</text>')
    centre = (_TOP + bottom) / 2
    turned = f'transform="rotate(-90 14 {centre})"'
    return [*parts, f'<text x="14" y="{centre}" text-anchor="middle" {turned}>{panel.y}</text>']


def _lines(panel: Panel) -> list[str]:
    """Bands, lines and points of a panel."""
    parts = []
    if panel.line is not None:
        y = panel.down(panel.line)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="{GREY}" stroke-dasharray="2 3"/>')
    for series, (colour, dash) in zip(panel.series, STYLES):
        if series.band:
            edge = [(x, high) for x, _, high in series.band] + [(x, low) for x, low, _ in reversed(series.band)]
            parts.append(f'<polygon points="{_points(panel, edge)}" fill="{colour}" fill-opacity="0.12"/>')
        line = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
        parts.append(f'<polyline points="{_points(panel, series.points)}" {line}/>')
        dots = [f'<circle cx="{panel.across(x):.1f}" cy="{panel.down(y):.1f}" r="2.5"/>' for x, y in series.points]
        parts += [f'<g fill="{colour}">', *dots, "</g>"]
    return parts


def _points(panel: Panel, points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{panel.across(x):.1f},{panel.down(y):.1f}" for x, y in points)


def _legend(series: Sequence[Series], width: int, height: int) -> list[str]:
    """The names of the lines, in a row below the panels."""
    parts, step = [], 110
    for number, (one, (colour, dash)) in enumerate(zip(series, STYLES)):
        x, y = width / 2 - step * len(series) / 2 + step * number, height - 10
        parts.append(f'<path d="M{x} {y - 4}h26" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        parts.append(f'<text x="{x + 32}" y="{y}">{one.name}</text>')
    return parts


def _number(value: float) -> str:
    """A tick's label: 0.01 as it is, smaller ones as 1e-5."""
    return f"{value:g}" if value == 0 or value >= 1e-3 else f"{value:.0e}".replace("e-0", "e-")
