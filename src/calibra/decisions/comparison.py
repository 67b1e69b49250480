"""Do two reps, two periods or two groups differ, by how much, and how sure is that?"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError, check_kind, check_within
from calibra.models.lead_time_fit import LeadTimeFit
from calibra.models.rank_fit import RankFit
from calibra.models.reading import ALL_REPS, log_odds, mean_over_reps
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.tables import make_table
from calibra.words import chance, quoted

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

MEAN = "mean probability"
"""The quantity that says most in one number, at one mix of ranks for both."""
_LEAD_TIMES = "Reps' lead times are compared by `lead_fit.tempo()`."


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """First less second, quantity by quantity."""

    first: str
    """What is compared."""
    second: str
    """With what."""
    quantity: NDArray[np.object_]
    """`probability at rank …`, `mean probability` (at one mix of ranks for both) and `discrimination`."""
    unit: NDArray[np.object_]
    """`points` or `log-odds`."""
    estimate: Floats
    """Posterior mean of the difference."""
    lower: Floats
    """Lower end of its interval."""
    upper: Floats
    """Upper end of its interval."""
    prob_higher: Floats
    """Probability that the first is higher by more than the margin."""
    prob_lower: Floats
    """Probability that the first is lower by more than the margin."""
    n_first: NDArray[np.int64]
    """Mature judgments behind the first."""
    n_second: NDArray[np.int64]
    """Mature judgments behind the second."""
    margin_points: float
    """Margin of probabilities, in percentage points."""
    margin_log_odds: float
    """Margin of discrimination, in log-odds per standard deviation of the rank scores."""
    interval_prob: float
    """Level of the interval."""
    engine: str
    """Engine of the fits."""

    @property
    def table(self) -> "pd.DataFrame":
        """One row per quantity."""
        names = ("quantity", "unit", "estimate", "lower", "upper", "prob_higher", "prob_lower", "n_first", "n_second")
        columns = {name: getattr(self, name) for name in names}
        table = make_table({**columns, "engine": np.full(len(self.unit), self.engine, dtype=object)})
        table.attrs.update({
            "first": self.first, "second": self.second, "margin_points": self.margin_points,
            "margin_log_odds": self.margin_log_odds, "interval_prob": self.interval_prob,
        })  # fmt: skip
        return table

    def sentences(self) -> list[str]:
        """Each difference in words, as the table has them, with its interval, counts, and how sure its direction is."""
        return [self._sentence(row) for row in range(len(self.quantity))]

    def __repr__(self) -> str:
        mean = self.quantity.tolist().index(MEAN)
        return (
            f"<Comparison of {len(self.quantity)} quantities; {self._sentence(mean).removesuffix('.')}; {self.engine}>"
        )

    def _sentence(self, row: int) -> str:
        """One difference, counted in its own direction."""
        estimate, ends = float(self.estimate[row]), (float(self.lower[row]), float(self.upper[row]))
        points = self.unit[row] == "points"
        word, sign = ("below", -1.0) if estimate < 0.0 else ("above", 1.0)
        size, low, high = (
            _number(sign * value, points=points) for value in (estimate, *sorted(ends, key=sign.__mul__))
        )
        margin = f"{self.margin_points:g} points" if points else f"{self.margin_log_odds:g}"
        what, counts = str(self.quantity[row]), f"n {self.n_first[row]:,} and {self.n_second[row]:,}"
        return (
            f"{what[0].upper()}{what[1:]}: {self.first} lies {size} {self.unit[row]} {word} {self.second} ({low} to "
            f"{high}, {self.interval_prob:.0%} interval; {counts}). Probability that it lies above by more than "
            f"{margin}: {chance(self.prob_higher[row])}; below by more than that: {chance(self.prob_lower[row])}."
        )


def _number(value: float, *, points: bool) -> str:
    """Points to one decimal, log-odds to two; no zero with a sign."""
    told = f"{value:.1f}" if points else f"{value:.2f}"
    return told.lstrip("-") if float(told) == 0.0 else told.replace("-", "−")


def compare(
    fit: RankFit,
    other: RankFit | None = None,
    *,
    reps: tuple[str, str] | str | None = None,
    names: tuple[str, str] = ("first", "second"),
    margin_points: float = 5.0,
    margin_log_odds: float = 0.3,
    interval_prob: float = INTERVAL_PROB,
) -> Comparison:
    """Do two reps differ, or two periods or groups?

    Two reps of one fit are compared draw by draw. Two fits (of two periods, say `judgments.at(...)` cut by date, or
    of two groups) are taken as independent; both are read at the mix of ranks of the two together, so that a
    difference is not one of mix.

    Parameters
    ----------
    fit : RankFit
        The rank model; alone, `reps` names two of its reps.
    other : RankFit, optional
        A second fit on the same ranks and horizon; then `reps` names one rep of both, or is None for all reps.
    reps : pair of str, or str
        Whom to compare.
    names : pair of str
        What the two fits are called, e.g. `("before", "after")`.
    margin_points, margin_log_odds : float
        Differences worth talking about: of probabilities, and of discrimination.
    interval_prob : float
        Level of the intervals.
    """
    for name, value in (("fit", fit), ("other", fit if other is None else other)):
        check_kind(value, name, RankFit, more=_LEAD_TIMES if isinstance(value, LeadTimeFit) else "")
    check_within(margin_points, "margin_points", 0, mend="Give it in percentage points, such as 5.")
    check_within(margin_log_odds, "margin_log_odds", 0, mend="Give it in log-odds, such as 0.3.")
    if other is None:
        if not isinstance(reps, tuple) or len(reps) != 2:
            raise InputError(f"`reps` must be two reps of the fit, e.g. ('Abe', 'Baker'); got {reps!r}.")
        sides, labels = [_side(fit, rep) for rep in reps], reps
    else:
        if isinstance(reps, tuple):
            raise InputError(
                f"`reps` must be one rep of both fits, or None for all reps, when two fits are given; got {reps!r}."
            )
        if other.ranks != fit.ranks or other.within_days != fit.within_days:
            raise InputError(
                f"The two fits must share ranks and horizon; got {fit.ranks}, {fit.within_days} days and "
                f"{other.ranks}, {other.within_days} days."
            )
        sides = [_side(fit, reps or ALL_REPS), _side(other, reps or ALL_REPS)]
        labels = (f"{reps or ALL_REPS}, {names[0]}", f"{reps or ALL_REPS}, {names[1]}")
    (first, n_first), (second, n_second) = sides
    draws = _differences(fit, first, second, n_first + n_second)
    margin = np.r_[np.full(len(fit.ranks) + 1, margin_points), margin_log_odds]
    summary = equal_tailed(draws, interval_prob=interval_prob)
    quantity = [*(f"probability at rank {rank}" for rank in fit.ranks), MEAN, "discrimination"]
    counts = [np.r_[n, n.sum(), n.sum()].astype(np.int64) for n in (n_first, n_second)]
    return Comparison(
        labels[0], labels[1], np.array(quantity, dtype=object),
        np.array(["points"] * (len(fit.ranks) + 1) + ["log-odds"], dtype=object), summary.estimate, summary.lower,
        summary.upper, (draws > margin).mean(axis=0), (draws < -margin).mean(axis=0), counts[0], counts[1],
        margin_points, margin_log_odds, interval_prob, fit.diagnostics.engine,
    )  # fmt: skip


def _side(fit: RankFit, rep: str) -> tuple[Floats, Floats]:
    """Draws of the probabilities of one rep, or of all reps, (draw, rank), and the mature judgments behind them."""
    prob = fit.probability_draws(case_mix="all reps")
    if rep == ALL_REPS:
        return mean_over_reps(prob, fit.n), fit.n.sum(axis=0)
    if rep not in fit.reps:
        raise InputError(
            f"{quoted(rep)} is no rep of the fit; it has {', '.join(fit.reps[:5])}{' …' if len(fit.reps) > 5 else ''}."
        )
    index = fit.reps.index(rep)
    return prob[:, index], fit.n[index]


def _differences(fit: RankFit, first: Floats, second: Floats, n: Floats) -> Floats:
    """Differences per rank, of the mean and of discrimination, (draw, rank + 2), at one mix of ranks."""
    n_draws = min(len(first), len(second))
    first, second = first[:n_draws], second[:n_draws]
    mix = n / n.sum() if n.sum() > 0 else np.full(len(n), 1.0 / len(n))
    slope = mix * fit.scores.values
    points = 100.0 * (first - second)
    discrimination = (log_odds(first) - log_odds(second)) @ (slope - mix * slope.sum())
    return np.column_stack([points, points @ mix, discrimination])
