"""The cell model as the nested-Laplace engine sees it: φ = (coefficients, scales) outside, a block u_r a rep inside.

Coefficients whose scale is learned stand in φ as standard normals, to be multiplied by that scale: their joint
density has no spike at scale zero. Scales stand in φ as they are, not as logarithms: the posterior of a scale that
the data do not bound away from zero has a long left tail in its logarithm and none in itself. The correlation of two
terms stands behind them as artanh ρ + 10: the engine folds what stands there at zero, where a correlation never is.
Arrays are laid out (small axis, outer draw, rep), so that every operation runs over all reps of all outer draws at
once.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.priors import LKJ, Normal, OuterPrior, Pooled, RandomWalk
from calibra.inference.laplace.block_prior import BlockPrior, Odd, correlated, independent
from calibra.inference.laplace.blocks import Modes, Quadratic
from calibra.inference.laplace.small_linalg import inverse

type Floats = NDArray[np.float64]

_NEAR_ENOUGH = 0.1  # last step of the search for a place to start
CORRELATION_ORIGIN = 10.0
"""Where φ holds a correlation of 0, as artanh ρ + this: under LKJ(2) the density at zero is e⁻⁴⁰ of that here."""


@dataclass(frozen=True, slots=True)
class _OfCorrelation:
    """The prior of a correlation as φ holds it."""

    prior: LKJ

    def log_density(self, scale: Floats) -> Floats:
        return self.prior.log_density(scale - CORRELATION_ORIGIN)

    def typical(self) -> float:
        return CORRELATION_ORIGIN


class CellBlocks:
    """Log-prior of φ, and each rep's log-likelihood with derivatives in u_r, for a batch of φ."""

    may_be_skewed = False

    def __init__(self, model: CellModel) -> None:
        self.model = model
        self.family = model.family
        self.events = np.ascontiguousarray(model.events.T[:, None, :], dtype=float)
        self.size = np.ascontiguousarray(model.size.T[:, None, :], dtype=float)
        self.x = model.population_design
        self.z = model.rep_design
        self.n_cells, self.n_reps = model.events.shape[1], model.n_reps
        self.n_block = self.z.shape[-1]
        self.n_coefficients = self.x.shape[-1]
        self.scale_priors: tuple[OuterPrior, ...] = tuple(model.scale_priors.values())
        if model.correlation is not None:
            self.scale_priors += (_OfCorrelation(model.correlation.prior),)
        self.n_scales = len(self.scale_priors)
        self.n_outer = self.n_coefficients + self.n_scales
        self._term_of_column = np.repeat(np.arange(len(model.rep_terms)), [t.n_columns for t in model.rep_terms])
        self.prior_mean, self.prior_sd = np.zeros(self.n_coefficients), np.ones(self.n_coefficients)
        self._learned: list[tuple[slice, int, Floats | None]] = []
        self._read_population_priors()
        if self.z.ndim == 2:
            self._pairs = np.einsum("cq,cp->cqp", self.z, self.z).reshape(self.n_cells, -1)
        else:
            self._columns = [np.ascontiguousarray(self.z[:, :, j].T[:, None, :]) for j in range(self.n_block)]

    def _read_population_priors(self) -> None:
        """Means and sds of the coefficients as φ holds them, and which of them are multiplied by a learned scale."""
        names, begin = list(self.model.scale_priors), 0
        for term in self.model.population:
            span = slice(begin, begin + len(term.labels))
            if not isinstance(term.prior, Pooled):
                own = span if isinstance(term.prior, Normal) else slice(begin, begin + 1)
                self.prior_mean[own], self.prior_sd[own] = term.prior.mean, term.prior.sd
            if term.scale_name is not None:
                widths = np.sqrt(term.prior.step_widths) if isinstance(term.prior, RandomWalk) else None
                self._learned.append((span, self.n_coefficients + names.index(term.scale_name), widths))
            begin = span.stop

    # outer parameters -------------------------------------------------------------------------------------------------

    def start(self) -> Floats:
        """A φ to start from: the pooled fit without rep terms by scoring steps, and prior-typical scales."""
        scales = np.array([prior.typical() for prior in self.scale_priors])
        phi = np.concatenate([self.prior_mean, scales])
        no_deviation = np.zeros((self.n_block, 1, self.n_reps))
        for _ in range(40):
            eta = self.linpred(self.context(phi[None]), no_deviation)
            d = self.family.derivatives(eta, self.events, self.size)
            jacobian = self._coefficient_jacobian(phi)
            x = (np.broadcast_to(self.x, (self.n_reps, *self.x.shape[-2:])) @ jacobian).reshape(-1, len(jacobian))
            information = (x * d.weight[:, 0].T.reshape(-1, 1)).T @ x
            gradient = d.score[:, 0].T.ravel() @ x - (phi[: self.n_coefficients] - self.prior_mean) / self.prior_sd**2
            step = np.linalg.solve(information + np.diag(self.prior_sd**-2.0), gradient)
            phi[: self.n_coefficients] += step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
            if np.abs(step).max() < _NEAR_ENOUGH:
                break
        return phi

    def block_scales(self, phi: Floats) -> Floats:
        """σ of each block column, shape (q, outer draw, 1)."""
        return phi[:, self.n_coefficients + self._term_of_column].T[:, :, None]

    def block_prior(self, phi: Floats) -> BlockPrior:
        """Independent columns, or two of them correlated; with odd reps or without."""
        scales, pair, odd = self.block_scales(phi), self.model.correlated_columns, self.model.odd_reps
        rho = None if pair is None else self.correlation(phi)[:, None]
        prior = independent(scales) if pair is None or rho is None else correlated(scales, rho, pair)
        if odd is None:
            return prior
        columns = self.model.odd_columns
        lost = odd.precisions([scales[j] for j in columns], rho if pair is not None and pair[0] in columns else 0.0)
        return prior._replace(odd=Odd(columns, lost.diagonal, lost.coupling, odd.log_odds - lost.log_root))

    def correlation(self, phi: Floats) -> Floats:
        """ρ of a model that has one, (draw,)."""
        return np.tanh(phi[:, -1] - CORRELATION_ORIGIN)

    def coefficients(self, phi: Floats) -> Floats:
        """β from φ, shape (draw, p): learned-scale terms are kept in φ as standard normals times their scale."""
        beta = phi[:, : self.n_coefficients].copy()
        for span, scale, widths in self._learned:
            tau = phi[:, scale : scale + 1]
            if widths is None:
                beta[:, span] *= tau
            else:
                beta[:, span.start + 1 : span.stop] *= tau * widths
                beta[:, span] = np.cumsum(beta[:, span], axis=1)
        return beta

    def named_draws(self, phi: Floats, u: Floats) -> dict[str, Floats]:
        """Draws by the names of the declaration: (draw, coefficient), (draw, rep[, column]) and (draw,) for scales."""
        beta, begin, named = self.coefficients(phi), 0, {}
        for term in self.model.population:
            named[term.name] = beta[:, begin : begin + len(term.labels)]
            begin += len(term.labels)
        begin = 0
        for rep_term in self.model.rep_terms:
            columns = u[begin : begin + rep_term.n_columns]
            named[rep_term.name] = columns[0] if rep_term.n_columns == 1 else np.moveaxis(columns, 0, -1)
            begin += rep_term.n_columns
        scales = {name: phi[:, self.n_coefficients + i] for i, name in enumerate(self.model.scale_priors)}
        named |= scales
        return named if self.model.correlation is None else named | {self.model.correlation.name: self.correlation(phi)}

    def _pull_back(self, phi: Floats, by_beta: Floats) -> Floats:
        """Gradient in φ from a gradient in β; shape (draw, d)."""
        gradient = np.zeros_like(phi)
        gradient[:, : self.n_coefficients] = by_beta
        for span, scale, widths in self._learned:
            steps = slice(span.start, span.stop)
            unit = np.ones(span.stop - span.start) if widths is None else widths
            if widths is not None:
                gradient[:, span] = np.cumsum(by_beta[:, span][:, ::-1], axis=1)[:, ::-1]
                steps = slice(span.start + 1, span.stop)
            by_step = gradient[:, steps] * unit
            gradient[:, scale] += (by_step * phi[:, steps]).sum(axis=1)
            gradient[:, steps] = by_step * phi[:, scale : scale + 1]
        return gradient

    def _coefficient_jacobian(self, phi: Floats) -> Floats:
        """∂β/∂φ for the coefficients at one φ, shape (p, p)."""
        unit = np.repeat(phi[None], self.n_coefficients, axis=0)
        rows = self._pull_back(unit, np.eye(self.n_coefficients))
        return rows[:, : self.n_coefficients]

    # one block --------------------------------------------------------------------------------------------------------

    def context(self, phi: Floats) -> Floats:
        """The population part x'β of η, shape (cell, draw, rep or 1)."""
        beta = self.coefficients(phi)
        if self.x.ndim == 2:
            return (self.x @ beta.T)[:, :, None]
        return np.asarray(np.einsum("rcp,bp->cbr", self.x, beta))

    def linpred(self, context: Floats, u: Floats) -> Floats:
        """η for blocks u of shape (q, …, rep); context broadcasts."""
        total: Floats
        if self.z.ndim == 2:
            total = np.tensordot(self.z, u, axes=1)
        else:
            shape = (self.n_cells,) + (1,) * (u.ndim - 2) + (self.n_reps,)
            total = self._columns[0].reshape(shape) * u[0]
            for column, deviation in zip(self._columns[1:], u[1:], strict=True):
                total += column.reshape(shape) * deviation
        total += context
        return total

    def log_likelihood(self, context: Floats, u: Floats) -> Floats:
        """Each rep's log-likelihood, summed over cells; u (q, …, rep) → (…, rep)."""
        shape = (self.n_cells,) + (1,) * (u.ndim - 2) + (self.n_reps,)
        events, size = self.events.reshape(shape), self.size.reshape(shape)
        return self.family.total(self.linpred(context, u), events, size)

    def gradient_hessian(self, context: Floats, u: Floats) -> tuple[Floats, Floats]:
        """Gradient (q, draw, rep) and negative Hessian (q, q, draw, rep) of each rep's log-likelihood in u."""
        d = self.family.derivatives(self.linpred(context, u), self.events, self.size)
        return self._collect(d.score), self._collect_pairs(d.weight)

    def quadratic(self, modes: Modes) -> Quadratic:
        """The log-likelihood as a quadratic around the modes at one φ.

        Its slope in η is tilted by −½ a_c ∂W_c/∂η, a_c = z_c'H⁻¹z_c with H = Z'WZ + Σ⁻¹: what the determinant of H adds
        to the gradient of the Laplace marginal.
        """
        eta = self.linpred(modes.context, modes.u)
        d = self.family.derivatives(eta, self.events, self.size)
        tilt = -0.5 * self._quadratic(inverse(modes.chol)) * d.weight_slope
        weight = np.broadcast_to(d.weight, eta.shape)[:, 0]
        pull = (d.weight * eta + d.score + tilt)[:, 0]
        x = np.broadcast_to(self.x, (self.n_reps, *self.x.shape[-2:]))
        z = np.broadcast_to(self.z, (self.n_reps, *self.z.shape[-2:]))
        weighted = x * weight.T[:, :, None]
        return Quadratic(
            a=self._collect_pairs(weight[:, None])[:, :, 0],
            b=np.einsum("rcp,rcq->pqr", weighted, z, optimize=True),
            c=np.einsum("rcp,rcs->ps", weighted, x, optimize=True),
            by_block=self._collect(pull[:, None])[:, 0],
            by_coefficient=np.einsum("rcp,cr->p", x, pull, optimize=True),
            tilt=self._collect(tilt)[:, 0],
        )

    def coefficient_map(self, phi: Floats) -> Floats | None:
        """∂β/∂φ at each φ, (draw, p, p); None where φ holds β itself."""
        if not self._learned:
            return None
        n, p = len(phi), self.n_coefficients
        rows = [self._pull_back(phi, np.broadcast_to(row, (n, p)))[:, :p] for row in np.eye(p)]
        return np.stack(rows, axis=1)

    def take(self, reps: NDArray[np.intp]) -> "CellBlocks":
        """The same blocks for some reps only."""
        model = self.model

        def part[T: (PopulationTerm, RepTerm)](term: T) -> T:
            return term if term.design.ndim == 2 else replace(term, design=term.design[reps])

        return CellBlocks(
            replace(
                model,
                family=model.family.of_reps(reps),
                events=model.events[reps],
                size=model.size[reps],
                reps=tuple(model.reps[i] for i in reps),
                population=tuple(map(part, model.population)),
                rep_terms=tuple(map(part, model.rep_terms)),
            )
        )

    def _collect(self, values: Floats) -> Floats:
        """Z' values: (cell, draw, rep) → (q, draw, rep)."""
        if self.z.ndim == 2:
            return np.tensordot(self.z.T, values, axes=1)
        return np.stack([(column * values).sum(axis=0) for column in self._columns])

    def _collect_pairs(self, weight: Floats) -> Floats:
        """Z' diag(weight) Z: (cell, draw, rep) → (q, q, draw, rep)."""
        if self.z.ndim == 2:
            return np.tensordot(self._pairs.T, weight, axes=1).reshape(self.n_block, self.n_block, *weight.shape[1:])
        result = np.empty((self.n_block, self.n_block, *weight.shape[1:]))
        for i, column in enumerate(self._columns):
            weighted = column * weight
            for j in range(i + 1):
                result[i, j] = (weighted * self._columns[j]).sum(axis=0)
                result[j, i] = result[i, j]
        return result

    def _quadratic(self, covariance: Floats) -> Floats:
        """z_c' covariance z_c: (q, q, draw, rep) → (cell, draw, rep)."""
        if self.z.ndim == 2:
            return np.tensordot(self._pairs, covariance.reshape(-1, *covariance.shape[2:]), axes=1)
        total = np.zeros((self.n_cells, *covariance.shape[2:]))
        for i, column in enumerate(self._columns):
            total += column**2 * covariance[i, i]
            for j in range(i):
                total += (2.0 * column * self._columns[j]) * covariance[i, j]
        return total
