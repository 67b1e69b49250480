"""Ranks of a rep on the scale of the others' ranks: a mark a rank, its letter inside, its interval behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from calibra.views.svg import COLOURS

HEIGHT, MIDDLE, RADIUS, ASIDE = 27, 13.5, 8.0, 4.0
"""Height of a row, where marks stand in it, their radius, and how far marks that would cover one another step aside."""
CLOSE = 3.2
"""Marks nearer than this, in per cent of the width, step aside."""
LONGEST_LETTER = 2
"""A longer label of a rank stands in the heads; inside a mark stands its number."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One rank of a rep."""

    letter: str
    """What stands inside the mark."""
    place: float
    """Where it lies: 1 the others' best rank, 2 the next."""
    lower: float
    """Lower end of its interval."""
    upper: float
    """Upper end."""
    is_sure: bool
    """Whether it is known which of the others' ranks it reads as: filled, else hollow."""
    title: str
    """What is read when a pointer rests on it."""


def letter(rank: str, place: int) -> str:
    """What stands inside the mark of a rank."""
    return rank if len(rank) <= LONGEST_LETTER else str(place + 1)


def rank_strip(label: str, marks: Sequence[Mark | None], *, n_ranks: int) -> Markup:
    """The marks of a rep over the bands of the others' ranks; None where a rank has no place."""
    bands = Markup("").join(
        Markup('<rect class="band{}" x="{:.2f}%" y="0" width="{:.2f}%" height="{}"/>').format(
            k % COLOURS, 100.0 * k / n_ranks, 100.0 / n_ranks, HEIGHT
        )
        for k in range(n_ranks)
    )
    heights = _heights([None if mark is None else _at(mark.place, n_ranks) for mark in marks])
    drawn = [
        _drawn(mark, k, height, n_ranks)
        for k, (mark, height) in enumerate(zip(marks, heights, strict=True))
        if mark is not None
    ]
    head = Markup('<svg class="ranks" width="100%" height="{}" role="img" aria-label="{}">').format(HEIGHT, label)
    line = Markup('<line class="rail" x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(MIDDLE)
    return Markup("").join([head, bands, line, *reversed(drawn), Markup("</svg>")])


def rank_heads(heads: Sequence[str]) -> Markup:
    """Names of the bands, above them."""
    spans = [Markup('<span class="end rank{}">{}</span>').format(k % COLOURS, head) for k, head in enumerate(heads)]
    return Markup('<span class="heads">{}</span>').format(Markup("").join(spans))


def _at(place: float, n_ranks: int) -> float:
    """Per cent of the width: half a rank is open at both ends."""
    return 100.0 * (min(max(place, 0.5), n_ranks + 0.5) - 0.5) / n_ranks


def _inside(place: float, n_ranks: int) -> float:
    """The same for a mark, which stays whole."""
    return min(max(_at(place, n_ranks), 2.0), 98.0)


def _heights(places: Sequence[float | None]) -> list[float]:
    """Where each mark stands: those that would cover one another step up and down in turn."""
    heights = [MIDDLE] * len(places)
    known = sorted((place, k) for k, place in enumerate(places) if place is not None)
    for (before, first), (after, second) in pairwise(known):
        if after - before < CLOSE:
            heights[first] = heights[first] if heights[first] != MIDDLE else MIDDLE - ASIDE
            heights[second] = MIDDLE + ASIDE if heights[first] < MIDDLE else MIDDLE - ASIDE
    return heights


def _drawn(mark: Mark, k: int, height: float, n_ranks: int) -> Markup:
    return Markup(
        '<g class="mark rank{}{}"><title>{}</title>'
        '<line x1="{:.1f}%" x2="{:.1f}%" y1="{y}" y2="{y}"/><circle cx="{at:.1f}%" cy="{y}" r="{}"/>'
        '<text x="{at:.1f}%" y="{y}" dy="3.6" text-anchor="middle">{}</text></g>'
    ).format(
        k % COLOURS,
        " filled" if mark.is_sure else "",
        mark.title,
        _at(mark.lower, n_ranks),
        _at(mark.upper, n_ranks),
        RADIUS,
        mark.letter,
        y=height,
        at=_inside(mark.place, n_ranks),
    )
