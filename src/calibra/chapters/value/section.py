"""The section on what is won, and what stands of it on a card."""

from __future__ import annotations

from collections.abc import Sequence

from calibra.chapters.value.fit import ValueFit
from calibra.reading.flags import FEWEST_JUDGMENTS, FEWEST_SHOWN
from calibra.reading.means import ALL_REPS
from calibra.tables import plain_rows
from calibra.values import Estimate
from calibra.views.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import Record, by_rank, rank_label, tall
from calibra.words import ALL_RANKS


def section(fit: ValueFit, page: Page) -> Sequence[Section]:
    """What the money rests on, what a win and a prospect of each rank bring, then the reps."""
    blocks: list[Block] = [Text(page.say("value.lead", days=fit.won_within_days)), _trust(fit, page), _ranks(fit, page)]
    blocks += [_reps(fit, page)] if len(fit.reps) > 1 else []
    return [Section("value", page.say("value.title"), blocks)]


def _trust(fit: ValueFit, page: Page) -> Table:
    """On how many deals the money of each rank rests, and what the largest is of it."""
    say = page.say
    rows = [row for row in plain_rows(fit.amounts.trust().table) if row["rep"] == ALL_REPS]
    cells = [
        Row(
            [
                Cell(_rank(row, page)),
                *(Cell(f"{row[name]:,}") for name in ("n_won", "n_amounts")),
                Cell(f"{row['effective_deals']:.0f}"),
                Cell(_share(row["largest_share"], page), _plain(row["largest"], page) if row["n_amounts"] else ""),
                Cell(say("value.mean_given" if row["trusted"] else "value.no_mean_given")),
            ]
        )
        for row in rows
    ]
    return Table(_columns(page, _TRUST_HEADS), cells, say("value.trust"), say("value.trust_note"))


_TRUST_HEADS = ("rank", "wins", "amounts", "deals", "largest", "mean_or_not")


def _ranks(fit: ValueFit, page: Page) -> Table:
    """What becomes of a prospect of each rank of all reps, and what it is worth."""
    say = page.say
    values = by_rank(fit.values())[ALL_REPS]
    wins, paid = by_rank(fit.wins.probabilities())[ALL_REPS], by_rank(fit.amounts.amounts())[ALL_REPS]
    rows = [
        Row(
            [
                Cell(rank_label(rank)),
                Cell(say.percent(values[rank]["prob_event"])),
                Cell(say.read(wins[rank]), say("format.of_short", events=wins[rank]["won"], n=f"{wins[rank]['n']:,}")),
                Cell(_money(paid[rank], "", page)),
                Cell(_money(paid[rank], "typical", page)),
                Cell(_money(values[rank], "", page)),
            ]
        )
        for rank in fit.ranks
    ]
    note = page.note(fit.within_days)
    heads = ("rank", "came", "won", "mean", "typical", "worth")
    return Table(_columns(page, heads), rows, say("value.ranks", within=say.within(fit.within_days)), note)


def _reps(fit: ValueFit, page: Page) -> Table:
    """How often each rep's opportunities are won, and how the rep's deals compare in size; in the order of names."""
    say = page.say
    gaps = {row["rep"]: row for row in plain_rows(fit.gaps())}
    paid = by_rank(fit.amounts.amounts())
    rows = []
    for rep in page.reps:
        if rep in gaps and gaps[rep]["n"] >= FEWEST_JUDGMENTS:
            row, own = gaps[rep], paid[rep][ALL_RANKS]
            won = Cell(say.read(row, "won_share"), say("format.of_short", events=row["won"], n=row["opportunities"]))
            ratio = Cell(say.read(row, "amount_ratio", unit="hundredth"))
            cells = [won, Cell(_money(own, "", page)), Cell(_money(own, "typical", page)), ratio]
            rows.append(Row([page.rep_cell(rep), *cells], page.names.get(rep, "")))
    heads = ("rep", "won", "mean", "typical", "ratio")
    note = say("value.reps_note", level=page.level())
    return Table(_columns(page, heads), rows, say("value.reps"), note, tall(rows))


def card(fit: ValueFit, rep: str, page: Page) -> Sequence[Block]:
    """What became of the rep's ranks in wins and money; nothing of a rep with hardly any opportunity."""
    if rep not in fit.reps or fit.wins.n[fit.reps.index(rep)].sum() < FEWEST_SHOWN:
        return ()
    say = page.say
    values, paid, wins = (table[rep] for table in page.once(fit, "own", lambda: _own_tables(fit)))
    rows = [
        Row(
            [
                Cell(rank_label(rank)),
                Cell(say.read(wins[rank]), say("format.of_short", events=wins[rank]["won"], n=f"{wins[rank]['n']:,}")),
                Cell(_money(paid[rank], "typical", page)),
                Cell(_money(values[rank], "", page)),
            ]
        )
        for rank in fit.ranks
        if wins[rank]["n"] > 0
    ]
    heads = ("rank", "won", "typical", "worth")
    return [Table(_columns(page, heads), rows, say("value.own", within=say.within(fit.within_days)))]


def _own_tables(fit: ValueFit) -> tuple[dict[str, dict[str, Record]], ...]:
    return by_rank(fit.values()), by_rank(fit.amounts.amounts()), by_rank(fit.wins.probabilities())


def _columns(page: Page, heads: Sequence[str]) -> list[Column]:
    return [Column(page.say(f"value.col_{head}"), "number" if i else "name") for i, head in enumerate(heads)]


def _rank(row: Record, page: Page) -> str:
    return page.say("value.every_rank") if row["rank"] == ALL_RANKS else rank_label(row["rank"])


def _share(share: float | None, page: Page) -> str:
    return page.say("format.none") if share is None else page.say.percent(share)


def _plain(amount: float, page: Page) -> str:
    return page.say.amount(amount)


def _money(row: Record, name: str, page: Page) -> str:
    lower, upper = (row[f"{name}_{end}" if name else end] for end in ("lower", "upper"))
    estimate = row[name or "estimate"]
    if estimate is None:
        return page.say("format.none")
    return page.say.estimate(Estimate(estimate, lower, upper, "amount"))
