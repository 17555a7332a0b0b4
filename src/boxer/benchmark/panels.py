"""Curves as a picture: a panel for each, both axes logarithmic, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from boxer.benchmark.figures import Figure

COLUMNS, WIDTH, HEIGHT, TOP = 2, 440, 260, 40
LEFT, RIGHT, ABOVE, BELOW = 56, 16, 34, 30  # of a panel: what surrounds its curve
COLOURS = ("#31688e", "#b8c9d9")
GRID = "#e4e4e4"
LEAST = 1e-3  # what is drawn of nothing


@dataclass(frozen=True, slots=True)
class _Axis:
    """Decades from `least` to `most`, drawn from `start` to `end`."""

    least: int
    most: int
    start: float
    end: float

    def place(self, value: float) -> float:
        share = (math.log10(max(value, LEAST)) - self.least) / (self.most - self.least)
        return self.start + share * (self.end - self.start)


def plot_curves(title: str, figures: Sequence[Figure]) -> str:
    """An SVG document. The dark line is the median, the light one the 99th percentile. figures:
    those of a name are a curve, in their order."""
    curves: dict[str, list[Figure]] = {}
    for figure in figures:
        curves.setdefault(figure.name, []).append(figure)
    width, height = COLUMNS * WIDTH, TOP + HEIGHT * math.ceil(len(curves) / COLUMNS)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        ' font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="10" y="24" font-size="16">{escape(title)}</text>',
        *_panels(curves),
    ]
    return "\n".join([*lines, "</svg>", ""])


def _panels(curves: Mapping[str, Sequence[Figure]]) -> list[str]:
    lines = []
    for number, (name, figures) in enumerate(curves.items()):
        across, down = WIDTH * (number % COLUMNS), TOP + HEIGHT * (number // COLUMNS)
        unit = figures[0].unit
        lines.append(f'<g transform="translate({across} {down})">')
        lines.append(f'<text x="{LEFT}" y="20" font-size="13">{escape(name)} ({unit})</text>')
        lines += [*_curve(figures), "</g>"]
    return lines


def _curve(figures: Sequence[Figure]) -> list[str]:
    values = [value for one in figures for value in (one.p50, one.p99) if value is not None]
    sizes = _axis([max(one.size or 0, 1) for one in figures], LEFT, WIDTH - RIGHT)
    times = _axis(values, HEIGHT - BELOW, ABOVE)
    lines = [*_grid(sizes, times)]
    for at, colour in ((1, COLOURS[1]), (0, COLOURS[0])):
        points = [
            (sizes.place(max(one.size or 0, 1)), times.place(value))
            for one in figures
            if (value := (one.p50, one.p99)[at]) is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points]
    return lines


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    least = math.floor(math.log10(max(min(values), LEAST)))
    most = math.ceil(math.log10(max(*values, LEAST)))
    return _Axis(least, max(least + 1, most), start, end)


def _grid(sizes: _Axis, times: _Axis) -> list[str]:
    lines = []
    bottom = HEIGHT - BELOW
    for decade in range(sizes.least, sizes.most + 1):
        x = f"{sizes.place(10.0**decade):.1f}"
        lines.append(f'<path d="M{x} {ABOVE}V{bottom}" stroke="{GRID}"/>')
        lines.append(f'<text x="{x}" y="{bottom + 16}" text-anchor="middle">{_told(decade)}</text>')
    for decade in range(times.least, times.most + 1):
        y = times.place(10.0**decade)
        lines.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        lines.append(
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_told(decade)}</text>'
        )
    return lines


def _told(decade: int) -> str:
    return f"{10**decade:,}" if decade >= 0 else f"{10.0**decade:g}"
