"""The section of lead times: how long it takes, who is slow or fast, what is open for too long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from calibra.data.counts import OPEN
from calibra.errors import NotEnoughDataError
from calibra.models.lead_time_curves import fine_times
from calibra.models.reading import ALL_REPS
from calibra.stats.intervals import equal_tailed
from calibra.stats.lifetable import aalen_johansen
from calibra.views.report.blocks import NO_PICTURE, Block, Cell, Column, Picture, Row, Section, Table, Text
from calibra.views.report.facts import Facts, Record
from calibra.views.report.ranks import rank_label, rep_cell, tall
from calibra.views.report.svg import Floats, Scale, axis, curves, strip
from calibra.views.tables import plain_rows

if TYPE_CHECKING:
    from calibra.models.lead_time_fit import LeadTimeFit

TEMPO_KEYS = {
    "slower than all reps": ("slower", "prob_slower"), "faster than all reps": ("faster", "prob_faster"),
    "in line": ("in_line", "prob_within"),
}  # fmt: skip
"""Finding of `LeadTimeFit.tempo` to its phrase and the probability behind it."""
CURVE_POINTS, STEP_POINTS = 48, 160
"""Points of a curve and of its steps in the picture; more cannot be seen."""
ROUND_SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
ROUND_DAYS = (7, 14, 30, 60, 90, 180, 365)


def lead_time_section(facts: Facts) -> Section:
    """Lead times, all reps by rank and each rep."""
    say, fit = facts.say, facts.calibration.lead_fit
    title = say("leads.title")
    if fit is None:
        return Section("lead-times", title, [Text(say("leads.none"))])
    blocks: list[Block] = [Text(say("leads.lead", days=fit.last_edge_days)), _curves(facts, fit), _by_rank(facts)]
    margin, worth = (facts.settings[name] for name in ("margin_ratio", "worth_prob"))
    blocks += [
        Text(say("leads.tempo_lead", margin=f"{margin:g}", worth=say.percent(worth))),
        _tempo(facts, margin),
        *map(Text, _exits(facts, margin)),
        Text(_never(facts, fit)),
    ]
    return Section("lead-times", title, blocks)


def _engine(facts: Facts) -> str:
    fit = facts.calibration.lead_fit
    return "" if fit is None else facts.say("format.comma").join(fit.diagnostics.engine.split(" and "))


def _note(facts: Facts) -> str:
    say = facts.say
    return say("page.interval_note", level=facts.level(), n=say("page.n_judgments"), engine=_engine(facts))


def _curves(facts: Facts, fit: LeadTimeFit) -> Picture:
    """Share that became an event by each day, by rank."""
    say = facts.say
    times = fine_times(fit.cells.bounds, CURVE_POINTS)
    event = equal_tailed(fit.draws.all_reps(times).event, interval_prob=facts.settings["interval_prob"])
    days = np.concatenate([[0.0], times])
    drawn = {
        rank_label(rank): (_from_zero(event.estimate[k]), _from_zero(event.lower[k]), _from_zero(event.upper[k]))
        for k, rank in enumerate(fit.ranks)
    }
    steps = {rank_label(rank): seen for k, rank in enumerate(fit.ranks) if (seen := _seen(fit, k)) is not None}
    highest = max(float(upper.max()) for _, _, upper in drawn.values())
    top = next(share for share in ROUND_SHARES if share >= min(highest, 1.0))
    share_ticks = [(part * top, say.percent(part * top)) for part in (0.0, 0.5, 1.0)]
    every = next((n for n in ROUND_DAYS if fit.last_edge_days / n <= 7), ROUND_DAYS[-1])
    day_ticks = [(float(day), f"{day}") for day in range(0, fit.last_edge_days + 1, every)]
    caption = say("leads.curves")
    svg = curves(caption, days, drawn, steps, day_ticks=day_ticks, share_ticks=share_ticks)
    note = say("leads.curves_note", level=facts.level(), n=f"{int(fit.n.sum()):,}", engine=_engine(facts))
    return Picture(svg, caption, note)


def _from_zero(values: Floats) -> Floats:
    return np.concatenate([[0.0], values])


def _seen(fit: LeadTimeFit, k: int) -> tuple[Floats, Floats] | None:
    """Aalen–Johansen of a rank up to the last edge, thinned to what can be seen; None where there is nothing."""
    counts = fit.counts
    gap = (counts.entry_days > 0) & (counts.days == counts.entry_days) & (counts.ending != OPEN)
    rows = (counts.rank == k) & ~gap
    if not counts.n[rows].any():
        return None
    try:
        curve = aalen_johansen(
            counts.days[rows], counts.ending[rows], weights=counts.n[rows], entry_days=counts.entry_days[rows]
        ).event
    except NotEnoughDataError:
        return None
    kept = np.flatnonzero(curve.days <= fit.last_edge_days)
    if kept.size == 0:
        return None
    kept = np.unique(kept[np.linspace(0, kept.size - 1, min(kept.size, STEP_POINTS)).astype(int)])
    return _from_zero(curve.days[kept].astype(float)), _from_zero(curve.estimate[kept])


def _by_rank(facts: Facts) -> Table:
    """Quartiles per rank, and what the promise says of them."""
    say = facts.say
    names = ("rank", "n", "quarter", "half", "three", "inside", "open")
    columns = [Column(say(f"leads.col_{name}"), "number" if i else "name") for i, name in enumerate(names)]
    rows = []
    for rank, row in facts.lead_times[ALL_REPS].items():
        days = [Cell(say.read(row, f"{name}_days", unit="whole")) for name in ("quarter", "median", "three_quarters")]
        if row["promise_answer"] == "known":
            inside = say(
                "leads.inside", percent=say.read(row, "share_inside_promise"), days=f"{row['promise_days']:.0f}"
            )
            promise = [Cell(inside), Cell(say.read(row, "open_past_promise"))]
        else:
            promise = [Cell(_answer(facts, row["promise_answer"]), tone="pale"), Cell(say("format.none"))]
        rows.append(Row([Cell(rank_label(rank)), Cell(f"{row['n']:,}"), *days, *promise]))
    return Table(columns, rows, say("leads.by_rank"), _note(facts))


def _answer(facts: Facts, answer: str) -> str:
    """Why nothing is said of a promised horizon."""
    if answer == "nothing promised":
        return facts.say("leads.answer_nothing")
    if found := re.search(r"\d{4}-\d\d-\d\d", answer):
        return facts.say("leads.answer_not_yet_date", date=facts.say.date(date.fromisoformat(found[0])))
    return facts.say("leads.answer_not_yet")


def tempo_words(facts: Facts, row: Record) -> tuple[str, str]:
    """Phrase of what is said of a rep's tempo, and its probability; of no finding that of either side."""
    say = facts.say
    if row["finding"] in TEMPO_KEYS:
        key, name = TEMPO_KEYS[row["finding"]]
        return key, say.chance(row[name])
    sides = {side: say.chance(row[f"prob_{side}"]) for side in ("slower", "faster")}
    return "cannot_tell", say("leads.sides", **sides)


def _tempo(facts: Facts, margin: float) -> Table:
    """Median days of each rep on one scale, and what is open for too long."""
    say, found = facts.say, facts.tempo
    middle = float(np.median([row["median_days"] / row["ratio"] for row in found.values()]))
    scale = Scale(0.0, max(row["median_days_upper"] for row in found.values()))
    shown = 30 * max(1, int(scale.high // 30))
    head = axis(scale, [(0.0, "0"), (shown / 2.0, f"{shown / 2:g}"), (float(shown), f"{shown}")])
    heads = ("rep", "median", "finding", "sure", "monthly_exits", "chased")
    kinds = ("name", "strip wide", "words", "number", "number", "number")
    columns = [
        Column(say(f"leads.col_{name}"), kind, head if "strip" in kind else NO_PICTURE)
        for name, kind in zip(heads, kinds, strict=True)
    ]
    rows = []
    for rep in (rep for rep in facts.reps if rep in found):
        row = found[rep]
        key, chance = tempo_words(facts, row)
        text = say.read(row, "median_days", unit="whole")
        tone = {"slower": "below", "faster": "above"}.get(key, key)
        band = (middle / margin, middle * margin)
        picture = strip(text, scale, row["median_days"], row["median_days_lower"], row["median_days_upper"],
                        tone=tone, line=middle, band=band)  # fmt: skip
        n = say("format.of", events=f"{row['events']:,}", n=f"{row['n']:,}")
        finding = Cell(say(f"leads.{key}"), tone="pale" if key == "cannot_tell" else tone)
        rows.append(
            Row(
                [
                    rep_cell(facts, rep),
                    Cell(text, n, picture),
                    finding,
                    Cell(chance),
                    Cell(say.read(row, "monthly_exits")),
                    _chased(facts, rep),
                ],
                facts.names[rep],
            )
        )
    return Table(columns, rows, say("leads.tempo"), _note(facts), tall(rows))


def _exits(facts: Facts, margin: float) -> Iterator[str]:
    """Whose prospects exit more or less often than all reps', the whole interval beyond the margin."""
    say, known = facts.say, {rep: row for rep, row in facts.tempo.items() if row["exit_ratio"] is not None}
    more = [rep for rep in facts.reps if rep in known and known[rep]["exit_ratio_lower"] > margin]
    less = [rep for rep in facts.reps if rep in known and known[rep]["exit_ratio_upper"] < 1.0 / margin]
    for key, found in (("exits_more", more), ("exits_less", less)):
        if found:
            yield say(f"leads.{key}", names=say.listed([facts.names[rep] for rep in found]))


def chased_of(facts: Facts, rep: str) -> dict[str, float]:
    """Open, chased, unknown, and expected events of a rep, over all ranks."""
    rows = facts.chasing.get(rep, {}).values()
    names = ("n_open", "n_chased", "n_unknown", "expected_events", "expected_events_lower", "expected_events_upper")
    return {name: sum(row[name] or 0 for row in rows) for name in names}


def expected_events(facts: Facts, found: dict[str, float]) -> str:
    """Events still expected in what is to be looked through again.

    The interval adds up those of the ranks: it is that of the sum where the ranks move together, else wider. Its upper
    end is rounded up, so that few are never told as none.
    """
    middle, low = (f"{found[name]:.1f}" for name in ("expected_events", "expected_events_lower"))
    return facts.say.interval(middle, low, f"{ceil(10 * found['expected_events_upper']) / 10:.1f}")


def _chased(facts: Facts, rep: str) -> Cell:
    say, found = facts.say, chased_of(facts, rep)
    text = say("leads.chased", chased=f"{found['n_chased']:,}", open=f"{found['n_open']:,}")
    left = [say("leads.chased_left", left=expected_events(facts, found))] if found["n_chased"] else []
    if found["n_unknown"]:
        left.append(say("leads.chased_unknown", n=f"{found['n_unknown']:,}"))
    return Cell(text, say("format.semicolon").join(left))


def _never(facts: Facts, fit: LeadTimeFit) -> str:
    """The share that is no event by the last day followed, over all ranks."""
    say, row = facts.say, plain_rows(fit.never().tail(1))[0]
    if row["estimate"] is None:
        return say("leads.never_unknown", days=f"{row['by_days']}")
    return say("leads.never", percent=say.read(row), n=f"{row['n']:,}", days=f"{row['by_days']}")
