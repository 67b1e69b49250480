"""The inner half of the nested-Laplace engine: each rep's block by Newton, with its importance correction."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from calibra.inference.declare.priors import OuterPrior
from calibra.inference.laplace.block_prior import BlockPrior
from calibra.inference.laplace.heavy import HeavyProposals
from calibra.inference.laplace.small_linalg import cholesky, log_determinant, solve_lower, solve_upper

type Floats = NDArray[np.float64]

BLOCK_TAIL_DF = 8.0
"""Degrees of freedom of the t proposal of a block: heavier than any block's posterior, whose prior is Gaussian."""
_LONGEST_STEP = 3.0
SETTLED = 1e-5
"""Longest last Newton step of a block mode; convergence is quadratic, so the mode is far nearer than that."""
_DAMP_AFTER = 10
_GIVE_UP_AFTER = 80


class Blocks(Protocol):
    """What a declaration must offer to be fitted by nested Laplace. Layout: (small axis, outer draw, rep)."""

    n_outer: int
    n_scales: int
    n_reps: int
    n_block: int
    n_cells: int
    prior_mean: Floats
    """Of the coefficients as φ holds them, (p,)."""
    prior_sd: Floats
    """The same; infinite under a flat prior."""
    may_be_skewed: bool
    """Whether a block of one column is proposed as wide as its longer side (see `Surrogate.propose_blocks`)."""
    scale_priors: tuple[OuterPrior, ...]
    """Of the scales, and of a correlation after them, (m,)."""

    def start(self) -> Floats:
        """A φ to start from, shape (d,); its last `n_scales` entries are scales, above 0."""
        ...

    def block_prior(self, phi: Floats) -> BlockPrior:
        """Prior of a block, the same for every rep."""
        ...

    def context(self, phi: Floats) -> Floats:
        """Whatever of φ a rep's log-likelihood needs beside u."""
        ...

    def log_likelihood(self, context: Floats, u: Floats) -> Floats:
        """(q, …, draw, rep) → (…, draw, rep)."""
        ...

    def gradient_hessian(self, context: Floats, u: Floats) -> tuple[Floats, Floats]:
        """Gradient (q, draw, rep) and negative Hessian (q, q, draw, rep), positive semi-definite."""
        ...

    def coefficients(self, phi: Floats) -> Floats:
        """β, (draw, p)."""
        ...

    def coefficient_map(self, phi: Floats) -> Floats | None:
        """∂β/∂φ at the scales of φ, (draw, p, p); None where φ holds β itself."""
        ...

    def quadratic(self, modes: "Modes") -> "Quadratic":
        """The log-likelihood as a quadratic around the block modes at one φ."""
        ...

    def take(self, reps: NDArray[np.intp]) -> "Blocks":
        """The same blocks for some reps only."""
        ...


class Modes(NamedTuple):
    """Block modes at a batch of φ."""

    context: Floats
    """Population part at each φ."""
    u: Floats
    """Modes, (q, draw, rep)."""
    chol: Floats
    """Cholesky factor of the negative Hessian of log posterior in u, (q, q, draw, rep)."""
    prior: BlockPrior
    """Of the blocks at each φ."""


class Quadratic(NamedTuple):
    """Σ_r (−½ u'A_r u − β'B_r u + l_r'u) − ½ β'C β + c'β: a log-likelihood made quadratic."""

    a: Floats
    """(q, q, rep)."""
    b: Floats
    """(p, q, rep)."""
    c: Floats
    """(p, p), all reps together."""
    by_block: Floats
    """l, (q, rep)."""
    by_coefficient: Floats
    """c, (p,), all reps together."""
    tilt: Floats
    """What l owes to third derivatives: it moves a block's centre from its mode to its mean, (q, rep)."""


class BlockProposals(NamedTuple):
    """Where to look for the blocks at a batch of φ."""

    context: Floats
    """Population part at each φ."""
    prior: BlockPrior
    """Of the blocks at each φ."""
    centre: Floats
    """Means, (q, draw, rep)."""
    chol: Floats
    """Cholesky factors of the precisions, (q, q, draw, rep)."""


_SIDES = np.array([[-2.0], [2.0]])[:, :, None]  # standard deviations to each side of the mode that are looked at


def as_wide_as_its_longer_side(blocks: Blocks, proposals: BlockProposals) -> BlockProposals:
    """Proposals of blocks of one column with the mean of a split normal, and the spread of its longer side.

    Where all said the best rank of a prospect, the likelihood is flat on one side, and the curvature at the mode says
    nothing of how far the block goes there.
    """
    context, prior, centre, chol = proposals
    sides = np.broadcast_to(1.0 / chol[0], (2, *centre.shape[1:]))

    def log_density(u: Floats) -> Floats:
        value = blocks.log_likelihood(context[:, None], u[None])
        prior.subtract_from(value, u[None])
        return np.asarray(value)

    top = log_density(centre)
    for _ in range(2):  # the second look is as far out as the first found the side to go
        drop = np.maximum(top - log_density(centre + _SIDES * sides), 0.1)
        sides = np.clip(sides * np.sqrt(2.0 / drop), 0.5 / chol[0], 8.0 / chol[0])
    moved = centre + np.sqrt(2.0 / np.pi) * (sides[1] - sides[0])
    return BlockProposals(context, prior, moved, 1.0 / sides.max(axis=0)[None, None])


def log_prior(blocks: Blocks, phi: Floats) -> Floats:
    """Log-prior of φ up to a constant, (draw,)."""
    p = blocks.n_outer - blocks.n_scales
    z = (phi[:, :p] - blocks.prior_mean) / blocks.prior_sd
    return log_prior_of_scales(blocks, phi[:, p:]) - 0.5 * (z * z).sum(axis=1)


def log_prior_of_scales(blocks: Blocks, scales: Floats) -> Floats:
    """Log-prior of scales (draw, m), up to a constant, (draw,)."""
    return sum(
        (prior.log_density(own) for prior, own in zip(blocks.scale_priors, scales.T, strict=True)),
        np.zeros(len(scales)),
    )


def find_modes(blocks: Blocks, phi: Floats, start: Floats) -> Modes:
    """Each rep's posterior mode of u given φ: Newton steps, all reps and draws at once.

    Parameters
    ----------
    phi
        Outer parameters, (draw, d).
    start
        Blocks to start from, broadcastable to (q, draw, rep).
    """
    context, prior = blocks.context(phi), blocks.block_prior(phi)
    shape = (blocks.n_block, len(phi), blocks.n_reps)
    u = np.broadcast_to(start, shape).copy()
    for iteration in range(_GIVE_UP_AFTER):
        gradient, hessian = blocks.gradient_hessian(context, u)
        local = prior.at(u)
        local.add_to(hessian)
        chol = cholesky(hessian)
        step = solve_upper(chol, solve_lower(chol, gradient - local.pull(u)))
        size = np.abs(step).max(axis=0)
        step *= np.minimum(1.0, _LONGEST_STEP / np.maximum(size, 1e-300)) * (0.5 if iteration >= _DAMP_AFTER else 1.0)
        u += step
        if not np.nanmax(size, initial=0.0) > SETTLED:
            break
    return Modes(context, u, chol, prior)


class PointPool:
    """Standard multivariate t points for the blocks' proposals: made once, picked at random.

    Of each point the pool holds the opposite as well: its mean would else be off zero, the same way for every rep.

    Parameters
    ----------
    n_block
        Dimension q of a block.
    weights
        Whether a point has one more coordinate, even on (0, 1), which picks a weight; of the opposite it is the same.
    size
        Number of points in the pool.
    """

    def __init__(self, rng: np.random.Generator, n_block: int, *, weights: bool = False, size: int = 1 << 13) -> None:
        radius = np.sqrt(BLOCK_TAIL_DF / (2.0 * rng.standard_gamma(BLOCK_TAIL_DF / 2.0, size // 2)))
        half = rng.standard_normal((n_block, size // 2)) * radius
        self.points = np.concatenate([half, -half], axis=1)
        self.log_density = -0.5 * (BLOCK_TAIL_DF + n_block) * np.log1p((self.points**2).sum(axis=0) / BLOCK_TAIL_DF)
        self.n_block, self._opposite = n_block, -np.ones(n_block + weights)
        if weights:
            self._opposite[-1] = 1.0
            self.points = np.concatenate([self.points, rng.random((1, size))])

    def pick(self, rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
        """Points (q, *shape) and their log-densities `shape`."""
        index = rng.integers(0, self.points.shape[1], shape)
        return np.take(self.points, index, axis=1), self.log_density[index]

    def pick_pairs(self, rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
        """The same in antithetic pairs, for means; the first axis of `shape` is even and holds them."""
        half = shape[0] // 2
        points, log_density = self.pick(rng, (half, *shape[1:]))
        if len(points) > self.n_block:  # weights are stratified
            points[-1] = (np.arange(half).reshape(-1, *[1] * len(shape[1:])) + rng.random((1, *shape[1:]))) / half
        opposite = points * self._opposite.reshape(-1, *[1] * len(shape))
        return np.concatenate([points, opposite], axis=1), np.concatenate([log_density, log_density])


def block_weights(
    blocks: Blocks, proposals: "BlockProposals | HeavyProposals", points: Floats, log_density: Floats
) -> tuple[Floats, Floats]:
    """Candidates for u and their log importance weights.

    The proposal is a multivariate t; weights are relative to the rep's unnormalised posterior, so the log of their
    mean is the rep's log-marginal, up to one constant for all φ.

    Parameters
    ----------
    points, log_density
        Standard t points, (q, point, draw or 1, rep), and their log-densities.

    Returns
    -------
    Candidates (q, point, draw, rep) and log weights (point, draw, rep).
    """
    if not isinstance(proposals, BlockProposals):
        candidates, log_target = proposals.place(points)
        log_target += blocks.log_likelihood(proposals.context[:, None], candidates)
        proposals.prior.subtract_others_from(log_target, candidates)
        log_target -= log_density
        log_target -= 0.5 * log_determinant(proposals.apart.chol) if proposals.apart.others else 0.0
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
