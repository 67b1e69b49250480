"""The section on contacts, and what stands of it on a card."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibra.chapters.effort.answer import Effort
from calibra.chapters.effort.caps import contact_caps
from calibra.chapters.effort.findings import findings
from calibra.chapters.effort.fit import FEWER, MORE
from calibra.chapters.effort.work import work_by_rank
from calibra.reading.flags import FEWEST_SHOWN
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import equal_tailed
from calibra.tables import plain_rows
from calibra.views.blocks import Block, Cell, Column, Picture, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import Record, quiet_rows, rank_label, tall
from calibra.views.svg import curves
from calibra.words import ALL_RANKS

_HEADS = ("rep", "n", "contacts", "events", "contacts_per_event", "contacts_per_prospect", "spent")
_OF_CAPS = ("cap", "saved", "share_saved", "lost", "share_lost")
_OF_RANKS = ("rank", "n", "contacts_per_prospect", "events_per_prospect", "contacts_per_event")
SHOWN_CAPS = (2, 4, 6, 10, 16, 30)
"""Caps that the report shows, beside the one advised; the table of the answer has all."""
MOST_POINTS = 40
"""Contacts that the picture shows at most."""


def section(found: Effort, page: Page) -> Sequence[Section]:
    """What came of how many contacts, reps beside one another, what a hand-back would have done, work by rank."""
    told = [finding for finding in findings(found) if finding.rep is None and not finding.replaces]
    blocks: list[Block] = [
        Text(page.say("effort.lead")),
        *(Text(page.say.tell(finding, form="card")) for finding in told),
    ]
    blocks += [_picture(found, page), _reps(found, page), _caps(found, page)]
    blocks += [_ranks(found, page)] if len(found.fit.cells.ranks) > 1 else []
    return [Section("effort", page.say("effort.title"), blocks, page.say("effort.on_paper"))]


def _note(found: Effort, page: Page) -> str:
    return page.say("effort.note", level=page.level(), n=_n_contacts(found))


def _n_contacts(found: Effort) -> str:
    return f"{int(found.fit.cells.counted.at_risk.sum()):,}"


def _picture(found: Effort, page: Page) -> Picture:
    """Draw what has come by each contact, as prospects are worked and if all had been worked."""
    say, fit = page.say, found.fit
    contacts = np.arange(1, min(fit.cells.last, MOST_POINTS) + 1)
    x = np.concatenate([[0.0], contacts.astype(float)])
    drawn = {}
    for name, draws in fit.yield_draws(contacts.tolist()).items():
        drawn[say(f"effort.{name}")] = tuple(np.concatenate([[0.0], end]) for end in equal_tailed(draws[:, 0]))
    highest = max(float(upper[-1]) for _, _, upper in drawn.values())
    top = float(np.clip(np.ceil(10.0 * highest) / 10.0, 0.1, 1.0))
    share_ticks = [(share, say.percent(share)) for share in (0.0, top / 2.0, top)]
    ticks = [(float(at), f"{at:g}") for at in np.unique(np.linspace(0, contacts[-1], 5).round())]
    caption = say("effort.curve")
    svg = curves(caption, x, drawn, {}, day_ticks=ticks, share_ticks=share_ticks)  # type: ignore[arg-type]
    return Picture(svg, caption, say("effort.bounds", level=page.level(), n=_n_contacts(found)))


def _reps(found: Effort, page: Page) -> Table:
    """One row a rep."""
    say = page.say
    rows: list[Row] = []
    for row in plain_rows(found.fit.activity()):
        if row["rep"] == ALL_REPS:
            everyone = Row([Cell(page.label(ALL_REPS)), *_numbers(row, page)], tone="everyone")
        elif row["n"] >= FEWEST_SHOWN:
            rows.append(
                Row(
                    [page.rep_cell(row["rep"]), *_numbers(row, page)],
                    page.names.get(row["rep"], ""),
                    is_quiet=row["finding"] not in (MORE, FEWER),
                )
            )
    order = {page.label(rep): place for place, rep in enumerate(page.reps)}
    rows = [everyone, *sorted(rows, key=lambda row: order[row.cells[0].text])]
    columns, note = _columns(_HEADS, page), _note(found, page)
    return Table(columns, rows, say("effort.caption"), note, tall(rows), quiet=quiet_rows(rows, page))


def _columns(heads: Sequence[str], page: Page) -> list[Column]:
    return [Column(page.say(f"effort.col_{head}"), "number" if i else "name") for i, head in enumerate(heads)]


def _numbers(row: Record, page: Page) -> list[Cell]:
    read = page.say.read
    return [
        *(Cell(f"{row[name]:,}") for name in ("n", "contacts", "events")),
        *(Cell(read(row, name, unit="tenth")) for name in ("contacts_per_event", "contacts_per_prospect")),
        Cell(read(row, "spent")),
    ]


def _caps(found: Effort, page: Page) -> Table:
    """What a hand-back after so many contacts would have saved and cost, all reps and ranks together."""
    say, advised = page.say, plain_rows(found.advice.table)[0]["stop_after"]
    shown = {*SHOWN_CAPS, advised}
    rows = [
        Row(
            [
                Cell(f"{row['cap']}"),
                Cell(f"{row['contacts_saved']:,}"),
                Cell(say.share(row["share_saved"])),
                Cell(f"{row['events_lost']:,}"),
                Cell(say.read(row, "share_lost", unit="share")),
            ]
        )
        for row in plain_rows(contact_caps(found.fit))
        if row["rep"] == ALL_REPS and row["rank"] == ALL_RANKS and row["cap"] in shown
    ]
    return Table(_columns(_OF_CAPS, page), rows, say("effort.caps"), say("effort.caps_note", level=page.level()))


def _ranks(found: Effort, page: Page) -> Table:
    """How much work a prospect of each rank is."""
    say = page.say
    rows = [
        Row(
            [
                Cell(rank_label(row["rank"])),
                Cell(f"{row['n']:,}"),
                Cell(say.read(row, "contacts_per_prospect", unit="tenth")),
                Cell(say.read(row, "events_per_prospect")),
                Cell(say.read(row, "contacts_per_event", unit="tenth")),
            ]
        )
        for row in plain_rows(work_by_rank(found.fit))
    ]
    return Table(_columns(_OF_RANKS, page), rows, say("effort.of_ranks"), _note(found, page))


def card(found: Effort, rep: str, page: Page) -> Sequence[Block]:
    """A rep's contacts beside those of all reps, whose intervals the section has; nothing of a rep with hardly any."""
    rows = page.once(found, "own", lambda: {row["rep"]: row for row in plain_rows(found.fit.activity())})
    if rep not in rows or rows[rep]["n"] < FEWEST_SHOWN:
        return []
    own, everyone, say = rows[rep], rows[ALL_REPS], page.say
    each, usual = (f"{row['contacts_per_event']:.0f}" for row in (own, everyone))
    return [Text(say("effort.own", each=each, everyone=usual, spent=say.percent(own["spent"])))]
