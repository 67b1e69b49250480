"""The inner half of the nested-Laplace engine: each rep's block by Newton, with its importance correction."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from calibra.inference.declare.priors import OuterPrior
from calibra.inference.laplace.block_prior import BlockPrior
from calibra.inference.laplace.small_linalg import cholesky, solve_lower, solve_upper

type Floats = NDArray[np.float64]

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
    context, prior, centre, _ = proposals
    gradient, information = blocks.gradient_hessian(context, centre)
    chol = cholesky(information, prior)  # beside the mode one side would seem endless: one step more towards it
    step = solve_upper(chol, solve_lower(chol, gradient - prior.pull(centre)))
    centre = centre + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
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
