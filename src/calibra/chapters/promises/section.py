"""Each rank promised against delivered: all reps together, and each rep's own on the card."""

from __future__ import annotations

from collections.abc import Sequence

from calibra.chapters.promises.findings import SIDES
from calibra.chapters.promises.rows import Days, Promises
from calibra.chapters.ranks.findings import order
from calibra.chapters.ranks.section import all_reps_line
from calibra.reading.means import ALL_REPS
from calibra.views.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import (
    Record,
    first_answer,
    is_shown,
    percent_axis,
    percent_scale,
    probability_strip,
    rank_label,
)
from calibra.views.svg import axis, strip


def section(promises: Promises, page: Page) -> list[Section]:
    """Promised against delivered at every horizon, and whether the ranks stand in order."""
    say = page.say
    blocks: list[Block] = [Text(say("promises.lead"))]
    for days in promises.ranks:
        blocks += all_reps_tables(promises, page, days)
        if not _anything_within(promises, days):
            blocks.append(Text(say("promises.none", within=say.within(days))))
        blocks += [Text(say.tell(found)) for found in order(promises.ranks.rows(days))]
    return [Section("promises", say("promises.title"), blocks)]


def _anything_within(promises: Promises, days: Days) -> bool:
    """Whether the scale promises anything within a horizon."""
    scale = promises.ranks[days].scale
    return days in promises or days in scale.horizons


# all reps -------------------------------------------------------------------------------------------------------------


def all_reps_tables(promises: Promises, page: Page, days: Days) -> list[Table]:
    """What each rank brings beside what it promises, and from which chance on ranks that promise a bar are used."""
    ranks = [rank for rank in promises.ranks[days].ranks if promises.ranks.days_of(rank) == days]
    found = promises.rows(days).get(ALL_REPS, {})
    bars = {rank: row for rank, row in found.items() if row["kind"] == "bar"}
    tables = [_average_table(promises, page, days, ranks)] if ranks else []
    return tables + ([_bar_table(page, days, bars)] if bars else [])


def _average_table(promises: Promises, page: Page, days: Days, ranks: Sequence[str]) -> Table:
    """Promised against delivered of all reps, each rank at the horizon it is read at."""
    say, rows = page.say, promises.ranks.rows(days)
    scale = percent_scale(rows.highest.values())
    columns = [
        Column(say("promises.col_rank"), "name"),
        Column(say("promises.col_promised")),
        Column(say("promises.col_delivered"), "strip wide", axis(scale, percent_axis(scale))),
        Column(say("promises.col_known")),
        Column(say("promises.col_verdict"), "words"),
    ]
    table_rows = []
    for rank in ranks:
        row = rows.probabilities[ALL_REPS][rank]
        text = say.interval(*(f"{100 * row[name]:.0f}" for name in ("estimate", "lower", "upper")))
        ends = (row["estimate"], row["lower"], row["upper"])
        picture = strip(say.read(row), scale, *ends, aim=rows.aim(rank))
        delivered = Cell(text, picture=picture) if is_shown(row) else Cell(say("format.none"), first_answer(page, row))
        known = Cell(say("format.of", events=f"{row['events']:,}", n=f"{row['n']:,}"))
        promised, verdict = _promise_and_verdict(promises, page, days, rank)
        table_rows.append(Row([Cell(rank_label(rank)), promised, delivered, known, verdict]))
    caption = say("promises.caption", within=say.within(days))
    return Table(columns, table_rows, caption, page.note(days))


def _promise_and_verdict(promises: Promises, page: Page, days: Days, rank: str) -> tuple[Cell, Cell]:
    """What a rank promises, and what is said of it."""
    say, promise = page.say, promises.ranks[days].scale.promises.get(rank)
    row = promises.rows(days).get(ALL_REPS, {}).get(rank)
    if row is None and promise is not None:
        promised = Cell(say.given(promise.prob), say.within(promise.within_days))
        return promised, Cell(say("promises.uncompared"), tone="pale")
    if row is None:
        return Cell(say("format.none")), Cell(say("promises.unpromised"), tone="pale")
    if row["kind"] == "bar":
        return Cell(say("format.none")), Cell(say("promises.bar_below"), tone="pale")
    return Cell(say.given(row["promised"])), _verdict_cell(page, row)


def _bar_table(page: Page, days: Days, bars: dict[str, Record]) -> Table:
    """From which chance on ranks that promise a bar are used, all reps together."""
    say = page.say
    columns = [
        Column(say("promises.col_rank"), "name"),
        Column(say("promises.col_meant_from")),
        Column(say("promises.col_used_from")),
        Column(say("promises.col_verdict"), "words"),
    ]
    table_rows = []
    for rank, row in bars.items():
        numbers = [Cell(say.given(row["promised"])), Cell(say.read(row, "bar"))]
        table_rows.append(Row([Cell(rank_label(rank)), *numbers, _verdict_cell(page, row)]))
    caption = say("promises.bars", within=say.within(days))
    return Table(columns, table_rows, caption, say("promises.bars_note", level=page.level()))


def _verdict_cell(page: Page, row: Record) -> Cell:
    """What is said of a promise, and how sure that is."""
    say, key, chance, tone = page.say, *_verdict(page, row)
    verdict = say(f"promises.{key}")
    return Cell(say("promises.sure", verdict=verdict, chance=chance) if chance else verdict, tone=tone)


def _verdict(page: Page, row: Record) -> tuple[str, str, str]:
    """Phrase of what is said of a promise, its probability, and its colour; no probability where nothing is sure."""
    verdict = row["verdict"]
    if verdict not in SIDES:
        return "open", "", "pale"
    key = f"bar_{verdict}" if row["kind"] == "bar" else verdict
    return key, page.say.chance(row[f"prob_{verdict}"]), SIDES[verdict]


# one rep --------------------------------------------------------------------------------------------------------------


def card(promises: Promises, rep: str, page: Page) -> list[Table]:
    """What the ranks of a rep meant: every rank at the first horizon, at each other those that promise within it."""
    tables, ranks = [], promises.ranks
    for days in ranks:
        of_rep = ranks.rows(days).probabilities.get(rep, {})
        shown = [rank for rank in of_rep if days in (ranks.first_days, ranks.days_of(rank))]
        if shown:
            tables.append(_rank_table(promises, rep, page, days, shown))
    return tables


def _rank_table(promises: Promises, rep: str, page: Page, days: Days, ranks: Sequence[str]) -> Table:
    say, rows = page.say, promises.ranks.rows(days)
    scale = percent_scale(rows.highest.values())
    promised, bars = promises.rows(days).get(rep, {}), promises.bars(days).get(rep, {})
    delivered = say("promises.card_delivered", within=say.within(days))
    columns = [
        Column(say("promises.card_rank" if bars else "promises.col_rank"), "name"),
        Column(delivered, "strip wide", axis(scale, percent_axis(scale))),
    ]
    columns += [Column(say("promises.col_promised"))] if promised else []
    table_rows = []
    for rank in ranks:
        bar = say("promises.card_bar", bar=say.read(bars[rank])) if rank in bars else ""
        line = all_reps_line(rows.probabilities[ALL_REPS][rank])
        delivered_cell = probability_strip(page, rows.probabilities[rep][rank], scale, line=line, aim=rows.aim(rank))
        promise_cells = [_promise_cell(page, promised.get(rank))] if promised else []
        table_rows.append(Row([Cell(rank_label(rank), bar), delivered_cell, *promise_cells]))
    note = say("promises.card_note", level=page.level())
    return Table(columns, table_rows, note=note, css="own")


def _promise_cell(page: Page, row: Record | None) -> Cell:
    """What was promised, and which side of it the rep is on; of a bar the side of the line, not of what came."""
    say = page.say
    if row is None:
        return Cell(say("format.none"))
    key, chance, tone = _verdict(page, row)
    told = say(f"promises.card_{key}", chance=chance) if chance else ""
    promised = say.given(row["promised"])
    shown = say("promises.card_meant_from", share=promised) if row["kind"] == "bar" else promised
    return Cell(shown, told, tone=tone)
