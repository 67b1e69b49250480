"""Proposals that follow a funnel: scales first, then the coefficients given each draw's own scales.

Where few groups share a learned scale, or few reps carry a large one, the coefficients' spread changes with the
scales and no one ellipsoid fits. Given the scales the coefficients are nearly Gaussian, so each draw gets a t of its
own: its mean by Newton steps on the Laplace marginal, its shape the marginal information there (as integrated nested
Laplace approximations do on their grid).
"""

from math import lgamma, log, pi
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from calibra.inference.blocks import ROUGHLY_SETTLED, Blocks, Modes, find_modes
from calibra.inference.marginal import Marginal, in_chunks

type Floats = NDArray[np.float64]

COEFFICIENT_TAIL_DF = 12.0
"""Degrees of freedom of the coefficients' t."""
_NEWTON_STEPS = 3
_LONGEST_MOVE = 2.0


@runtime_checkable
class KnowsCoefficients(Protocol):
    """Blocks that can say how much the data know of the coefficients at given scales."""

    def coefficient_information(self, phi: Floats, modes: Modes) -> Floats:
        """(draw, p, p)."""
        ...

    def at_scales(self, phi: Floats, scales: Floats) -> Floats:
        """(d,) and (draw, m) → (draw, d)."""
        ...


class Coefficients:
    """A t for the coefficients at every vector of scales: a function of the scales alone, so its density is known.

    Parameters
    ----------
    marginal
        The target.
    mode
        φ to start every Newton search from, (d,).
    """

    def __init__(self, marginal: Marginal, mode: Floats) -> None:
        self.marginal, self.mode = marginal, mode
        self.p = marginal.blocks.n_outer - marginal.blocks.n_scales

    def sample(self, rng: np.random.Generator, scales: Floats) -> tuple[Floats, Floats]:
        """One φ per vector of scales, (n, d), and the log-density of its coefficients given its scales, (n,)."""
        n, p, df = len(scales), self.p, COEFFICIENT_TAIL_DF
        radius = np.sqrt(df / (2.0 * rng.standard_gamma(df / 2.0, (n, 1))))
        standard = rng.standard_normal((n, p)) * radius
        blocks: Blocks = self.marginal.blocks
        parts = in_chunks(lambda chunk, _: self._locate(chunk), scales, blocks.n_reps * blocks.n_cells * 4)
        centre = np.concatenate([part[0] for part in parts])
        root = np.concatenate([part[1] for part in parts])
        phi = np.concatenate(
            [centre + np.linalg.solve(root.transpose(0, 2, 1), standard[:, :, None])[:, :, 0], scales], axis=1
        )
        constant = lgamma((df + p) / 2.0) - lgamma(df / 2.0) - 0.5 * p * log(df * pi)
        log_density = constant - 0.5 * (df + p) * np.log1p((standard**2).sum(axis=1) / df)
        return phi, log_density + np.log(np.einsum("nii->ni", root)).sum(axis=1)

    def _locate(self, scales: Floats) -> tuple[Floats, Floats]:
        """Centre (n, p) of the coefficients at each vector of scales, and the Cholesky factor of their precision."""
        blocks = self.marginal.blocks
        if not isinstance(blocks, KnowsCoefficients):
            raise TypeError("these blocks do not know their coefficients' information")
        phi = blocks.at_scales(self.mode, scales)
        root = np.empty((len(scales), self.p, self.p))
        for step in range(_NEWTON_STEPS + 1):
            modes = find_modes(blocks, phi, self.marginal.likely_modes(phi), settled=ROUGHLY_SETTLED)
            root = np.linalg.cholesky(blocks.coefficient_information(phi, modes) + self._prior_precision(phi))
            if step == _NEWTON_STEPS:
                break
            gradient = blocks.marginal_gradient(modes.context, modes.u, phi, modes.chol)
            slope = blocks.log_prior(phi)[1] + (0.0 if gradient is None else gradient)
            move = np.linalg.solve(root.transpose(0, 2, 1), np.linalg.solve(root, slope[:, : self.p, None]))[:, :, 0]
            longest = np.abs(move).max(axis=1, keepdims=True, initial=1e-300)
            phi[:, : self.p] += move * np.minimum(1.0, _LONGEST_MOVE / longest)
        return phi[:, : self.p], root

    def _prior_precision(self, phi: Floats) -> Floats:
        """Diagonal prior precision of the coefficients, from two slopes of the log-prior; a ridge for flat ones."""
        shifted = phi.copy()
        shifted[:, : self.p] += 1.0
        fall = self.marginal.blocks.log_prior(phi)[1] - self.marginal.blocks.log_prior(shifted)[1]
        return np.asarray(np.eye(self.p) * (fall[:, : self.p] + 1e-8)[:, :, None])
