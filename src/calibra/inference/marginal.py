"""The outer mode: Laplace's approximation of the log posterior of φ, every rep's block integrated out."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from calibra.errors import FitError
from calibra.inference.blocks import Blocks, Modes, find_modes

type Floats = NDArray[np.float64]

SMALLEST_SCALE = 1e-4
"""Scales are held at or above this in every evaluation; the likelihood no longer sees what is below."""


class Marginal:
    """Laplace's approximation, its exact gradient and its mode."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self._last: Floats = np.zeros((blocks.n_block, 1, 1))

    def laplace(self, phi: Floats) -> tuple[Floats, Floats]:
        """Laplace's approximation and its gradient; (n,) and (n, d)."""
        modes = find_modes(self.blocks, phi, self._last)
        prior, prior_slope = self.blocks.log_prior(phi)
        if len(phi) == 1 and np.isfinite(modes.u).all() and np.isfinite(modes.log_marginal).all():
            self._last = modes.u
        gradient = self.blocks.marginal_gradient(modes.context, modes.u, phi, modes.chol)
        return prior + modes.log_marginal.sum(axis=1), prior_slope + gradient

    def mode(self) -> Floats:
        """Mode of Laplace's approximation, found with its exact gradient."""

        def objective(x: Floats) -> tuple[float, Floats]:
            value, gradient = self.laplace(x[None])
            if not np.isfinite(value[0]):
                return 1e12, np.zeros_like(x)
            return -float(value[0]), -gradient[0]

        blocks = self.blocks
        bounds = [(None, None)] * (blocks.n_outer - blocks.n_scales) + [(10 * SMALLEST_SCALE, None)] * blocks.n_scales
        found = minimize(
            objective, blocks.start(), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 500, "ftol": 1e-6, "gtol": 1e-2},
        )  # fmt: skip
        if found.fun >= 1e12:
            raise FitError("no mode of the posterior was found; look for cells with extreme counts.")
        return np.asarray(found.x, dtype=float)

    def modes_at(self, phi: Floats) -> Modes:
        """Block modes at one φ, (d,)."""
        return find_modes(self.blocks, phi[None], self._last)
