"""Whose A is whose B, as a picture: a row a rep, a mark a rank on the scale of the others', and today's open stock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from calibra.chapters.ranks.rows import RankRows, Ranks
from calibra.chapters.ranks.translation import reading_labels
from calibra.reading.flags import CANNOT_TELL
from calibra.views.blocks import Block, Cell, Column, Row, Table, Text
from calibra.views.page import Page
from calibra.views.rank_strip import Kind, Mark, legend, letter, rank_heads, rank_strip
from calibra.views.strips import rank_label, tall

MOST_ROWS = 14
"""Reps drawn on the first page; the rest stand in one row, and all of them on the page of the team."""


def front(ranks: Ranks, page: Page, first: Sequence[str]) -> list[Block]:
    """The translation picture of the first page: reps of the lines first, then those with most open prospects."""
    rows = best_rows(ranks)
    reps = [rep for rep in page.reps if rep in rows.fit.reps]
    opened = dict(zip(rows.fit.reps, np.nansum(rows.beside["open_now"], axis=1).tolist(), strict=True))
    chosen = sorted(reps, key=lambda rep: (rep not in first, -opened[rep]))[:MOST_ROWS]
    return translation(rows, page, chosen)


def best_rows(ranks: Ranks) -> RankRows:
    """What is read at the horizon of the best rank."""
    return ranks.rows(ranks.days_of(next(iter(ranks.values())).ranks[0]))


def translation(rows: RankRows, page: Page, reps: Sequence[str]) -> list[Block]:
    """These reps, the rest in one row; or the line that says why there is no translation."""
    say, fit = page.say, rows.fit
    if len(fit.ranks) < 2 or len(fit.reps) < 3:
        return []
    if not np.isfinite(rows.beside["place"]).any():
        few = np.isnan(rows.beside["others"]).all()
        return [Text(say("ranks.translation_few" if few else "ranks.translation_unordered"), "note")]
    best = rank_label(fit.ranks[0])
    heads = rank_heads([say("ranks.translation_head", rank=rank_label(rank)) for rank in fit.ranks])
    columns = [Column(say("ranks.col_rep"), "name"), Column("", "scale", heads)]
    has_stock = bool(np.isfinite(rows.beside["open_now"]).all())
    if has_stock:
        columns += [Column(say("ranks.col_open_now", rank=best)), Column(say("ranks.col_like"))]
    place = dict(zip(fit.reps, range(len(fit.reps)), strict=True))
    shown = sorted(reps, key=lambda rep: _caution(rows, place[rep]), reverse=True)
    table_rows = [_row(rows, page, rep, place[rep], has_stock=has_stock) for rep in shown]
    rest = [i for rep, i in place.items() if rep not in set(reps)]
    if rest:
        table_rows.append(_rest(rows, page, rest, has_stock=has_stock))
    caption = say("ranks.translation_title", best=best, second=rank_label(fit.ranks[1]))
    lead = say("ranks.translation_lead" if has_stock else "ranks.translation_lead_alone", best=best, level=page.level())
    css = f"translation {tall(table_rows)}".strip()
    return [Table(columns, table_rows, caption, lead, css, _legend(page, n_rest=len(rest)))]


def _legend(page: Page, *, n_rest: int) -> Markup:
    """What the kinds of marks mean."""
    kinds: list[Kind] = ["one", "two", "unsure"]
    words = [(kind, page.say(f"ranks.translation_{kind}")) for kind in kinds]
    middle: list[tuple[Kind, str]] = [("middle", page.say("ranks.translation_middle", n=f"{n_rest:,}"))]
    return legend([*words, *(middle if n_rest else [])])


def _caution(rows: RankRows, i: int) -> float:
    """How much the best rank of a rep brings beside the others': the most cautious stands on top."""
    ratio = float(rows.beside["own"][i, 0] / rows.beside["others"][i, 0])
    return ratio if np.isfinite(ratio) else 0.0


def _row(rows: RankRows, page: Page, rep: str, i: int, *, has_stock: bool) -> Row:
    fit, beside = rows.fit, rows.beside
    reads = reading_labels(fit.ranks, beside["nearest"][i], beside["between"][i])
    marks = [_mark(rows, page, rep, i, k, str(reads[k])) for k in range(len(fit.ranks))]
    text = " ".join(
        f"{rank_label(rank)}→{'?' if told == CANNOT_TELL else told}"
        for rank, told in zip(fit.ranks, reads, strict=True)
    )
    label = page.say("format.colon", head=page.say.person(rep), rest=text)
    cells = [page.rep_cell(rep), Cell(text, picture=rank_strip(label, marks, n_ranks=len(fit.ranks)))]
    if has_stock:
        cells += _stock(rows, page, i)
    return Row(cells, page.names[rep], "turned" if rows.separation(rep) == "inverted" else "")


def _stock(rows: RankRows, page: Page, i: int) -> list[Cell]:
    """Open prospects of the best rank, and the others' that they are like."""
    opened = float(rows.beside["open_now"][i, 0])
    like, lower, upper = (float(rows.beside[f"equivalent{end}"][i, 0]) for end in ("", "_lower", "_upper"))
    if not np.isfinite(like):
        return [Cell(f"{opened:,.0f}"), Cell(page.say("format.none"), tone="pale")]
    tone = "below" if round(upper) < opened else "above" if round(lower) > opened else ""
    hover = page.say.interval(*(f"{value:,.0f}" for value in (like, lower, upper)))
    return [Cell(f"{opened:,.0f}"), Cell(f"{like:,.0f}", tone=tone, hover=hover)]


def _mark(rows: RankRows, page: Page, rep: str, i: int, k: int, reads: str) -> Mark | None:
    """A rank of a rep; none where nothing was judged so, or the others give no scale."""
    fit, beside, say = rows.fit, rows.beside, page.say
    place, lower, upper = (float(beside[name][i, k]) for name in ("place", "lower", "upper"))
    if not np.isfinite(place) or not fit.n[i, k]:
        return None
    told = say("sure.cannot_tell") if reads == CANNOT_TELL else say("ranks.reads_as", rank=reads)
    values = {"rep": page.say.person(rep), "rank": rank_label(fit.ranks[k]), "told": told, "n": f"{fit.n[i, k]:,.0f}"}
    title = say("ranks.mark", **values)
    if np.isfinite(beside["open_now"][i, k]):
        like = (beside[f"equivalent{end}"][i, k] for end in ("", "_lower", "_upper"))
        stock = say.interval(*(f"{value:,.0f}" for value in like))
        values = {"open": f"{beside['open_now'][i, k]:,.0f}", "like": stock, "best": rank_label(fit.ranks[0])}
        title = say("format.semicolon").join([title, say("ranks.mark_stock", **values)])
    kind: Kind = "one" if beside["nearest"][i, k] >= 0 else "two" if beside["between"][i, k] >= 0 else "unsure"
    return Mark(letter(fit.ranks[k], k), place, lower, upper, kind, title)


def _rest(rows: RankRows, page: Page, rest: Sequence[int], *, has_stock: bool) -> Row:
    """Everybody else in one row: where the middle of them and nine in ten of them lie, and their stock together."""
    fit, beside, say = rows.fit, rows.beside, page.say
    name = say("ranks.translation_rest", n=f"{len(rest):,}")
    marks: list[Mark | None] = []
    for k, rank in enumerate(fit.ranks):
        places = beside["place"][rest, k][fit.n[rest, k] > 0]
        places = places[np.isfinite(places)]
        if not places.size:
            marks.append(None)
            continue
        low, middle, high = np.quantile(places, [0.05, 0.5, 0.95]).tolist()
        title = say("ranks.mark_rest", rank=rank_label(rank))
        marks.append(Mark(letter(rank, k), middle, low, high, "middle", title))
    cells = [Cell(name, href="all-reps"), Cell("", picture=rank_strip(name, marks, n_ranks=len(fit.ranks)))]
    if has_stock:
        totals = (float(np.nansum(beside[what][rest, 0])) for what in ("open_now", "equivalent"))
        cells += [Cell(f"{total:,.0f}") for total in totals]
    return Row(cells, tone="rest")
