"""Figures as a picture: horizontal bars on a logarithmic scale, as SVG; curves by `panels`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from boxer.benchmark.figures import Figure
from boxer.benchmark.panels import plot_curves

WIDTH, LEFT, ROW, BAR = 900, 330, 34, 16
COLOURS = ("#31688e", "#b8c9d9")


def plot(title: str, figures: Sequence[Figure]) -> str:
    """An SVG document. The dark bar ends at the median, the light one at the 99th percentile. What
    has sizes is drawn as curves."""
    if any(figure.size is not None for figure in figures):
        return plot_curves(title, figures)
    largest = max(figure.p99 or figure.p50 for figure in figures)
    smallest = min(figure.p50 for figure in figures)
    decades = (math.floor(math.log10(smallest)) - 0.3, math.log10(largest) + 0.6)

    def place(value: float) -> float:
        share = (math.log10(value) - decades[0]) / (decades[1] - decades[0])
        return LEFT + share * (WIDTH - LEFT)

    height = 50 + ROW * len(figures)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        ' font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="10" y="24" font-size="16">{escape(title)}</text>',
    ]
    for number, figure in enumerate(figures):
        lines += _row(figure, 44 + ROW * number, place)
    return "\n".join([*lines, "</svg>", ""])


def _row(figure: Figure, top: int, place: Callable[[float], float]) -> list[str]:
    ends = [(figure.p99, COLOURS[1]), (figure.p50, COLOURS[0])]
    bars = [
        f'<rect x="{LEFT}" y="{top}" width="{place(end) - LEFT:.1f}" height="{BAR}"'
        f' fill="{colour}"/>'
        for end, colour in ends
        if end is not None
    ]
    told = f"{figure.p50:,.1f} {figure.unit}"
    if figure.p99 is not None:
        told += f"  (p99 {figure.p99:,.1f})"
    edge = place(figure.p99 or figure.p50)
    return [
        f'<text x="{LEFT - 8}" y="{top + 13}" text-anchor="end">{escape(figure.name)}</text>',
        *bars,
        f'<text x="{edge + 6:.1f}" y="{top + 13}">{escape(told)}</text>',
    ]
