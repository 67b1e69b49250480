"""The ordinal model as the nested-Laplace engine sees it: φ = (cutpoints, effects, scales), one block u_r a unit.

Effects whose scale is learned stand in φ as standard normals times it. In cutpoints and effects the likelihood is
log-concave: its curvature without the bend of the log gaps is never indefinite, and exact where blocks move no gap.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from calibra.inference.declare.ordinal import OrdinalModel
from calibra.inference.declare.priors import OuterPrior, Pooled
from calibra.inference.laplace.block_prior import BlockPrior, independent
from calibra.inference.laplace.blocks import Modes, Quadratic
from calibra.inference.laplace.small_linalg import inverse
from calibra.stats.ordinal import edge_derivatives, log_prob_between, log_rank_probs

type Floats = NDArray[np.float64]

_STEP = 1e-3  # of the central differences of the curvature, in standard deviations of a reading


class OrdinalBlocks:
    """Log-prior of φ, and each unit's log-likelihood with derivatives in u_r, for a batch of φ.

    Arrays are laid out (small axis, outer draw, unit); counts are (rank, class, unit). The context of a φ is its
    cutpoints and effects, (parameter, draw, 1).
    """

    def __init__(self, model: OrdinalModel) -> None:
        self.model = model
        self.counts = np.ascontiguousarray(np.moveaxis(model.counts, 0, -1).swapaxes(0, 1), dtype=float)
        self.n_reps, self.n_edges = model.n_reps, len(model.ranks) - 1
        self.n_params, self.n_block = model.basis.shape
        self.may_be_skewed = self.n_block == 1
        self.n_cells = len(model.design) * len(model.ranks)
        self.scale_priors: tuple[OuterPrior, ...] = tuple(model.scale_priors.values())
        self.n_scales = len(self.scale_priors)
        self.n_outer = self.n_params + self.n_scales
        self.prior_mean, self.prior_sd = model.mean_prior
        self._first_effect = self.n_edges
        self._shifts_alone = not np.any(model.basis[1:])
        self._given = _cells_given(self.counts)
        self._moves_gaps = bool(np.any(model.basis[1 : self.n_edges]))

    # outer parameters -------------------------------------------------------------------------------------------------

    def start(self) -> Floats:
        """All units taken as one, with prior-typical scales."""
        scales = np.array([prior.typical() for prior in self.scale_priors])
        counts = self.counts.sum(axis=(1, 2)) + 0.5
        moved = self.model.basis[0] * scales[list(self.model.scale_of_column)]
        cuts = -ndtri(np.cumsum(counts)[:-1] / counts.sum()) * np.sqrt(1.0 + moved @ moved)
        start = np.concatenate([cuts[:1], np.log(np.maximum(cuts[:-1] - cuts[1:], 1e-3))])
        return np.concatenate([start, np.zeros(len(self.model.effects)), scales])

    def block_prior(self, phi: Floats) -> BlockPrior:
        """Independent columns."""
        columns = self.n_params + np.array(self.model.scale_of_column, dtype=np.intp)
        return independent(np.ascontiguousarray(phi[:, columns].T)[:, :, None])

    def coefficients(self, phi: Floats) -> Floats:
        """Cutpoints and effects, (draw, parameter)."""
        values = phi[:, : self.n_params].copy()
        if isinstance(self.model.effect, Pooled):
            values[:, self._first_effect :] *= phi[:, -1:]
        return values

    def coefficient_map(self, phi: Floats) -> Floats | None:
        """Their derivatives in φ, (draw, parameter, parameter); None where φ holds them themselves."""
        if not isinstance(self.model.effect, Pooled):
            return None
        diagonal = np.ones((len(phi), self.n_params))
        diagonal[:, self._first_effect :] = phi[:, -1:]
        return np.asarray(diagonal[:, :, None] * np.eye(self.n_params))

    def context(self, phi: Floats) -> Floats:
        """Cutpoints and effects, (parameter, draw, 1)."""
        return np.ascontiguousarray(self.coefficients(phi).T)[:, :, None]

    def named_draws(self, phi: Floats, u: Floats) -> dict[str, Floats]:
        """Draws by the names of the declaration."""
        values, (deviation, _, effect, _) = self.coefficients(phi), self.model.names
        named = {name: phi[:, self.n_params + i] for i, name in enumerate(self.model.scale_priors)}
        named |= {"first_cut": values[:, 0], "log_gap": values[:, 1 : self.n_edges]}
        named[effect] = values[:, self._first_effect :]
        return named | {deviation: u[0] if self.n_block == 1 else np.moveaxis(u, 0, -1)}

    # one block --------------------------------------------------------------------------------------------------------

    def log_likelihood(self, context: Floats, u: Floats) -> Floats:
        """(q, …, draw, unit) → (…, draw, unit)."""
        if self._shifts_alone:
            return self._log_likelihood_shifted(context, u)
        cuts, location = self._cuts_location(context, u)
        log_prob = log_rank_probs(cuts[:, None], location)
        counts = self._counts(u)
        with np.errstate(invalid="ignore"):
            return np.where(counts > 0, counts * log_prob, 0.0).sum(axis=(0, 1))

    def _log_likelihood_shifted(self, context: Floats, u: Floats) -> Floats:
        """The same where blocks move all cutpoints together: edges of the ranks given alone, made once per φ."""
        n_draws = context.shape[-2]
        values = context.reshape(self.n_params, n_draws)
        outside = np.full((1, *values.shape[1:]), np.inf)
        steps = np.cumsum(np.exp(values[1 : self.n_edges]), axis=0)
        edges = np.concatenate([outside, values[:1], values[:1] - steps, -outside])
        location = self.model.design @ values[self._first_effect :]
        given, rank, n = self._given
        middle = (1,) * (u.ndim - 3)
        shape = (len(given), *middle, n_draws, self.n_reps)
        of_class = location[given]  # (cell, unit, draw)
        upper, lower = (
            np.ascontiguousarray((edges[rank + side] - of_class).swapaxes(1, 2)).reshape(shape) for side in (0, 1)
        )
        shift = np.tensordot(self.model.basis[0], u, axes=1)
        log_prob = log_prob_between(lower + shift, upper + shift)
        return np.asarray(np.einsum("cr,c...r->...r", n, log_prob))

    def gradient_hessian(self, context: Floats, u: Floats) -> tuple[Floats, Floats]:
        """Gradient (q, draw, unit) and negative Hessian without the gaps' bend (q, q, draw, unit)."""
        slope, diagonal, beside = self._by_edge(context, u)
        moved = self._jacobian(context, u, self.model.basis, gaps=self._moves_gaps)
        return np.einsum("kc...,kcq...->q...", slope, moved, optimize=True), _sandwich(moved, diagonal, beside)

    def quadratic(self, modes: Modes) -> Quadratic:
        """The log-likelihood as a quadratic around the modes at one φ, its slope tilted by the third derivatives."""
        context, u, basis = modes.context, modes.u, self.model.basis
        slope, diagonal, beside = self._by_edge(context, u)
        every = self._jacobian(context, u, np.eye(self.n_params), gaps=True)
        gradient = np.einsum("kc...,kcp...->p...", slope, every, optimize=True)[:, 0]
        matrix = _sandwich(every, diagonal, beside)[:, :, 0]
        tilt = self._tilt(context, u, inverse(modes.chol))[:, 0]
        back = np.linalg.pinv(basis)
        at = (np.tensordot(basis, u, axes=1) + context)[:, 0]
        linear = np.einsum("abr,br->ar", matrix, at) + gradient + back.T @ tilt
        return Quadratic(
            a=np.einsum("ai,abr,bj->ijr", basis, matrix, basis, optimize=True),
            b=np.einsum("abr,bq->aqr", matrix, basis),
            c=matrix.sum(axis=2),
            by_block=basis.T @ linear,
            by_coefficient=linear.sum(axis=1),
            tilt=tilt,
        )

    def take(self, reps: NDArray[np.intp]) -> "OrdinalBlocks":
        """The same blocks for some units only."""
        model = self.model
        return OrdinalBlocks(replace(model, counts=model.counts[reps], reps=tuple(model.reps[i] for i in reps)))

    def _counts(self, u: Floats) -> Floats:
        """Counts that broadcast to (rank, class, …, draw, unit)."""
        return self.counts.reshape(*self.counts.shape[:2], *(1,) * (u.ndim - 2), self.n_reps)

    def _cuts_location(self, context: Floats, u: Floats) -> tuple[Floats, Floats]:
        """Cutpoints (edge, …, draw, unit) and locations (class, …, draw, unit)."""
        values = np.tensordot(self.model.basis, u, axes=1) + context
        steps = np.cumsum(np.exp(values[1 : self.n_edges]), axis=0)
        cuts = np.concatenate([values[:1], values[:1] - steps])
        return cuts, np.tensordot(self.model.design, values[self._first_effect :], axes=1)

    def _by_edge(self, context: Floats, u: Floats) -> tuple[Floats, Floats, Floats]:
        """Derivatives of the log-likelihood in the edges (edge, class, draw, unit), 0 where it is −inf."""
        cuts, location = self._cuts_location(context, u)
        with np.errstate(all="ignore"):
            log_prob = log_rank_probs(cuts[:, None], location)
            found = edge_derivatives(cuts[:, None] - location, self._counts(u), log_prob)
        slope, diagonal, beside = (np.where(np.isfinite(part), part, 0.0) for part in found)
        return slope, diagonal, beside

    def _jacobian(self, context: Floats, u: Floats, basis: Floats, *, gaps: bool) -> Floats:
        """Derivatives of the edges along the columns of a basis, (edge, class, column, draw, unit) or broadcastable."""
        moved = basis[0] - (self.model.design @ basis[self._first_effect :])[None]  # (1, class, column)
        moved = np.repeat(moved, self.n_edges, axis=0)[..., None, None]
        if not gaps or self.n_edges < 2:
            return moved
        width = np.exp((np.tensordot(self.model.basis, u, axes=1) + context)[1 : self.n_edges])
        by_gap = np.einsum(
            "kg,gq,gdr->kqdr", np.tri(self.n_edges, self.n_edges - 1, -1), basis[1 : self.n_edges], width
        )
        return np.asarray(moved - by_gap[:, None])

    def _tilt(self, context: Floats, u: Floats, covariance: Floats) -> Floats:
        """−½ tr(H⁻¹ ∂H/∂u_i), (q, draw, unit), by central differences."""
        tilt = np.empty_like(u)
        for i in range(self.n_block):
            step = np.zeros((self.n_block, 1, 1))
            step[i] = _STEP
            upper, lower = (self.gradient_hessian(context, u + side * step)[1] for side in (1.0, -1.0))
            tilt[i] = -0.25 / _STEP * (covariance * (upper - lower)).sum(axis=(0, 1))
        return tilt


def _cells_given(counts: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Class, rank and count of each unit's cells that hold a count, (cell, unit); a unit with fewer has counts of 0."""
    n_cells = max(1, int((counts > 0).sum(axis=(0, 1)).max(initial=0)))
    given, rank, n = (np.zeros((n_cells, counts.shape[2]), dtype=kind) for kind in (np.intp, np.intp, float))
    for unit in range(counts.shape[2]):
        ranks, classes = np.nonzero(counts[:, :, unit])
        given[: len(ranks), unit], rank[: len(ranks), unit] = classes, ranks
        n[: len(ranks), unit] = counts[ranks, classes, unit]
    return given, rank, n


def _sandwich(moved: Floats, diagonal: Floats, beside: Floats) -> Floats:
    """−J'HJ for a tridiagonal H in the edges of each class, summed over classes: (column, column, draw, unit)."""
    product = diagonal[:, :, None] * moved
    product[:-1] += beside[:, :, None] * moved[1:]
    product[1:] += beside[:, :, None] * moved[:-1]
    pairs = np.einsum("kci...,kcj...->ij...", np.broadcast_to(moved, product.shape), product, optimize=True)
    return np.asarray(-pairs)
