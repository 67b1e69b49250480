"""Amounts: read in one currency, and what is summed of them within a cell."""

from __future__ import annotations

from collections.abc import Mapping

import narwhals.stable.v2 as nw

SUMS_OF_AMOUNTS = (
    "n_amounts",
    "n_zero_amounts",
    "sum_log_amount",
    "sum_log2_amount",
    "sum_amount",
    "sum_amount2",
    "max_amount",
)
"""What is kept of the amounts of a cell."""


def amount_sums(won: nw.Expr) -> list[nw.Expr]:
    """Number, zeros, sums and largest of the amounts of what is won; an amount of 0 is none recorded."""
    known = nw.when(won & (nw.col("amount_value") > 0)).then(nw.col("amount_value"))
    log = known.log()
    return [
        known.count().cast(nw.Int64).alias("n_amounts"),
        number_of(won & (nw.col("amount_value") == 0)).alias("n_zero_amounts"),
        log.sum().alias("sum_log_amount"),
        (log * log).sum().alias("sum_log2_amount"),
        known.sum().alias("sum_amount"),
        (known * known).sum().alias("sum_amount2"),
        known.max().alias("max_amount"),
    ]


def number_of(condition: nw.Expr) -> nw.Expr:
    """How many rows meet a condition; sums of yes and no fail on some engines."""
    return nw.when(condition).then(nw.lit(1)).count().cast(nw.Int64)


def in_one_currency(value: nw.Expr, rates: Mapping[str, float]) -> nw.Expr:
    """An amount times the rate of its row's currency; as it is where one currency is all there is."""
    apart = {label: rate for label, rate in rates.items() if rate != 1.0}
    if not apart:
        return value
    label = nw.col("currency").cast(nw.String)
    factor: nw.Expr = nw.lit(1.0)
    for name, rate in apart.items():
        factor = nw.when(label == name).then(nw.lit(rate)).otherwise(factor)
    return value * factor
