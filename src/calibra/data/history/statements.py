"""The query behind deals: which statement stood at the opening of a period, and what became of it by its close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from calibra.data.counting.forecasts import LOST, NOT_YET, PUSHED, PUSHES, WON
from calibra.data.history.periods import Periods

LAST_PUSHES = len(PUSHES) - 1
"""Forecasts moved so often, or more often, are one class."""
STEPS = 6.0
"""Sizes are counted in classes of a factor e^(1/6), and made thirds afterwards."""
_OFF_ROUND = 0.0137
"""Keeps round amounts off the edges of these, where engines might round to either side."""


@dataclass(frozen=True, slots=True, eq=False)
class Statements:
    """Statements and ends of deals as known on a day: lazy tables, made anew for every query."""

    log: nw.LazyFrame[Any]
    """`deal`, `rep`, `code` (place of the category, −1 for none), `day`, `moment`, `expected_day`, `stated`."""
    ends: nw.LazyFrame[Any] | None
    """`deal`, `won_day`, `lost_day`, `paid`; None where no ends are known."""
    periods: Periods
    """The periods."""
    as_of_day: int
    """Snapshot date as a day number."""
    step: float
    """Half of it is the difference of two amounts that are the same."""

    @property
    def coming(self) -> int:
        """Place of the first period that has not closed."""
        return self.periods.n_closed(self.as_of_day)

    def known_ends(self) -> nw.LazyFrame[Any] | None:
        """Ends up to the snapshot date; a win and a loss on one day are a win."""
        if self.ends is None:
            return None
        known = (nw.when(nw.col(day) <= self.as_of_day).then(nw.col(day)).alias(day) for day in ("won_day", "lost_day"))
        frame = self.ends.with_columns(*known)
        won, lost = nw.col("won_day"), nw.col("lost_day")
        first = nw.when(lost.is_null() | (won <= lost)).then(won)
        return frame.with_columns(first.alias("won_day"), nw.min_horizontal("won_day", "lost_day").alias("end_day"))

    def told(self) -> nw.LazyFrame[Any]:
        """Every statement beside the end of its deal; `hindsight` is 1 on and after the day of it.

        `next_day` is when the next statement of its kind took its place.
        """
        frame, ends = self.log.filter(nw.col("day") <= self.as_of_day), self.known_ends()
        if ends is None:
            frame = frame.with_columns(
                *(nw.lit(None).cast(nw.Int64).alias(name) for name in ("won_day", "lost_day", "end_day")),
                nw.lit(None).cast(nw.Float64).alias("paid"),
            )
        else:
            frame = frame.join(ends, on="deal", how="left")
        late = nw.when(nw.col("day") >= nw.col("end_day")).then(nw.lit(1)).otherwise(nw.lit(0))
        following = (
            nw.col("day").shift(-1).over("deal", "hindsight", order_by=["day", "moment", "expected_day", "stated"])
        )
        return frame.with_columns(late.cast(nw.Int64).alias("hindsight")).with_columns(following.alias("next_day"))

    def held(self) -> nw.LazyFrame[Any]:
        """The last statement of each day, without hindsight."""
        last = nw.col("next_day").is_null() | (nw.col("next_day") > nw.col("day"))
        return self.told().filter((nw.col("hindsight") == 0) & last)

    def forecasts(self) -> nw.LazyFrame[Any]:
        """One row per deal and period: open at its opening, and the statement that stood then named this period.

        Of the first period that has not closed, what stands today counts where it has not opened yet.
        """
        openings = self.periods.openings
        expected, opens, closes = nw.col("expected_day"), nw.col("opens"), nw.col("closes")
        frame = self.held().with_columns(
            self.periods.by_period(expected, openings[:-1]).alias("opens"),
            self.periods.by_period(expected, [day - 1 for day in openings[1:]]).alias("closes"),
        )
        stood = (nw.col("day") <= opens) & (nw.col("next_day").is_null() | (nw.col("next_day") > opens))
        is_open = nw.col("end_day").is_null() | (nw.col("end_day") >= opens)
        frame = frame.filter((nw.col("code") >= 0) & (opens <= openings[self.coming]) & stood & is_open)
        won = nw.when(nw.col("won_day") <= closes).then(nw.lit(WON))
        lost = nw.when(nw.col("lost_day") <= closes).then(nw.lit(LOST)).otherwise(nw.lit(PUSHED))
        fate = nw.when(closes > self.as_of_day).then(nw.lit(NOT_YET)).otherwise(won.otherwise(lost))
        one = frame.with_columns(fate.cast(nw.Int64).alias("fate"), nw.lit(1).cast(nw.Int64).alias("one"))
        before = nw.col("one").cum_sum().over("deal", order_by=["opens"]) - 1
        pushes = nw.when(before > LAST_PUSHES).then(nw.lit(LAST_PUSHES)).otherwise(before)
        size = nw.when(nw.col("stated") > 0).then((nw.col("stated").log() * STEPS + _OFF_ROUND).floor().cast(nw.Int64))
        return one.with_columns(pushes.cast(nw.Int64).alias("pushes"), size.alias("size"))

    def cells(self) -> nw.LazyFrame[Any]:
        """Forecasts by rep, category, pushes, period, size and what became of them, with the sums of their amounts."""
        stated, paid = nw.col("stated"), nw.col("paid")
        won, both = nw.col("fate") == WON, (stated > 0) & (paid > 0)
        paired = won & both
        other = paired & ~((paid - stated).abs() < 0.5 * self.step)
        held = (nw.col("fate") == PUSHED) & (nw.col("next_day").is_null() | (nw.col("next_day") > nw.col("closes")))
        log = nw.when(both).then((paid / stated).log())
        sums = {
            "stated": (~stated.is_null(), stated),
            "paid": (won & ~paid.is_null(), paid),
            "n_paired": (paired, None),
            "stated_paired": (paired, stated),
            "paid_paired": (paired, paid),
            "square": (paired, paid * paid / nw.when(stated > 0).then(stated)),
            "n_other": (other, None),
            "sum_log": (other, log),
            "sum_log2": (other, log * log),
            "n_overdue": (held, None),
        }
        keys = ("rep", "code", "pushes", "opens", "size", "fate")
        return self.forecasts().group_by(*keys).agg(nw.len().cast(nw.Int64).alias("n"), *_summed(sums))

    def new_business(self) -> nw.LazyFrame[Any]:
        """Deals won in a period without a forecast for it, by the rep who stated last, and period."""
        ends = self.known_ends()
        if ends is None:
            return self.log.head(0).select("rep", opens=nw.col("day"), n="day", paid="stated", square="stated")
        foreseen = self.forecasts().filter(nw.col("fate") == WON).select("deal").unique()
        opens = self.periods.by_period(nw.col("won_day"), self.periods.openings[:-1])
        won = ends.filter(~nw.col("won_day").is_null()).with_columns(opens.alias("opens"))
        won = won.filter(nw.col("opens") < self.periods.openings[self.coming]).join(foreseen, on="deal", how="anti")
        last = self.told().filter(nw.col("next_day").is_null())
        least = nw.col("hindsight").min().over("deal")  # with hindsight alone, whoever wrote that
        last = last.with_columns(least.alias("least")).filter(nw.col("hindsight") == nw.col("least"))
        found = won.select("deal", "opens", "paid").join(last.select("deal", "rep"), on="deal", how="inner")
        known = ~nw.col("paid").is_null()
        sums = _summed({"paid": (known, nw.col("paid")), "square": (known, nw.col("paid") * nw.col("paid"))})
        return found.group_by("rep", "opens").agg(nw.len().cast(nw.Int64).alias("n"), *sums)

    def revisions(self) -> nw.LazyFrame[Any]:
        """Neighbouring statements of a deal, by rep, times moved later before, and days moved."""
        order = ["day", "moment"]
        frame = self.held().filter(~nw.col("expected_day").is_null())
        before = [nw.col(name).shift(1).over("deal", order_by=order) for name in ("expected_day", "day")]
        frame = frame.with_columns(before[0].alias("was"), before[1].alias("since"))
        moved = nw.col("expected_day") - nw.col("was")
        later = nw.when(moved > 0).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64)
        frame = frame.with_columns(
            moved.alias("moved"), (nw.col("day") - nw.col("since")).alias("gap"), later.alias("later")
        )
        so_far = nw.col("later").cum_sum().over("deal", order_by=order) - nw.col("later")
        frame = frame.with_columns(so_far.alias("before")).filter(~nw.col("moved").is_null())
        return frame.group_by("rep", "before", "moved").agg(
            nw.len().cast(nw.Int64).alias("n"), nw.col("gap").sum().alias("gap")
        )


def _summed(sums: dict[str, tuple[nw.Expr, nw.Expr | None]]) -> list[nw.Expr]:
    """Sums over the rows that hold a condition; how many they are where there is nothing to sum."""
    found = []
    for name, (chosen, value) in sums.items():
        if value is None:
            one = nw.when(chosen).then(nw.lit(1)).otherwise(nw.lit(0)).sum().cast(nw.Int64)
        else:
            one = nw.when(chosen).then(value.cast(nw.Float64)).otherwise(nw.lit(0.0)).sum()
        found.append(one.alias(name))
    return found
