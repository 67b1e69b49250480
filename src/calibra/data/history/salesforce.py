"""What a Salesforce history leaves to be worked out: ranks at creation, gaps, merged records, users."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.counting.doubts import doubt, strangers
from calibra.data.frames.dates import is_text
from calibra.data.frames.open import collect
from calibra.data.history.moments import as_label
from calibra.data.history.salesforce_ids import is_long_id
from calibra.errors import InputError
from calibra.findings import Finding
from calibra.values import Rank, Share

DEFAULT_RANK = "data.default_rank"
MOST_OF_ONE_RANK, FEWEST_CREATED = 0.5, 20
"""From such a share of so many records created with one rank on, it looks like a default that nobody chose."""


def under_kept_ids(frame: nw.LazyFrame[Any], merged: Mapping[str, str]) -> nw.LazyFrame[Any]:
    """The table with prospects that were merged into another under the id that was kept."""
    if not merged:
        return frame
    kept = {old: _end_of(old, merged) for old in merged}
    kept |= {old[:15]: new[:15] for old, new in kept.items() if is_long_id(old) and is_long_id(new)}
    ids = nw.col("prospect").cast(nw.String)
    found = [nw.when(ids == nw.lit(old)).then(nw.lit(new)) for old, new in kept.items()]
    return frame.with_columns(nw.coalesce(*found, ids).alias("prospect"))


def without_merged(entries: nw.LazyFrame[Any], merged: Mapping[str, str]) -> nw.LazyFrame[Any]:
    """The records without those that were merged into others, where an export still holds them."""
    gone = [*merged, *(old[:15] for old in merged if is_long_id(old))]
    return entries.filter(~nw.col("prospect").cast(nw.String).is_in(gone))


def _end_of(old: str, merged: Mapping[str, str]) -> str:
    """The id that is left after every merge."""
    seen = [old]
    while seen[-1] in merged:
        seen.append(merged[seen[-1]])
        if seen[-1] in seen[:-1]:
            raise InputError(
                f"`merged` must lead from ids that are gone to ids that were kept; {seen[-1]!r} goes round."
            )
    return seen[-1]


def without_users(frame: nw.LazyFrame[Any], users: Collection[str]) -> nw.LazyFrame[Any]:
    """The table without the ranks that these users set: they end a rank, and give none."""
    if not users:
        return frame
    by_user = as_label(frame, "rep").is_in(list(users)).fill_null(value=False)
    return frame.with_columns(nw.when(~by_user).then(as_label(frame, "rank")).alias("rank"))


def n_by_users(frame: nw.LazyFrame[Any], users: Collection[str]) -> int:
    """How many rows these users signed."""
    return length(frame.filter(as_label(frame, "rep").is_in(list(users)))) if users else 0


def doubt_of_default(created: nw.LazyFrame[Any], n_records: int) -> tuple[Finding, ...]:
    """A doubt where most records were created with one rank, which may be the default of the field."""
    counted = collect(created.group_by("rank").agg(nw.len().cast(nw.Int64).alias("n")))
    n_of = {str(row["rank"]): int(row["n"]) for row in counted.iter_rows(named=True)}
    if n_records < FEWEST_CREATED or not n_of:
        return ()
    rank = max(n_of, key=lambda label: (n_of[label], label))
    share = n_of[rank] / n_records
    if share < MOST_OF_ONE_RANK:
        return ()
    return (doubt(DEFAULT_RANK, rank=Rank(rank), share=Share(share), n=n_records),)


def count_strangers(of_field: nw.LazyFrame[Any], entries: nw.LazyFrame[Any]) -> tuple[int, tuple[Finding, ...]]:
    """How many changes are of prospects without a record; a doubt where those prospects are many, a refusal of all."""
    prospects = of_field.group_by("prospect").agg(nw.len().cast(nw.Int64).alias("n_rows"))
    known = entries.select("prospect").unique().with_columns(nw.lit(1).cast(nw.Int64).alias("known"))
    joined = prospects.join(known, on="prospect", how="left")
    strange = nw.when(nw.col("known").is_null())
    counted = collect(
        joined.select(
            nw.len().cast(nw.Int64).alias("n"),
            strange.then(nw.lit(1)).count().cast(nw.Int64).alias("n_strange"),
            strange.then(nw.col("n_rows")).otherwise(nw.lit(0)).sum().cast(nw.Int64).alias("n_changes"),
        )
    )
    n, n_strange, n_changes = (int(counted[name].to_list()[0]) for name in ("n", "n_strange", "n_changes"))
    if n_strange == n:
        raise InputError(
            f"None of the {n} prospects in the history is among the records. Are the ids written in the same way, and "
            "are these the records of that history?"
        )
    return n_changes, strangers(n_strange, n)


def count_broken(of_field: nw.LazyFrame[Any]) -> int:
    """Changes from another value than the one before them led to, where the order of the two is known."""
    dtype = of_field.collect_schema()["changed_at"]
    moment = nw.col("changed_at").cast(nw.String) if is_text(dtype) else nw.col("changed_at")
    values = of_field.with_columns(
        moment.alias("moment"),
        as_label(of_field, "old").fill_null("").alias("value"),
        as_label(of_field, "rank").fill_null("").alias("led_to"),
    )
    order = ["moment", "value", "led_to"]
    near = values.with_columns(
        *(
            nw.col(name).shift(n).over("prospect", order_by=order).alias(f"{name}_{place}")
            for name, n, place in (
                ("led_to", 1, "before"),
                ("moment", 1, "before"),
                ("moment", 2, "two_before"),
                ("moment", -1, "after"),
            )
        )
    )
    tied = [nw.col("moment") == nw.col("moment_before"), nw.col("moment") == nw.col("moment_after")]
    tied.append(nw.col("moment_before") == nw.col("moment_two_before"))
    ordered = near
    for condition in tied:
        ordered = ordered.filter(~condition.fill_null(value=False))
    return length(ordered.filter(nw.col("value") != nw.col("led_to_before")))


def at_creation(
    entries: nw.LazyFrame[Any], of_field: nw.LazyFrame[Any], *, may_precede: bool = False
) -> nw.LazyFrame[Any]:
    """The rank each record was created with, where it had one.

    A change may precede the creation where a record was merged into another: the latter was then created without one.
    """
    dtype = of_field.collect_schema()["changed_at"]
    moment = nw.col("changed_at").cast(nw.String) if is_text(dtype) else nw.col("changed_at")
    ordered = of_field.with_columns(moment.alias("moment"), as_label(of_field, "old").fill_null("").alias("value"))
    before = nw.col("value").shift(1).over("prospect", order_by=["moment", "value"])
    first = ordered.with_columns(before.alias("before")).filter(nw.col("before").is_null())
    found = first.select("prospect", nw.col("value").alias("first_value"), nw.col("moment").alias("first_moment"))
    known = ~nw.col("first_value").is_null()
    rank = nw.when(known).then(nw.col("first_value")).otherwise(as_label(entries, "rank"))
    born = entries.join(found, on="prospect", how="left").with_columns(rank.alias("rank"))
    blank = nw.col("rank").is_null() | (nw.col("rank") == nw.lit(""))
    if may_precede:
        dated = nw.col("changed_at").cast(nw.String) if is_text(dtype) else nw.col("changed_at")
        blank = blank | (nw.col("first_moment") < dated).fill_null(value=False)
    return log_rows(born.filter(~blank), sequence=0)


def log_rows(frame: nw.LazyFrame[Any], *, sequence: int) -> nw.LazyFrame[Any]:
    """The columns of the log; what stands at creation comes before changes of the same second."""
    order = nw.lit(sequence).cast(nw.Int64).alias("sequence")
    text = (as_label(frame, name).alias(name) for name in ("rep", "rank"))
    return frame.select("prospect", *text, "changed_at", order)


def length(frame: nw.LazyFrame[Any]) -> int:
    """Rows of a lazy table."""
    return int(collect(frame.select(nw.len().cast(nw.Int64).alias("n")))["n"].to_list()[0])
