"""Does the outlook's range hold what comes, at good and bad months of sd 0, 0.2 and 0.3, beside simple rivals?

Histories of a mechanism of its own: 8 reps, about 45 new prospects a week over two years, four ranks, a log-normal lead
time, hand-backs on a Weibull clock, wins on another; a good or bad month speeds everybody's clock up or slows it down.
Each history is cut three months before its end; what comes afterwards is the truth.

    OMP_NUM_THREADS=1 python -m studies.outlook 170
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import nbinom

import calibra as cb
from calibra.chapters.outlook.ahead import Clock
from calibra.chapters.outlook.back_test import came_of_open, last_months
from calibra.chapters.outlook.door import _deal_clock
from calibra.chapters.outlook.foresee import TODAY, Sources, foresee
from calibra.chapters.outlook.periods import learn, month_end, month_ends_before, periods_ahead
from calibra.data.counting.dated import DatedCounts, count_dated
from calibra.stats.forecasts.months import MonthEffects, learn_months

SWINGS = (0.0, 0.2, 0.3)
RANKS = ("A", "B", "C", "D")
FIRST_DAY, AS_OF, LAST_DAY = date(2024, 4, 1), date(2026, 3, 31), date(2026, 6, 30)
N_REPS, A_WEEK = 8, 45
DRAWS = 600
PAGE = Path(__file__).resolve().parent.parent / "docs" / "studies" / "outlook.md"
PAGE_TEXT = """# Does the range of the outlook hold what comes?

Simulated histories of a mechanism of their own (`studies/outlook.py`): 8 reps, two years, four ranks; a month that
is good or bad for everybody, with an sd of 0, 0.2 or 0.3, independent from month to month. What comes in the next
month, and in three, of what is open; {n} histories at each swing.

Share of the 90 % ranges that held, by swing. "without" is the same without month effects; a rep: randomised PIT
from 0.05 to 0.95. The standard error of a share is about {error}; reps of one history are not independent. With so
few histories a share is only roughly known.

{held}

By how much the error (CRPS) of the next month lies below that of simple rivals, each with its own past errors as a
distribution: the mean of the last three months, a negative binomial on monthly totals, and the mean rate of what
was open. The totals of a history have the same size at all times, which is where such rivals are good.

{better}
"""


def simulate(swing: float, seed: int) -> pd.DataFrame:
    """One history to its last day; days are whole, dates of what never came are missing."""
    rng = np.random.default_rng([22, seed])
    n_days = (LAST_DAY - FIRST_DAY).days + 1
    months = np.array(
        [(FIRST_DAY + timedelta(days=i)).year * 12 + (FIRST_DAY + timedelta(days=i)).month for i in range(n_days)]
    )
    draws = rng.standard_normal(months.max() - months.min() + 1)
    deal_draws = rng.standard_normal(draws.size)
    effect, deal_effect = (np.exp(swing * z - swing**2 / 2)[months - months.min()] for z in (draws, deal_draws))
    n = rng.poisson(A_WEEK * n_days / 7)
    judged = np.sort(rng.integers(0, n_days, n))
    rep = rng.integers(0, N_REPS, n)
    rank = rng.choice(4, n, p=[0.15, 0.25, 0.3, 0.3])
    level = rng.normal(0, 0.3, N_REPS)
    ready = np.array([0.6, 0.38, 0.2, 0.08])[rank]
    ever = rng.random(n) < 1 - (1 - ready) ** np.exp(level[rep])
    # operational time: the month's effect speeds the clock up or slows it down for everybody
    clock = np.concatenate([[0.0], np.cumsum(effect)])
    lead = np.exp(np.log(np.array([50, 70, 100, 120])[rank]) + 0.8 * rng.standard_normal(n))
    event = np.searchsorted(clock, clock[judged] + lead, side="right") - 1
    event = np.where(ever, event, 10**6)
    left = judged + np.floor(220 * rng.weibull(1.4, n)).astype(int)
    handed = rng.random(n) < 0.7
    left = np.where(handed, left, 10**6)
    came = (event <= left) & (event < n_days)
    won_clock = np.concatenate([[0.0], np.cumsum(deal_effect)])
    at = np.minimum(event, n_days - 1)
    won = np.searchsorted(won_clock, won_clock[at] + 45 * np.exp(0.6 * rng.standard_normal(n)), side="right") - 1
    is_won = came & (rng.random(n) < 0.4)
    won = np.where(is_won, won, 10**6)
    amount = np.exp(rng.normal(14.5, 0.7, n))

    def days(values: Any) -> pd.Series:
        known = values < n_days
        base = pd.Timestamp(FIRST_DAY)
        return pd.Series(np.where(known, values, 0)).map(lambda d: base + pd.Timedelta(days=int(d))).where(known)

    return pd.DataFrame(
        {
            "prospect": np.arange(n), "rep": [f"rep {i}" for i in rep], "rank": np.array(RANKS)[rank],
            "judged_at": days(judged), "event_at": days(np.where(came, event, 10**6)),
            "exit_at": days(np.where(came, 10**6, left)), "won_at": days(won),
            "amount": np.where(won < n_days, amount, np.nan),
        }
    )  # fmt: skip


def rivals(dated: DatedCounts, of: str) -> dict[str, np.ndarray[Any, Any]]:
    """Draws of simple forecasts of the month, each with its own past errors."""
    ends = month_ends_before(AS_OF, int(dated.judged.min()))
    first = month_end(date.fromordinal(int(ends[0])), -1).toordinal()
    bounds = [first, *map(int, ends)]
    past = np.array([came_of_open(dated, of, a, b) for a, b in pairwise(bounds)])[-12:]
    opened = np.array([dated.n[dated.is_open(a)].sum() for a in bounds[-13:]])
    found = {"last months": last_months(dated, of, AS_OF)}
    rate = past / np.maximum(opened[:-1], 1)
    errors = past[3:] - np.array([rate[:i].mean() for i in range(3, len(past))]) * opened[3:-1]
    found["rate × open"] = np.maximum(rate.mean() * opened[-1] + errors, 0.0)
    if of != "amount":
        mean, variance = past.mean(), max(past.var(ddof=1), past.mean() * 1.001)
        size = mean**2 / (variance - mean)
        found["negative binomial"] = nbinom.ppf((np.arange(2000) + 0.5) / 2000, size, size / (size + mean))
    return found  # type: ignore[return-value]


def no_months() -> MonthEffects:
    """Months that never swing: all weight on a swing of 0."""
    found = learn_months([], [])
    weight = np.zeros(found.weight.shape)
    weight[0, 0] = 1.0
    return MonthEffects(weight, found.last, 0)


def run(swing: float, seed: int) -> list[dict[str, Any]]:
    """One history: forecasts with and without month effects, beside what came."""
    frame = simulate(swing, seed)
    roles = {name: name for name in frame.columns}
    scale = cb.RankScale(list(RANKS), {"A": cb.Promise(0.5, within_days=90)})
    whole = cb.Judgments.from_frame(frame, scale=scale, as_of=LAST_DAY, columns=roles)
    then, dated = whole.at(AS_OF), count_dated(whole)
    fit = cb.LeadTimeModel().fit(then, seed=seed, engine="laplace", draws=DRAWS, progress=False)
    deals = _deal_clock(then, seed=seed, engine="laplace", draws=DRAWS)
    if deals is None:
        raise RuntimeError("a history of two years has wins")
    amounts = cb.AmountModel().fit(then, seed=seed, engine="laplace", draws=DRAWS, progress=False)
    known = count_dated(then)
    until = periods_ahead(AS_OF, "month", 3)
    steady = learn_months([], [])
    steady = MonthEffects(
        np.where(np.arange(steady.weight.size) == 0, 1.0, 0.0).reshape(steady.weight.shape), steady.last, 0
    )
    rows = []
    for kind in ("with months", "without"):
        months = (
            (learn(known, fit, AS_OF), learn(known.deals(), deals, AS_OF))
            if kind == "with months"
            else (steady, steady)
        )
        sources = Sources(AS_OF, Clock(fit, months[0]), Clock(deals, months[1]), amounts)
        totals: dict[str, Any] = {}
        by_rep: list[Any] = []
        for reps, found in foresee(sources, until, seed):
            for (of, source), drawn in found.items():
                if source == TODAY:
                    totals[of] = totals.get(of, 0) + drawn.sum(axis=(2, 3))
            by_rep.append((reps, found["opportunities", TODAY].sum(axis=3)))
        for of, drawn in totals.items():
            for n in (1, 3):
                actual, values = came_of_open(dated, of, AS_OF.toordinal(), int(until[n - 1])), drawn[:, :n].sum(axis=1)
                low, high = np.quantile(values, [0.05, 0.95])
                row = {"swing": swing, "seed": seed, "kind": kind, "of": of, "months": n, "actual": actual}
                row |= {"low": low, "high": high, "middle": np.median(values), "held": low <= actual <= high}
                row["pit"] = float(cb.pit_draws(values, actual, seed=seed))
                row["crps"] = float(cb.crps_draws(values, actual))
                if kind == "with months" and n == 1:
                    row |= {name: float(cb.crps_draws(d, actual)) for name, d in rivals(dated, of).items()}
                rows.append(row)
        if kind == "with months":
            open_rows = dated.is_open(AS_OF.toordinal()) & dated.came(AS_OF.toordinal(), int(until[0]))
            for reps, drawn in by_rep:
                for i, r in enumerate(range(reps.start, reps.stop)):
                    actual = float(dated.n[open_rows & (dated.rep == r)].sum())
                    pit = float(cb.pit_draws(drawn[:, 0, i].astype(float), actual, seed=seed * 100 + r))
                    rows.append({"swing": swing, "seed": seed, "kind": "a rep", "of": "opportunities", "months": 1,
                                 "pit": pit, "held": 0.05 <= pit <= 0.95})  # fmt: skip
    return rows


def main() -> None:
    """Run so many histories at each swing, and write the page."""
    n_worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 170
    rows = [row for seed in range(n_worlds) for swing in SWINGS for row in run(swing, seed)]
    write_page(pd.DataFrame(rows))


def write_page(found: pd.DataFrame) -> None:
    """Cover with and without month effects, error beside the rivals, each rep."""
    n = found["seed"].nunique()
    held = found.groupby(["of", "months", "kind", "swing"])["held"].mean().unstack()
    error = np.sqrt(0.09 / n)
    own = found[(found["kind"] == "with months") & (found["months"] == 1)]
    rivals_of = [name for name in ("last months", "negative binomial", "rate × open") if name in own]
    means = own.groupby(["of", "swing"])[["crps", *rivals_of]].mean()
    better = means[rivals_of].copy()
    for name in rivals_of:
        better[name] = 1.0 - means["crps"] / means[name]
    tables = {"held": _table(held.reset_index()), "better": _table(better.reset_index())}
    PAGE.write_text(PAGE_TEXT.format(n=n, error=f"{error:.3f}", **tables), encoding="utf-8")


def _table(frame: pd.DataFrame) -> str:
    heads = [str(name) for name in frame.columns]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in frame.itertuples(index=False):
        cells = [f"{value:.3f}" if isinstance(value, float) else str(value) for value in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
