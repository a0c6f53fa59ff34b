"""Growth curves as SVG: one panel for each quantity over the number of VMIs, both axes logarithmic."""

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from bench.growth import Point

WIDTH: Final = 260
HEIGHT: Final = 180
MARGIN: Final = 44
PANELS: Final[Sequence[tuple[str, Callable[[Point], float]]]] = (
    ("p99 at 100 requests/s, ms", lambda point: point.p99),
    ("CPU per request, ms", lambda point: point.cpu),
    ("memory (RSS), MiB", lambda point: point.memory),
    ("start to ready, s", lambda point: point.start),
)


def curves(points: Sequence[Point]) -> str:
    """Return the drawing."""
    panels = "".join(
        f'<g transform="translate({index % 2 * WIDTH},{index // 2 * HEIGHT})">{_panel(title, value, points)}</g>'
        for index, (title, value) in enumerate(PANELS)
    )
    rows = math.ceil(len(PANELS) / 2)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {rows * HEIGHT}" '
        'font-family="sans-serif" font-size="10" role="img" aria-label="How the webhook grows with the cluster">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{panels}</svg>\n'
    )


def _panel(title: str, value: Callable[[Point], float], points: Sequence[Point]) -> str:
    across = _scale([point.vmis for point in points], MARGIN, WIDTH - 16)
    top = max(map(value, points))
    up = _scale([min(map(value, points)), max(top, 10 * min(map(value, points)))], HEIGHT - MARGIN, 30)
    places = [(across(point.vmis), up(value(point)), point) for point in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
    marks = "".join(_mark(x, y, value(point), point) for x, y, point in places)
    floor = HEIGHT - MARGIN + 8
    return (
        f'<text x="{MARGIN}" y="16" font-weight="bold" fill="#222222">{escape(title)}</text>'
        f'<line x1="{MARGIN - 8}" y1="{floor}" x2="{WIDTH - 8}" y2="{floor}" stroke="#888888"/>'
        f'<polyline points="{line}" fill="none" stroke="#1f6feb" stroke-width="2"/>{marks}'
    )


def _mark(x: float, y: float, value: float, point: Point) -> str:
    middle = 'text-anchor="middle" fill="#222222"'
    foot = HEIGHT - MARGIN + 20
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#1f6feb"/>'
        f'<text x="{x:.1f}" y="{y - 7:.1f}" {middle}>{value:.3g}</text>'
        f'<text x="{x:.1f}" y="{foot}" {middle}>{point.vmis:,}</text>'
        f'<text x="{x:.1f}" y="{foot + 11}" text-anchor="middle" fill="#666666">{point.nodes:,} nodes</text>'
    )


def _scale(values: Sequence[float], low: float, high: float) -> Callable[[float], float]:
    """Return where a value is between `low` and `high`, logarithmically."""
    first, last = math.log(min(values)), math.log(max(values))
    span = (last - first) or 1.0
    return lambda value: low + (math.log(value) - first) / span * (high - low)
