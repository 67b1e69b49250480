"""All reps in one picture: every rep at every rank, and how far each lies from all reps."""

from __future__ import annotations

from calibra.chapters.ranks.findings import spread, young
from calibra.chapters.ranks.front import MOST_ROWS, best_rows, translation
from calibra.chapters.ranks.rows import PROBS, RankRows, Ranks
from calibra.reading.means import ALL_REPS
from calibra.reading.waiting import waiting_for
from calibra.views.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import (
    ENDS,
    Record,
    is_shown,
    percent_axis,
    percent_scale,
    probability_strip,
    quiet_rows,
    rank_label,
    tall,
)
from calibra.views.svg import Scale, axis, strip


def section(ranks: Ranks, page: Page) -> list[Section]:
    """Both tables at every horizon; of more reps than the first page draws, the translation of all of them."""
    say = page.say
    reps = [rep for rep in page.reps if rep in best_rows(ranks).fit.reps]
    blocks: list[Block] = list(translation(best_rows(ranks), page, reps)) if len(reps) > MOST_ROWS else []
    for rows in ranks.all_rows():
        lead = say("ranks.lead", within=say.within(rows.days), level=page.level())
        blocks += [Text(lead), _grid(rows, page), *(Text(say.tell(found)) for found in young(rows))]
        if rows.is_compared:
            margin = say.write(rows.margin_odds)
            blocks += [Text(say("ranks.gaps_lead", margin=margin)), _gaps(rows, page)]
        if len(rows.profiles) > 1:
            blocks.append(Text(say.tell(spread(rows))))
    return [Section("all-reps", say("ranks.title"), blocks)]


def all_reps_line(row: Record) -> float | None:
    """Where the line of all reps stands; none of too few judgments."""
    return row["estimate"] if is_shown(row) else None


def _grid(rows: RankRows, page: Page) -> Table:
    """One row a rep, one column a rank; all reps first."""
    say, everyone = page.say, rows.probabilities[ALL_REPS]
    scales = {rank: percent_scale([rows.highest[rank]]) for rank in everyone}
    columns = [Column(say("ranks.col_rep"), "name")]
    columns += [Column(rank_label(rank), "strip", axis(scale, percent_axis(scale))) for rank, scale in scales.items()]
    first = [
        probability_strip(page, row, scales[rank], tone="everyone", aim=rows.aim(rank))
        for rank, row in everyone.items()
    ]
    table_rows = [Row([Cell(say("format.all_reps")), *first], tone="everyone")]
    for rep in (rep for rep in page.reps if rep in rows.probabilities):
        cells = [
            probability_strip(page, row, scales[rank], line=all_reps_line(everyone[rank]))
            for rank, row in rows.probabilities[rep].items()
        ]
        table_rows.append(Row([page.rep_cell(rep), *cells], page.names[rep]))
    caption = say("ranks.caption", within=say.within(rows.days))
    return Table(columns, table_rows, caption, _note(rows, page), f"grid {tall(table_rows)}".strip())


def _note(rows: RankRows, page: Page) -> str:
    return page.note(rows.days)


def _gaps(rows: RankRows, page: Page) -> Table:
    """Difference of each rep's outcomes to the others'."""
    say, scale = page.say, _gap_scale(rows)
    columns = [
        Column(say("ranks.col_rep"), "name"),
        Column(say("ranks.col_gap"), "strip wide", axis(scale, _gap_ticks(scale))),
        Column(say("ranks.col_finding"), "words"),
        Column(say("ranks.col_sure")),
    ]
    table_rows = [_gap_row(rows, page, rep, scale) for rep in page.reps if rep in rows.profiles]
    quiet = quiet_rows(table_rows, page)
    return Table(columns, table_rows, say("ranks.gaps"), _note(rows, page), tall(table_rows), quiet=quiet)


def _gap_scale(rows: RankRows) -> Scale:
    """As far to either side as the longest interval, and twice the margin at least."""
    compared = [row for row in rows.profiles.values() if row["gap_points"] is not None]
    ends = [abs(row[f"gap_points_{end}"]) for row in compared for end in ("lower", "upper")]
    reach = max(2.0 * max(map(abs, rows.margin_band)), *ends)
    return Scale(-reach, reach)


def _gap_ticks(scale: Scale) -> list[tuple[float, str]]:
    """No difference, and a round number on either side."""
    shown = 5.0 * (scale.high // 5) if scale.high >= 5.0 else float(f"{0.8 * scale.high:.1g}")
    return [(-shown, f"−{shown:g}"), (0.0, "0"), (shown, f"+{shown:g}")]


def _gap_row(rows: RankRows, page: Page, rep: str, scale: Scale) -> Row:
    say, row = page.say, rows.profiles[rep]
    if row["gap_points"] is None:
        none = Cell(say("format.none"), tone="pale")
        return Row([page.rep_cell(rep), none, none, none], page.names[rep], is_quiet=True)
    gap, low, high = (row[f"gap_points{end}"] for end in ENDS)
    text = say.signed(gap, low, high)
    tone = rows.side(rep) or "cannot_tell"
    picture = strip(text, scale, gap, low, high, tone=tone, line=0.0, band=rows.margin_band)
    finding, sure = _finding(rows, page, rep)
    n = say("format.n", n=f"{row['n']:,}")
    cells = [page.rep_cell(rep), Cell(text, n, picture), finding, Cell(sure)]
    return Row(cells, page.names[rep], is_quiet=rows.side(rep) not in ("below", "above"))


def _finding(rows: RankRows, page: Page, rep: str) -> tuple[Cell, str]:
    """What is said of a rep's outcomes, and how sure it is; of no verdict the probability of either side."""
    say, row, side = page.say, rows.profiles[rep], rows.side(rep)
    if side is not None:
        return Cell(say(f"ranks.cell_{side}"), tone=side), say.chance(row[PROBS[side]])
    if not row["n_more"]:
        return Cell(say("ranks.cell_cannot_tell"), tone="pale"), say("format.none")
    sides = {name: say.chance(row[f"prob_{name}"]) for name in ("below", "above")}
    told = say("ranks.cell_cannot_tell_more", more=say.write(waiting_for(row)))
    return Cell(told, tone="pale"), say("ranks.cell_sides", **sides)
