"""Standings with their intervals, for those who ask for them: the place of each rep, highest first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from calibra.chapters.standings.places import SURE, RepStandings
from calibra.findings import Finding
from calibra.reading.by_horizon import ByHorizon
from calibra.values import Share, Value
from calibra.views.blocks import Block, Bullets, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import tall
from calibra.views.svg import Scale, axis, strip

type Days = int | None


def findings(standings: ByHorizon[RepStandings]) -> list[Finding]:
    """Whether a league table is warranted; of no rep is a place said."""
    return [_warranted(found, days) for days, found in standings.items()]


def _warranted(found: RepStandings, days: Days) -> Finding:
    key = "standings.warranted" if found.is_league_table_warranted else "standings.unwarranted"
    values: Mapping[str, Value] = {"known": Share(found.share_of_pairs_known), "sure": Share(SURE)}
    return Finding(key, values, within_days=days)


def section(standings: ByHorizon[RepStandings], page: Page) -> list[Section]:
    """What may be said of the standings as a whole, then the place of each rep."""
    blocks: list[Block] = [Text(page.say("standings.lead"))]
    for days, found in standings.items():
        blocks += [Bullets([page.say.tell(_warranted(found, days))]), _places(found, days, page)]
    return [Section("standings", page.say("standings.title"), blocks)]


def _places(found: RepStandings, days: Days, page: Page) -> Table:
    """One row a rep, highest first."""
    say, scale = page.say, Scale(1.0, float(max(2, len(found.reps))))
    columns = [
        Column(say("standings.col_rep"), "name"),
        Column(say("standings.col_standing"), "strip wide", axis(scale, [(1.0, "1"), (scale.high, f"{scale.high:g}")])),
        Column(say("standings.col_beyond", points=f"{found.cut_points:g}")),
    ]
    rows = [_place(found, int(i), scale, page) for i in np.argsort(found.standing, kind="stable")]
    return Table(columns, rows, note=page.note(days, found.interval_prob), css=tall(rows))


def _place(found: RepStandings, i: int, scale: Scale, page: Page) -> Row:
    say, rep = page.say, found.reps[i]
    place, low, high = (float(values[i]) for values in (found.standing, found.lower, found.upper))
    text = say.interval(f"{place:.0f}", f"{low:.0f}", f"{high:.0f}")
    n = say("format.n", n=f"{int(found.n[i]):,}")
    standing = Cell(text, n, strip(text, scale, place, low, high))
    beyond = Cell(say.chance(float(found.prob_beyond[i])))
    return Row([page.rep_cell(rep), standing, beyond], page.names[rep])
