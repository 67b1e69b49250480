"""The likelihood of a rep's rank × outcome counts under signal detection, with gradient and Hessian.

Parameters u = (a, d, w_1 … w_{K−1}), ranks best first: a = logit φ the base rate, d the discrimination, and w the
orthonormal log-ratios of *nominal* rank shares π = softmax(C w), C from `contrast_basis`. The cutpoints follow as

    c_k = φ d + √(1 + φ(1 − φ) d²) · Φ⁻¹(Σ_{j>k} π_j),

the quantiles of the normal distribution with the mean and variance of the signal. They are ordered for every u, and
in closed form, where solving the mixture for exact shares would need a root within every evaluation. Nominal and
actual shares are equal at d = 0 and part slowly with |d|. Since shares are fixed by how often each rank is used, base
rate by the outcomes and d by the trend of outcomes over ranks, the three blocks are close to orthogonal; a Gaussian
prior on w with one scale treats all ranks alike and is a logistic-normal stand-in for a Dirichlet on the shares.

With every array one may put any leading dimensions (outer draws, reps): all of them are evaluated at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit, logit, ndtri, softmax

from calibra.errors import InputError
from calibra.stats.detection.curve import Floats, check_pool, log_normal_between, log_normal_density, rank_edges
from calibra.stats.ordinal import edge_derivatives, log_rank_probs

_CHUNK = 2048  # blocks evaluated at once: their arrays stay in the processor's cache


class LogLik(NamedTuple):
    """Log-likelihood of blocks with derivatives in u, P = K + 1 parameters."""

    value: Floats
    """Log-likelihood, shape (...), multinomial constants left out; −inf where an observed cell has probability 0."""
    gradient: Floats
    """Shape (..., P)."""
    hessian: Floats
    """Shape (..., P, P)."""
    concave: Floats
    """The Hessian without the curvature of u ↦ (a, d, c): negative semi-definite, for steps far from the mode."""


def contrast_basis(n_ranks: int) -> Floats:
    """Orthonormal basis C of the log-ratios of K shares, shape (K, K − 1): its columns sum to zero (Helmert)."""
    basis = np.zeros((n_ranks, n_ranks - 1))
    for column in range(n_ranks - 1):
        size = column + 1.0
        basis[: column + 1, column] = 1.0 / size
        basis[column + 1, column] = -1.0
        basis[:, column] *= np.sqrt(size / (size + 1.0))
    return basis


def cutpoints_of(params: ArrayLike) -> Floats:
    """Cutpoints c of parameters u, shape (..., K − 1), decreasing."""
    u = np.asarray(params, dtype=float)
    return np.moveaxis(_cut_map(np.moveaxis(u, -1, 0)).cuts, 0, -1)


def params_of(cutpoints: ArrayLike, *, base_rate: ArrayLike, discrimination: ArrayLike) -> Floats:
    """Parameters u of a base rate, a discrimination and decreasing cutpoints: the inverse of `cutpoints_of`."""
    phi, d = check_pool(base_rate, discrimination)
    mean, spread = _signal_moments(phi, d)
    quantiles = (np.asarray(cutpoints, dtype=float) - mean[..., None]) / spread[..., None]
    log_shares = log_normal_between(*rank_edges(quantiles))
    return _join(logit(phi), d, log_shares)


def params_of_shares(shares: ArrayLike, *, base_rate: ArrayLike, discrimination: ArrayLike) -> Floats:
    """Parameters u of a base rate, a discrimination and nominal rank shares (..., K), best first and positive."""
    phi, d = check_pool(base_rate, discrimination)
    nominal = np.asarray(shares, dtype=float)
    if not (nominal > 0.0).all():
        raise InputError(f"`shares` must be positive; got {nominal[~(nominal > 0.0)][:3].tolist()}.")
    return _join(logit(phi), d, np.log(nominal))


def detection_log_lik(params: ArrayLike, n: ArrayLike, events: ArrayLike) -> LogLik:
    """How well do these parameters explain the counts? Log-likelihood with exact gradient and Hessian.

    ℓ(u) = Σ_k y_k log P(k, event) + (n_k − y_k) log P(k, none), the cells as in `detection.cell_probabilities`.
    In (a, d, c) it is concave (an ordered probit of the rank on the outcome); the chain rule does the rest.
    Nothing is checked: counts are trusted to satisfy 0 ≤ y_k ≤ n_k. Far from the mode a full Newton step may overshoot
    to where an observed cell has probability 0 (value −inf, derivatives NaN): halve the step there.

    Parameters
    ----------
    params : array of float, shape (..., K + 1)
        u = (logit base rate, d, w), see the head of this module.
    n, events : array of float, shape (..., K)
        Judgments and events per rank, best first.

    Returns
    -------
    LogLik
        Value, gradient, Hessian and its concave part.

    References
    ----------
    DeCarlo, L. T. (1998). Signal detection theory and generalized linear models. Psychological Methods 3.
    """
    leading, u, n_, y = _parameters_first(params, n, events)
    size, n_blocks = u.shape
    value, gradient = np.empty(n_blocks), np.empty((size, n_blocks))
    hessian, concave = np.empty((size, size, n_blocks)), np.empty((size, size, n_blocks))
    for start in range(0, n_blocks, _CHUNK):
        part = slice(start, start + _CHUNK)
        with np.errstate(all="ignore"):  # where the value is −inf the derivatives are no numbers
            value[part], gradient[:, part], hessian[..., part], concave[..., part] = _evaluate(
                u[:, part], n_[:, part], y[:, part]
            )
    square = (*leading, size, size)
    return LogLik(
        value.reshape(leading),
        np.ascontiguousarray(gradient.T).reshape(*leading, size),
        np.ascontiguousarray(np.moveaxis(hessian, -1, 0)).reshape(square),
        np.ascontiguousarray(np.moveaxis(concave, -1, 0)).reshape(square),
    )


def detection_log_lik_value(params: ArrayLike, n: ArrayLike, events: ArrayLike) -> Floats:
    """The value of `detection_log_lik` alone, for line searches and importance weights."""
    leading, u, n_, y = _parameters_first(params, n, events)
    with np.errstate(all="ignore"):
        cuts = _cut_map(u).cuts
        return _value(u[0], log_rank_probs(cuts, 0.0 * u[1]), log_rank_probs(cuts, u[1]), n_, y).reshape(leading)


# Below, parameters, boundaries and ranks come first and blocks (B, all leading dimensions in one) last.


class _CutMap(NamedTuple):
    """Cutpoints with what their derivatives need."""

    cuts: Floats
    phi: Floats
    spread: Floats
    shares: Floats
    below: Floats
    above: Floats
    quantiles: Floats


def _parameters_first(
    params: ArrayLike, n: ArrayLike, events: ArrayLike
) -> tuple[tuple[int, ...], Floats, Floats, Floats]:
    arrays = [np.asarray(values, dtype=float) for values in (params, n, events)]
    leading = np.broadcast_shapes(*(values.shape[:-1] for values in arrays))
    flat = [np.broadcast_to(values, (*leading, values.shape[-1])).reshape(-1, values.shape[-1]).T for values in arrays]
    u, n_, y = (np.ascontiguousarray(values) for values in flat)
    return leading, u, n_, y


def _join(a: Floats, d: Floats, log_shares: Floats) -> Floats:
    ratios = log_shares @ contrast_basis(log_shares.shape[-1])
    leading = np.broadcast_shapes(a.shape, d.shape, ratios.shape[:-1])
    scalars = [np.broadcast_to(part, leading)[..., None] for part in (a, d)]
    return np.concatenate([*scalars, np.broadcast_to(ratios, (*leading, ratios.shape[-1]))], axis=-1)


def _signal_moments(phi: Floats, d: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the signal over all prospects."""
    return np.asarray(phi * d), np.sqrt(1.0 + phi * (1.0 - phi) * d * d)


def _cut_map(u: Floats) -> _CutMap:
    """Cutpoints of parameters; the share on each side of a boundary is summed from its own end."""
    phi = np.asarray(expit(u[0]))
    mean, spread = _signal_moments(phi, u[1])
    shares = np.asarray(softmax(np.tensordot(contrast_basis(u.shape[0] - 1), u[2:], axes=1), axis=0))
    above, below = np.cumsum(shares, axis=0)[:-1], np.cumsum(shares[::-1], axis=0)[::-1][1:]
    in_lower_half = below < above
    smaller = np.asarray(ndtri(np.where(in_lower_half, below, above)), dtype=float)
    quantiles = np.where(in_lower_half, smaller, -smaller)
    return _CutMap(mean + spread * quantiles, phi, spread, shares, below, above, quantiles)


def _evaluate(u: Floats, n: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Value, gradient, Hessian and concave part for blocks in one chunk."""
    d, cut_map = u[1], _cut_map(u)
    shifted = cut_map.cuts - d
    log_none, log_event = log_rank_probs(cut_map.cuts, 0.0 * d), log_rank_probs(cut_map.cuts, d)
    value = _value(u[0], log_none, log_event, n, y)
    none_slope, none_diagonal, none_beside = edge_derivatives(cut_map.cuts, n - y, log_none)
    slope, diagonal, beside = edge_derivatives(shifted, y, log_event)
    # an event's edges are c − d: the derivative in d of each is that in c, less one in the direction of d
    by_cut, to_quantile = _cut_jacobian(u, cut_map)
    by_event = by_cut.copy()
    by_event[:, 1] -= 1.0
    gradient = (none_slope[:, None] * by_cut).sum(axis=0) + (slope[:, None] * by_event).sum(axis=0)
    concave = _sandwich(by_cut, none_diagonal, none_beside) + _sandwich(by_event, diagonal, beside)
    total = n.sum(axis=0)
    gradient[0] += y.sum(axis=0) - total * cut_map.phi
    concave[0, 0] -= total * cut_map.phi * (1.0 - cut_map.phi)
    return value, gradient, concave + _bending(u, cut_map, none_slope + slope, to_quantile), concave


def _value(a: Floats, log_none: Floats, log_event: Floats, n: Floats, y: Floats) -> Floats:
    none = n - y
    with np.errstate(invalid="ignore"):  # 0 · −inf: an empty cell nobody could fall into
        by_rank = np.where(y > 0, y * log_event, 0.0) + np.where(none > 0, none * log_none, 0.0)
    outcome = y.sum(axis=0) * log_expit(a) + none.sum(axis=0) * log_expit(-a)
    return np.asarray(by_rank.sum(axis=0) + outcome)


def _cut_jacobian(u: Floats, cut_map: _CutMap) -> tuple[Floats, Floats]:
    """∂c/∂u (K − 1, K + 1, B), and ∂t/∂w (K − 1, K − 1, B): ∂t_k/∂z_j = π_j (1[j > k] − below_k)/φ(t_k), z = C w."""
    d, phi, spread, quantiles = u[1], cut_map.phi, cut_map.spread, cut_map.quantiles
    n_ranks = cut_map.shares.shape[0]
    behind = (np.arange(n_ranks) > np.arange(n_ranks - 1)[:, None])[..., None]
    share_left = np.where(behind, cut_map.above[:, None], -cut_map.below[:, None])
    by_share = share_left * cut_map.shares / np.exp(log_normal_density(quantiles))[:, None]
    to_quantile = np.matmul(contrast_basis(n_ranks).T, by_share)
    q = phi * (1.0 - phi)
    jacobian = np.empty((n_ranks - 1, *u.shape))
    jacobian[:, 0] = q * d + q * (1.0 - 2.0 * phi) * d * d / (2.0 * spread) * quantiles
    jacobian[:, 1] = phi + q * d / spread * quantiles
    jacobian[:, 2:] = spread * to_quantile
    return jacobian, to_quantile


def _sandwich(jacobian: Floats, diagonal: Floats, beside: Floats) -> Floats:
    """J'HJ for a tridiagonal H given by its diagonal and the one beside it."""
    product = diagonal[:, None] * jacobian
    product[:-1] += beside[:, None] * jacobian[1:]
    product[1:] += beside[:, None] * jacobian[:-1]
    return _pair_sums(jacobian, product)


def _pair_sums(left: Floats, right: Floats) -> Floats:
    """Σ_k left[k, p] right[k, q], shape (P, Q, B)."""
    sums = np.zeros((left.shape[1], *right.shape[1:]))
    for boundary in range(left.shape[0]):
        sums += left[boundary][:, None] * right[boundary]
    return sums


def _bending(u: Floats, cut_map: _CutMap, slope: Floats, to_quantile: Floats) -> Floats:
    """Σ_k g_k ∂²c_k/∂u∂u' for the gradient g in the cutpoints."""
    d, phi, spread, quantiles = u[1], cut_map.phi, cut_map.spread, cut_map.quantiles
    q, tilt = phi * (1.0 - phi), 1.0 - 2.0 * phi
    square_a, square_d = q * tilt * d * d, 2.0 * q * d  # first derivatives of the squared spread
    total, weighted = slope.sum(axis=0), (slope * quantiles).sum(axis=0)

    def spread_second(second: Floats, first: Floats) -> Floats:
        return np.asarray(weighted * (second / (2.0 * spread) - first / (4.0 * spread**3)))

    bend = np.empty((u.shape[0], *u.shape))
    bend[0, 0] = total * q * tilt * d + spread_second(q * (tilt * tilt - 2.0 * q) * d * d, square_a * square_a)
    bend[0, 1] = bend[1, 0] = total * q + spread_second(2.0 * q * tilt * d, square_a * square_d)
    bend[1, 1] = spread_second(2.0 * q, square_d * square_d)
    pulled = (slope[:, None] * to_quantile).sum(axis=0) / (2.0 * spread)
    bend[0, 2:] = bend[2:, 0] = square_a * pulled
    bend[1, 2:] = bend[2:, 1] = square_d * pulled
    bend[2:, 2:] = spread * _quantile_bending(cut_map, slope, to_quantile)
    return bend


def _quantile_bending(cut_map: _CutMap, slope: Floats, to_quantile: Floats) -> Floats:
    """Σ_k g_k ∂²t_k/∂w∂w': t_k t_ki t_kj + L_kij/φ(t_k), L_k the softmax share below boundary k."""
    shares, n_ranks = cut_map.shares, cut_map.shares.shape[0]
    weight = slope / np.exp(log_normal_density(cut_map.quantiles))
    ahead = np.concatenate([np.zeros((1, *weight.shape[1:])), np.cumsum(weight, axis=0)])  # Σ_k<j weight_k
    mean = (weight * cut_map.below).sum(axis=0)
    tilted = shares * (ahead - mean)
    by_share = -(tilted[:, None] * shares + shares[:, None] * tilted)
    index = np.arange(n_ranks)
    by_share[index, index] += tilted
    basis = contrast_basis(n_ranks)
    softmax_part = np.tensordot(basis.T, np.matmul(basis.T, by_share), axes=1)
    return np.asarray(softmax_part + _pair_sums(to_quantile, (slope * cut_map.quantiles)[:, None] * to_quantile))
