"""Ranks of a rep on the scale of the others' ranks: a mark a rank, its letter inside, its interval behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from calibra.views.svg import COLOURS

type Kind = Literal["one", "two", "unsure", "middle"]

HEIGHT, MIDDLE, RADIUS = 27, 13.5, 8.0
"""Height of a row, where marks stand in it, and their radius, in pixels."""
SMALL, ASIDE = 5.6, 6.6
"""Radius of marks that would cover one another, and how far they step up or down."""
NARROWEST = 330.0
"""Pixels of the narrowest strip on a screen, a phone's; there, too, no mark covers another."""
CLOSE, CLOSE_SMALL = (100.0 * (2.0 * radius + 1.8) / NARROWEST for radius in (RADIUS, SMALL))
"""Least distance, in per cent of the width, of two marks at one height, and of two small ones."""
EDGE = 2.6
"""Per cent of the width that a mark at an end keeps from it, so that it stays whole."""
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
    kind: Kind
    """Whether it reads as one of the others' ranks (filled), as two (tinted), as nothing yet (dashed); or a middle."""
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
    spots = stand([None if mark is None else _at(mark.place, n_ranks) for mark in marks])
    placed = [(mark, k, spot) for k, (mark, spot) in enumerate(zip(marks, spots, strict=True)) if mark and spot]
    behind = [_line(mark, k, spot.y, n_ranks) for mark, k, spot in placed]
    drawn = [_drawn(mark, k, spot) for mark, k, spot in placed]
    head = Markup('<svg class="ranks" width="100%" height="{}" role="img" aria-label="{}">').format(HEIGHT, label)
    line = Markup('<line class="rail" x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(MIDDLE)
    return Markup("").join([head, bands, line, *behind, *drawn, Markup("</svg>")])


def rank_heads(heads: Sequence[str]) -> Markup:
    """Names of the bands, above them."""
    spans = [Markup('<span class="end rank{}">{}</span>').format(k % COLOURS, head) for k, head in enumerate(heads)]
    return Markup('<span class="heads">{}</span>').format(Markup("").join(spans))


def _at(place: float, n_ranks: int) -> float:
    """Per cent of the width: half a rank is open at both ends."""
    return 100.0 * (min(max(place, 0.5), n_ranks + 0.5) - 0.5) / n_ranks


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """Where a mark stands."""

    x: float
    """Per cent of the width."""
    y: float
    """Pixels from the top."""
    radius: float
    """Pixels."""


def stand(places: Sequence[float | None]) -> list[Spot | None]:
    """Where marks stand so that none covers another: those too close become smaller and step up and down in turn.

    Where even so three are too close, they are moved along as little as that takes.
    """
    known = sorted((min(max(at, EDGE), 100.0 - EDGE), k) for k, at in enumerate(places) if at is not None)
    groups = [[each] for each in known]
    i = 0
    while i < len(groups) - 1:
        if min(_placed(groups[i + 1])).x - max(_placed(groups[i])).x < CLOSE:
            groups[i : i + 2] = [groups[i] + groups[i + 1]]
            i = max(i - 1, 0)
        else:
            i += 1
    spots: list[Spot | None] = [None] * len(places)
    for group in groups:
        for (_, k), spot in zip(group, _placed(group), strict=True):
            spots[k] = spot
    return spots


def _placed(group: Sequence[tuple[float, int]]) -> list[Spot]:
    """Marks that belong together: one alone in the middle, more of them smaller and in two rows."""
    if len(group) == 1:
        return [Spot(group[0][0], MIDDLE, RADIUS)]
    rows = [_spaced([at for at, _ in group[side::2]]) for side in (0, 1)]
    heights = (MIDDLE - ASIDE, MIDDLE + ASIDE)
    return [Spot(rows[i % 2][i // 2], heights[i % 2], SMALL) for i in range(len(group))]


def _spaced(places: Sequence[float]) -> list[float]:
    """Places in order, each at least the distance of two small marks from the last, none past the ends."""
    found = list(places)
    for i in range(1, len(found)):
        found[i] = max(found[i], found[i - 1] + CLOSE_SMALL)
    for i in reversed(range(len(found))):
        found[i] = min(found[i], 100.0 - EDGE - CLOSE_SMALL * (len(found) - 1 - i))
    return found


def _line(mark: Mark, k: int, y: float, n_ranks: int) -> Markup:
    """The interval of a mark; all of them lie behind all marks."""
    return Markup('<line class="span rank{}" x1="{:.1f}%" x2="{:.1f}%" y1="{y:.1f}" y2="{y:.1f}"/>').format(
        k % COLOURS, _at(mark.lower, n_ranks), _at(mark.upper, n_ranks), y=y
    )


def _drawn(mark: Mark, k: int, spot: Spot) -> Markup:
    return Markup(
        '<g class="mark rank{} {}{}"><title>{}</title>'
        '<circle cx="{x:.1f}%" cy="{y:.1f}" r="{}"/>'
        '<text x="{x:.1f}%" y="{y:.1f}" dy="{}" text-anchor="middle">{}</text></g>'
    ).format(
        k % COLOURS,
        mark.kind,
        "" if spot.radius == RADIUS else " small",
        mark.title,
        spot.radius,
        3.6 if spot.radius == RADIUS else 3.0,
        mark.letter,
        x=spot.x,
        y=spot.y,
    )


def legend(words: Sequence[tuple[Kind, str]]) -> Markup:
    """What each kind of mark means, the mark drawn before its words."""
    key = Markup(
        '<span class="key"><svg class="ranks" width="18" height="18" aria-hidden="true">'
        '<line class="span rank1" x1="0" x2="18" y1="9" y2="9"/><g class="mark rank1 {}"><circle cx="9" cy="9" r="7"/>'
        '<text x="9" y="9" dy="3.6" text-anchor="middle">B</text></g></svg>{}</span>'
    )
    return Markup(" ").join(key.format(kind, word) for kind, word in words)
