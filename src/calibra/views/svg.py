"""Pictures of the report: small inline SVGs, drawn by arithmetic.

Places along a strip are per cent of its width, so that it fits any screen and its text keeps its size. Nothing carries
an id, so that any number of pictures can stand in one page. Colours are classes of the style sheet.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

EDGE = 3.0
"""Per cent of a strip left free on either side."""
MIDDLE = 9
"""Height at which the marks of a strip stand, in pixels; half of its height."""
OUTER = 8.0
"""Labels this near to an end of a strip, in per cent, are kept inside it."""
CLOSEST_LABELS = 6.5
"""Least distance of two labels at the ends of curves, in per cent of the height."""


class Scale:
    """From values to per cent of the width."""

    __slots__ = ("high", "low")

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, max(high, low + 1e-9)

    def at(self, value: float) -> float:
        """Place of a value, kept inside the strip."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return EDGE + (100.0 - 2.0 * EDGE) * share


def strip(
    label: str,
    scale: Scale,
    estimate: float,
    lower: float,
    upper: float,
    *,
    tone: str = "",
    line: float | None = None,
    band: tuple[float, float] | None = None,
    aim: float | None = None,
) -> Markup:
    """Dot and interval on a scale; `line` is where all reps stand, `band` a margin, `aim` a promise (diamond)."""
    parts = []
    if band is not None:
        left, right = scale.at(band[0]), scale.at(band[1])
        parts.append(f'<rect class="band" x="{left:.1f}%" y="1" width="{right - left:.1f}%" height="16"/>')
    if line is not None:
        at = scale.at(line)
        parts.append(f'<line class="all" x1="{at:.1f}%" x2="{at:.1f}%" y1="1" y2="17"/>')
    left, right = scale.at(lower), scale.at(upper)
    parts.append(f'<line class="span" x1="{left:.1f}%" x2="{right:.1f}%" y1="{MIDDLE}" y2="{MIDDLE}"/>')
    if aim is not None:
        parts.append(
            f'<svg x="{scale.at(aim):.1f}%" y="{MIDDLE}" overflow="visible" width="1" height="1">'
            '<path class="aim" d="M-5 0L0-5L5 0L0 5z"/></svg>'
        )
    parts.append(f'<circle class="dot" cx="{scale.at(estimate):.1f}%" cy="{MIDDLE}" r="3.6"/>')
    classes = f"strip {tone}".strip()
    head = f'<svg class="{escape(classes)}" width="100%" height="18" role="img" aria-label="{escape(label)}">'
    return Markup(head + "".join(parts) + "</svg>")  # numbers, and a label that is escaped


def axis(scale: Scale, ticks: Sequence[tuple[float, str]]) -> Markup:
    """Labels of a scale, centred; those near its ends are kept inside."""
    places = [scale.at(value) for value, _ in ticks]
    anchors = ["start" if place < OUTER else "end" if place > 100.0 - OUTER else "middle" for place in places]
    return Markup("").join(
        [
            Markup('<svg class="axis" width="100%" height="14" aria-hidden="true">'),
            *(
                Markup('<text x="{}%" y="11" text-anchor="{}">{}</text>').format(f"{scale.at(value):.1f}", anchor, text)
                for (value, text), anchor in zip(ticks, anchors, strict=True)
            ),
            Markup("</svg>"),
        ]
    )


LEFT, WIDTH, ABOVE, HEIGHT = 13.0, 79.0, 4.0, 82.0
"""Where the plot of curves stands inside its picture, in per cent."""
ROOM_A_MARK, MOST_MARKS = 2.1, 17
"""Per cent of the width that a letter of a label beside a curve takes on a phone, and how many have room."""
COLOURS = 7
"""So many colours of ranks; more ranks begin again."""

type Curve = tuple[Floats, Floats, Floats]
"""Estimate, lower and upper end by day."""
type Ticks = Sequence[tuple[float, str]]


def curves(
    label: str,
    days: Floats,
    of_rank: Mapping[str, Curve],
    steps: Mapping[str, tuple[Floats, Floats]],
    *,
    day_ticks: Ticks,
    share_ticks: Ticks,
) -> Markup:
    """Shares over days, one band and line a rank with its label at the end; `steps` are what was seen."""
    top, width = share_ticks[-1][0], WIDTH - ROOM_A_MARK * max((_marks(rank) for rank in of_rank), default=1)
    drawn = [_curve(k, days, curve, top) for k, curve in enumerate(of_rank.values())]
    drawn += [_steps(k, days[-1], steps[rank], top) for k, rank in enumerate(of_rank) if rank in steps]
    plot = Markup(  # numbers only
        f'<svg x="{LEFT}%" y="{ABOVE}%" width="{width:.1f}%" height="{HEIGHT}%" viewBox="0 0 1000 1000" '
        f'preserveAspectRatio="none" overflow="visible">{"".join(drawn)}</svg>'
    )
    head = Markup('<svg class="curves" width="100%" height="320" role="img" aria-label="{}">').format(label)
    frame = _frame(float(days[-1]), top, day_ticks, share_ticks, width)
    return Markup("").join([head, *frame, plot, *_ends(of_rank, top, width), Markup("</svg>")])


def _marks(label: str) -> float:
    """Room a label takes beyond its first letter, in letters; marks of full width take two."""
    return min(sum(2 if unicodedata.east_asian_width(mark) in "FW" else 1 for mark in label) - 1, MOST_MARKS)


def _down(share: float, top: float) -> float:
    """Height of a share in the picture, in per cent from above."""
    return ABOVE + HEIGHT * (1.0 - share / top)


def _frame(last_day: float, top: float, day_ticks: Ticks, share_ticks: Ticks, width: float) -> list[Markup]:
    """Lines and labels of shares, labels of days."""
    line = Markup(
        '<line class="grid" x1="{0}%" x2="{1}%" y1="{2}%" y2="{2}%"/>'
        '<text class="tick" x="{3}%" y="{2}%" dy="4" text-anchor="end">{4}</text>'
    )
    shares = [
        line.format(LEFT, f"{LEFT + width:.1f}", f"{_down(share, top):.1f}", f"{LEFT - 1.5:.1f}", text)
        for share, text in share_ticks
    ]
    tick = Markup('<text class="tick" x="{}%" y="{}%" dy="6" text-anchor="middle">{}</text>')
    below = f"{ABOVE + HEIGHT + 5:.1f}"
    return shares + [tick.format(f"{LEFT + width * day / last_day:.1f}", below, text) for day, text in day_ticks]


def _curve(k: int, days: Floats, curve: Curve, top: float) -> str:
    """Band and line of a rank."""
    estimate, lower, upper = curve
    along = days / days[-1]
    around = _points(np.concatenate([along, along[::-1]]), np.concatenate([lower, upper[::-1]]) / top)
    return (
        f'<polygon class="area rank{k % COLOURS}" points="{around}"/>'
        f'<polyline class="curve rank{k % COLOURS}" points="{_points(along, estimate / top)}"/>'
    )


def _steps(k: int, last_day: float, seen: tuple[Floats, Floats], top: float) -> str:
    """What was counted of a rank."""
    corners = _points(*_staircase(seen[0] / last_day, seen[1] / top))
    return f'<polyline class="seen rank{k % COLOURS}" points="{corners}"/>'


def _ends(of_rank: Mapping[str, Curve], top: float, width: float) -> list[Markup]:
    """Labels of ranks beside the ends of their curves."""
    places = _apart([_down(float(estimate[-1]), top) for estimate, _, _ in of_rank.values()])
    text = Markup('<text class="end rank{}" x="{}%" y="{}%" dy="4">{}</text>')
    at = f"{LEFT + width + 1.2:.1f}"
    return [
        text.format(k % COLOURS, at, f"{place:.1f}", rank)
        for k, (rank, place) in enumerate(zip(of_rank, places, strict=True))
    ]


def _points(x: Floats, y: Floats) -> str:
    return " ".join(f"{1000 * a:.0f},{1000 * (1 - b):.0f}" for a, b in zip(x, y, strict=True))


def _staircase(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Steps that rise at each x."""
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]


def _apart(places: Iterable[float]) -> list[float]:
    """The places moved up as little as it takes to keep labels apart, the lowest first."""
    wanted = list(places)
    moved = dict.fromkeys(range(len(wanted)), 0.0)
    floor = float("inf")
    for i in sorted(moved, key=lambda i: -wanted[i]):
        moved[i] = floor = min(wanted[i], floor - CLOSEST_LABELS)
    return [moved[i] for i in range(len(wanted))]
