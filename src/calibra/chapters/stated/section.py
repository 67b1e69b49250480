"""The section on stated percentages, and what stands of it on a card."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibra.chapters.stated.fit import NEW_REP, StatedFit
from calibra.chapters.stated.rows import Stated, meaning, most_used
from calibra.reading.flags import FEWEST_SHOWN
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import equal_tailed
from calibra.tables import plain_rows
from calibra.values import Given
from calibra.views.blocks import Block, Cell, Column, Picture, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import Record, tall
from calibra.views.svg import curves

SHOWN = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Stated probabilities whose meaning stands in the table."""
MOST_ON_CARD = 5
"""Percentages of a rep's own that a card shows."""
CURVE_POINTS = 33
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def section(stated: Stated, page: Page) -> Sequence[Section]:
    """The curve of all reps, then what the percentages of each mean."""
    blocks: list[Block] = [Text(page.say("stated.lead"))]
    for fit in stated.values():
        blocks += [_picture(fit, page), _table(fit, stated.margin_odds, page)]
    return [Section("stated", page.say("stated.title"), blocks)]


def _picture(fit: StatedFit, page: Page) -> Picture:
    """Draw what came of each stated percentage, over what would be just as stated."""
    say, within = page.say, page.say.within(fit.within_days)
    inner = np.linspace(*_range(fit), CURVE_POINTS)
    found = equal_tailed(fit.all_reps_draws(inner))
    caption = say("stated.curve", within=within)
    line = np.array([0.0, *inner, 1.0])
    ends = [np.concatenate([[end[0]], end, [end[-1]]]) for end in found]
    shown = {say("format.all_reps"): tuple(ends), say("stated.as_stated"): (line, line, line)}
    ticks = [(tick, say.percent(tick)) for tick in TICKS]
    svg = curves(caption, line, shown, {}, day_ticks=ticks, share_ticks=ticks)  # type: ignore[arg-type]
    note = say("stated.curve_note", level=page.level(), n=f"{int(fit.n.sum()):,}")
    return Picture(svg, caption, note)


def _range(fit: StatedFit) -> tuple[float, float]:
    used = fit.cells.stated[fit.cells.n > 0]
    return max(float(used.min()), 0.01), min(float(used.max()), 0.99)


def _table(fit: StatedFit, margin_odds: float, page: Page) -> Table:
    """One row a rep: what was stated on average, what came, and what single percentages mean."""
    say = page.say
    lines = {row["rep"]: row for row in plain_rows(fit.lines(margin_odds=margin_odds))}
    meant: dict[str, list[Record]] = {}
    for row in plain_rows(fit.curves(SHOWN)):
        meant.setdefault(row["rep"], []).append(row)
    names = [Column(say(f"stated.col_{head}"), "number" if i else "name") for i, head in enumerate(_HEADS)]
    heads = [*names, *(Column(say("stated.col_means", stated=say.given(share))) for share in SHOWN)]
    rows = [_row(Cell(page.label(ALL_REPS)), lines[ALL_REPS], meant[ALL_REPS], page, tone="everyone")]
    shown = [rep for rep in page.reps if rep in lines and lines[rep]["n"] >= FEWEST_SHOWN]
    rows += [_row(page.rep_cell(rep), lines[rep], meant[rep], page, name=page.names.get(rep, "")) for rep in shown]
    rows.append(_row(Cell(say("stated.new_rep")), None, meant[NEW_REP], page))
    note = page.note(fit.within_days)
    return Table(heads, rows, say("stated.caption", within=say.within(fit.within_days)), note, tall(rows))


_HEADS = ("rep", "n", "stated", "actual", "gap")


def _row(
    label: Cell, line: Record | None, meant: Sequence[Record], page: Page, *, name: str = "", tone: str = ""
) -> Row:
    say = page.say
    numbers = [Cell(say("format.none"))] * (len(_HEADS) - 1)
    if line is not None:
        gap = (line["gap_points"], line["gap_points_lower"], line["gap_points_upper"])
        texts = [f"{line['n']:,}", say.percent(line["stated"]), say.read(line, "actual"), say.signed(*gap)]
        numbers = [Cell(text) for text in texts]
    return Row([label, *numbers, *(Cell(say.read(row)) for row in meant)], name, tone)


def card(stated: Stated, rep: str, page: Page) -> Sequence[Block]:
    """What the percentages that a rep uses most meant; nothing of a rep with hardly any."""
    fits = [fit for fit in stated.values() if rep in fit.reps]
    return [_own(fit, rep, page) for fit in fits if fit.n[fit.reps.index(rep)] >= FEWEST_SHOWN]


def _own(fit: StatedFit, rep: str, page: Page) -> Table:
    say = page.say
    columns = [Column(say(f"stated.col_{head}"), "number" if i else "name") for i, head in enumerate(_OWN)]
    rows = [
        Row([Cell(say.write(Given(share))), Cell(say.estimate(meaning(fit, rep, share))), Cell(f"{n:,}")])
        for share, n in most_used(fit, rep, most=MOST_ON_CARD)
    ]
    return Table(columns, rows, say("stated.own", within=say.within(fit.within_days)))


_OWN = ("you_stated", "meant", "n")
