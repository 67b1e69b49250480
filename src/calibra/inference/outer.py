"""The outer half of the nested-Laplace engine: rounds of weighted draws of φ until enough stand behind the answer.

Scales are few and their surrogate density costs little: a split t is fitted to it, or a mixture grown on it where that
falls short. The coefficients get a t of their own given each draw's scales. So a funnel, where the coefficients'
spread changes with the scales, is followed and not enveloped.
"""

from dataclasses import dataclass
from math import lgamma, log, pi

import numpy as np
from numpy.typing import NDArray

from calibra.errors import FitError
from calibra.inference.corrected import Corrected
from calibra.inference.progress import Progress
from calibra.inference.proposals import AXIS_STEPS, Proposal, climb, folded_log_density, grow_mixture, split_t
from calibra.inference.psis import smooth_weights
from calibra.inference.surrogate import GivenScales, Surrogate, positive

type Floats = NDArray[np.float64]

MIN_EFFECTIVE = 400.0
"""Fewest effective draws an answer may rest on (DESIGN §4)."""
MAX_ROUNDS = 8
"""Proposal rounds before the engine gives up and reports what it has."""
COMFORTABLE_K = 0.6
"""Pareto k̂ above which one more round is drawn even if enough draws are there."""
COEFFICIENT_TAIL_DF = 30.0
"""Degrees of freedom of the coefficients' t."""
_ADAPTATIONS = 4
_WELL_PROPOSED = 0.5
_PILOT = 100
_FARTHER = (6.0,)  # where reps are few


@dataclass(frozen=True, slots=True, eq=False)
class WeightedDraws:
    """Draws of φ with Pareto-smoothed importance weights."""

    phi: Floats
    """(n, d), scales positive."""
    weights: Floats
    """(n,), summing to one."""
    pareto_k: float
    """k̂ of the weights."""

    @property
    def effective(self) -> float:
        """Effective number of draws."""
        return float(1.0 / np.sum(self.weights**2))

    def suffices(self, target: float) -> bool:
        """Enough draws, and a tail well inside what can be trusted."""
        return self.effective >= target and self.pareto_k <= COMFORTABLE_K


def learn_offset(target: Corrected, start: Floats, rng: np.random.Generator) -> None:
    """Give the surrogate the target's own slope, regressed on a pilot.

    What a quadratic misses of one rep's block is small, but it adds up over the reps while the posterior narrows: with
    thousands of reps the surrogate is off by standard deviations.
    """
    surrogate, p = target.surrogate, target.surrogate.p
    scales = positive(_first_proposal(surrogate, start).sample(rng, _PILOT))
    given = surrogate.given_scales(scales)
    phi, _ = _draw_coefficients(given, scales, rng)
    standard = np.einsum("nqp,nq->np", given.root, phi[:, :p] - given.mean)
    expected = (
        given.log_density + np.log(np.einsum("nii->ni", given.root)).sum(axis=1) - 0.5 * (standard**2).sum(axis=1)
    )
    missed = target.log_posterior(phi) - expected
    seen = np.isfinite(missed)
    columns = np.column_stack([np.ones(_PILOT), standard, scales - scales.mean(axis=0)])[seen]
    surrogate.offset = np.linalg.lstsq(columns, missed[seen])[0][1:]


def sample_outer(
    target: Corrected, start: Floats, *, draws: int, rng: np.random.Generator, progress: Progress
) -> WeightedDraws:
    """Weighted draws of φ from the corrected marginal posterior; the scales' mode is sought from `start`, (m,)."""
    rounds = _Rounds(target, max(MIN_EFFECTIVE, 0.5 * draws), rng, progress)
    return rounds.run(_first_proposal(target.surrogate, start))


def _first_proposal(surrogate: Surrogate, start: Floats) -> Proposal:
    """A split t fitted to the surrogate density of the scales."""
    density = surrogate.log_density_of_scales
    return split_t(density, *climb(density, start), AXIS_STEPS + _FARTHER * surrogate.few_reps)


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """One round."""

    proposal: Proposal
    """What the scales were drawn from."""
    scales: Floats
    """(n, m)."""
    phi: Floats
    """(n, d)."""
    log_value: Floats
    """Log target less the log-density of the coefficients given the scales, (n,)."""


@dataclass(frozen=True, slots=True)
class _Rounds:
    """Rounds of draws that all count, weighted by the mixture of their proposals."""

    target: Corrected
    wanted: float
    rng: np.random.Generator
    progress: Progress

    def run(self, first: Proposal) -> WeightedDraws:
        """Draw until enough, or until the rounds are spent; later proposals are grown on the weighted draws so far."""
        drawn = [self._draw(first, int(1.35 * self.wanted))]
        found = self._weigh(drawn)
        while len(drawn) < MAX_ROUNDS and not found.suffices(self.wanted):
            proposal = grow_mixture(np.concatenate([r.scales for r in drawn]), found.weights, self.rng)
            drawn.append(self._draw(proposal, self._next_size(found)))
            found = self._weigh(drawn)
        return found

    def _draw(self, proposal: Proposal, size: int) -> _Drawn:
        proposal, scales, given = self._adapt(proposal, size)
        phi, log_density = _draw_coefficients(given, scales, self.rng)
        return _Drawn(proposal, scales, phi, self.target.log_posterior(phi) - log_density)

    def _adapt(self, proposal: Proposal, size: int) -> tuple[Proposal, Floats, GivenScales]:
        """Scales from the proposal, or from one grown on the surrogate where that finds more of them effective."""
        tried = []
        for _ in range(_ADAPTATIONS):
            scales = positive(proposal.sample(self.rng, size))
            given = self.target.surrogate.given_scales(scales)
            log_ratio = given.log_density - folded_log_density(proposal, scales)
            weights = np.exp(smooth_weights(log_ratio)[0])
            effective = float(1.0 / np.sum(weights**2))
            tried.append((effective, (proposal, scales, given)))
            if effective >= _WELL_PROPOSED * size:
                break
            proposal = grow_mixture(scales, weights, self.rng)
        return max(tried, key=lambda attempt: attempt[0])[1]

    def _weigh(self, drawn: list[_Drawn]) -> WeightedDraws:
        """Deterministic-mixture weights over all rounds, Pareto-smoothed."""
        scales, value = np.concatenate([r.scales for r in drawn]), np.concatenate([r.log_value for r in drawn])
        if not np.isfinite(value).any():
            raise FitError("no draw has a finite posterior density.")
        shares = np.log([len(r.scales) / len(scales) for r in drawn])
        terms = [share + folded_log_density(r.proposal, scales) for share, r in zip(shares, drawn, strict=True)]
        log_weights, pareto_k = smooth_weights(
            np.where(np.isfinite(value), value - np.logaddexp.reduce(terms, axis=0), -1e9)
        )
        found = WeightedDraws(np.concatenate([r.phi for r in drawn]), np.exp(log_weights), pareto_k)
        self.progress.update(f"laplace: effective sample {found.effective:.0f} of {self.wanted:.0f}")
        return found

    def _next_size(self, found: WeightedDraws) -> int:
        """How many more draws the missing ones will take, within half and twice the wanted."""
        missing = max(self.wanted - found.effective, 0.0)
        return int(np.clip(1.3 * missing * len(found.phi) / found.effective, 0.5 * self.wanted, 2.0 * self.wanted))


def _draw_coefficients(given: GivenScales, scales: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """One φ for each row of scales, (n, d), and the log-density of its coefficients given its scales, (n,)."""
    (n, p), df = given.mean.shape, COEFFICIENT_TAIL_DF
    radius = np.sqrt(df / (2.0 * rng.standard_gamma(df / 2.0, (n, 1))))
    standard = rng.standard_normal((n, p)) * radius
    away = np.linalg.solve(given.root.transpose(0, 2, 1), standard[:, :, None])[:, :, 0]
    constant = lgamma((df + p) / 2.0) - lgamma(df / 2.0) - 0.5 * p * log(df * pi)
    log_density = constant - 0.5 * (df + p) * np.log1p((standard**2).sum(axis=1) / df)
    log_density += np.log(np.einsum("nii->ni", given.root)).sum(axis=1)
    return np.concatenate([given.mean + away, scales], axis=1), log_density
