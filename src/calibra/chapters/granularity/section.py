"""The section of granularity: how many ranks the data tell apart, and how far neighbours differ."""

from __future__ import annotations

import numpy as np

from calibra.chapters.granularity.merges import APART, MERGE, Granularity
from calibra.reading.by_horizon import ByHorizon
from calibra.reading.flags import CANNOT_TELL
from calibra.reading.means import WITHIN_REPS
from calibra.views.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import rank_label
from calibra.views.svg import Scale, axis, strip

LEAST_REACH = 6.0
"""Points that the scale of differences reaches at least."""
VERDICT_KEYS = {
    APART: "granularity.verdict_apart",
    MERGE: "granularity.verdict_merge",
    CANNOT_TELL: "granularity.verdict_unsure",
}
"""Verdict on a pair to the key of its name."""


def granularity_section(found: ByHorizon[Granularity], page: Page) -> list[Section]:
    """Show how many ranks the data tell apart, with the evidence."""
    blocks: list[Block] = []
    for days, granularity in found.items():
        blocks += [Text(page.say.tell(page.last(finding))) for finding in granularity.findings]
        blocks.append(_pairs(granularity, days, page))
    return [Section("how-many", page.say("granularity.title"), blocks)]


def _pairs(granularity: Granularity, days: int | None, page: Page) -> Table:
    """Neighbouring ranks within reps; those that are not told apart are pale."""
    say, columns, verdicts = page.say, granularity.columns, granularity.verdicts
    own = np.flatnonzero(columns["rep"] == WITHIN_REPS)
    scale, ticks = _scale(columns["lower"][own], columns["upper"][own])
    heads = [
        Column(say("granularity.col_pair"), "name"),
        Column(say("granularity.col_gap"), "strip wide", axis(scale, ticks)),
        Column(say("granularity.col_sure", margin=f"{granularity.margin_odds:g}")),
        Column(say("granularity.col_verdict"), "words"),
    ]
    rows = []
    for i in own:
        better, worse = columns["better"][i], columns["worse"][i]
        gap, lower, upper = (float(columns[name][i]) for name in ("estimate", "lower", "upper"))
        text = say.interval(*(f"{value:.0f}".replace("-", "−") for value in (gap, lower, upper)))
        verdict = verdicts[better, worse]
        tone = "" if verdict == APART else "cannot_tell"
        picture = strip(text, scale, gap, lower, upper, tone=tone, line=0.0)
        names = say("granularity.pair", better=rank_label(better), worse=rank_label(worse))
        n = say("format.n", n=f"{int(columns['n_better'][i]) + int(columns['n_worse'][i]):,}")
        rows.append(
            Row(
                [
                    Cell(names),
                    Cell(text, n, picture),
                    Cell(say.chance(float(columns["prob_apart"][i]))),
                    Cell(say(VERDICT_KEYS[verdict])),
                ]
            )
        )
    note = page.note(days)
    return Table(heads, rows, say("granularity.caption"), note)


def _scale(
    lower: np.ndarray[tuple[int], np.dtype[np.float64]],
    upper: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> tuple[Scale, list[tuple[float, str]]]:
    """A scale that holds 0 and every interval, and its ticks."""
    reach = max(LEAST_REACH, float(np.abs(np.concatenate([lower, upper])).max()))
    shown = 5 * max(1, int(reach // 5))
    low = min(-LEAST_REACH / 2.0, float(lower.min()))
    return Scale(low, reach), [(0.0, "0"), (float(shown), f"{shown}")]
