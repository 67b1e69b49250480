"""The section on how prospects ended, and what stands of it on a card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from calibra.chapters.exits.hand_backs import HandBacks
from calibra.reading.means import ALL_REPS
from calibra.tables import plain_rows
from calibra.views.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import Record, rank_label, rows_of_rep, tall
from calibra.words import ALL_RANKS

if TYPE_CHECKING:
    from calibra.chapters.exits.chapter import Exits

_HEADS = ("rep", "handed_back", "old", "came", "share", "median")


def section(found: Exits, page: Page) -> Sequence[Section]:
    """How prospects ended, and what came of those handed back, all reps together and by rep."""
    blocks: list[Block] = [Text(page.say("exits.lead")), _kinds(found, page)]
    blocks += [_hand_backs(back, page) for back in found.hand_backs.values()]
    return [Section("exits", page.say("exits.title"), blocks)]


def _kinds(found: Exits, page: Page) -> Table:
    """One row a rep, one column a kind of exit."""
    say = page.say
    by_kind: dict[str, dict[str, Record]] = {}
    for row in plain_rows(found.kinds):
        by_kind.setdefault(row["rep"], {})[row["exit_kind"]] = row
    kinds = list(by_kind.get(ALL_REPS, {}))
    columns = [Column(say("exits.col_rep"), "name"), Column(say("exits.col_judgments"))]
    columns += [Column(say(f"exits.kind_{kind.replace(' ', '_')}")) for kind in kinds]
    rows = []
    for rep in [ALL_REPS, *(rep for rep in page.reps if rep in by_kind)]:
        of_rep = by_kind[rep]
        n = next(iter(of_rep.values()))["n_judgments"]
        cells = [_kind_cell(of_rep.get(kind), page) for kind in kinds]
        name = Cell(page.label(rep)) if rep == ALL_REPS else page.rep_cell(rep)
        rows.append(Row([name, Cell(f"{n:,}"), *cells], page.names.get(rep, ""), "everyone" if rep == ALL_REPS else ""))
    return Table(columns, rows, say("exits.kinds"), say("exits.kinds_note"), tall(rows))


def _kind_cell(row: Record | None, page: Page) -> Cell:
    if row is None:
        return Cell("0")
    after = page.say("exits.after", n=f"{row['n_after']:,}") if row["n_after"] else ""
    return Cell(page.say("exits.share_of", share=page.say.share(row["share"]), n=f"{row['n']:,}"), after)


def _hand_backs(back: HandBacks, page: Page) -> Table:
    """What came of what each rep handed back, all ranks together."""
    say = page.say
    rows = []
    for row in plain_rows(back.table):
        if row["rank"] == ALL_RANKS:
            name = Cell(page.label(row["rep"])) if row["rep"] == ALL_REPS else page.rep_cell(row["rep"])
            tone = "everyone" if row["rep"] == ALL_REPS else ""
            rows.append(Row([name, *_numbers(row, page)], page.names.get(row["rep"], ""), tone))
    columns = [
        Column(say(f"exits.col_{head}", days=back.within_days), "number" if i else "name")
        for i, head in enumerate(_HEADS)
    ]
    note = say("exits.note", level=page.level(back.interval_prob))
    return Table(columns, rows, say("exits.caption", days=back.within_days), note, tall(rows))


def _numbers(row: Record, page: Page) -> list[Cell]:
    median = page.say("format.none") if row["median_days"] is None else f"{row['median_days']:.0f}"
    counts = [Cell(f"{row[key]:,}") for key in ("n_handed_back", "n", "events")]
    return [*counts, Cell(page.say.read(row)), Cell(median)]


def card(found: Exits, rep: str, page: Page) -> Sequence[Block]:
    """What was read rightly and came after the hand-back, rank by rank; nothing where nothing came so."""
    days, table = next(iter(found.care.items()), (None, None))
    if table is None or not found.hand_backs:
        return ()
    own = page.once(found, "own", lambda: rows_of_rep(table)).get(rep, [])
    rows = [row for row in own if row["events"] > row["events_in_care"]]
    columns = [
        Column(page.say(f"exits.col_{head}"), "number" if i else "name")
        for i, head in enumerate(("rank", "judged", "all_events", "in_care"))
    ]
    cells = [
        Row([Cell(rank_label(row["rank"])), *(Cell(f"{row[key]:,}") for key in ("n", "events", "events_in_care"))])
        for row in rows
    ]
    return [Table(columns, cells, page.say("exits.care", within=page.say.within(days)))] if rows else ()
