"""Each past month as it was known then: what would have been said, what came, and what last months' mean had said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.outlook.foresee import AMOUNT, OPPORTUNITIES, TODAY, WINS, Sources, foresee
from calibra.chapters.outlook.periods import month_end, month_ends_before, periods_ahead
from calibra.data.counting.dated import DatedCounts
from calibra.errors import FitError, InputError, NotEnoughDataError
from calibra.findings import Finding
from calibra.stats.forecasts.totals import crps_draws, pit_draws
from calibra.stats.intervals import INTERVAL_PROB
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

USED, NOT_CHECKED, DO_NOT_USE = "used", "not checked", "do not use"
FEWEST_CHECKED, FEWEST_MONTHS, MONTHS_BEFORE = 6, 3, 6
"""Past months from which there is a verdict, from which there is a back-test, and that lie before the first."""
LEAST_COVER = 0.6
"""Below this share of past months inside their 90 % interval an outlook is not used."""
WORSE_BY = 1.645
"""Nor where it is worse than last months' mean by more than so many standard errors over the past months."""
MOST_SWING = 0.5
"""Nor where months swing by more than this standard deviation: its range then reaches from a half to twice and more."""
QUARTER = 3


@dataclass(frozen=True, slots=True, eq=False)
class OutlookBackTest:
    """How the outlook would have done in past months, each as known then."""

    __repr__ = brief

    columns: Mapping[str, NDArray[Any]]
    """`snapshot` and `until`; `months` (1 or 3); `of`; `actual`; `median`, `lower`, `upper`; `covered`, `covered_50`;
    `pit`; `crps`; `crps_last_months` of the mean of the last three months with its own past errors, NaN where these
    are too few; `share_from_new` of all that came, from what was not yet judged; `swing`, the standard
    deviation of the effect of a month that is good or bad for everybody, as learned by then."""

    @property
    def table(self) -> pd.DataFrame:
        """The columns side by side."""
        return make_table(dict(self.columns))

    def rows(self, of: str, months: int = 1) -> NDArray[np.bool_]:
        """The past months, or quarters, of one thing."""
        return np.asarray((self.columns["of"] == of) & (self.columns["months"] == months))

    def hits(self, of: str = OPPORTUNITIES) -> tuple[int, int]:
        """In how many past months of how many the interval held what came."""
        rows = self.rows(of)
        return int(self.columns["covered"][rows].sum()), int(rows.sum())

    def share_from_new(self, of: str = OPPORTUNITIES) -> float:
        """Share of all that came in past months from what was not yet judged a month before; NaN where unknown."""
        shares = self.columns["share_from_new"][self.rows(of)]
        return float(np.nanmean(shares)) if np.isfinite(shares).any() else float("nan")

    def skill(self, of: str = OPPORTUNITIES) -> float:
        """1 − CRPS over that of last months' mean, over the past months; above 0 is better; NaN where unknown."""
        ours, theirs = self._compared(of)
        return float(1.0 - ours.sum() / theirs.sum()) if theirs.sum() > 0 else float("nan")

    def verdict(self, of: str = OPPORTUNITIES) -> str:
        """Whether it may be used: cover, a range that says something, and no worse than last months' mean."""
        n_held, n = self.hits(of)
        if n < FEWEST_CHECKED:
            return NOT_CHECKED
        ours, theirs = self._compared(of)
        worse = ours - theirs
        is_worse = len(worse) > 2 and worse.mean() > WORSE_BY * worse.std(ddof=1) / np.sqrt(len(worse))
        is_wide = float(np.median(self.columns["swing"][self.rows(of)])) > MOST_SWING
        return DO_NOT_USE if n_held < LEAST_COVER * n or is_worse or is_wide else USED

    def _compared(self, of: str) -> tuple[Floats, Floats]:
        rows = self.rows(of) & np.isfinite(self.columns["crps_last_months"].astype(float))
        return tuple(self.columns[name][rows].astype(float) for name in ("crps", "crps_last_months"))  # type: ignore[return-value]


def run_back_test(
    dated: DatedCounts, as_of: date, at: Callable[[date], Sources], *, months: int, seed: int
) -> OutlookBackTest:
    """Draw the outlook of each of the last months from what `at` gives of that day, and hold it against what came.

    Raises
    ------
    NotEnoughDataError
        Fewer than three past months could be drawn.
    """
    ends = month_ends_before(as_of, int(dated.judged.min()))
    snapshots = [date.fromordinal(int(day)) for day in ends[MONTHS_BEFORE - 1 : -1]][-months:]
    rows: list[dict[str, Any]] = []
    for snapshot in snapshots:
        try:
            sources = at(snapshot)
        except (FitError, NotEnoughDataError, InputError):
            continue  # what cannot be fitted as of then has no record of then
        until = periods_ahead(snapshot, "month", QUARTER)
        scored = [1, QUARTER] if until[-1] <= as_of.toordinal() else [1]
        clocks = {OPPORTUNITIES: sources.prospects, WINS: sources.deals, AMOUNT: sources.deals}
        totals: dict[tuple[str, str], NDArray[Any]] = {}
        for _, found in foresee(sources, until, seed):
            for key, drawn in found.items():
                totals[key] = totals.get(key, 0.0) + drawn.sum(axis=(2, 3))
        for (of, source), drawn in totals.items():
            if source == TODAY:
                clock = clocks[of] or sources.prospects
                told = {"of": of, "swing": clock.months.swing}
                rows += [told | _row(dated, of, snapshot, drawn, until, n, seed) for n in scored]
    n_months = sum(row["months"] == 1 and row["of"] == OPPORTUNITIES for row in rows)
    if n_months < FEWEST_MONTHS:
        values = {"n": n_months, "least": FEWEST_MONTHS, "before": MONTHS_BEFORE}
        raise NotEnoughDataError(Finding("outlook.few_months", values, "note"))
    return OutlookBackTest({name: np.array([row[name] for row in rows]) for name in rows[0]})


def _row(
    dated: DatedCounts, of: str, snapshot: date, drawn: NDArray[Any], until: NDArray[np.int64], months: int, seed: int
) -> dict[str, Any]:
    """One thing of one past month, or quarter."""
    values, end = drawn[:, :months].sum(axis=1), int(until[months - 1])
    actual = came_of_open(dated, of, snapshot.toordinal(), end)
    every = came_in(dated, of, snapshot.toordinal(), end)
    tail = (1.0 - INTERVAL_PROB) / 2.0
    lower, low, median, high, upper = np.quantile(values, [tail, 0.25, 0.5, 0.75, 1.0 - tail]).tolist()
    rival = last_months(dated, of, snapshot) if months == 1 else None
    return {
        "snapshot": str(snapshot),
        "until": str(date.fromordinal(end)),
        "months": months,
        "actual": actual,
        "median": median,
        "lower": lower,
        "upper": upper,
        "covered": lower <= actual <= upper,
        "covered_50": low <= actual <= high,
        "pit": float(pit_draws(values, actual, seed=seed + snapshot.toordinal())),
        "crps": float(crps_draws(values, actual)),
        "crps_last_months": float("nan") if rival is None else float(crps_draws(rival, actual)),
        "share_from_new": 1.0 - actual / every if every else float("nan"),
    }


def came_of_open(dated: DatedCounts, of: str, day: int, end: int) -> float:
    """What came until a day of what had been open on another."""
    if of == OPPORTUNITIES:
        return float(dated.n[dated.is_open(day) & dated.came(day, end)].sum())
    won = (dated.won > day) & (dated.won <= end) & (dated.known <= day)
    won &= dated.is_open(day) | ((dated.event <= day) & (dated.lost > day))
    return float((dated.amount if of == AMOUNT else dated.n)[won].sum())


def came_in(dated: DatedCounts, of: str, day: int, end: int) -> float:
    """All that came after one day until another, from new judgments as well."""
    if of == OPPORTUNITIES:
        return float(dated.n[dated.came(day, end) & (dated.event <= dated.closed)].sum())
    won = (dated.won > day) & (dated.won <= end)
    return float((dated.amount if of == AMOUNT else dated.n)[won].sum())


def last_months(dated: DatedCounts, of: str, snapshot: date) -> Floats | None:
    """Draws of the mean of the last three months, with the errors it has made so far; None of fewer than three."""
    ends = [*month_ends_before(snapshot, int(dated.judged.min()))]
    bounds = [month_end(date.fromordinal(int(ends[0])), -1).toordinal(), *map(int, ends)] if ends else []
    past = np.array([came_of_open(dated, of, a, b) for a, b in pairwise(bounds)])
    if len(past) < 2 * QUARTER:
        return None
    means = np.convolve(past, np.ones(QUARTER) / QUARTER, mode="valid")
    errors = past[QUARTER:] - means[:-1]
    return np.asarray(np.maximum(means[-1] + errors, 0.0))
