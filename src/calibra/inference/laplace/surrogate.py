"""The posterior with its likelihood made quadratic at one φ: every conditional of it is in closed form.

At a φ̂ near the middle of the posterior each rep's log-likelihood is replaced by a quadratic in the coefficients β and
the block u_r: curvature and slope at the block's mode, the slope tilted by the third derivatives, so that the
quadratic's block mean is the block's first-order mean and its slope in β that of the Laplace marginal. Given scales θ
everything is then Gaussian,

    u_r | β, θ ~ N(H_r⁻¹(l_r − B_r'β), H_r⁻¹),   H_r = A_r + Q(θ),
    β | θ      ~ N(P⁻¹ m, P⁻¹),   P = C − Σ B_r H_r⁻¹ B_r' + prior,   m = c − Σ B_r H_r⁻¹ l_r + prior,

and log p(θ) is known up to a constant. All of it serves for proposals; importance weights make up for what it misses.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.inference.laplace.batches import in_chunks
from calibra.inference.laplace.block_prior import BlockPrior
from calibra.inference.laplace.blocks import (
    BlockProposals,
    Blocks,
    Quadratic,
    as_wide_as_its_longer_side,
    log_prior_of_scales,
)
from calibra.inference.laplace.odd_blocks import OddProposals, mean_normal, of_columns, propose_odd
from calibra.inference.laplace.small_linalg import (
    cholesky,
    inverse,
    log_determinant,
    lower_indices,
    solve_lower,
    solve_upper,
)

type Floats = NDArray[np.float64]

FEW_REPS = 32
"""Up to so many reps the scales may be known so badly that a split t must look far for where their density ends,
and what a block's points miss weighs more."""
_LONGEST_STEP = 3.0
SMALLEST_SCALE = 1e-4
"""Scales are held at or above this in every evaluation; the likelihood no longer sees what is below."""


class GivenScales(NamedTuple):
    """What the quadratic posterior says at a batch of scales θ."""

    mean: Floats
    """Mean of the coefficients as φ holds them, (draw, p)."""
    root: Floats
    """Cholesky factor of their precision, (draw, p, p)."""
    log_density: Floats
    """log p(θ) up to a constant, (draw,)."""


class Surrogate:
    """Conditionals of the quadratic posterior.

    Parameters
    ----------
    blocks
        The declaration.
    quadratic
        Its log-likelihood at one φ.
    phi
        That φ, (d,).
    """

    def __init__(self, blocks: Blocks, quadratic: Quadratic, phi: Floats) -> None:
        self.blocks, self.quadratic, self.phi = blocks, quadratic, phi
        self.few_reps = blocks.n_reps <= FEW_REPS
        self.offset: Floats = np.zeros(blocks.n_outer)
        """What the target was found to add to the log density: slopes in the coefficients, standardised, and scales."""
        self.p = blocks.n_outer - blocks.n_scales
        rounding = 1e-8 + 1e-10 * np.diag(quadratic.c)
        self._prior_precision = np.diag(blocks.prior_sd**-2.0 + rounding)
        self._prior_pull = blocks.prior_mean / blocks.prior_sd**2

    def take(self, reps: NDArray[np.intp]) -> "Surrogate":
        """The blocks of some reps only."""
        whole = self.quadratic
        part = whole._replace(
            a=whole.a[..., reps], b=whole.b[..., reps], by_block=whole.by_block[:, reps], tilt=whole.tilt[:, reps]
        )
        taken = Surrogate(self.blocks.take(reps), part, self.phi)
        taken.few_reps = self.few_reps
        if self.has_odd:  # they hang on all other reps as well
            information, pull = self._of_odd_columns
            taken._of_odd_columns = information[..., reps], pull[..., reps]
        return taken

    def propose_blocks(self, phi: Floats, *, newton: bool = True) -> BlockProposals | OddProposals:
        """The blocks given φ, after a Newton step from the quadratic's on their true log density, tilted.

        What counts of that step is the curvature at φ: with the quadratic's, a block's few points are five times less
        exact.
        """
        prior, beta = self.blocks.block_prior(phi), self.blocks.coefficients(phi)
        local = self._as_normal(prior)
        chol = self._factor(local)
        q, n_reps = self.quadratic.by_block.shape
        pull = -(beta @ self.quadratic.b.reshape(self.p, -1)).reshape(-1, q, n_reps).transpose(1, 0, 2)
        pull += self.quadratic.by_block[:, None]
        context, centre = self.blocks.context(phi), solve_upper(chol, solve_lower(chol, pull))
        if not (newton or prior.odd):
            return BlockProposals(context, prior, centre, chol)
        gradient, information = self.blocks.gradient_hessian(context, centre)
        tilt = self.quadratic.tilt[:, None]
        gradient += tilt
        if prior.odd:
            pull = np.einsum("ij...,j...->i...", information, centre) + gradient
            return propose_odd(self.blocks, context, prior, information, pull, tilt)
        chol = cholesky(information, prior)
        step = solve_upper(chol, solve_lower(chol, gradient - prior.pull(centre)))
        found = BlockProposals(context, prior, centre + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP), chol)
        return as_wide_as_its_longer_side(self.blocks, found) if self.blocks.may_be_skewed else found

    def log_density_of_scales(self, scales: Floats) -> Floats:
        """log p(θ) up to a constant, (draw,), folded: even in each scale."""
        return self.given_scales(positive(scales)).log_density

    def given_scales(self, scales: Floats) -> GivenScales:
        """The coefficients given scales (draw, m), and the density of the scales."""
        each = self.blocks.n_reps * self.blocks.n_block**2
        parts = in_chunks(lambda chunk, _: self._given(chunk), scales, each)
        return GivenScales(*(np.concatenate(values) for values in zip(*parts, strict=True)))

    def _given(self, scales: Floats) -> GivenScales:
        n, p = len(scales), self.p
        phi = np.concatenate([np.zeros((n, p)), scales], axis=1)
        prior = self._as_normal(self.blocks.block_prior(phi))
        chol = self._factor(prior)
        covariance = inverse(chol)[lower_indices(chol.shape[0])]  # (pair, draw, rep)
        # Σ (B, l)_r H_r⁻¹ (B, l)_r' as one product, its lower triangle
        lower = covariance.transpose(1, 0, 2).reshape(n, -1) @ self._products
        crossed = np.empty((n, p + 1, p + 1))
        rows, columns = lower_indices(p + 1)
        crossed[:, rows, columns] = crossed[:, columns, rows] = lower
        precision = self.quadratic.c - crossed[:, :p, :p]
        pull = self.quadratic.by_coefficient - crossed[:, p, :p]
        to_beta = self.blocks.coefficient_map(phi)
        if to_beta is not None:
            back = to_beta.transpose(0, 2, 1)
            precision, pull = back @ precision @ to_beta, (back @ pull[:, :, None])[:, :, 0]
        root = np.linalg.cholesky(precision + self._prior_precision)
        white = np.linalg.solve(root, (pull + self._prior_pull)[:, :, None])
        mean = np.linalg.solve(root.transpose(0, 2, 1), white + self.offset[:p, None])[:, :, 0]
        by_coefficients = 0.5 * (white[:, :, 0] ** 2).sum(axis=1) - np.log(np.einsum("nii->ni", root)).sum(axis=1)
        by_blocks = 0.5 * (crossed[:, p, p] - log_determinant(chol).sum(axis=1))
        by_blocks -= np.broadcast_to(prior.log_root, (n, self.blocks.n_reps)).sum(axis=1)
        by_prior = log_prior_of_scales(self.blocks, scales)
        return GivenScales(mean, root, by_prior + by_coefficients + by_blocks + scales @ self.offset[p:])

    def _as_normal(self, prior: BlockPrior) -> BlockPrior:
        """A prior, or where reps may be odd a normal of each rep's mean precision."""
        return mean_normal(prior, *self._of_odd_columns) if prior.odd else prior

    @cached_property
    def has_odd(self) -> bool:
        """Whether reps may be odd."""
        return self.blocks.block_prior(self.phi[None]).odd is not None

    @cached_property
    def _of_odd_columns(self) -> tuple[Floats, Floats]:
        """The quadratic of the columns in which odd reps differ at the φ it was made at, all else integrated out.

        The coefficients too, as all other reps have them: next to a rep with most of the judgments they may lie where
        that rep is not odd or, more widely, where the others are.
        """
        blocks, whole, phi = self.blocks, self.quadratic, self.phi[None]
        prior, beta, to_beta = blocks.block_prior(phi), blocks.coefficients(phi)[0], blocks.coefficient_map(phi)
        b = whole.b if to_beta is None else np.tensordot(to_beta[0].T, whole.b, axes=1)
        c = whole.c if to_beta is None else to_beta[0].T @ whole.c @ to_beta[0]
        pull = whole.by_block - np.tensordot(beta, whole.b, axes=1)  # at φ's coefficients
        chol = self._factor(mean_normal(prior, *of_columns(prior, whole.a[:, :, None], pull[:, None])))
        white = solve_lower(chol[:, :, None, 0], b.transpose(1, 0, 2))  # (q, p, rep)
        white_pull = solve_lower(chol[:, :, 0], pull)
        by_rep = np.einsum("qpr,qsr->rps", white, white)
        slope_by_rep = np.einsum("qpr,qr->rp", white, white_pull)
        precision = c + self._prior_precision - by_rep.sum(axis=0) + by_rep
        by_coefficient = whole.by_coefficient - whole.c @ beta
        slope = by_coefficient if to_beta is None else to_beta[0].T @ by_coefficient
        slope = slope + self._prior_pull - self._prior_precision @ self.phi[: self.p]
        slope = slope - slope_by_rep.sum(axis=0) + slope_by_rep
        along = np.linalg.solve(precision, np.concatenate([b.transpose(2, 0, 1), slope[:, :, None]], axis=2))
        left = whole.a - np.einsum("pqr,rps->qsr", b, along[:, :, :-1])
        return of_columns(prior, left[:, :, None], (pull - np.einsum("pqr,rp->qr", b, along[:, :, -1]))[:, None])

    @cached_property
    def _products(self) -> Floats:
        return _products(self.quadratic)

    def _factor(self, prior: BlockPrior) -> Floats:
        """Cholesky factors of H under a prior of the blocks; (q, q, draw, rep)."""
        return cholesky(self.quadratic.a[:, :, None], prior)


def positive(scales: Floats) -> Floats:
    """Scales folded at zero."""
    return np.maximum(np.abs(scales), SMALLEST_SCALE)


def _products(quadratic: Quadratic) -> Floats:
    """What blocks' covariances are multiplied by to give Σ (B, l) H⁻¹ (B, l)'.

    Shape (pair of block columns · rep, pair of rows), pairs of lower triangles; a covariance off the diagonal counts
    twice, once each way.
    """
    both = np.concatenate([quadratic.b, quadratic.by_block[None]])  # (p + 1, q, rep)
    i, j = lower_indices(both.shape[1])
    other_way = np.where(i == j, 0.0, 1.0)[:, None]
    rows, columns = lower_indices(len(both))
    products = np.empty((len(i) * both.shape[2], len(rows)))
    for pair, (row, column) in enumerate(zip(rows, columns, strict=True)):
        products[:, pair] = (both[row, i] * both[column, j] + other_way * both[row, j] * both[column, i]).ravel()
    return products
