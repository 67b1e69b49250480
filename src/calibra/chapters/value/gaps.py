"""Where a rep's winning, or the size of a rep's deals, lies apart from the others': at one mix of ranks and cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.reading.flags import FEWEST_JUDGMENTS
from calibra.reading.means import mean_of_others
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_RATIO, log_odds_gap
from calibra.tables import make_table

if TYPE_CHECKING:
    import pandas as pd

    from calibra.chapters.value.amount_fit import AmountFit
    from calibra.chapters.value.fit import ValueFit
    from calibra.chapters.value.terms import Floats


def gap_table(
    fit: ValueFit, *, margin_odds: float, margin_ratio: float = MARGIN_RATIO, interval_prob: float = INTERVAL_PROB
) -> pd.DataFrame:
    """One row a rep: `won_gap_points` and `amount_ratio` with intervals, each beside the probability of either side.

    The others are the other reps with 30 mature judgments or more, each counted once; NaN where there are fewer than
    two, or where the mean amount is not to be trusted.
    """
    judged = fit.events.n.sum(axis=1)
    opportunities = fit.wins.n.sum(axis=0)
    won = fit.wins.probability_draws(case_mix="all reps") @ (opportunities / max(float(opportunities.sum()), 1.0))
    others = mean_of_others(won, judged, least=FEWEST_JUDGMENTS)
    known = ~np.isnan(others).any(axis=0)
    apart = log_odds_gap(won, np.where(known, others, 0.5))
    columns: dict[str, Any] = {"rep": np.array(fit.reps, dtype=object)}
    columns |= _estimates("won_share", won, np.ones(len(judged), dtype=bool), interval_prob)
    columns |= _estimates("won_gap_points", 100.0 * (won - others), known, interval_prob)
    margin = np.log(margin_odds)
    columns |= {
        "prob_wins_less": np.where(known, (apart < -margin).mean(axis=0), np.nan),
        "prob_wins_more": np.where(known, (apart > margin).mean(axis=0), np.nan),
        "won_others": np.where(known, np.median(others, axis=0), np.nan),
    }
    columns |= amount_gaps(fit.amounts, judged, margin_ratio=margin_ratio, interval_prob=interval_prob)
    counts = {"n": judged, "opportunities": fit.wins.n.sum(axis=1), "won": fit.wins.won.sum(axis=1)}
    return make_table(columns | {name: values.astype(int) for name, values in counts.items()})


def amount_gaps(
    fit: AmountFit, judged: Floats, *, margin_ratio: float = MARGIN_RATIO, interval_prob: float = INTERVAL_PROB
) -> dict[str, Any]:
    """Columns of the mean amount of each rep over that of the others, at all reps' mix of ranks and cases."""
    mean = fit.over_ranks(fit.mean_draws(case_mix="all reps"))
    others = mean_of_others(mean, judged, least=FEWEST_JUDGMENTS)
    known = ~np.isnan(others).any(axis=0) & bool(fit.trust().trusted[0])
    ratio = mean / others
    columns = _estimates("amount_ratio", ratio, known, interval_prob)
    return columns | {
        "prob_smaller": np.where(known, (ratio < 1.0 / margin_ratio).mean(axis=0), np.nan),
        "prob_larger": np.where(known, (ratio > margin_ratio).mean(axis=0), np.nan),
    }


def _estimates(name: str, draws: Floats, known: NDArray[np.bool_], interval_prob: float) -> dict[str, Any]:
    found = equal_tailed(draws, interval_prob=interval_prob)
    ends = (np.median(draws, axis=0), found.lower, found.upper)
    return {
        f"{name}{end}": np.where(known, values, np.nan)
        for end, values in zip(("", "_lower", "_upper"), ends, strict=True)
    }
