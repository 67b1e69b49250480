"""What the models share when they read a posterior: means over reps, and concordance."""

import numpy as np
from numpy.typing import NDArray

from calibra.words import ALL_REPS as ALL_REPS

type Floats = NDArray[np.float64]

WITHIN_REPS = "(within reps)"
"""Label of the row that compares ranks at the same reps."""


def team_label(team: str) -> str:
    """Label of a team's row among the reps'."""
    return f"(team {team})"


def logistic(linpred: Floats) -> Floats:
    """Probability of a log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-linpred)))


def log_odds(prob: Floats) -> Floats:
    """Log-odds of a probability, held where floats still tell it from 0 and 1."""
    held = np.clip(prob, 1e-300, 1.0 - 2.0**-53)
    return np.asarray(np.log(held) - np.log1p(-held))


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
