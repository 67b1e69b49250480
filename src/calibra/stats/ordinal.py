"""Ranks read off a normal reading at decreasing cutpoints: log-probabilities, and derivatives in the edges.

A reading x ~ N(location, 1) gets the best rank above the first cutpoint, the next above the second, and so on. Ranks or
boundaries come first, then whatever dimensions there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from calibra.stats.detection.curve import log_normal_between, log_normal_density, rank_edges

type Floats = NDArray[np.float64]

_DELICATE = 1e-5  # a rank this rare is computed on the logarithmic scale


def log_rank_probs(cuts: Floats, mean: Floats) -> Floats:
    """Log probability of each rank (K, …), best first, for x ~ N(mean, 1) cut at decreasing `cuts` (K − 1, …).

    `cuts` and `mean` broadcast beyond the boundaries.
    """
    edges = cuts - mean
    if edges.shape[0] == 0:
        return np.zeros((1, *edges.shape[1:]))
    tail, positive = ndtr(-np.abs(edges)), edges > 0.0
    prob = np.empty((edges.shape[0] + 1, *edges.shape[1:]))
    prob[0] = np.where(positive[0], tail[0], 1.0 - tail[0])
    prob[-1] = np.where(positive[-1], 1.0 - tail[-1], tail[-1])
    straddles = positive[:-1] & ~positive[1:]
    prob[1:-1] = np.where(straddles, 1.0 - tail[:-1] - tail[1:], np.abs(tail[:-1] - tail[1:]))
    log_prob = np.log(prob)
    delicate = prob < _DELICATE  # far tails, and narrow ranks whose difference has lost digits
    if delicate.any():
        cuts = np.broadcast_to(cuts, edges.shape)
        lower, upper = (np.moveaxis(ends, -1, 0)[delicate] for ends in rank_edges(np.moveaxis(cuts, 0, -1)))
        log_prob[delicate] = log_normal_between(lower, upper, mean=np.broadcast_to(mean, prob.shape)[delicate])
    return log_prob


def log_prob_between(lower: Floats, upper: Floats) -> Floats:
    """log P(lower < x < upper) for x ~ N(0, 1), as fast as it goes: exact digits only where it is rare."""
    mirrored = lower + upper > 0.0  # both ends are read in the half where the tail is small
    prob = ndtr(np.where(mirrored, -lower, upper))
    prob -= ndtr(np.where(mirrored, -upper, lower))
    delicate = prob < _DELICATE
    with np.errstate(divide="ignore"):
        log_prob = np.log(prob, out=prob)
    if delicate.any():
        log_prob[delicate] = log_normal_between(lower[delicate], upper[delicate])
    return log_prob


def edge_derivatives(edges: Floats, counts: Floats, log_prob: Floats) -> tuple[Floats, Floats, Floats]:
    """Derivatives of Σ_k counts_k log[Φ(edge_{k−1}) − Φ(edge_k)] in the edges: gradient, and Hessian as two diagonals.

    With h = φ(upper)/P and l = φ(lower)/P of a rank: ∂ = (h, −l); ∂² = −upper·h − h², lower·l − l², cross h·l.
    """
    log_density = log_normal_density(edges)
    better, worse = counts[:-1], counts[1:]
    lower_ratio = _density_ratio(log_density, log_prob[:-1], better)  # edge k bounds rank k from below
    upper_ratio = _density_ratio(log_density, log_prob[1:], worse)  # and rank k + 1 from above
    gradient = worse * upper_ratio - better * lower_ratio
    diagonal = better * lower_ratio * (edges - lower_ratio) - worse * upper_ratio * (edges + upper_ratio)
    return gradient, diagonal, counts[1:-1] * upper_ratio[:-1] * lower_ratio[1:]


def _density_ratio(log_density: Floats, log_prob: Floats, counts: Floats) -> Floats:
    seen = counts > 0
    return np.exp(np.where(seen, log_density - np.where(seen, log_prob, 0.0), -np.inf))
