"""Do several mature judgments stand behind one prospect? Then what comes of it counts as often as it was judged."""

from __future__ import annotations

from math import sqrt
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.counting.doubts import SHARED_PROSPECTS, doubt
from calibra.data.counting.packed import whole_numbers
from calibra.data.counting.rows import CheckedRows
from calibra.data.frames.engine_errors import explaining
from calibra.data.frames.open import collect
from calibra.findings import Finding
from calibra.values import Number, Value

MOST_PER_PROSPECT = 1.2
"""More mature judgments a prospect than so many are told."""
FEWEST = 50
"""Of fewer mature judgments nothing is told of all reps anyway."""
ONE_IN = 64
"""Of many rows the prospects of one hash in so many are counted first."""
MANY = 200_000
"""From so many judgments on that is cheaper than to count every prospect."""


def shared_prospects(checked: CheckedRows, horizons: tuple[int, ...]) -> tuple[Finding, ...]:
    """How many mature judgments stand behind a prospect, where those are more than 1.2; one scan, a distinct count.

    Of many rows those prospects are counted first whose hash is one in 64: only where these leave it open, all are.
    Where nobody wants duplicates looked for, each row has its own prospect by the user's word, but for a history.
    """
    plan = checked.plan
    asked = checked.choices.check_duplicates or "reranked_at" in plan.present
    if not asked or "prospect" not in plan.present:
        return ()
    mature = checked.good_rows(plan, horizons).filter(~nw.col("prospect").is_null())
    if horizons:
        mature = mature.filter(nw.col("maturity") > 0)
    if checked.first.n >= MANY and _surely_few(mature):
        return ()
    each = mature.group_by("prospect").agg(each=nw.len().cast(nw.Int64))
    found = collect(each.select(n=nw.col("each").sum().cast(nw.Int64), apart=nw.len().cast(nw.Int64)))
    n, n_prospects = (int(whole_numbers(found[name].fill_null(0))[0]) for name in ("n", "apart"))
    if n < FEWEST or n <= MOST_PER_PROSPECT * n_prospects:
        return ()
    values: dict[str, Value] = {"n": n, "prospects": n_prospects, "each": Number(n / n_prospects, 1)}
    return (doubt(SHARED_PROSPECTS, **values),)


def _surely_few(mature: nw.LazyFrame[Any]) -> bool:
    """Whether a sample of the prospects leaves no doubt that few judgments stand behind each: five standard errors."""
    engine, native = mature.implementation, nw.to_native(mature)
    if not (engine.is_duckdb() or engine.is_polars()):
        return False
    with explaining(engine):
        if engine.is_duckdb():
            sampled = f"count(DISTINCT CASE WHEN hash(prospect) % {ONE_IN} = 0 THEN prospect END)"
            n, n_sampled = native.aggregate(f"count(*), {sampled}").fetchall()[0]
        else:
            import polars as pl

            sample = pl.col("prospect").filter(pl.col("prospect").hash() % ONE_IN == 0)
            n, n_sampled = native.select(n=pl.len(), sampled=sample.n_unique()).collect(engine="streaming").row(0)
    return bool(n_sampled) and n * (1 + 5 / sqrt(n_sampled)) <= MOST_PER_PROSPECT * ONE_IN * n_sampled
