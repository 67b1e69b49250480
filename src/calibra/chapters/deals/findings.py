"""What is found of deals: what the period will bring, what becomes of forecasts, who states too much or moves more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from calibra.chapters.deals.answer import DealAnswer
from calibra.chapters.deals.fit import FEWER, MORE, TOO_LITTLE, TOO_MUCH
from calibra.findings import Finding
from calibra.reading.means import ALL_REPS
from calibra.tables import plain_rows
from calibra.values import Amount, Chance, Count, Estimate, Number, Rep, Value
from calibra.views.strips import Record

_SIDES = {TOO_MUCH: ("too_much", "below"), TOO_LITTLE: ("too_little", "above")}
_MOVES = {MORE: ("moves_more", "below"), FEWER: ("moves_fewer", "above")}


def findings(found: DealAnswer) -> Sequence[Finding]:
    """Of all reps the coming total and what becomes of forecasts; of each rep what lies beyond the others'."""
    fit = found.fit
    told = [*_total(found), _of_all(plain_rows(fit.forecasts())[0])]
    if fit.knows_amounts:
        everyone, *rows = plain_rows(fit.amounts())
        told.append(_amounts(everyone))
        told += [finding for row in rows for finding in _stated(row)]
    moved = [row for row in plain_rows(fit.forecasts()) if row["category"] == ALL_CATEGORIES and row["rep"] != ALL_REPS]
    return [*told, *(finding for row in moved for finding in _moved(row))]


ALL_CATEGORIES = "(all categories)"


def _total(found: DealAnswer) -> Iterator[Finding]:
    row = plain_rows(found.total.table())[2]
    if not row["n"]:
        return
    values: dict[str, Value] = {
        "opens": found.total.rows.opens,
        "closes": found.fit.layout.counts.closes,
        "stated": Amount(row["stated"]),
        "likely": Estimate(row["estimate"], row["lower"], row["upper"], "amount"),
        "n": Count(row["n"]),
    }
    yield Finding("deals.total", values)


def _of_all(row: Record) -> Finding:
    values: dict[str, Value] = {name: read(row, name) for name in ("won", "lost", "pushed")}
    return Finding("deals.all", values | {"n": Count(row["n"])})


def _amounts(row: Record) -> Finding:
    values: dict[str, Value] = {
        "ratio": read(row, "ratio_of_totals"),
        "exact": read(row, "exact_share"),
        "n": Count(row["n"]),
    }
    return Finding("deals.amounts", values)


def _stated(row: Record) -> Iterator[Finding]:
    """A rep whose amounts lie beyond the others'."""
    if row["finding"] not in _SIDES:
        return
    name, side = _SIDES[row["finding"]]
    prob = row["prob_too_much"] if side == "below" else row["prob_too_little"]
    values: dict[str, Value] = {
        "rep": Rep(row["rep"]),
        "ratio": read(row, "typical_ratio"),
        "about": Number(100.0 * row["typical_ratio"], 0),
        "others": Number(100.0 * row["others"], 0),
        "n": Count(row["n"]),
        "sure": Chance(prob),
    }
    yield Finding(f"deals.{name}", values, rep=row["rep"], prob=prob, side=side)  # type: ignore[arg-type]


def _moved(row: Record) -> Iterator[Finding]:
    """A rep who moves more, or fewer, forecasts to a later period than the others."""
    if row["finding"] not in _MOVES:
        return
    name, side = _MOVES[row["finding"]]
    prob = row["prob_more"] if side == "below" else row["prob_fewer"]
    values: dict[str, Value] = {
        "rep": Rep(row["rep"]),
        "pushed": read(row, "pushed"),
        "about": Number(100.0 * row["pushed"], 0),
        "n": Count(row["n"]),
        "sure": Chance(prob),
    }
    yield Finding(f"deals.{name}", values, rep=row["rep"], prob=prob, side=side)  # type: ignore[arg-type]


def read(row: Record, name: str) -> Estimate:
    """An estimate of a table with its interval, as per cent."""
    return Estimate(row[name], row[f"{name}_lower"], row[f"{name}_upper"])
