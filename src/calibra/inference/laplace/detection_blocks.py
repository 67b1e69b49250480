"""The detection model as the nested-Laplace engine sees it: φ = (population, scales), one block u_r a rep."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from calibra.inference.declare.detection import DetectionModel
from calibra.inference.declare.priors import OuterPrior
from calibra.inference.laplace.block_prior import BlockPrior, independent
from calibra.inference.laplace.blocks import Modes, Quadratic
from calibra.inference.laplace.small_linalg import cholesky, inverse
from calibra.stats.detection.likelihood import detection_log_lik, detection_log_lik_value, params_of_shares

type Floats = NDArray[np.float64]

_STEP = 1e-3  # of the central differences of the Hessian, in units of the parameters


class DetectionBlocks:
    """Log-prior of φ, and each rep's log-likelihood with derivatives in u_r, for a batch of φ.

    Arrays are laid out (small axis, outer draw, rep). The context of a φ is its population parameters on top of the
    prior precisions of the block's columns, shape (2 (K + 1), draw, 1).
    """

    may_be_skewed = False

    def __init__(self, model: DetectionModel, basis: Floats | None = None) -> None:
        self.model = model
        self.n, self.events = model.n.astype(float), model.events.astype(float)
        self.n_reps, self.n_cells = self.n.shape
        self.n_block = self.n_cells + 1
        self.scale_priors: tuple[OuterPrior, ...] = tuple(model.scale_priors.values())
        self.n_scales = len(self.scale_priors)
        self.n_outer = self.n_block + self.n_scales
        self.basis = model.block_basis if basis is None else basis
        self._basis_pairs = np.kron(self.basis, self.basis)
        self.prior_mean, self.prior_sd = model.mean_prior

    # outer parameters -------------------------------------------------------------------------------------------------

    def start(self) -> Floats:
        """All reps taken as one, with prior-typical scales."""
        n, events = self.n.sum(axis=0) + 0.5, self.events.sum(axis=0) + 0.25
        rate = events.sum() / n.sum()
        mean = params_of_shares(n / n.sum(), base_rate=rate, discrimination=0.7)
        mean[0] = logit(rate)
        return np.concatenate([mean, [prior.typical() for prior in self.scale_priors]])

    def block_scales(self, phi: Floats) -> Floats:
        """σ of each block column, (q, draw, 1)."""
        return np.ascontiguousarray(phi[:, self.n_block + self.model.scale_of_column].T)[:, :, None]

    def block_prior(self, phi: Floats) -> BlockPrior:
        """Independent columns."""
        return independent(self.block_scales(phi))

    def context(self, phi: Floats) -> Floats:
        """Population parameters and prior precisions, (2 (K + 1), draw, 1)."""
        mean = phi[:, : self.n_block].T[:, :, None]
        return np.concatenate([mean, self.block_scales(phi) ** -2.0])

    def named_draws(self, phi: Floats, u: Floats) -> dict[str, Floats]:
        """Draws by the names of the declaration."""
        scales = {name: phi[:, self.n_block + i] for i, name in enumerate(self.model.scale_priors)}
        return {"population": phi[:, : self.n_block], "deviation": np.moveaxis(u, 0, -1), **scales}

    # one block --------------------------------------------------------------------------------------------------------

    def log_likelihood(self, context: Floats, u: Floats) -> Floats:
        """(q, …, draw, rep) → (…, draw, rep)."""
        value = detection_log_lik_value(self._params(context, u), self.n, self.events)
        return np.where(np.isfinite(value), value, -np.inf)

    def gradient_hessian(self, context: Floats, u: Floats) -> tuple[Floats, Floats]:
        """Gradient (q, draw, rep) and negative Hessian (q, q, draw, rep).

        The observed information where it makes the block's posterior concave, else its concave part. Where an observed
        cell has probability 0 both are 0, so that the prior pulls the step back.
        """
        lik = detection_log_lik(self._params(context, u), self.n, self.events)
        usable = np.isfinite(lik.gradient).all(axis=-1) & np.isfinite(lik.hessian).all(axis=(-1, -2))
        gradient = np.where(usable[..., None], lik.gradient, 0.0)
        information = self._rotate(np.where(usable[..., None, None], -lik.hessian, 0.0))
        prior = context[self.n_block :]
        posterior = information.copy()
        for j in range(self.n_block):
            posterior[j, j] += prior[j]
        bent = ~np.isfinite(cholesky(posterior)[-1, -1])
        if bent.any():
            information[:, :, bent] = self._rotate(-lik.concave[bent])
        return np.moveaxis(gradient @ self.basis, -1, 0), information

    def quadratic(self, modes: Modes) -> Quadratic:
        """The log-likelihood as a quadratic around the modes at one φ, its slope tilted by the third derivatives."""
        gradient, information = self.gradient_hessian(modes.context, modes.u)
        tilt = self._tilt(modes.context, modes.u, inverse(modes.chol))
        pull = gradient + tilt
        # the posterior is concave here, the likelihood need not be; at other scales it would have to be
        values, vectors = np.linalg.eigh(np.moveaxis(information[:, :, 0], -1, 0))
        information = np.einsum("rik,rk,rjk->ijr", vectors, np.maximum(values, 0.0), vectors)
        # in the parameters themselves, v = mean + B u
        back = np.linalg.inv(self.basis)
        matrix = np.einsum("ia,ijr,jb->abr", back, information, back)
        at = (np.tensordot(self.basis, modes.u, axes=1) + modes.context[: self.n_block])[:, 0]
        linear = np.einsum("abr,br->ar", matrix, at) + np.einsum("ia,ir->ar", back, pull[:, 0])
        return Quadratic(
            a=information,
            b=np.einsum("abr,bq->aqr", matrix, self.basis),
            c=matrix.sum(axis=2),
            by_block=np.einsum("aq,ar->qr", self.basis, linear),
            by_coefficient=linear.sum(axis=1),
            tilt=tilt[:, 0],
        )

    def coefficients(self, phi: Floats) -> Floats:
        """The population parameters, (draw, K + 1)."""
        return phi[:, : self.n_block]

    def coefficient_map(self, phi: Floats) -> None:
        """φ holds the population parameters themselves."""

    def _tilt(self, context: Floats, u: Floats, covariance: Floats) -> Floats:
        """−½ tr(H⁻¹ ∂H/∂u_i), (q, draw, rep), by central differences."""
        step = _STEP * np.eye(self.n_block)[:, :, None, None]
        upper, lower = (self._information(context[:, None], u[:, None] + side * step) for side in (1.0, -1.0))
        return np.asarray(-0.25 / _STEP * (covariance[:, :, None] * (upper - lower)).sum(axis=(0, 1)))

    def take(self, reps: NDArray[np.intp]) -> "DetectionBlocks":
        """The same blocks for some reps only."""
        model = replace(
            self.model, n=self.n[reps], events=self.events[reps], reps=tuple(self.model.reps[i] for i in reps)
        )
        return DetectionBlocks(model, self.basis)

    def _params(self, context: Floats, u: Floats) -> Floats:
        """Parameters of every block, (…, draw, rep, K + 1)."""
        return np.moveaxis(np.tensordot(self.basis, u, axes=1) + context[: self.n_block], 0, -1)

    def _information(self, context: Floats, u: Floats) -> Floats:
        return self._rotate(-detection_log_lik(self._params(context, u), self.n, self.events).hessian)

    def _rotate(self, matrix: Floats) -> Floats:
        """B' matrix B with the matrix axes brought to the front."""
        flat = matrix.reshape(-1, self.n_block**2) @ self._basis_pairs
        return np.ascontiguousarray(flat.T).reshape(self.n_block, self.n_block, *matrix.shape[:-2])
