"""The outer half's target: log posterior of φ with every rep's block integrated out, in batches and threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from calibra.errors import FitError
from calibra.inference.blocks import ROUGHLY_SETTLED, Blocks, PointPool, block_weights, find_modes, log_mean_exp

type Floats = NDArray[np.float64]

SMALLEST_SCALE = 1e-4
"""Scales are held at or above this in every evaluation; the likelihood no longer sees what is below."""
_DIFFERENCE = 5e-3
_TANGENT_HOLDS = 1.0
_CHUNK_ELEMENTS = 120_000


def in_chunks[T](function: Callable[[Floats, int], T], phi: Floats, elements_each: int) -> list[T]:
    """Apply `function(chunk, index)` over chunks of rows, in threads; chunks do not depend on their number."""
    n = max(1, _CHUNK_ELEMENTS // max(elements_each, 1))
    chunks = [phi[begin : begin + n] for begin in range(0, len(phi), n)]
    workers = min(len(chunks), os.cpu_count() or 1, 8)
    if workers < 2:
        return [function(chunk, index) for index, chunk in enumerate(chunks)]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, chunks, range(len(chunks))))


class Marginal:
    """Log posterior of the outer parameters of a declaration, Laplace's and importance-corrected."""

    def __init__(self, blocks: Blocks, *, n_points: int, rng: np.random.Generator) -> None:
        self.blocks = blocks
        self.begin_scales = blocks.n_outer - blocks.n_scales
        self.modes_at: Floats = np.zeros((blocks.n_block, 1, 1))
        self._slope: Floats | None = None
        self._slope_at = np.zeros(blocks.n_outer)
        self.pool = PointPool(rng, blocks.n_block)
        self.n_points = n_points
        self.points, self.log_density = self.pool.pick(rng, (n_points, 1, blocks.n_reps))

    def positive(self, points: Floats) -> Floats:
        """Points whose last coordinates are the scales, these made positive."""
        safe = points.copy()
        scales = safe[:, points.shape[1] - self.blocks.n_scales :]
        np.maximum(np.abs(scales), SMALLEST_SCALE, out=scales)
        return safe

    def laplace(self, phi: Floats) -> tuple[Floats, Floats]:
        """Laplace's approximation and its gradient; (n,) and (n, d)."""
        blocks = self.blocks
        modes = find_modes(blocks, phi, self.modes_at)
        prior, prior_slope = blocks.log_prior(phi)
        if len(phi) == 1 and np.isfinite(modes.u).all() and np.isfinite(modes.log_marginal).all():
            self.modes_at = modes.u
        gradient = blocks.marginal_gradient(modes.context, modes.u, phi, modes.chol)
        value = prior + modes.log_marginal.sum(axis=1)
        return value, prior_slope + (self._difference_gradient(phi) if gradient is None else gradient)

    def corrected(self, phi: Floats) -> Floats:
        """Laplace's approximation corrected by importance in every block; (n,). Scales may come with any sign."""

        def evaluate(chunk: Floats, _index: int) -> Floats:
            modes = find_modes(self.blocks, chunk, self.likely_modes(chunk), settled=ROUGHLY_SETTLED)
            _, log_weights = block_weights(self.blocks, modes, self.points, self.log_density)
            return self.blocks.log_prior(chunk)[0] + log_mean_exp(log_weights).sum(axis=1)

        each = self.blocks.n_reps * self.blocks.n_cells * self.n_points
        values = np.concatenate(in_chunks(evaluate, self.positive(phi), each))
        return np.where(np.isfinite(values), values, -np.inf)

    def likely_modes(self, phi: Floats) -> Floats:
        """Where to look for the block modes at φ: along the tangent at the outer mode, once known; (q, n, rep)."""
        if self._slope is None:
            return self.modes_at
        away = np.clip(phi - self._slope_at, -_TANGENT_HOLDS, _TANGENT_HOLDS)
        return np.asarray(self.modes_at + np.einsum("qdr,nd->qnr", self._slope, away, optimize=True))

    def mode(self) -> Floats:
        """Mode of Laplace's approximation, found with its exact gradient."""

        def objective(x: Floats) -> tuple[float, Floats]:
            value, gradient = self.laplace(x[None])
            if not np.isfinite(value[0]):
                return 1e12, np.zeros_like(x)
            return -float(value[0]), -gradient[0]

        bounds = [(None, None)] * self.begin_scales + [(10 * SMALLEST_SCALE, None)] * self.blocks.n_scales
        found = minimize(
            objective, self.blocks.start(), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": 500, "ftol": 1e-10, "gtol": 1e-3},
        )  # fmt: skip
        if found.fun >= 1e12:
            raise FitError(
                "the posterior mode was not found; look for cells with extreme counts, or fit with engine='nuts'."
            )
        self.laplace(found.x[None])
        return np.asarray(found.x, dtype=float)

    def hessian(self, phi: Floats) -> Floats:
        """Negative Hessian of Laplace's approximation at one φ, by central differences of its gradient."""
        step = _DIFFERENCE * np.eye(len(phi))
        both = np.concatenate([phi + step, phi - step])
        mirror = np.where(both[:, self.begin_scales :] < 0, -1.0, 1.0)
        _, gradient = self.laplace(self.positive(both))
        modes = find_modes(self.blocks, self.positive(both), self.modes_at).u
        self._slope = (modes[:, : len(phi)] - modes[:, len(phi) :]) / (2.0 * _DIFFERENCE)
        self._slope_at = phi
        gradient[:, self.begin_scales :] *= mirror
        half = -(gradient[: len(phi)] - gradient[len(phi) :]) / (2.0 * _DIFFERENCE)
        return 0.5 * (half + half.T)

    def _difference_gradient(self, phi: Floats) -> Floats:
        """Central differences of the Laplace marginal's likelihood part, for declarations that give no gradient."""
        d = phi.shape[1]
        step = 1e-4 * np.eye(d)
        both = (phi[:, None, None, :] + np.stack([step, -step])).reshape(-1, d)

        def evaluate(chunk: Floats, _index: int) -> Floats:
            return find_modes(self.blocks, chunk, self.modes_at).log_marginal.sum(axis=1)

        values = np.concatenate(in_chunks(evaluate, both, self.blocks.n_reps * self.blocks.n_cells))
        upper, lower = values.reshape(len(phi), 2, d).transpose(1, 0, 2)
        return np.asarray((upper - lower) / 2e-4)
