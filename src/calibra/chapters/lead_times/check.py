"""Does the lead-time model give back what was seen?"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, chdtrc

from calibra.chapters.lead_times.curves import Floats
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.data.counting.counts import OPEN
from calibra.errors import NotEnoughDataError
from calibra.reading.rep_chunks import read_reps
from calibra.stats.intervals import Interval, equal_tailed
from calibra.stats.survival.lifetable import aalen_johansen
from calibra.tables import make_table
from calibra.words import ALL_RANKS, counted

if TYPE_CHECKING:
    import pandas as pd

FEWEST_EXPECTED = 5.0
"""Life-table cells with fewer expected endings are put together."""
WIDE_DAYS, N_PIECES = 20, 4
"""An interval wider than so many days is cut into so many pieces, to see whether endings cluster within it."""
REACH = 2
"""A piece is held against so many pieces on either side, for a cluster may lie across two."""


@dataclass(frozen=True, slots=True, eq=False)
class LeadTimeCalibration:
    """Observed against expected endings: on life-table cells, and at the promised horizons."""

    def __repr__(self) -> str:
        n_cells, n_tests = len(self.cells["observed"]), len(self.tests["p_value"])
        return f"<LeadTimeCalibration: {counted(n_cells, 'cell')}, {counted(n_tests, 'test')}; see its tables>"

    cells: Mapping[str, NDArray[Any]]
    """Columns, one entry per cell of each grouping: `cause`, `grouping`, `rep`, `rank`, `interval`, `observed`,
    `expected`, `lower`, `upper` (of the expected), `ratio`."""
    tests: Mapping[str, NDArray[Any]]
    """Columns, one entry per ending and grouping: `cause`, `grouping`, `n_cells`, `chi_square`, `df`, `p_value`."""
    horizons: Mapping[str, NDArray[Any]]
    """Columns, one entry per promised horizon and rank: `within_days`, `rank`, `expected`, `observed` (Aalen–Johansen)
    and `ratio` with `_lower`, `_upper`, `n`; NaN where nobody of the rank was followed so far."""
    pieces: Mapping[str, NDArray[Any]]
    """Columns, one entry per ending and piece of each interval wider than 20 days, all reps and ranks together:
    `cause`, `interval`, `piece`, `observed`, `expected` (the interval's endings, spread as the fitted hazard spreads
    them), `factor` (how many times more than expected, or a day than before or after, whichever is least), `p_value`
    (of so many or more, whichever is greatest)."""

    @property
    def table(self) -> "pd.DataFrame":
        """Observed and expected endings per cell."""
        return make_table(self.cells)

    @property
    def tests_table(self) -> "pd.DataFrame":
        """The chi-square tests."""
        return make_table(self.tests)

    @property
    def horizons_table(self) -> "pd.DataFrame":
        """Aalen–Johansen against the model at each promised horizon, all reps together."""
        return make_table(self.horizons)

    @property
    def pieces_table(self) -> "pd.DataFrame":
        """Observed and expected endings within the wide intervals, piece by piece."""
        return make_table(self.pieces)


GROUPINGS: Mapping[str, tuple[int, ...]] = {
    "rep": (0,),
    "rank": (1,),
    "interval": (2,),
    "rep × rank": (0, 1),
    "rank × interval": (1, 2),
    "rep × interval": (0, 2),
}
"""Grouping to the axes of (rep, rank, interval) it keeps."""


def check_calibration(fit: LeadTimeFit, *, interval_prob: float) -> LeadTimeCalibration:
    """Are as many endings seen as expected, per rep, rank and interval, and by each promised horizon?

    Per grouping, X² = Σ (O − E)²/E over life-table cells with E the posterior mean of the expected endings. The same
    data fitted E, so that (O − E)² has mean E − v with v the posterior variance of the expected endings, and the
    degrees of freedom are Σ (1 − v/E): a grouping that the model fits freely has almost none, and no test. Cells
    with less than five expected endings are put together. The chi-square distribution is approximate.
    """
    cells: list[dict[str, NDArray[Any]]] = []
    tests: list[tuple[str, str, int, float, float, float]] = []
    exposure = fit.cells.exposure
    groups = tuple(range(2, exposure.events.ndim - 1))
    for cause in fit.posteriors:
        seen = (exposure.events if cause == "event" else exposure.exits).sum(axis=groups).astype(float)
        expected = _expected_endings(fit, cause, interval_prob)
        for name, axes in GROUPINGS.items():
            observed = seen.sum(axis=tuple(i for i in range(3) if i not in axes)).ravel()
            cells.append(_cell_columns(fit, cause, name, observed, expected[name].interval))
            tests.append((cause, name, *_chi_square(observed, expected[name])))
    names = ("cause", "grouping", "n_cells", "chi_square", "df", "p_value")
    return LeadTimeCalibration(
        cells={name: np.concatenate([part[name] for part in cells]) for name in cells[0]},
        tests={name: np.array(values) for name, values in zip(names, zip(*tests, strict=True), strict=True)},
        horizons=_at_horizons(fit, interval_prob),
        pieces=_within_intervals(fit),
    )


class _Expected(NamedTuple):
    """Expected endings of the cells of one grouping."""

    interval: Interval
    """Posterior mean and interval, (cell,)."""
    variance: Floats
    """Posterior variance, (cell,)."""
    small: Floats
    """Draws of the sum over the cells that expect too few, (draw,)."""


def _expected_endings(fit: LeadTimeFit, cause: str, interval_prob: float) -> dict[str, _Expected]:
    """What is expected within each grouping, read a few reps at a time."""
    n_draws, exposure = fit.draws.n_draws, fit.cells.exposure.exposure_days
    n_reps, n_ranks, n_intervals = exposure.shape[0], exposure.shape[1], exposure.shape[-1]
    effects = fit.draws.group_effects(cause)
    small = {name: np.zeros(n_draws) for name in GROUPINGS}
    over_reps = {name: np.zeros(()) for name, axes in GROUPINGS.items() if 0 not in axes}

    def read(reps: slice) -> dict[str, Floats]:
        expected, rows = _expected_draws(fit, cause, effects, reps), {}
        for name, axes in GROUPINGS.items():
            part = expected.sum(axis=tuple(i + 1 for i in range(3) if i not in axes))
            if name in over_reps:
                over_reps[name] = over_reps[name] + part
            else:
                rows[name] = _numbers(part, interval_prob, small[name])
        return rows

    numbers = read_reps(n_reps, n_draws * n_ranks * n_intervals, read)
    numbers |= {name: _numbers(draws, interval_prob, small[name]) for name, draws in over_reps.items()}
    found = {name: values.reshape(-1, 4).T for name, values in numbers.items()}
    return {name: _Expected(Interval(*found[name][:3]), found[name][3], small[name]) for name in GROUPINGS}


def _expected_draws(fit: LeadTimeFit, cause: str, effects: Floats, reps: slice) -> Floats:
    """Draws of expected endings of some reps, (draw, rep, rank, interval)."""
    hazard = np.exp(fit.draws.log_hazards(cause, reps))
    n_draws, n_reps, n_ranks, n_intervals = hazard.shape
    days = fit.cells.exposure.exposure_days[reps].reshape(n_reps, n_ranks, -1, n_intervals)
    return np.asarray(hazard * np.einsum("rkgj,sg->srkj", days, np.exp(effects).reshape(n_draws, -1)))


def _within_intervals(fit: LeadTimeFit) -> dict[str, NDArray[Any]]:
    """Endings on the pieces of each wide interval: more than the fitted hazard spreads there, and than beside them?

    Given their number in the interval, the endings of a piece are binomial with its share of the expected ones; given
    those of two pieces, with its share of the person-days. A hazard that rises or falls smoothly through an interval
    heaps endings at one end of it, but not above what comes next.
    """
    edges, of = _pieces(fit.cells.exposure.edges_days)
    fine = fit.counts.exposure_cells(edges, by=tuple(fit.cells.exposure.groups))
    wide = np.flatnonzero(np.bincount(of)[of] > 1)
    starts = np.concatenate([[0], edges[:-1] + 1])
    labels = np.array([f"{first}–{last}" for first, last in zip(starts, edges, strict=True)], dtype=object)
    parts: list[dict[str, NDArray[Any]]] = []
    for cause in fit.posteriors:
        seen = (fine.events if cause == "event" else fine.exits).reshape(-1, len(edges)).sum(axis=0).astype(float)
        expected = _mean_endings(fit, cause, fine.exposure_days, of)
        share = expected / np.maximum(np.bincount(of, expected)[of], 1e-300)
        total, days = np.bincount(of, seen)[of], fine.exposure_days.reshape(-1, len(edges)).sum(axis=0)
        against = [_more_than(seen, total * share, total, share), *(_beside(seen, days, side) for side in (-1, 1))]
        columns = {
            "cause": np.full(len(edges), cause, dtype=object),
            "interval": np.array(fit.cells.intervals, dtype=object)[of],
            "piece": labels,
            "observed": seen.astype(np.int64),
            "expected": total * share,
            "factor": np.min([factor for factor, _ in against], axis=0),
            "p_value": np.max([p_value for _, p_value in against], axis=0),
        }
        parts.append({name: values[wide] for name, values in columns.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _pieces(edges_days: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Last whole days of the pieces of all intervals, and the interval of each; narrow ones stay whole."""
    edges, of = [], []
    for j, (before, last) in enumerate(pairwise([-1, *edges_days.tolist()])):
        n_pieces = N_PIECES if last - before > WIDE_DAYS else 1
        edges += [before + round((last - before) * (k + 1) / n_pieces) for k in range(n_pieces)]
        of += [j] * n_pieces
    return np.array(edges), np.array(of)


def _more_than(seen: Floats, expected: Floats, total: Floats, share: Floats) -> tuple[Floats, Floats]:
    """How many times more is seen than expected, and the chance of so many or more out of the total."""
    p_value = np.where(seen > 0, betainc(np.maximum(seen, 1), total - np.maximum(seen, 1) + 1.0, share), 1.0)
    return seen / np.maximum(expected, 1e-300), p_value


def _beside(seen: Floats, days: Floats, side: int) -> tuple[Floats, Floats]:
    """As `_more_than`, against the piece before (−1) or after (1), or the next but one where a cluster reaches into it.

    Nothing stands out where no piece lies on that side.
    """
    factors, p_values = [np.zeros(len(seen))], [np.ones(len(seen))]
    for steps in range(1, REACH + 1):
        here = np.arange(len(seen)) + side * steps
        inside = (here >= 0) & (here < len(seen))
        other, other_days = (np.where(inside, values[here % len(seen)], 0) for values in (seen, days))
        share = days / np.maximum(days + other_days, 1e-300)
        factor, p_value = _more_than(seen, other * days / np.maximum(other_days, 1e-300), seen + other, share)
        factors.append(np.where(inside & (other_days > 0), factor, 0.0))
        p_values.append(np.where(inside & (other_days > 0), p_value, 1.0))
    return np.max(factors, axis=0), np.min(p_values, axis=0)


def _mean_endings(fit: LeadTimeFit, cause: str, days: Floats, of: NDArray[np.int64]) -> Floats:
    """Posterior mean of the endings on each piece, all reps together, from person-days (rep, rank, *group, piece)."""
    effects, n_draws = np.exp(fit.draws.group_effects(cause)).reshape(fit.draws.n_draws, -1), fit.draws.n_draws

    def read(reps: slice) -> dict[str, Floats]:
        hazard = np.exp(fit.draws.log_hazards(cause, reps))[..., of]
        given = days[reps].reshape(*hazard.shape[1:3], -1, len(of))
        return {"endings": np.einsum("srkj,rkgj,sg->rj", hazard, given, effects, optimize=True) / n_draws}

    return np.asarray(read_reps(len(days), n_draws * days.shape[1] * len(of), read)["endings"].sum(axis=0))


def _numbers(draws: Floats, interval_prob: float, small: Floats) -> Floats:
    """Mean, both ends and variance of each cell, (…, 4); draws of cells that expect too few are added to `small`."""
    found = equal_tailed(draws, interval_prob=interval_prob)
    small += draws[:, found.estimate < FEWEST_EXPECTED].sum(axis=1)
    return np.stack([*found, draws.var(axis=0)], axis=-1)


def _chi_square(observed: Floats, found: _Expected) -> tuple[int, float, float, float]:
    """Cells, X², degrees of freedom and p-value; small cells put together."""
    expected, variance, small = found.interval.estimate, found.variance, found.interval.estimate < FEWEST_EXPECTED
    if found.small.mean() > 0:
        observed = np.append(observed[~small], observed[small].sum())
        expected = np.append(expected[~small], found.small.mean())
        variance = np.append(variance[~small], found.small.var())
    else:
        observed, expected, variance = observed[~small], expected[~small], variance[~small]
    statistic = float(((observed - expected) ** 2 / expected).sum())
    df = float(np.clip(1.0 - variance / expected, 0.0, 1.0).sum())
    return len(expected), statistic, df, float(chdtrc(df, statistic)) if df >= 1.0 else np.nan


def _cell_columns(
    fit: LeadTimeFit, cause: str, name: str, observed: Floats, expected: Interval
) -> dict[str, NDArray[Any]]:
    labels = (fit.reps, fit.ranks, fit.cells.intervals)
    axes = GROUPINGS[name]
    index = np.indices([len(labels[axis]) for axis in axes]).reshape(len(axes), -1)
    n_cells = index.shape[1]
    columns: dict[str, NDArray[Any]] = {
        "cause": np.full(n_cells, cause, dtype=object),
        "grouping": np.full(n_cells, name, dtype=object),
    }
    for axis, title in enumerate(("rep", "rank", "interval")):
        given = np.array(labels[axis], dtype=object)
        columns[title] = given[index[axes.index(axis)]] if axis in axes else np.full(n_cells, "", dtype=object)
    ratio = observed / np.maximum(expected.estimate, 1e-300)
    return columns | {
        "observed": observed,
        "expected": expected.estimate,
        "lower": expected.lower,
        "upper": expected.upper,
        "ratio": ratio,
    }


def _at_horizons(fit: LeadTimeFit, interval_prob: float) -> dict[str, NDArray[Any]]:
    """Aalen–Johansen over the model's share of events by each promised horizon that the fit reaches."""
    horizons = [days for days in fit.scale.horizons if fit.reaches(days)]
    rows: list[tuple[Any, ...]] = []
    if horizons:
        times = fit.times(horizons)
        expected = fit.draws.each_rank_and_all(times).event.mean(axis=0)
        for k, rank in enumerate([*fit.ranks, ALL_RANKS]):
            chosen = fit.counts.rank == k if k < len(fit.ranks) else np.ones(fit.counts.rank.size, dtype=bool)
            for h, days in enumerate(horizons):
                observed = observe(fit, chosen, days, interval_prob)
                ratio = (value / expected[k, h] for value in observed)
                rows.append((days, rank, expected[k, h], *observed, *ratio, int(fit.counts.n[chosen].sum())))
    names = (
        "within_days",
        "rank",
        "expected",
        "observed",
        "observed_lower",
        "observed_upper",
        "ratio",
        "ratio_lower",
        "ratio_upper",
        "n",
    )
    values = zip(*rows, strict=True) if rows else [()] * len(names)
    return {name: np.array(list(column)) for name, column in zip(names, values, strict=True)}


def observe(fit: LeadTimeFit, chosen: NDArray[np.bool_], days: int, interval_prob: float) -> tuple[float, float, float]:
    """Aalen–Johansen share of events by a day with its interval; NaN where nobody was followed so far.

    Judgments that ended on the very day they came under observation enter the person-days, but not this table.
    """
    counts = fit.counts
    chosen = chosen & ~((counts.entry_days > 0) & (counts.days == counts.entry_days) & (counts.ending != OPEN))
    if not chosen.any():
        return np.nan, np.nan, np.nan
    try:
        shares = aalen_johansen(
            counts.days[chosen],
            counts.ending[chosen],
            weights=counts.n[chosen],
            entry_days=counts.entry_days[chosen],
            interval_prob=interval_prob,
        )
        point = shares.event.at([days])
    except NotEnoughDataError:
        return np.nan, np.nan, np.nan
    return float(point.estimate[0]), float(point.lower[0]), float(point.upper[0])
