"""Bar or territory: daily shares of the ranks, and outcomes, read with the bars of a joint rating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from calibra.reading.means import log_odds
from calibra.reading.rows import flat_columns
from calibra.stats.intervals import equal_tailed
from calibra.stats.margin import log_odds_gap

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit
    from calibra.data.counting.judgments import Judgments

type Floats = NDArray[np.float64]

_PRIOR_COUNT = 0.5
"""Added to each rank's count: Jeffreys' prior of shares."""
_SEED = 20_260_930
HALF = 0.5
"""Part of a gap in outcomes that leniency has to explain to be called its reason."""


class Parts(NamedTuple):
    """Of a daily share of the best rank less that of the pool: what is the bar's and what is the territory's."""

    pool: Floats
    """Mean of the rep's own prospects, in standard deviations of the common pool."""
    daily: Floats
    """Share of the best rank in daily work."""
    neutral: Floats
    """What the others would give in this territory."""
    common: Floats
    """What the others give on the common pool."""


def split_share(better: Floats, bars: Floats, others: Floats) -> Parts:
    """Part a daily share into bar and territory; arrays (…, rank but the last) of shares of a rank or better, and bars.

    The share of a rank or better in a territory of mean m is Φ(m − bar): each rank tells an m, their median is taken.
    """
    pool = np.median(ndtri(better) + bars, axis=-1)
    return Parts(pool, better[..., 0], ndtr(pool - others[..., 0]), ndtr(-others[..., 0]))


def daily_parts(
    reps: Sequence[str], bars: Floats, judgments: Judgments, *, fewest: int
) -> tuple[NDArray[np.intp], Floats, Parts]:
    """Places among those who rated of reps with judgments, how many they have, and their parts (draw, rep)."""
    counts = judgments.duration_counts()
    table = np.zeros((len(counts.reps), len(judgments.scale.ranks)))
    np.add.at(table, (counts.rep, counts.rank), counts.n)
    known = {rep: table[i] for i, rep in enumerate(counts.reps) if table[i].sum() >= fewest}
    rows = np.array([i for i, rep in enumerate(reps) if rep in known], dtype=np.intp)
    own = np.array([known[reps[i]] for i in rows]).reshape(len(rows), table.shape[1])
    rng = np.random.default_rng(_SEED)
    shares = rng.standard_gamma(own + _PRIOR_COUNT, (len(bars), *own.shape))
    better = np.cumsum(shares / shares.sum(axis=-1, keepdims=True), axis=-1)[..., :-1]
    total = bars.sum(axis=1, keepdims=True)
    others = (total - bars) / (bars.shape[1] - 1)
    return rows, own.sum(axis=1), split_share(better, bars[:, rows], others[:, rows])


def daily_columns(
    reps: Sequence[str], bars: Floats, judgments: Judgments, *, fewest: int, interval_prob: float
) -> dict[str, Any]:
    """Columns of `JointRatingFit.territories`, which says what they mean."""
    rows, n, parts = daily_parts(reps, bars, judgments, fewest=fewest)
    leniency, territory = parts.daily - parts.neutral, parts.neutral - parts.common
    columns: dict[str, Any] = {"rep": np.array([reps[i] for i in rows], dtype=object)}
    columns |= flat_columns("pool", equal_tailed(parts.pool, interval_prob=interval_prob))
    columns |= {f"share_{name}": getattr(parts, name).mean(axis=0) for name in ("daily", "neutral")}
    columns["share_pool"] = parts.common.mean(axis=0)
    for name, part in (("part_leniency", leniency), ("part_territory", territory)):
        columns |= flat_columns(name, equal_tailed(100.0 * part, interval_prob=interval_prob))
    columns["prob_leniency"] = (np.abs(leniency) > np.abs(territory)).mean(axis=0)
    return columns | {"n": n.astype(int)}


def explain_outcomes(
    rated_by: Sequence[str], bars: Floats, ranks: RankFit, margin: float
) -> dict[str, dict[str, float]]:
    """How much of the gap between a rep's outcomes and the others' at the same rank would the rep's leniency make?

    A rep who is more lenient by δ, in standard deviations of a reading of the pool, gives every rank to prospects that
    much worse; outcomes rise with the reading by λ, the slope of the ranks' log-odds over their mean normal scores.
    Gaps are of the probability at all reps' mix of ranks.
    Per rep the probability that outcomes lie `below` or `above` the others' by more than the margin (log-odds), and
    that leniency makes half of the gap or more (`bar_…`), or less (`not_bar_…`).
    """
    place = {rep: i for i, rep in enumerate(ranks.reps)}
    reps = [rep for rep in rated_by if rep in place]
    n = min(len(bars), ranks.posterior.n_draws)
    if len(reps) < 3:
        return {}
    draws = np.concatenate([prob[:n] for _, prob in ranks.in_chunks(case_mix="all reps")], axis=1)
    prob, mix = draws[:, [place[rep] for rep in reps]], ranks.rank_mix
    others = (prob.sum(axis=1, keepdims=True) - prob) / (len(reps) - 1)
    own_bars = -bars[:n, [rated_by.index(rep) for rep in reps], 0]
    lenient = own_bars - (own_bars.sum(axis=1, keepdims=True) - own_bars) / (len(reps) - 1)
    slope = _slope(log_odds(prob).mean(axis=1), mix)
    as_lenient = expit(log_odds(others) - (slope[:, None] * lenient)[:, :, None])
    gap, made = (prob - others) @ mix, (as_lenient - others) @ mix
    off = log_odds_gap(prob @ mix, others @ mix)
    explains = np.where(gap < 0, made < HALF * gap, made > HALF * gap)
    found: dict[str, Floats] = {}
    for side, beyond in (("below", off < -margin), ("above", off > margin)):
        found |= {f"bar_{side}": (beyond & explains).mean(axis=0)}
        found |= {f"not_bar_{side}": (beyond & ~explains).mean(axis=0)}
    return {rep: {name: float(prob[i]) for name, prob in found.items()} for i, rep in enumerate(reps)}


def _slope(chances: Floats, mix: Floats) -> Floats:
    """Slope of log-odds (draw, rank) over the mean normal scores of the ranks, weighted by the mix, (draw,)."""
    edges = np.clip(np.concatenate([[0.0], np.cumsum(mix)]), 0.0, 1.0)
    density = np.exp(-0.5 * ndtri(edges) ** 2) / np.sqrt(2.0 * np.pi)
    score = (density[1:] - density[:-1]) / np.maximum(mix, 1e-12)
    score = score - (score * mix).sum()
    return np.asarray((chances * (score * mix)).sum(axis=1) / max(float((score**2 * mix).sum()), 1e-12))
