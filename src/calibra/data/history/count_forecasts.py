"""The query of deals collected: cells, single forecasts, and what is to be known of the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.forecasts import SIZES, SUMS, ForecastCells, OpenForecasts
from calibra.data.counting.packed import whole_numbers
from calibra.data.frames.open import collect
from calibra.data.history.statements import STEPS, Statements
from calibra.errors import NotEnoughDataError
from calibra.findings import Finding
from calibra.tables import make_table
from calibra.values import Share, Value

if TYPE_CHECKING:
    import pandas as pd

type Ints = NDArray[np.int64]

FEWEST_WON, LAST_VALUES = 20, 0.9
"""From so many won deals on, where such a share was first stated for the very day, a log holds last values alone."""
_NO_SIZE = -(10**6)


def count_forecasts(statements: Statements, categories: tuple[str, ...], told: Mapping[str, float]) -> ForecastCells:
    """The cells; a log that holds what stands today alone is refused."""
    if told["n_won"] >= FEWEST_WON and told["n_on_the_day"] >= LAST_VALUES * told["n_won"]:
        refused: dict[str, Value] = {"share": Share(told["n_on_the_day"] / told["n_won"]), "n": int(told["n_won"])}
        raise NotEnoughDataError(Finding("data.deals_last_values", refused, "note"))
    found, new = collect(statements.cells()), collect(statements.new_business())
    if not len(found):
        raise NotEnoughDataError(Finding("data.deals_none", {"n": int(told["n_statements"])}, "note"))
    reps = tuple(sorted({str(rep) for frame in (found, new) for rep in frame["rep"].to_list()}))
    opens = whole_numbers(found["opens"])
    begin = int(statements.periods.place(opens[:1])[0]) if len(opens) else 0
    begin = int(statements.periods.place(opens).min(initial=begin))
    place = statements.periods.place(opens) - begin
    steps = np.array([_NO_SIZE if step is None else int(step) for step in found["size"].to_list()])
    n = whole_numbers(found["n"])
    edges = _thirds(steps, n)
    coming = statements.coming
    return ForecastCells(
        reps=reps,
        categories=categories,
        openings=tuple(statements.periods.opens(i) for i in range(begin, coming + 1)),
        closes=statements.periods.closes(coming),
        as_of=date.fromordinal(statements.as_of_day),
        size_edges=tuple(float(np.exp(edge / STEPS)) for edge in edges),
        rep=_places(found["rep"].to_list(), reps),
        category=whole_numbers(found["code"]),
        pushes=whole_numbers(found["pushes"]),
        period=place,
        size=np.searchsorted(edges, steps, side="right"),
        fate=whole_numbers(found["fate"]),
        sums={name: _numbers(found[name]) for name in SUMS},
        new=_laid_out(new, reps, statements, begin),
        told=dict(told),
    )


def _numbers(series: nw.Series[Any]) -> NDArray[np.float64]:
    return np.array([0.0 if value is None else float(value) for value in series.to_list()])


def _places(labels: list[Any], reps: tuple[str, ...]) -> Ints:
    place = {rep: i for i, rep in enumerate(reps)}
    return np.array([place[str(label)] for label in labels], dtype=np.int64)


def _thirds(steps: Ints, n: Ints) -> Ints:
    """Two classes of size at which the second and the last third of the forecasts with an amount begin."""
    known = steps != _NO_SIZE
    if not known.any():
        return np.array([_NO_SIZE + 1] * (len(SIZES) - 1))
    order = np.argsort(steps[known], kind="stable")
    reached = np.cumsum(n[known][order]) / n[known].sum()
    at = np.searchsorted(reached, np.arange(1, len(SIZES)) / len(SIZES))
    return np.asarray(steps[known][order][at] + 1)


def _laid_out(new: nw.DataFrame[Any], reps: tuple[str, ...], statements: Statements, begin: int) -> dict[str, Any]:
    shape = len(reps), statements.coming - begin
    rep, place = _places(new["rep"].to_list(), reps), statements.periods.place(whole_numbers(new["opens"])) - begin
    inside = (place >= 0) & (place < shape[1])
    found = {}
    for name in ("n", "paid", "square"):
        found[name] = np.zeros(shape)
        np.add.at(found[name], (rep[inside], place[inside]), _numbers(new[name])[inside])
    return found


def list_forecasts(statements: Statements, cells: ForecastCells) -> tuple[OpenForecasts, list[Any], NDArray[np.bool_]]:
    """Every forecast, in the order of deals and periods; the names of the deals, and whether they have ended."""
    names = ("deal", "rep", "code", "pushes", "opens", "size", "stated", "fate", "end_day")
    found = collect(statements.forecasts().select(*names).sort("deal", "opens"))
    place = statements.periods.place(whole_numbers(found["opens"]))
    begin = int(statements.periods.place(np.array([cells.openings[0].toordinal()]))[0])
    steps = np.array([_NO_SIZE if step is None else int(step) for step in found["size"].to_list()], dtype=np.int64)
    edges = np.rint(STEPS * np.log(np.array(cells.size_edges))) if cells.size_edges[0] > 0 else np.array([1.0, 1.0])
    rows = OpenForecasts(
        cells.openings[-1],
        _places(found["rep"].to_list(), cells.reps),
        whole_numbers(found["code"]),
        whole_numbers(found["pushes"]),
        np.searchsorted(edges, steps, side="right"),
        _numbers(found["stated"]),
        place - begin,
        whole_numbers(found["fate"]),
    )
    return rows, found["deal"].to_list(), np.array([day is not None for day in found["end_day"].to_list()], dtype=bool)


def look_through(statements: Statements) -> dict[str, float]:
    """How many statements and deals, and what is to be known of them; three small queries."""
    told, day, expected = statements.told(), nw.col("day"), nw.col("expected_day")
    is_late = nw.col("hindsight") == 1
    same = nw.col("next_day") == day
    closes = statements.periods.by_period(expected, [opening - 1 for opening in statements.periods.openings[1:]])
    per_deal = told.group_by("deal").agg(
        nw.len().cast(nw.Int64).alias("n"),
        _many(is_late).alias("hindsight"),
        _many(same).alias("same_day"),
        _many(expected.is_null()).alias("no_date"),
        _many(~is_late & (expected == day)).alias("for_today"),
        _many(expected == closes).alias("last_days"),
        _many(is_late & (day > nw.col("end_day")) & (nw.col("code") >= 0) & (expected > day)).alias("reopened"),
        nw.col("won_day").max().alias("won_day"),
        nw.col("end_day").max().alias("end_day"),
        nw.col("paid").max().alias("paid"),
    )
    held = statements.held()
    first = held.with_columns(day.min().over("deal").alias("first")).filter(day == nw.col("first"))
    joined = per_deal.join(first.select("deal", first_said=expected), on="deal", how="left")
    won, ended = ~nw.col("won_day").is_null(), ~nw.col("end_day").is_null()
    unsaid = ended & (nw.col("hindsight") == nw.col("n"))
    with_date = won & ~nw.col("first_said").is_null()
    on_the_day = with_date & (nw.col("first_said") == nw.col("won_day"))
    sums = {"n_statements": nw.col("n").sum(), "n_deals": nw.len(), "n_ended": _many(ended), "n_unsaid": _many(unsaid)}
    sums |= {f"n_{name}": nw.col(name).sum() for name in ("hindsight", "same_day", "no_date", "for_today", "last_days")}
    sums |= {"n_reopened": _many(nw.col("reopened") > 0), "n_without_amount": _many(won & nw.col("paid").is_null())}
    sums |= {"n_won": _many(won), "n_on_the_day": _many(on_the_day | (won & unsaid))}
    found = collect(joined.select(*(value.cast(nw.Int64).alias(name) for name, value in sums.items())))
    values: dict[str, float] = {name: float(found[name].to_list()[0] or 0) for name in sums}
    return values | _bunched(held)


def _bunched(held: nw.LazyFrame[Any]) -> dict[str, float]:
    """The commonest length of a statement, and the largest update of many deals at once to one day."""
    dated = held.filter(~nw.col("expected_day").is_null())
    lengths = dated.with_columns(length=nw.col("expected_day") - nw.col("day"))
    one = collect(lengths.group_by("length").agg(nw.len().cast(nw.Int64).alias("n")).sort("n", descending=True).head(1))
    was = nw.col("expected_day").shift(1).over("deal", order_by=["day"])
    moved = dated.with_columns(was=was).filter(nw.col("was") != nw.col("expected_day"))
    mass = moved.group_by("day", "expected_day").agg(nw.len().cast(nw.Int64).alias("n"))
    most = collect(mass.sort("n", descending=True).head(1))
    top = {"n_one_length": one, "n_at_once": most}
    found = {name: float(frame["n"].to_list()[0]) if len(frame) else 0.0 for name, frame in top.items()}
    return found | {"one_length": float(one["length"].to_list()[0]) if len(one) else 0.0}


def _many(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).sum().cast(nw.Int64)


_OF = {"n_hindsight": "n_statements", "n_same_day": "n_statements", "n_no_date": "n_statements"}
_OF |= {"n_for_today": "n_statements", "n_last_days": "n_statements", "n_one_length": "n_statements"}
_OF |= {"n_at_once": "n_statements", "n_ended": "n_deals", "n_reopened": "n_ended", "n_unsaid": "n_ended"}
_OF |= {"n_won": "n_ended", "n_on_the_day": "n_won", "n_without_amount": "n_won"}
_WORDS = {
    "n_statements": "statements",
    "n_deals": "deals",
    "n_ended": "deals that have ended",
    "n_won": "deals won",
    "n_without_amount": "deals won without an amount",
    "n_unsaid": "deals that ended on the day of their first statement, or before: nothing was said in time",
    "n_reopened": "deals with an open statement after their end: reopened, or closed by mistake",
    "n_on_the_day": "deals won on the very day first stated, or with nothing said in time",
    "n_hindsight": "statements on the day of the deal's end, or later: hindsight, left out",
    "n_same_day": "statements replaced on the same day",
    "n_no_date": "statements without a date: no forecasts",
    "n_for_today": "statements for the day itself",
    "n_last_days": "statements for the last day of a period",
    "n_one_length": "statements of the commonest length",
    "n_at_once": "most deals moved on one day to one day: a mass update, where they are many",
    "no_deal": "statements without a deal: left out",
    "no_day": "statements without a day: left out",
    "no_rep": "statements without a rep: left out",
}


def summary_table(told: Mapping[str, float]) -> pd.DataFrame:
    """What came in, a row each."""
    names = [name for name in _WORDS if name in told]
    return make_table(
        {
            "what": np.array([_WORDS[name] for name in names], dtype=object),
            "n": np.array([int(told[name]) for name in names]),
            "of": np.array([told[_OF[name]] if name in _OF else np.nan for name in names]),
        }
    )
