"""The section on what rank and percentage add to the machine's score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibra.chapters.added.fit import AddedFit
from calibra.chapters.added.layout import BASE, RANK
from calibra.chapters.added.rows import Added, score_range
from calibra.reading.flags import FEWEST_SHOWN
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import equal_tailed
from calibra.tables import plain_rows
from calibra.values import Chance, Estimate
from calibra.views.blocks import Block, Cell, Column, Picture, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import Record, tall
from calibra.views.svg import curves

CURVE_POINTS = 33
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_GAINS = ("read", "n", "gain", "sure")
_REPS = ("rep", "n", "odds", "adds")


def section(added: Added, page: Page) -> Sequence[Section]:
    """What comes at the same score by rank and percentage; what is better predicted; for whom."""
    if not added:
        return []
    with_machine = any(fit.with_machine for fit in added.values())
    ending = "" if with_machine else "_alone"
    blocks: list[Block] = [Text(page.say(f"added.lead{ending}"))]
    for fit in added.values():
        blocks += [_picture(fit, signal, page) for signal in fit.signals if fit.with_machine]
        blocks.append(_gains(fit, page))
        blocks += [_reps(fit, signal, added.margin_odds, page) for signal in fit.signals if fit.with_machine]
    return [Section("added", page.say(f"added.title{ending}"), blocks)]


def _picture(fit: AddedFit, signal: str, page: Page) -> Picture:
    """Draw what comes at every score, read alone and with each rank or percentage."""
    say, within = page.say, page.say.within(fit.within_days)
    inner = np.linspace(*score_range(fit), CURVE_POINTS)
    shown = {say("added.score_alone"): fit.level_draws(BASE, 0.0, inner)}
    for label, level in fit.levels(signal):
        shown[label if signal == RANK else say.given(level)] = fit.level_draws(signal, level, inner)
    line = np.array([0.0, *inner, 1.0])
    bands = {}
    for label, draws in shown.items():
        bands[label] = tuple(np.concatenate([[end[0]], end, [end[-1]]]) for end in equal_tailed(draws))
    ticks = [(tick, say.percent(tick)) for tick in TICKS]
    caption = say(f"added.curve_{signal}", within=within)
    svg = curves(caption, line, bands, {}, day_ticks=ticks, share_ticks=ticks)  # type: ignore[arg-type]
    note = say("added.curve_note", level=page.level(), n=f"{int(fit.n.sum()):,}")
    return Picture(svg, caption, note)


def _gains(fit: AddedFit, page: Page) -> Table:
    """One row for each pair of ways of reading."""
    say = page.say
    rows = []
    for row in plain_rows(fit.gains()):
        one, other = (say(f"added.reading_{row[key]}{_alone(fit)}") for key in ("reading", "against"))
        gain = Estimate(100 * row["gain"], 100 * row["gain_lower"], 100 * row["gain_upper"], "signed_hundredth")
        texts = [say("added.over", one=one, other=other), f"{row['n']:,}", say.estimate(gain)]
        rows.append(Row([*map(Cell, texts), Cell(say.write(Chance(row["prob"])))]))
    heads = [Column(say(f"added.col_{head}"), "number" if i else "name") for i, head in enumerate(_GAINS)]
    note = say("added.gains_note", level=page.level())
    return Table(heads, rows, say("added.gains", within=say.within(fit.within_days)), note)


def _alone(fit: AddedFit) -> str:
    return "" if fit.with_machine else "_alone"


def _reps(fit: AddedFit, signal: str, margin_odds: float, page: Page) -> Table:
    """One row a rep: factor on the odds from a poor to a good judgment at the same score."""
    say = page.say
    found = {row["rep"]: row for row in plain_rows(fit.by_rep(margin_odds=margin_odds)) if row["signal"] == signal}
    rows = [_row(Cell(page.label(ALL_REPS)), found[ALL_REPS], page, tone="everyone")]
    shown = [rep for rep in page.reps if rep in found and found[rep]["n"] >= FEWEST_SHOWN]
    rows += [_row(page.rep_cell(rep), found[rep], page, name=page.names.get(rep, "")) for rep in shown]
    heads = [Column(say(f"added.col_{head}"), "number" if i else "name") for i, head in enumerate(_REPS)]
    good, poor = _named_ends(fit, signal, page)
    caption = say("added.by_rep", good=good, poor=poor, within=say.within(fit.within_days))
    note = page.note(fit.within_days)
    return Table(heads, rows, caption, note, tall(rows))


def _named_ends(fit: AddedFit, signal: str, page: Page) -> tuple[str, str]:
    if signal == RANK:
        best, worst = fit.layout.rank_ends
        return fit.cells.ranks[best], fit.cells.ranks[worst]
    low, high = fit.layout.stated_ends
    return page.say.given(high), page.say.given(low)


def _row(label: Cell, row: Record, page: Page, *, name: str = "", tone: str = "") -> Row:
    say = page.say
    odds = Estimate(row["odds"], row["odds_lower"], row["odds_upper"], "tenth")
    texts = [f"{row['n']:,}", say.estimate(odds), say.write(Chance(row["prob_adds"]))]
    return Row([label, *map(Cell, texts)], name, tone)
