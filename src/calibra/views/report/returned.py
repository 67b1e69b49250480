"""The section on prospects that were handed back: what came of them."""

from __future__ import annotations

from calibra.decisions.hand_backs import HandBacks
from calibra.models.lead_time_check import ALL_RANKS
from calibra.models.reading import ALL_REPS
from calibra.views.report.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.report.facts import Facts
from calibra.views.tables import plain_rows


def hand_back_sections(facts: Facts) -> list[Section]:
    """What came of the prospects that were handed back, all reps together and by rep; nothing where none were."""
    found = facts.calibration.hand_backs()
    if not found:
        return []
    blocks: list[Block] = [Text(facts.say("returned.lead"))]
    for back in found.values():
        blocks += [_sentence(facts, back), _table(facts, back)]
    return [Section("returned", facts.say("returned.title"), blocks)]


def _sentence(facts: Facts, back: HandBacks) -> Text:
    say, every = facts.say, plain_rows(back.table)[0]
    days = f"{back.within_days}"
    if not every["n"]:
        return Text(say("returned.none", n=f"{every['n_handed_back']:,}", days=days))
    return Text(say("returned.all", n=f"{every['n']:,}", came=f"{every['events']:,}", days=days, share=say.read(every)))


def _table(facts: Facts, back: HandBacks) -> Table:
    say = facts.say
    rows = []
    for row in plain_rows(back.table):
        if row["rank"] == ALL_RANKS:
            name = say("format.all_reps") if row["rep"] == ALL_REPS else facts.label(row["rep"])
            median = say("format.none") if row["median_days"] is None else f"{row['median_days']:.0f}"
            numbers = [Cell(f"{row[key]:,}") for key in ("n_handed_back", "n", "events")]
            rows.append(Row([Cell(name), *numbers, Cell(say.read(row)), Cell(median)], name=name.lower()))
    heads = ("rep", "handed_back", "old", "came", "share", "median")
    columns = [
        Column(say(f"returned.col_{head}", days=back.within_days), "number" if i else "name")
        for i, head in enumerate(heads)
    ]
    note = say("returned.note", level=say.percent(back.interval_prob))
    return Table(columns, rows, caption=say("returned.caption", days=back.within_days), note=note)
