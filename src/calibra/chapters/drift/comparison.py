"""Do two reps, two periods or two groups differ, by how much, and how sure is that?"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.drift.sides import Sides, two_fits, two_reps
from calibra.chapters.ranks.fit import RankFit
from calibra.errors import InputError, check_kind
from calibra.plotted import Plotted
from calibra.reading.means import ALL_REPS, log_odds
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_ODDS, check_margin_odds, log_odds_gap, margin_band
from calibra.tables import make_table
from calibra.words import chance

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

MEAN = "mean probability"
"""The quantity that says most in one number, at one mix of ranks for both."""
_LEAD_TIMES = "Reps' lead times are compared by `lead_times.tempo()`."


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Plotted):
    """First less second, quantity by quantity."""

    picture: ClassVar[str] = "plot_comparison"

    first: str
    """What is compared."""
    second: str
    """With what."""
    quantity: NDArray[np.object_]
    """`probability at rank …`, `mean probability` (at one mix of reps, ranks and cases for both), `discrimination`."""
    unit: NDArray[np.object_]
    """`points` or `log-odds`."""
    estimate: Floats
    """Posterior mean of the difference."""
    lower: Floats
    """Lower end of its interval."""
    upper: Floats
    """Upper end of its interval."""
    prob_higher: Floats
    """Probability that the first is higher by more than the margin on the odds."""
    prob_lower: Floats
    """Probability that the first is lower by more than the margin on the odds."""
    margin_below: Floats
    """How far below the second the margin reaches, in the unit of the row; negative."""
    margin_above: Floats
    """How far above it reaches."""
    n_first: NDArray[np.int64]
    """Mature judgments behind the first."""
    n_second: NDArray[np.int64]
    """Mature judgments behind the second."""
    margin_odds: float
    """Margin: a factor on the odds; of discrimination, a factor per standard deviation of the rank scores."""
    basis: str
    """What the two are read at."""
    interval_prob: float
    """Level of the interval."""
    engine: str
    """Engine of the fits."""

    @property
    def table(self) -> "pd.DataFrame":
        """One row per quantity."""
        columns = {name: getattr(self, name) for name in _COLUMNS}
        table = make_table({**columns, "engine": np.full(len(self.unit), self.engine, dtype=object)})
        table.attrs.update(
            {
                "first": self.first,
                "second": self.second,
                "margin_odds": self.margin_odds,
                "basis": self.basis,
                "interval_prob": self.interval_prob,
            }
        )
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
        """One difference in words; the interval is of the first less the second, with its signs."""
        points = self.unit[row] == "points"
        size, signed, low, high, below, above = (
            _number(float(value), points=points)
            for value in (
                abs(self.estimate[row]),
                self.estimate[row],
                self.lower[row],
                self.upper[row],
                -self.margin_below[row],
                self.margin_above[row],
            )
        )
        word = "below" if self.estimate[row] < 0.0 else "above"
        unit = str(self.unit[row])
        reach = f"{above} {unit}" if above == below else f"{above} {unit} up, {below} down"
        what, counts = str(self.quantity[row]), f"n {self.n_first[row]:,} and {self.n_second[row]:,}"
        return (
            f"{what[0].upper()}{what[1:]}: {self.first} lies {size} {unit} {word} {self.second} (difference "
            f"{signed}, {low} to {high}, {self.interval_prob:.0%} interval; {counts}). Probability that it lies above "
            f"by more than a factor of {self.margin_odds:g} on the odds (here {reach}): "
            f"{chance(self.prob_higher[row])}; below by more than that: {chance(self.prob_lower[row])}."
        )


_COLUMNS = (
    "quantity",
    "unit",
    "estimate",
    "lower",
    "upper",
    "prob_higher",
    "prob_lower",
    "margin_below",
    "margin_above",
    "n_first",
    "n_second",
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
    within_team: bool = False,
    margin_odds: float = MARGIN_ODDS,
    interval_prob: float = INTERVAL_PROB,
) -> Comparison:
    """Do two reps differ, or two periods or groups?

    Two reps of one fit are compared draw by draw, each in the rep's own team, at all reps' mix of cases. Two fits, of
    two periods cut by the day of the judgment or of two groups, are taken as independent of each other, whatever their
    seeds. Both are read with one set of weights, the judgments of the two together by rep, rank and case, so that a
    change in who judged what is no difference. Only reps of both enter; where these hold less than half of the
    judgments of a side, the fits are taken as of different people: each side keeps its own reps, and ranks and cases
    are weighted alike.

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
    within_team : bool
        Leave the teams' own effects out: as if all were in one team.
    margin_odds : float
        Factor on the odds from which on a difference is worth talking about; 1.25 is 5.6 points at 50 %.
    interval_prob : float
        Level of the intervals.

    Raises
    ------
    InputError
        Fits of other ranks, horizons or groupings; two fits of which one holds half or more of the judgments of the
        other, such as two snapshots: `replay` tells what moved between those.
    """
    for name, value in (("fit", fit), ("other", fit if other is None else other)):
        check_kind(value, name, RankFit, more=_LEAD_TIMES)
    check_margin_odds(margin_odds)
    if other is None:
        if not isinstance(reps, tuple) or len(reps) != 2:
            raise InputError(f"`reps` must be two reps of the fit, e.g. ('Abe', 'Baker'); got {reps!r}.")
        sides, labels = two_reps(fit, reps, within_team=within_team), reps
    else:
        if isinstance(reps, tuple):
            raise InputError(
                f"`reps` must be one rep of both fits, or None for all reps, when two fits are given; got {reps!r}."
            )
        sides = two_fits(fit, other, reps, within_team=within_team)
        labels = (f"{reps or ALL_REPS}, {names[0]}", f"{reps or ALL_REPS}, {names[1]}")
    return _describe(fit, sides, labels, margin_odds=margin_odds, interval_prob=interval_prob)


def _describe(
    fit: RankFit, sides: Sides, labels: tuple[str, str], *, margin_odds: float, interval_prob: float
) -> Comparison:
    """Differences per rank, of the mean and of discrimination, at one mix of ranks."""
    first, second, n = sides.first, sides.second, sides.n_first + sides.n_second
    mix = n / n.sum() if n.sum() > 0 else np.full(len(n), 1.0 / len(n))
    prob, reference = (np.column_stack([side, side @ mix]) for side in (first, second))
    slope = mix * fit.scores.values
    discrimination = (log_odds(first) - log_odds(second)) @ (slope - mix * slope.sum())
    differences = np.column_stack([100.0 * (prob - reference), discrimination])
    on_odds, margin = np.column_stack([log_odds_gap(prob, reference), discrimination]), float(np.log(margin_odds))
    below, above = 100.0 * margin_band(reference.mean(axis=0), margin_odds=margin_odds)
    summary = equal_tailed(differences, interval_prob=interval_prob)
    counts = [np.r_[each, each.sum(), each.sum()].astype(np.int64) for each in (sides.n_first, sides.n_second)]
    quantity = [*(f"probability at rank {rank}" for rank in fit.ranks), MEAN, "discrimination"]
    return Comparison(
        first=labels[0],
        second=labels[1],
        quantity=np.array(quantity, dtype=object),
        unit=np.array(["points"] * (len(fit.ranks) + 1) + ["log-odds"], dtype=object),
        estimate=summary.estimate,
        lower=summary.lower,
        upper=summary.upper,
        prob_higher=(on_odds > margin).mean(axis=0),
        prob_lower=(on_odds < -margin).mean(axis=0),
        margin_below=np.r_[below, -margin],
        margin_above=np.r_[above, margin],
        n_first=counts[0],
        n_second=counts[1],
        margin_odds=margin_odds,
        basis=sides.basis,
        interval_prob=interval_prob,
        engine=fit.diagnostics.engine,
    )
