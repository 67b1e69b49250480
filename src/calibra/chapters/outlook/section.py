"""The section on what comes, and what stands of it on a card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.outlook.back_test import DO_NOT_USE, OutlookBackTest
from calibra.chapters.outlook.findings import findings
from calibra.chapters.outlook.foresee import AMOUNT, OPPORTUNITIES, TODAY
from calibra.chapters.outlook.result import IN_ALL, Outlook
from calibra.tables import plain_rows
from calibra.views.blocks import Block, Cell, Column, Picture, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import Record, tall
from calibra.views.svg import curves

type Floats = NDArray[np.float64]

MOST_PAST = 12
"""Past months that the picture shows."""


def section(found: Outlook, page: Page) -> Sequence[Section]:
    """The number with its record, by month, past months beside those ahead, and each rep's."""
    say = page.say
    blocks: list[Block] = [Text(say("outlook.lead"))]
    blocks += [Text(say.tell(finding)) for finding in findings(found)]
    blocks += [_picture(found, page), *_months(found, page)]
    blocks += [_record(found.back_test, page)] if found.back_test is not None else []
    blocks += [_reps(found, page)] if found.verdict() != DO_NOT_USE else []
    return [Section("outlook", say("outlook.title"), blocks)]


def card(found: Outlook, rep: str, page: Page) -> Sequence[Block]:
    """What is to come of the rep's own open prospects, where the record allows a number."""
    if found.verdict() == DO_NOT_USE or rep not in found.reps:
        return []
    own = page.once(found, "own", lambda: {row["rep"]: row for row in _in_all(found)})[rep]
    lower, upper = _whole(own, OPPORTUNITIES)
    return [Text(page.say("outlook.own", lower=lower, upper=upper, until=page.say.date(found.until[-1])))]


def _in_all(found: Outlook) -> list[Record]:
    rows = plain_rows(found.totals("rep"))
    return [row for row in rows if row["until"] == IN_ALL and row["source"] == TODAY and row["of"] == OPPORTUNITIES]


def _whole(row: Record, of: str) -> tuple[str, str]:
    """Ends of an interval as they are written: counts rounded outwards, money as it is."""
    if of == AMOUNT:
        return f"{row['lower']:,.0f}", f"{row['upper']:,.0f}"
    return f"{np.floor(row['lower']):,.0f}", f"{np.ceil(row['upper']):,.0f}"


def _months(found: Outlook, page: Page) -> list[Table]:
    """Rows what comes and from what, columns the periods; nothing of what failed on past months."""
    say = page.say
    columns = [Column(say("outlook.col_what"), "name"), *(Column(say.date(day)) for day in found.until)]
    columns.append(Column(say("outlook.col_in_all")))
    cells: dict[tuple[str, str], list[Cell]] = {}
    for row in plain_rows(found.totals()):
        if row["verdict"] != DO_NOT_USE:
            lower, upper = _whole(row, row["of"])
            middle = f"{row['estimate']:,.0f}"
            hover = say.interval(middle, lower, upper)
            shown = say("outlook.range", lower=lower, upper=upper)
            cells.setdefault((row["of"], row["source"]), []).append(Cell(shown, middle, hover=hover))
    rows = [Row([Cell(_name(of, source, page)), *numbers]) for (of, source), numbers in cells.items()]
    note = say("outlook.months_note", level=page.level())
    return [Table(columns, rows, say("outlook.months"), note)] if rows else []


def _name(of: str, source: str, page: Page) -> str:
    what, where = page.say(f"outlook.of_{of}"), page.say(f"outlook.from_{source.replace(' ', '_')}")
    return page.say("outlook.what_from", what=what, where=where)


def _record(record: OutlookBackTest, page: Page) -> Table:
    """In how many past months the interval held what came, and how it did beside last months' mean."""
    say = page.say
    rows = []
    for of in dict.fromkeys(record.columns["of"].tolist()):
        held, n = record.hits(of)
        skill = record.skill(of)
        better = say("format.none") if not np.isfinite(skill) else say.percent(skill)
        verdict = record.verdict(of)
        word = say(f"outlook.verdict_{verdict.replace(' ', '_')}")
        cells = [Cell(say(f"outlook.of_{of}")), Cell(say("outlook.held_of", held=held, n=n)), Cell(better)]
        rows.append(Row([*cells, Cell(word, tone="bad" if verdict == DO_NOT_USE else "")]))
    heads = ("what", "held", "better", "verdict")
    columns = [Column(say(f"outlook.col_{head}"), "number" if 0 < i < 3 else "name") for i, head in enumerate(heads)]
    return Table(columns, rows, say("outlook.record"), say("outlook.record_note", level=page.level()))


def _reps(found: Outlook, page: Page) -> Table:
    """What is to come of each rep's open prospects over all periods."""
    say, until = page.say, page.say.date(found.until[-1])
    by_rep = {row["rep"]: row for row in _in_all(found)}
    rows = []
    for rep in (rep for rep in page.reps if rep in by_rep):
        row = by_rep[rep]
        lower, upper = _whole(row, OPPORTUNITIES)
        numbers = [Cell(f"{row['estimate']:,.0f}"), Cell(say("outlook.range", lower=lower, upper=upper))]
        none = Cell(say.chance(row["prob_zero"]))
        rows.append(Row([page.rep_cell(rep), *numbers, none], page.names.get(rep, "")))
    heads = ("rep", "estimate", "interval", "none")
    columns = [Column(say(f"outlook.col_{head}"), "number" if i else "name") for i, head in enumerate(heads)]
    return Table(
        columns, rows, say("outlook.reps", until=until), say("outlook.reps_note", level=page.level()), tall(rows)
    )


def _picture(found: Outlook, page: Page) -> Picture:
    """Bands of past months as known then, of the months ahead, and what came."""
    say = page.say
    lower, middle, upper, came, labels = past_and_ahead(found)
    x = np.arange(1, len(middle) + 1, dtype=float)
    top = float(max(np.max(upper), np.max(came, initial=0.0), 1.0))
    step = 10.0 ** np.floor(np.log10(top))
    top = float(np.ceil(top / step) * step)
    band = {say("outlook.expected"): (middle, lower, upper)}
    seen = {say("outlook.expected"): (x[: len(came)], came)} if len(came) > 1 else {}
    shown = range(0, len(labels), max(1, len(labels) // 5))
    ticks = [(float(x[i]), f"{labels[i]:%Y-%m}") for i in shown]
    counts = [(value, f"{value:,.0f}") for value in (0.0, top / 2.0, top)]
    caption = say("outlook.picture")
    svg = curves(caption, x, band, seen, day_ticks=ticks, share_ticks=counts)
    return Picture(svg, caption, say("outlook.picture_note", level=page.level()))


def past_and_ahead(found: Outlook, of: str = OPPORTUNITIES) -> tuple[Floats, Floats, Floats, Floats, list[date]]:
    """Lower, median and upper of past months as known then and of those ahead, what came, and last days."""
    ahead = [row for row in plain_rows(found.totals()) if row["of"] == of and row["source"] == TODAY][:-1]
    names, days = ("lower", "median", "upper"), [date.fromisoformat(row["until"]) for row in ahead]
    own = [np.array([row[name] for row in ahead]) for name in ("lower", "estimate", "upper")]
    if found.back_test is None or found.by != "month":
        return own[0], own[1], own[2], np.zeros(0), days
    rows = np.flatnonzero(found.back_test.rows(of))[-MOST_PAST:]
    past = [found.back_test.columns[name][rows].astype(float) for name in names]
    came = found.back_test.columns["actual"][rows].astype(float)
    before = [date.fromisoformat(day) for day in found.back_test.columns["until"][rows].tolist()]
    joined = [np.concatenate([then, now]) for then, now in zip(past, own, strict=True)]
    return joined[0], joined[1], joined[2], came, [*before, *days]
