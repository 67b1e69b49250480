"""The section on deals, and what stands of it on a card."""

from __future__ import annotations

from collections.abc import Sequence

from calibra.chapters.deals.answer import DealAnswer
from calibra.chapters.deals.findings import ALL_CATEGORIES, findings
from calibra.chapters.deals.fit import FEWEST
from calibra.reading.means import ALL_REPS
from calibra.tables import plain_rows
from calibra.views.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import Record, tall

_OF_TOTALS = ("rep", "n", "stated", "likely", "half", "range", "new")
_OF_FATES = ("category", "n", "won", "lost", "pushed")
_OF_REPS = ("rep", "n", "pushed", "n_won", "typical", "ratio", "exact")


def section(found: DealAnswer, page: Page) -> Sequence[Section]:
    """What the period will bring; what becomes of forecasts by category; each rep's amounts and pushes."""
    told = [finding for finding in findings(found) if finding.rep is None]
    blocks: list[Block] = [Text(page.say("deals.lead")), *(Text(page.say.tell(finding)) for finding in told)]
    if len(found.total.rows.rep):
        blocks.append(_totals(found, page))
    blocks += [_fates(found, page), _reps(found, page), Text(page.say("deals.care"))]
    return [Section("deals", page.say("deals.title"), blocks)]


def _note(found: DealAnswer, page: Page) -> str:
    counts = found.fit.layout.counts
    n, periods = f"{int(found.fit.layout.n.sum()):,}", f"{counts.n_periods:,}"
    return page.say("deals.note", level=page.level(), n=n, periods=periods)


def _columns(heads: Sequence[str], page: Page) -> list[Column]:
    return [Column(page.say(f"deals.col_{head}"), "number" if i else "name") for i, head in enumerate(heads)]


def _totals(found: DealAnswer, page: Page) -> Table:
    """One row a rep: stated, likely, half of the time between, nine times of ten between."""
    say, by_rep = page.say, dict[str, dict[str, Record]]()
    for row in plain_rows(found.total.table()):
        by_rep.setdefault(row["rep"], {})[row["part"]] = row
    rows = []
    for rep, parts in sorted(by_rep.items(), key=lambda item: (item[0] != ALL_REPS, -item[1]["total"]["stated"])):
        total = parts["total"]
        if rep == ALL_REPS or total["n"]:
            cells = [
                Cell(page.label(rep)) if rep == ALL_REPS else page.rep_cell(rep),
                Cell(f"{total['n']:,}"),
                Cell(say.amount(total["stated"])),
                Cell(say.amount(total["estimate"])),
                Cell(_between(total["lower_50"], total["upper_50"], page)),
                Cell(_between(total["lower"], total["upper"], page)),
                Cell(say.amount(parts["new"]["estimate"])),
            ]
            rows.append(Row(cells, page.names.get(rep, ""), tone="everyone" if rep == ALL_REPS else ""))
    opens, closes = found.total.rows.opens, found.fit.layout.counts.closes
    caption = say("deals.totals", opens=say.date(opens), closes=say.date(closes))
    return Table(_columns(_OF_TOTALS, page), rows, caption, _note(found, page), tall(rows))


def _between(lower: float, upper: float, page: Page) -> str:
    return page.say("deals.between", lower=page.say.amount(lower), upper=page.say.amount(upper))


def _fates(found: DealAnswer, page: Page) -> Table:
    """What becomes of a forecast by category, all reps together."""
    read = page.say.read
    rows = [
        Row(
            [
                Cell(page.say("deals.every") if row["category"] == ALL_CATEGORIES else str(row["category"])),
                Cell(f"{row['n']:,}"),
                *(Cell(read(row, name)) for name in ("won", "lost", "pushed")),
            ]
        )
        for row in plain_rows(found.fit.forecasts())
        if row["rep"] == ALL_REPS
    ]
    return Table(_columns(_OF_FATES, page), rows, page.say("deals.fates"), _note(found, page))


def _reps(found: DealAnswer, page: Page) -> Table:
    """Each rep's share that is moved, and amounts beside what was stated."""
    fit, read = found.fit, page.say.read
    amounts = {row["rep"]: row for row in plain_rows(fit.amounts())} if fit.knows_amounts else {}
    rows = []
    for row in plain_rows(fit.forecasts()):
        if row["category"] == ALL_CATEGORIES and (row["n"] >= FEWEST or row["rep"] == ALL_REPS):
            paid = amounts.get(row["rep"])
            shown = ("typical_ratio", "ratio_of_totals", "exact_share")
            cells = [
                Cell(page.label(ALL_REPS)) if row["rep"] == ALL_REPS else page.rep_cell(row["rep"]),
                Cell(f"{row['n']:,}"),
                Cell(read(row, "pushed")),
                Cell("" if paid is None else f"{paid['n']:,}"),
                *(Cell("" if paid is None or paid[name] is None else read(paid, name)) for name in shown),
            ]
            rows.append(Row(cells, page.names.get(row["rep"], ""), tone="everyone" if row["rep"] == ALL_REPS else ""))
    return Table(_columns(_OF_REPS, page), rows, page.say("deals.of_reps"), _note(found, page), tall(rows))


def card(found: DealAnswer, rep: str, page: Page) -> Sequence[Block]:
    """What a rep states for the period and what that makes, as of earlier statements."""
    rows = page.once(found, "totals", lambda: _own_totals(found))
    if rep not in rows or not rows[rep]["n"] or found.fit.layout.n[found.fit.reps.index(rep)] < FEWEST:
        return []
    row, say = rows[rep], page.say
    stated, likely = (say.amount(row[name]) for name in ("stated", "estimate"))
    between = _between(row["lower"], row["upper"], page)
    return [
        Text(say("deals.own", opens=say.date(found.total.rows.opens), stated=stated, likely=likely, between=between))
    ]


def _own_totals(found: DealAnswer) -> dict[str, Record]:
    return {row["rep"]: row for row in plain_rows(found.total.table()) if row["part"] == "total"}
