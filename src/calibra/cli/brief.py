"""What `fit` and `demo` print: on one screen how far to trust it, meant and came of each rank, the lines for Monday."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calibra.report.glance import first_page
from calibra.views.strips import is_shown, rank_label
from calibra.words import ALL_REPS

if TYPE_CHECKING:
    from calibra.calibration import Calibration
    from calibra.report.glance import Glance
    from calibra.views.page import Page

MOST_RANKS = 7
"""Ranks printed; the report has all."""
MOST_NOTES = 1
"""Doubts and notes printed in full; the others are counted."""
FEWEST_LINES = 3
"""Lines for Monday that stand on every screen."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and how soon it may be left out where a screen is too small: 0 never, then the highest first."""

    text: str
    leave_out: int = 0


def brief(calibration: Calibration, *, lang: str, event: str) -> list[Line]:
    """The lines, in a language."""
    page = calibration.page(lang=lang, event=event)
    glance = first_page(
        calibration.judgments, calibration.on_the_page(), calibration.findings, page, is_good=calibration.ok
    )
    say = page.say
    notes = [say.tell(note) for note in calibration.notes if note.role != "note"]
    tiles = [say("terminal.tile", head=tile.head, figure=tile.figure, text=tile.text) for tile in glance.tiles[:-1]]
    return [
        Line(say("format.colon", head=glance.facts[0], rest=glance.facts[1])),
        Line(glance.warning or say("terminal.good", n=f"{len(calibration.named_fits()):,}")),
        *(Line(text) for text in _few(glance.doubts, "terminal.doubt", page)),
        *(Line(text, 2) for text in _few(notes, "terminal.note", page)),
        BLANK,
        *(Line(text) for text in _meant_and_came(calibration, page)),
        BLANK,
        *(Line(text, 1 if i >= FEWEST_LINES else 0) for i, text in enumerate(_monday(glance, page))),
        *(Line(text, 3 + (i > 0)) for i, text in enumerate(tiles)),
        BLANK,
    ]


BLANK = Line("", 9)
"""Between two parts."""


def fitted(lines: Sequence[Line], room: int, height: Callable[[str], int], *, more: Callable[[int], str]) -> list[str]:
    """Those of the lines that fit, `height` each; `more` says how many that one would talk about were left out."""
    kept = list(lines)
    while sum(height(line.text) for line in kept) > room - (len(kept) < len(lines)):
        first = max(kept, key=lambda line: line.leave_out)
        if not first.leave_out:
            break
        last = max(i for i, line in enumerate(kept) if line.leave_out == first.leave_out)
        del kept[last]
    n_gone = sum(bool(line.text) for line in lines) - sum(bool(line.text) for line in kept)
    return [*(line.text for line in kept), *([more(n_gone)] if n_gone else [])]


def _few(told: Sequence[str], key: str, page: Page) -> Iterator[str]:
    """The first of them, and how many more there are."""
    for text in told[:MOST_NOTES]:
        yield page.say(key, text=text)
    if len(told) > MOST_NOTES:
        yield page.say("terminal.more", n=f"{len(told) - MOST_NOTES:,}")


def _meant_and_came(calibration: Calibration, page: Page) -> Iterator[str]:
    """A line a rank: what its definition says, and what came of it, all reps together."""
    ranks, say = getattr(calibration, "ranks", None), page.say
    if not ranks:
        return
    scale = calibration.judgments.scale
    for rank in scale.ranks[:MOST_RANKS]:
        days = ranks.days_of(rank)
        row, aim = ranks.rows(days).probabilities[ALL_REPS][rank], ranks.rows(days).aim(rank)
        yield say(
            "terminal.rank",
            rank=rank_label(rank),
            within=say.within(days),
            meant=say("format.none") if aim is None else say.given(aim),
            came=say.read(row) if is_shown(row) else say("format.none"),
            n=f"{row['n']:,}",
        )


def _monday(glance: Glance, page: Page) -> Iterator[str]:
    for line in glance.lines:
        sure = f" [{line.sure}]" if line.sure else ""
        yield f"- {page.say('format.colon', head=line.who, rest=line.text)}{sure}"
    if not glance.lines:
        yield page.say("glance.nobody")
