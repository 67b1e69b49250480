"""A confidence band for a smooth calibration curve: a line on the log-odds and a spline about it, by empirical Bayes.

For many distinct forecasts: a band guaranteed for every rising curve is much wider than a smooth one needs.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit, ndtr

from calibra.stats.forecasts.cells import Floats, ForecastCells
from calibra.stats.forecasts.isotonic import coarsen

MAX_BINS = 120
"""The spline is fitted on about this many cells; neighbouring forecasts share one where there are more."""

CLIP = 1e-4
"""Forecasts are read no closer to 0 and 1 than this on the log-odds."""

N_BENDS = 12
"""Leading directions of the spline's kernel; what is left out is rougher than the forecasts can show."""

BEND_SDS = np.concatenate([[1e-3], np.geomspace(0.05, 3.0, 12)])
"""Standard deviations of the bend on the log-odds that the band averages over."""

BEND_SCALE = 1.0
"""Prior of that standard deviation: half-normal."""

LINE_SDS = (5.0, 2.5)
"""Prior of the line: level at the mean forecast round the mean rate, slope round 1."""

NEWTON_STEPS = 40


class _Basis(NamedTuple):
    centre: float
    scale: float
    knots: Floats
    directions: Floats


def smooth_ends(cells: ForecastCells, grid: Floats, *, interval_prob: float) -> tuple[Floats, Floats]:
    r"""Where may a smooth true curve be, point by point?

    .. math:: \operatorname{logit} c(p) = a + b x + f(x), \qquad x = \operatorname{logit} p,

    with f a cubic smoothing spline (a Gaussian process with the kernel of integrated Brownian motion, its line taken
    out, scaled so that its mean variance over the forecasts is τ²). Given τ the posterior is normal at its mode
    (Laplace); the band holds the stated share of the mixture over a grid of τ, weighted by marginal likelihood and a
    half-normal prior. Such bands hold a smooth curve about as often as they say, on average along it (Nychka 1988).
    They promise nothing where the curve jumps. Where no event or nothing but events came, nothing tells the slope, and
    the band is wide at forecasts far from the mean one.

    References
    ----------
    Nychka (1988), Bayesian confidence intervals for smoothing splines, JASA 83, 1134–1143.
    https://doi.org/10.1080/01621459.1988.10478711
    Wood (2017), Generalized Additive Models, second edition, chapter 6.10.
    """
    merged = coarsen(cells, max_cells=MAX_BINS)
    count = merged.effective_n
    events = merged.rate * count
    basis = _make_basis(merged.prob, count)
    design, at = _columns(basis, merged.prob), _columns(basis, grid)
    base_rate = (events.sum() + 0.5) / (count.sum() + 1.0)
    prior_mean = np.zeros(design.shape[1])
    prior_mean[:2] = logit(base_rate), basis.scale
    means, sds, log_weights = [], [], []
    for bend_sd in BEND_SDS:
        prior_sd = np.full(design.shape[1], bend_sd)
        prior_sd[:2] = LINE_SDS[0], LINE_SDS[1] * basis.scale
        mode, root, log_marginal = _laplace(design, events, count, prior_mean, prior_sd)
        means.append(at @ mode)
        sds.append(np.sqrt((np.linalg.solve(root, at.T) ** 2).sum(axis=0)))
        log_weights.append(log_marginal - bend_sd**2 / (2.0 * BEND_SCALE**2))
    weights = np.exp(np.array(log_weights) - max(log_weights)) * np.append(BEND_SDS[1], np.diff(BEND_SDS))
    weights /= weights.sum()
    tail = (1.0 - interval_prob) / 2.0
    lower, upper = (_mixture_quantile(level, np.array(means), np.array(sds), weights) for level in (tail, 1.0 - tail))
    return expit(lower), expit(upper)


def _make_basis(prob: Floats, count: Floats) -> _Basis:
    """Centre and scale of the log-odds, and the leading directions of the spline once its line is taken out."""
    x = _log_odds(prob)
    centre = float(np.average(x, weights=count))
    scale = max(float(np.sqrt(np.average((x - centre) ** 2, weights=count))), 1e-3)
    knots = (x - centre) / scale
    share = np.sqrt(count / count.sum())
    line = np.column_stack([np.ones(knots.size), knots]) * share[:, None]
    orthogonal, _ = np.linalg.qr(line)
    kernel = _kernel(knots, knots) * np.outer(share, share)
    kernel -= orthogonal @ (orthogonal.T @ kernel)
    kernel -= (kernel @ orthogonal) @ orthogonal.T
    values, vectors = np.linalg.eigh((kernel + kernel.T) / 2.0)
    kept = np.flatnonzero(values > 1e-9 * max(values[-1], 1e-12))[-N_BENDS:]
    if kept.size == 0:
        return _Basis(centre, scale, knots, np.zeros((knots.size, 0)))
    scaled = vectors[:, kept] / np.sqrt(values[kept]) / np.sqrt(values[kept].sum())
    projected = scaled - orthogonal @ (orthogonal.T @ scaled)
    return _Basis(centre, scale, knots, projected * share[:, None])


def _columns(basis: _Basis, prob: Floats) -> Floats:
    """Ones, standardised log-odds and bends; the bends' part along the line is the line's to fit."""
    x = (_log_odds(prob) - basis.centre) / basis.scale
    bends = _kernel(x, basis.knots) @ basis.directions
    return np.column_stack([np.ones(x.size), x, bends])


def _kernel(left: Floats, right: Floats) -> Floats:
    """|s − t|³/12: with a line taken out it is the covariance of the cubic smoothing spline."""
    return np.abs(left[:, None] - right[None, :]) ** 3 / 12.0


def _log_odds(prob: Floats) -> Floats:
    return np.asarray(logit(np.clip(prob, CLIP, 1.0 - CLIP)))


def _laplace(
    design: Floats, events: Floats, count: Floats, prior_mean: Floats, prior_sd: Floats
) -> tuple[Floats, Floats, float]:
    """Mode, Cholesky root of the curvature there, log marginal likelihood: binomial outcomes, normal prior."""
    at, precision = prior_mean.copy(), 1.0 / prior_sd**2
    for _ in range(NEWTON_STEPS):
        chance = expit(design @ at)
        curvature = (design * (count * chance * (1.0 - chance))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(curvature, design.T @ (events - count * chance) - precision * (at - prior_mean))
        at = at + step / max(1.0, float(np.abs(design @ step).max()) / 2.0)  # never more than 2 on the log-odds at once
        if np.abs(step).max() < 1e-9:
            break
    root = np.linalg.cholesky(curvature)
    linpred = design @ at
    fit = (events * linpred - count * np.logaddexp(0.0, linpred)).sum() - 0.5 * (
        precision * (at - prior_mean) ** 2
    ).sum()
    return at, root, float(fit - np.log(prior_sd).sum() - np.log(np.diag(root)).sum())


def _mixture_quantile(level: float, means: Floats, sds: Floats, weights: Floats) -> Floats:
    """Per column the value below which the mixture of normals holds `level`, by bisection."""
    low, high = (means - 8.0 * sds).min(axis=0), (means + 8.0 * sds).max(axis=0)
    for _ in range(50):
        middle = (low + high) / 2.0
        under = weights @ ndtr((middle - means) / sds) < level
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return (low + high) / 2.0
