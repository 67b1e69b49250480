"""Candidates for the blocks and their importance weights, and the logarithm of means of weights."""

import numpy as np
from numpy.typing import NDArray

from calibra.inference.laplace.blocks import BlockProposals, Blocks
from calibra.inference.laplace.odd_blocks import OddProposals
from calibra.inference.laplace.small_linalg import log_determinant, solve_upper

type Floats = NDArray[np.float64]


def block_weights(
    blocks: Blocks, proposals: BlockProposals | OddProposals, points: Floats, log_density: Floats, *, mixed: bool = True
) -> tuple[Floats, Floats]:
    """Candidates for u and their log importance weights.

    The proposal is a multivariate t; weights are relative to the rep's unnormalised posterior, so the log of their
    mean is the rep's log-marginal, up to one constant for all φ.

    Parameters
    ----------
    points, log_density
        Standard t points, (q, point, draw or 1, rep), and their log-densities.
    mixed
        Where reps may be odd: whether weights vary as little as they can, or are found fast.

    Returns
    -------
    Candidates (q, point, draw, rep) and log weights (point, draw, rep).
    """
    if not isinstance(proposals, BlockProposals):
        candidates, log_target = proposals.place(points, log_density, mixed=mixed)
        log_target += blocks.log_likelihood(proposals.context[:, None], candidates)
        proposals.prior.subtract_normal_from(log_target, candidates)
        return candidates, log_target
    context, prior, centre, chol = proposals
    candidates = solve_upper(chol[:, :, None], points)
    candidates += centre[:, None]
    log_target = blocks.log_likelihood(context[:, None], candidates)
    prior.subtract_from(log_target, candidates)
    log_target -= log_density
    log_target -= 0.5 * log_determinant(chol)
    return candidates, log_target


def log_mean_exp(log_weights: Floats, axis: int = 0) -> Floats:
    """Log of the mean of exp(log_weights), safe against overflow."""
    top = log_weights.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(log_weights - top).mean(axis=axis)) + np.squeeze(top, axis=axis)


def log_mean_of_pairs(log_weights: Floats) -> Floats:
    """Log of the mean weight of antithetic pairs, (point, …) → (…), without the logarithm's own bias to first order.

    E log m ≈ log E m − ½ var(m)/m²: little in one block, but it changes with φ, and over hundreds of reps it adds up.
    """
    top, n = log_weights.max(axis=0), len(log_weights) // 2
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = np.exp(log_weights - top)
        pairs = weights[:n] + weights[n:]
        total = pairs.sum(axis=0)
        spread = n * np.einsum("i...,i...->...", pairs, pairs) / total**2 - 1.0  # n var(m)/m² but for n/(n − 1)
        return np.asarray(top + np.log(total / (2 * n)) + spread / (2 * (n - 1)))
