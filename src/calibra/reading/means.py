"""What the models share when they read a posterior: means over reps, concordance, and how much more data it takes."""

import numpy as np
from numpy.typing import NDArray

from calibra.words import ALL_REPS as ALL_REPS

type Floats = NDArray[np.float64]

MOST_SURE = 1.0 - 1e-6
"""Probability beyond which no more judgments are asked for: to be certain takes them all."""
WITHIN_REPS = "(within reps)"
"""Label of the row that compares ranks at the same reps."""


def team_label(team: str) -> str:
    """Label of a team's row among the reps'."""
    return f"(team {team})"


def logistic(linpred: Floats) -> Floats:
    """Probability of a log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-linpred)))


def log_odds(prob: Floats) -> Floats:
    """Log-odds of a probability."""
    return np.log(prob) - np.log1p(-prob)


def mean_over_reps(draws: Floats, n: Floats) -> Floats:
    """Count-weighted mean over reps, per draw: (draw, rep, …) and (rep, …) → (draw, …).

    Where nobody has a count, every rep counts the same.
    """
    return np.asarray(np.einsum("sr...,r...->s...", draws, rep_shares(n)))


def rep_shares(n: Floats) -> Floats:
    """Share of each rep in the counts, (rep, …), summing to one; the same for every rep where nobody has a count."""
    total = n.sum(axis=0)
    return np.where(total > 0, n / np.maximum(total, 1e-300), 1.0 / len(n))


def mean_of_others(draws: Floats, n: Floats, *, least: int) -> Floats:
    """Mean over the other reps with `least` judgments or more, each counted once, per draw: (draw, rep, …) of its kind.

    The yardstick for a rep: whoever writes most does not move it, and nobody is compared with a mean that holds
    themselves. NaN where there are fewer than two such others.
    """
    known = n >= least
    count = known.sum() - known
    own = np.where(known.reshape(-1, *[1] * (draws.ndim - 2)), draws, 0.0)
    total = draws[:, known].sum(axis=1, keepdims=True) - own
    divided = np.where(count > 1, count, np.nan).reshape(-1, *[1] * (draws.ndim - 2))
    return np.asarray(total / divided)


def concordance(prob: Floats, mix: Floats) -> Floats:
    """Probability that of two prospects, one with an event and one without, the one with it stands in the better rank.

    Ties count half. With shares m_k and event probabilities p_k, best rank first:
    Σ_{k<l} m_k p_k m_l (1 − p_l) + ½ Σ_k m_k p_k m_k (1 − p_k), over (Σ m p)(Σ m (1 − p)); ranks along the last axis.
    """
    with_event, without = mix * prob, mix * (1.0 - prob)
    worse = without[..., ::-1].cumsum(axis=-1)[..., ::-1] - 0.5 * without
    pairs = with_event.sum(axis=-1) * without.sum(axis=-1)
    return np.asarray((with_event * worse).sum(axis=-1) / pairs)


def more_judgments_needed(
    gap: Floats, sd: Floats, n: Floats, *, margin: float, prior_sd: float, flag_prob: float
) -> Floats:
    """About how many more judgments until a gap is seen to lie beyond a margin, or within it?

    The posterior precision of the gap is taken to grow linearly in n from the precision of the population,
    1/sd² = 1/prior_sd² + n i, and a verdict to be reached once the distance of the present gap from the margin (at
    least a fifth of the margin: a gap that sits on it would take forever) is z posterior standard deviations: beyond
    the margin z is the normal quantile of `flag_prob`, within it that of the middle `flag_prob`. A rule of thumb for
    planning, rounded up to two digits; at least 5 and a tenth of what is there, for fewer hardly change a posterior.
    """
    from scipy.special import ndtri

    distance = np.maximum(np.abs(np.abs(gap) - margin), 0.2 * margin)
    precision = np.maximum(sd, 1e-12) ** -2.0
    own = np.maximum(precision - prior_sd**-2.0, 0.0) / np.maximum(n, 1.0)
    usual = np.median(own[n > 0]) if np.any(n > 0) else 0.0
    information = np.maximum(np.where(n > 0, own, usual), max(0.2 * float(usual), 1e-12))
    asked = min(flag_prob, MOST_SURE)
    z = np.where(np.abs(gap) > margin, ndtri(asked), ndtri(0.5 + 0.5 * asked))
    more = ((z / distance) ** 2 - precision) / information
    return _round_up(np.maximum(np.maximum(more, 0.1 * n), 5.0))


def _round_up(values: Floats) -> Floats:
    """Up to two significant digits."""
    unit = 10.0 ** np.maximum(np.floor(np.log10(np.maximum(values, 1.0))) - 1.0, 0.0)
    return np.ceil(values / unit) * unit
