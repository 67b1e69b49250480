"""The section of lead times: how long it takes by rank, the tempo of each rep, what to look through again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from calibra.chapters.lead_times.curves_section import draw_curves
from calibra.chapters.lead_times.findings import exit_sides, exits_found, never_found
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.chapters.lead_times.open_prospects import OpenProspects, open_prospects
from calibra.chapters.lead_times.promises import PromiseAnswer, promise_answers
from calibra.chapters.lead_times.tables import FASTER, IN_LINE, SLOWER
from calibra.reading.means import ALL_REPS
from calibra.stats.margin import MARGIN_RATIO
from calibra.views.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import Record, by_rank, by_rep, quiet_rows, rank_label, tall
from calibra.views.svg import Scale, axis, strip

VERDICTS: Mapping[str, tuple[str, str, str]] = {
    SLOWER: ("is_slower", "prob_slower", "below"),
    FASTER: ("is_faster", "prob_faster", "above"),
    IN_LINE: ("is_in_line", "prob_within", "in_line"),
}
"""What is found of a rep's tempo to its words, the probability behind it, and its colour."""
TEMPO_COLUMNS = {
    "median": "strip wide",
    "finding": "words",
    "sure": "number",
    "monthly_exits": "number",
    "chased": "number",
}
"""Columns of the table of reps after their names, and their kinds."""


def section(fit: LeadTimeFit, page: Page) -> list[Section]:
    """Show lead times, of all reps by rank and of each rep."""
    say, tempo = page.say, by_rep(fit.tempo())
    worth = say.percent(fit.chasing().attrs["worth_prob"])
    blocks: list[Block] = [
        Text(say("lead_times.lead", days=fit.last_edge_days)),
        draw_curves(fit, page),
        _quartiles(fit, page),
        Text(say("lead_times.tempo_lead", margin=f"{MARGIN_RATIO:g}", worth=worth)),
        _tempo_table(fit, page, tempo),
        *(Text(say.tell(finding)) for finding in [*exits_found(tempo), never_found(fit)]),
    ]
    return [Section("lead-times", say("lead_times.title"), blocks)]


def _note(page: Page) -> str:
    say = page.say
    return say("page.interval_note", level=page.level(), n=say("page.n_judgments"))


# by rank --------------------------------------------------------------------------------------------------------------


def _quartiles(fit: LeadTimeFit, page: Page) -> Table:
    """Show the quartiles of each rank, and what came within the days it promises."""
    say, answers = page.say, promise_answers(fit)
    names = ("rank", "n", "quarter", "half", "three", "inside", "open")
    columns = [Column(say(f"lead_times.col_{name}"), "name" if name == "rank" else "number") for name in names]
    rows = []
    for rank, row in by_rank(fit.lead_times())[ALL_REPS].items():
        days = [Cell(say.read(row, f"{name}_days", unit="whole")) for name in ("quarter", "median", "three_quarters")]
        promise = _promise_cells(page, answers[rank], row)
        rows.append(Row([Cell(rank_label(rank)), Cell(f"{row['n']:,}"), *days, *promise]))
    return Table(columns, rows, say("lead_times.by_rank"), _note(page))


def _promise_cells(page: Page, answer: PromiseAnswer, row: Record) -> list[Cell]:
    """Show the share of events within the promised days and of prospects open after them, or why it is not known."""
    say = page.say
    if answer.state == "known":
        share = say.read(row, "share_inside_promise")
        inside = say("lead_times.inside", percent=share, days=answer.days)
        return [Cell(inside), Cell(say.read(row, "open_past_promise"))]
    return [Cell(_not_known(page, answer), tone="pale"), Cell(say("format.none"))]


def _not_known(page: Page, answer: PromiseAnswer) -> str:
    """Say why the promised days of a rank cannot be judged."""
    say = page.say
    if answer.state == "nothing promised":
        return say("lead_times.answer_nothing")
    if answer.state == "past the last edge":
        return say("lead_times.answer_past_edge", days=answer.days, edge=answer.last_edge_days)
    if answer.known_from is None:
        return say("lead_times.answer_not_yet")
    return say("lead_times.answer_not_yet_date", date=say.date(answer.known_from))


# by rep ---------------------------------------------------------------------------------------------------------------


def _tempo_table(fit: LeadTimeFit, page: Page, tempo: Mapping[str, Record]) -> Table:
    """Show the median days of each rep on one scale, exits, and what to look through again."""
    say, prospects, sides = page.say, open_prospects(fit), exit_sides(tempo)
    middle = float(np.median([row["median_days"] / row["ratio"] for row in tempo.values()]))
    scale = Scale(0.0, max(row["median_days_upper"] for row in tempo.values()))
    columns = [Column(say("lead_times.col_rep"), "name")]
    columns += [Column(say(f"lead_times.col_{name}"), kind) for name, kind in TEMPO_COLUMNS.items()]
    columns[1] = Column(columns[1].text, columns[1].kind, axis(scale, _day_ticks(scale)))
    rows = [
        Row(
            [
                page.rep_cell(rep),
                _median_cell(page, tempo[rep], scale, middle),
                *_verdict_cells(page, tempo[rep]),
                _exit_cell(page, tempo[rep], sides.get(rep)),
                _chased_cell(page, prospects[rep]),
            ],
            page.names[rep],
            is_quiet=tempo[rep]["finding"] not in (SLOWER, FASTER) and rep not in sides and not prospects[rep].n_chased,
        )
        for rep in page.reps
        if rep in tempo
    ]
    return Table(columns, rows, say("lead_times.tempo"), _note(page), tall(rows), quiet=quiet_rows(rows, page))


def _day_ticks(scale: Scale) -> list[tuple[float, str]]:
    """Place ticks at 0, at the last whole number of months, and between them."""
    last = 30 * max(1, int(scale.high // 30))
    return [(0.0, "0"), (last / 2.0, f"{last / 2:g}"), (float(last), f"{last}")]


def _median_cell(page: Page, row: Record, scale: Scale, middle: float) -> Cell:
    """Draw a rep's median days beside those of all reps and the margin around them."""
    say = page.say
    text = say.read(row, "median_days", unit="whole")
    n = say("format.of", events=f"{row['events']:,}", n=f"{row['n']:,}")
    _, _, tone = VERDICTS.get(row["finding"], ("", "", "cannot_tell"))
    ends = (row["median_days"], row["median_days_lower"], row["median_days_upper"])
    band = (middle / MARGIN_RATIO, middle * MARGIN_RATIO)
    return Cell(text, n, strip(text, scale, *ends, tone=tone, line=middle, band=band))


def _verdict_cells(page: Page, row: Record) -> list[Cell]:
    """Say what is found of a rep's tempo and how sure it is; where nothing is found, the chances of either side."""
    say = page.say
    if row["finding"] in VERDICTS:
        words, prob, tone = VERDICTS[row["finding"]]
        return [Cell(say(f"lead_times.{words}"), tone=tone), Cell(say.chance(row[prob]))]
    sides = {side: say.chance(row[f"prob_{side}"]) for side in ("slower", "faster")}
    return [Cell(say("lead_times.is_unknown"), tone="pale"), Cell(say("lead_times.sides", **sides))]


def _exit_cell(page: Page, row: Record, side: Literal["more", "less"] | None) -> Cell:
    """Show the share that ends otherwise in a month, and whether it is more or less than with all reps."""
    text = page.say.read(row, "monthly_exits")
    return Cell(text) if side is None else Cell(text, page.say(f"lead_times.cell_{side}"))


def _chased_cell(page: Page, prospects: OpenProspects) -> Cell:
    """Show how many open prospects to look through again, what is expected of them, and how many are unknown."""
    say, beside = page.say, []
    if prospects.n_chased:
        beside.append(say("lead_times.cell_left", left=say.write(prospects.left)))
    if prospects.n_unknown:
        beside.append(say("lead_times.cell_unknown", n=f"{prospects.n_unknown:,}"))
    text = say("lead_times.cell_chased", chased=f"{prospects.n_chased:,}", open=f"{prospects.n:,}")
    return Cell(text, say("format.semicolon").join(beside))
