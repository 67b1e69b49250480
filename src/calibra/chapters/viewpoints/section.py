"""The section that puts the three viewpoints side by side, and its lines on a card."""

from __future__ import annotations

from collections.abc import Sequence

from calibra.chapters.viewpoints.gaps import VIEWPOINTS, Viewpoints
from calibra.reading.flags import CANNOT_TELL, FEWEST_JUDGMENTS, LEAN_PROB
from calibra.views.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import Record, by_rep, quiet_rows, tall
from calibra.views.svg import Scale, strip

PANEL = {"how_many": 25.0, "how_long": 50.0, "how_much": 100.0}
"""How far the strip of each viewpoint reaches to either side, points or per cent."""


def section(found: Viewpoints, page: Page) -> Sequence[Section]:
    """One row a rep in the order of names: three gaps around nothing, and what they say together."""
    say = page.say
    rows = [row for row in _by_name(found, page) if row["n"] >= FEWEST_JUDGMENTS]
    if not rows:
        return ()
    heads = ("rep", *VIEWPOINTS, "days", "together")
    columns = [Column(say(f"viewpoints.col_{head}"), _KINDS.get(head, "strip")) for head in heads]
    cells = [
        Row(
            [page.rep_cell(row["rep"]), *_cells(row, page)],
            page.names.get(row["rep"], ""),
            is_quiet=row["statement"] == CANNOT_TELL
            and all(row[f"{name}_verdict"] == CANNOT_TELL for name in VIEWPOINTS),
        )
        for row in rows
    ]
    note = say("viewpoints.note", level=page.level(found.interval_prob), ratio=f"{found.margin_ratio:g}")
    table = Table(columns, cells, say("viewpoints.caption"), note, tall(cells), quiet=quiet_rows(cells, page))
    lead = say("viewpoints.lead", within=say.within(found.within_days), to_days=found.to_days)
    return [Section("viewpoints", say("viewpoints.title"), [Text(lead), table])]


_KINDS = {"rep": "name", "days": "number", "together": "words"}


def card(found: Viewpoints, rep: str, page: Page) -> Sequence[Block]:
    """The rep's own three gaps, how the lead times spread, and the open prospects read as the others' are."""
    row = page.once(found, "own", lambda: by_rep(found.table)).get(rep)
    if row is None or row["n"] < FEWEST_JUDGMENTS:
        return ()
    say = page.say
    told = [
        Row([Cell(say(f"viewpoints.col_{name}")), Cell(_gap(row, name, page)), Cell(_verdict(row, name, page))])
        for name in VIEWPOINTS
    ]
    told.append(Row([Cell(say("viewpoints.col_days")), Cell(_days(row, page)), Cell("")]))
    columns = [Column(say(f"viewpoints.col_{head}"), "name") for head in ("viewpoint", "gap", "verdict")]
    return [Table(columns, told, say("viewpoints.own"))]


def _by_name(found: Viewpoints, page: Page) -> list[Record]:
    rows = by_rep(found.table)
    return [rows[rep] for rep in page.reps if rep in rows]


def _cells(row: Record, page: Page) -> list[Cell]:
    statement = row["statement"]
    together = "" if statement == CANNOT_TELL else page.say(f"viewpoints.short_{statement}")
    return [*(_panel(row, name, page) for name in VIEWPOINTS), Cell(_days(row, page)), Cell(together)]


def _panel(row: Record, name: str, page: Page) -> Cell:
    """A gap as dot and interval around nothing, with its number and its verdict."""
    column = _column(name)
    if row[column] is None:
        return Cell(page.say("format.none"))
    ends = [max(-PANEL[name], min(PANEL[name], row[f"{column}{end}"])) for end in ("", "_lower", "_upper")]
    text = _gap(row, name, page)
    picture = strip(text, Scale(-PANEL[name], PANEL[name]), ends[0], ends[1], ends[2], line=0.0)
    return Cell(text, _verdict(row, name, page), picture)


def _column(name: str) -> str:
    return f"{name}_gap_{'percent' if name == 'how_much' else 'points'}"


def _gap(row: Record, name: str, page: Page) -> str:
    column = _column(name)
    if row[column] is None:
        return page.say("format.none")
    return page.say.signed(*(row[f"{column}{end}"] for end in ("", "_lower", "_upper")))


def _verdict(row: Record, name: str, page: Page) -> str:
    """The verdict, a leaning, or that nothing can be told yet."""
    say = page.say
    if row[f"{name}_verdict"] != CANNOT_TELL:
        return say(f"viewpoints.{name}_{row[f'{name}_verdict']}")
    probs = {side: row[f"{name}_prob_{side}"] or 0.0 for side in ("below", "within", "above")}
    side, prob = max(probs.items(), key=lambda pair: pair[1])
    if prob >= LEAN_PROB:
        return say("viewpoints.leaning", verdict=say(f"viewpoints.{name}_{side}"))
    return say("viewpoints.cannot_tell")


def _days(row: Record, page: Page) -> str:
    quarter, half, rest = (f"{row[name]:.0f}" for name in ("days_quarter", "days_half", "days_three_quarters"))
    return page.say("viewpoints.spread", half=half, quarter=quarter, rest=rest)
