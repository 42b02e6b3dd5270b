"""Accuracy against target as one SVG figure: a line and a band per method, named where the line ends."""

from collections.abc import Sequence
from dataclasses import dataclass

# Okabe and Ito, told apart with every kind of colour vision; the dash tells the lines apart as well.
STYLES = (
    ("#D55E00", ""),
    ("#0072B2", "7 4"),
    ("#009E73", "2 3"),
    ("#CC79A7", "9 3 2 3"),
    ("#8a6d00", "4 2"),
)
GREY, INK = "#667080", "#1f2933"
WIDTH, HEIGHT = 860, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 256, 64, 52
# Pixels between two names.
_APART = 17


@dataclass(frozen=True)
class Line:
    """One method: its name, and (target, accuracy, low, high) at every target."""

    name: str
    points: Sequence[tuple[float, float, float, float]]


def figure(lines: Sequence[Line], title: str, note: str, dense: float, blank: float) -> str:
    """The figure as an SVG document.

    Args:
        lines: at most five, the most important first.
        title: above it, and what screen readers say.
        note: below the title, what the bands are.
        dense: accuracy of the dense model.
        blank: accuracy without a picture.
    """
    targets = [point[0] for line in lines for point in line.points]
    chart = _Chart(min(targets), max(targets))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{title}" font-family="system-ui, sans-serif" font-size="13" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="22" font-size="15" font-weight="600">{title}</text>',
        f'<text x="{_LEFT}" y="42" fill="{GREY}">{note}</text>',
        *chart.axes(sorted(set(targets))),
        *chart.level(dense, "dense"),
        *chart.level(blank, "blank picture"),
    ]
    for line, style in zip(reversed(lines), reversed(STYLES[: len(lines)])):
        parts += chart.line(line, *style)
    return "\n".join([*parts, *chart.names(lines), "</svg>"]) + "\n"


@dataclass(frozen=True)
class _Chart:
    """The scales: targets from `first` to `last`, accuracy from 0 to 1."""

    first: float
    last: float

    def across(self, target: float) -> float:
        return _LEFT + (target - self.first) / ((self.last - self.first) or 1.0) * (WIDTH - _LEFT - _RIGHT)

    def down(self, accuracy: float) -> float:
        return HEIGHT - _BOTTOM - accuracy * (HEIGHT - _TOP - _BOTTOM)

    def axes(self, targets: Sequence[float]) -> list[str]:
        """Grid, ticks and the axes' names."""
        bottom, right, parts = HEIGHT - _BOTTOM, WIDTH - _RIGHT, []
        for share in (0, 0.2, 0.4, 0.6, 0.8, 1):
            y = self.down(share)
            parts.append(f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="#e3e7eb"/>')
            parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>')
        for target in targets:
            x = self.across(target)
            parts.append(f'<path d="M{x:.1f} {bottom}v5" stroke="{GREY}"/>')
            parts.append(f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{target:.0%}</text>')
        parts.append(f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="{GREY}"/>')
        middle, centre = (_LEFT + right) / 2, (_TOP + bottom) / 2
        parts.append(f'<text x="{middle}" y="{bottom + 42}" text-anchor="middle">sparsity of the pruned weights</text>')
        turned = f'transform="rotate(-90 16 {centre})"'
        return [*parts, f'<text x="16" y="{centre}" text-anchor="middle" {turned}>right answers</text>']

    def level(self, value: float, name: str) -> list[str]:
        """A dotted line across, with its name at the left end."""
        y = self.down(value)
        line = f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="{GREY}" stroke-dasharray="2 3"/>'
        return [line, f'<text x="{_LEFT + 6}" y="{y - 5:.1f}" fill="{GREY}">{name}</text>']

    def line(self, line: Line, colour: str, dash: str) -> list[str]:
        """Band, line and points of a method."""
        low = [(target, least) for target, _, least, _ in line.points]
        high = [(target, most) for target, _, _, most in line.points]
        middle = [(target, value) for target, value, *_ in line.points]
        stroke = f'fill="none" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{dash}"'
        dots = [f'<circle cx="{self.across(x):.1f}" cy="{self.down(y):.1f}" r="3"/>' for x, y in middle]
        return [
            f'<polygon points="{self._points([*high, *reversed(low)])}" fill="{colour}" fill-opacity="0.1"/>',
            f'<polyline points="{self._points(middle)}" {stroke}/>',
            f'<g fill="{colour}">{"".join(dots)}</g>',
        ]

    def _points(self, points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{self.across(x):.1f},{self.down(y):.1f}" for x, y in points)

    def names(self, lines: Sequence[Line]) -> list[str]:
        """The names at the right, each at the height of its line's end, moved apart where they would touch."""
        ends = sorted((self.down(line.points[-1][1]), number) for number, line in enumerate(lines))
        parts, before = [], float("-inf")
        for end, number in ends:
            before = y = max(end, before + _APART)
            colour, dash = STYLES[number]
            x = WIDTH - _RIGHT + 10
            parts.append(f'<path d="M{x} {y:.1f}h22" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{dash}"/>')
            parts.append(f'<text x="{x + 28}" y="{y + 4:.1f}">{lines[number].name}</text>')
        return parts
