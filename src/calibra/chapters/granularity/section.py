"""The section of granularity: how many ranks the data tell apart, and how far neighbours differ."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from calibra.chapters.granularity.merges import Granularity
from calibra.reading.by_horizon import ByHorizon
from calibra.reading.means import ALL_REPS
from calibra.views.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import rank_label
from calibra.views.svg import Scale, axis, strip


def granularity_section(found: ByHorizon[Granularity], page: Page) -> list[Section]:
    """Show how many ranks the data tell apart, with the evidence."""
    blocks: list[Block] = []
    for days, granularity in found.items():
        blocks += [Text(page.say.tell(granularity.finding)), _pairs(granularity, days, page)]
    return [Section("how-many", page.say("granularity.title"), blocks)]


def _pairs(granularity: Granularity, days: int | None, page: Page) -> Table:
    """Neighbouring ranks, all reps together; those that are merged are pale."""
    say, columns, margin = page.say, granularity.columns, granularity.margin_points
    of_all = np.flatnonzero(columns["rep"] == ALL_REPS)
    scale, ticks = _scale(columns["lower"][of_all], columns["upper"][of_all], margin)
    heads = [
        Column(say("granularity.col_pair"), "name"),
        Column(say("granularity.col_gap"), "strip wide", axis(scale, ticks)),
        Column(say("granularity.col_sure", margin=f"{margin:g}")),
    ]
    merged = {pair for group in granularity.groups for pair in pairwise(group)}
    rows = []
    for i in of_all:
        better, worse = columns["better"][i], columns["worse"][i]
        gap, lower, upper = (float(columns[name][i]) for name in ("estimate", "lower", "upper"))
        text = say.interval(*(f"{value:.0f}".replace("-", "−") for value in (gap, lower, upper)))
        tone = "cannot_tell" if (better, worse) in merged else ""
        picture = strip(text, scale, gap, lower, upper, tone=tone, line=0.0, band=(-margin, margin))
        names = say("granularity.pair", better=rank_label(better), worse=rank_label(worse))
        n = say("format.n", n=f"{int(columns['n_better'][i]) + int(columns['n_worse'][i]):,}")
        rows.append(Row([Cell(names), Cell(text, n, picture), Cell(say.chance(float(columns["prob_apart"][i])))]))
    note = page.note(str(granularity.settings["engine"]), days)
    return Table(heads, rows, say("granularity.caption"), note)


def _scale(
    lower: np.ndarray[tuple[int], np.dtype[np.float64]],
    upper: np.ndarray[tuple[int], np.dtype[np.float64]],
    margin: float,
) -> tuple[Scale, list[tuple[float, str]]]:
    """A scale that holds every interval and the margin on either side of 0, and its ticks."""
    reach = max(2.0 * margin, float(np.abs(np.concatenate([lower, upper])).max()))
    shown = 5 * max(1, int(reach // 5))
    low = min(-margin, float(lower.min()))
    return Scale(low, reach), [(0.0, "0"), (float(shown), f"{shown}")]
