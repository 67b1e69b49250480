"""The section on stated dates, and what stands of it on a card."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibra.chapters.timing.fit import PARTS, StatedTimingFit
from calibra.reading.flags import FEWEST_SHOWN
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import equal_tailed
from calibra.tables import plain_rows
from calibra.views.blocks import Block, Cell, Column, Picture, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import Record, tall
from calibra.views.svg import curves

POINTS = 31
_HEADS = ("rep", "n", *PARTS, "factor")


def section(fit: StatedTimingFit, page: Page) -> Sequence[Section]:
    """What has come by when on the stated clock, then what became of the dates of each rep."""
    tolerance, last = page.say.percent(fit.tolerance_share), f"{fit.cells.last:g}"
    lead = Text(page.say("timing.lead", tolerance=tolerance, last=last))
    return [Section("timing", page.say("timing.title"), [lead, _picture(fit, page), _table(fit, page)])]


def _picture(fit: StatedTimingFit, page: Page) -> Picture:
    """Draw the share that has come by each position, all reps together."""
    say = page.say
    positions = np.linspace(0.0, fit.cells.last, POINTS)
    event, lower, upper = equal_tailed(fit.all_reps_curves(positions[1:]).event)
    curve = tuple(np.concatenate([[0.0], part]) for part in (event, lower, upper))
    top = float(np.clip(np.ceil(10.0 * curve[2].max()) / 10.0, 0.1, 1.0))
    share_ticks = [(share, say.percent(share)) for share in (0.0, top / 2.0, top)]
    ticks = [(float(at), f"{at:g}") for at in np.arange(0.0, fit.cells.last + 0.01, 1.0)]
    caption = say("timing.curve")
    label = say("format.all_reps")
    svg = curves(caption, positions, {label: curve}, {}, day_ticks=ticks, share_ticks=share_ticks)  # type: ignore[dict-item]
    n = f"{int(fit.n.sum()):,}"
    return Picture(svg, caption, say("timing.note", level=page.level(), n=n))


def _table(fit: StatedTimingFit, page: Page) -> Table:
    """One row a rep: shares early, on time, late, ended otherwise and open, and the factor."""
    say = page.say
    rows: list[Row] = []
    for parts, bias in _paired(fit):
        rep = bias["rep"]
        if rep == ALL_REPS:
            rows.insert(0, Row([Cell(page.label(rep)), *_numbers(parts, bias, page)], tone="everyone"))
        elif bias["n"] >= FEWEST_SHOWN:
            rows.append(Row([page.rep_cell(rep), *_numbers(parts, bias, page)], page.names.get(rep, "")))
    order = {page.label(rep): place for place, rep in enumerate(page.reps)}
    rows[1:] = sorted(rows[1:], key=lambda row: order[row.cells[0].text])
    heads = [Column(say(f"timing.col_{head}"), "number" if i else "name") for i, head in enumerate(_HEADS)]
    note = say("timing.note", level=page.level(), n=f"{int(fit.n.sum()):,}")
    return Table(heads, rows, say("timing.caption", last=f"{fit.cells.last:g}"), note, tall(rows))


def _paired(fit: StatedTimingFit) -> list[tuple[Record, Record]]:
    return list(zip(plain_rows(fit.shares()), plain_rows(fit.bias()), strict=True))


def _numbers(parts: Record, bias: Record, page: Page) -> list[Cell]:
    read = page.say.read
    return [
        Cell(f"{bias['n']:,}"),
        *(Cell(read(parts, name)) for name in PARTS),
        Cell(read(bias, "factor", unit="hundredth")),
    ]


def card(fit: StatedTimingFit, rep: str, page: Page) -> Sequence[Block]:
    """What became of the dates a rep stated, beside all reps; nothing of a rep with hardly any."""
    rows = page.once(fit, "own", lambda: {bias["rep"]: (parts, bias) for parts, bias in _paired(fit)})
    if rep not in rows or rows[rep][1]["n"] < FEWEST_SHOWN:
        return []
    say = page.say
    heads = [Column(say(f"timing.col_{head}"), "number" if i else "name") for i, head in enumerate(_HEADS)]
    own = Row([Cell(say("timing.you")), *_numbers(*rows[rep], page)])
    everyone = Row([Cell(page.label(ALL_REPS)), *_numbers(*rows[ALL_REPS], page)], tone="everyone")
    return [Table(heads, [own, everyone], say("timing.own", last=f"{fit.cells.last:g}"))]
