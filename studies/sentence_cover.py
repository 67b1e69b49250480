"""Whether intervals of every model hold the truth in worlds that are no model's own, and what is said at the margin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from calibra.stats.intervals import equal_tailed
from calibra.stats.margin import log_odds_gap
from studies.sentence_truth import Truth
from studies.sentence_worlds import DAYS, RANKS

type Floats = NDArray[np.float64]
type Held = dict[str, tuple[int, int]]

FEWEST_IN_CELL = 5
"""Cells with fewer judgments are not shown, and are left out."""
APART = 2.0
"""Two models of a cell agree within so many joint standard deviations."""


def covered(truth: Truth) -> Held:
    """How many intervals of how many hold the truth, of every model, over all and of the rep furthest out."""
    furthest = int(np.nanargmax(np.abs(truth.gap)))
    found: Held = {}
    for name, lower, upper, value in _intervals(truth):
        held = np.where(np.isfinite(value), (lower <= value) & (value <= upper), np.nan)
        found[name] = (int(np.nansum(held)), int(np.isfinite(held).sum()))
        one = held[furthest]
        found[f"{name}, rep furthest out"] = (int(np.nansum(one)), int(np.isfinite(one).sum()))
    one, other = (_log_odds(draws) for draws in _two_readings(truth))
    near = np.abs(one[0] - other[0]) <= APART * np.sqrt(one[1] + other[1])
    shown = truth.n >= FEWEST_IN_CELL
    found["rank and threshold model agree"] = (int((near & shown).sum()), int(shown.sum()))
    return found


def _intervals(truth: Truth) -> Iterator[tuple[str, Floats, Floats, Floats]]:
    """Name, both ends and the truth of each interval, (rep, …); NaN where nothing is shown."""
    calibration = truth.calibration
    fit, thresholds = calibration.ranks[DAYS], calibration.thresholds.fits[DAYS]
    cell = np.where(truth.n >= FEWEST_IN_CELL, truth.prob, np.nan)
    for name, draws in zip(("rank model, P(event)", "threshold model, P(event)"), _two_readings(truth), strict=True):
        yield name, *_ends(draws), cell
    table = fit.profiles()
    gap = 100.0 * (truth.prob - truth.others(truth.prob)) @ truth.mix
    for name, column, value in (("gap to the others", "gap_points", gap), ("ranks on the right one", "auc", truth.auc)):
        yield name, table[f"{column}_lower"].to_numpy(), table[f"{column}_upper"].to_numpy(), value
    bars = np.array([[truth.bar(i, share) for share in shares] for i, shares in enumerate(truth.today)])
    yield "bars", *_ends(thresholds.draws().bars), bars
    yield "shares", *_ends(thresholds.draws().shares), truth.today
    if "lead_times" in calibration.answered:
        rows = calibration.lead_times.cumulative_incidence([DAYS])
        own = rows[rows["rep"].isin(truth.reps)].set_index(["rep", "rank"])
        ends = [
            np.array([[own.loc[(rep, rank), end] for rank in RANKS] for rep in truth.reps])
            for end in ("lower", "upper")
        ]
        yield "lead times, F(90)", ends[0], ends[1], cell


def compared(truth: Truth) -> list[tuple[float, float, float, float]]:
    """Of each rep the true gap in log-odds, and how sure it is said to lie below the others, above, and in line."""
    table = truth.calibration.ranks[DAYS].profiles()
    sure = table[["prob_below", "prob_above", "prob_within"]].to_numpy()
    rows = zip(truth.gap.tolist(), sure.tolist(), strict=True)
    return [(round(gap, 4), *(round(prob, 4) for prob in of_rep)) for gap, of_rep in rows if np.isfinite(gap)]


def _two_readings(truth: Truth) -> tuple[Floats, Floats]:
    """P(event | rank) by the rank model and by the threshold model, (draw, rep, rank)."""
    calibration = truth.calibration
    return calibration.ranks[DAYS].probability_draws(), calibration.thresholds.fits[DAYS].probability_draws()


def _ends(draws: Floats) -> tuple[Floats, Floats]:
    found = equal_tailed(draws, interval_prob=0.9)
    return found.lower, found.upper


def _log_odds(prob: Floats) -> Floats:
    """Mean and variance of log-odds, (2, rep, rank)."""
    draws = log_odds_gap(prob, 0.5)
    return np.stack([draws.mean(axis=0), draws.var(axis=0)])
