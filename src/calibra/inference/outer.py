"""The outer half of the nested-Laplace engine: rounds of weighted draws of φ until enough stand behind the answer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.errors import FitError
from calibra.inference.conditional import Coefficients, KnowsCoefficients
from calibra.inference.marginal import Marginal
from calibra.inference.progress import Progress
from calibra.inference.proposals import Proposal, folded_log_density, grow_mixture, split_t
from calibra.inference.psis import smooth_weights

type Floats = NDArray[np.float64]
type Lift = Callable[[np.random.Generator, Floats], tuple[Floats, Floats]]

MIN_EFFECTIVE = 400.0
"""Fewest effective draws an answer may rest on (DESIGN §4)."""
MAX_ROUNDS = 8
"""Proposal rounds before the engine gives up and reports what it has."""
COMFORTABLE_K = 0.6
"""Pareto k̂ above which one more round is drawn even if enough draws are there."""
FUNNEL_BELOW = 0.25
"""Share of the first round's draws that must be effective; below it the split t has met a funnel."""


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


def sample_outer(marginal: Marginal, *, draws: int, rng: np.random.Generator, progress: Progress) -> WeightedDraws:
    """Weighted draws from the corrected marginal posterior of φ.

    A split t around the mode first. Where it falls short, the declaration has a funnel: draws then take the scales
    from mixtures grown on what was found, and the coefficients from a t of their own given each draw's scales; blocks
    that cannot say how much the data know of the coefficients grow mixtures over all of φ instead.
    """
    target = max(MIN_EFFECTIVE, 0.5 * draws)
    mode = marginal.mode()
    first = split_t(marginal.corrected, mode, marginal.hessian(mode), marginal.blocks.n_scales)
    rounds = _Rounds(marginal, target, rng, progress)
    if not isinstance(marginal.blocks, KnowsCoefficients):
        return rounds.run(first, _as_it_is, MAX_ROUNDS)
    found = rounds.run(first, _as_it_is, 3, give_up_below=FUNNEL_BELOW)
    if found.suffices(target):
        return found
    scales = found.phi[:, marginal.begin_scales :]
    return rounds.run(grow_mixture(scales, found.weights, rng), Coefficients(marginal, mode).sample, MAX_ROUNDS)


def _as_it_is(_rng: np.random.Generator, points: Floats) -> tuple[Floats, Floats]:
    """Points are φ itself, nothing is added."""
    return points, np.zeros(len(points))


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """One round: points of the proposal, the φ they became, and log target less the log-density of what was added."""

    points: Floats
    phi: Floats
    log_value: Floats


@dataclass(frozen=True, slots=True)
class _Rounds:
    """Rounds of draws that all count, weighted by the mixture of their proposals."""

    marginal: Marginal
    target: float
    rng: np.random.Generator
    progress: Progress

    def run(self, first: Proposal, lift: Lift, n_rounds: int, *, give_up_below: float = 0.0) -> WeightedDraws:
        """Draw until enough, or until `n_rounds` are spent.

        Parameters
        ----------
        first
            Proposal of the first round, over the points that `lift` turns into φ; later ones are grown on weighted
            points.
        lift
            From points to φ, and the log-density of what was added on the way.
        give_up_below
            Share of effective draws below which further rounds are not worth their while.
        """
        proposals, drawn = [first], [self._draw(first, lift, int(1.4 * self.target))]
        found = self._weigh(proposals, drawn)
        while len(proposals) < n_rounds and not found.suffices(self.target):
            if found.effective < give_up_below * len(found.phi):
                break
            size = self._next_size(found)
            proposals.append(grow_mixture(np.concatenate([r.points for r in drawn]), found.weights, self.rng))
            drawn.append(self._draw(proposals[-1], lift, size))
            found = self._weigh(proposals, drawn)
        return found

    def _draw(self, proposal: Proposal, lift: Lift, size: int) -> _Drawn:
        points = self.marginal.positive(proposal.sample(self.rng, size))
        phi, added = lift(self.rng, points)
        return _Drawn(points, phi, self.marginal.corrected(phi) - added)

    def _weigh(self, proposals: list[Proposal], drawn: list[_Drawn]) -> WeightedDraws:
        """Deterministic-mixture weights over all rounds, Pareto-smoothed."""
        points, value = np.concatenate([r.points for r in drawn]), np.concatenate([r.log_value for r in drawn])
        if not np.isfinite(value).any():
            raise FitError("no outer draw has a finite posterior; fit with engine='nuts' to see why.")
        shares = np.log([len(r.points) / len(points) for r in drawn])
        n_scales = self.marginal.blocks.n_scales
        terms = [share + folded_log_density(p, points, n_scales) for share, p in zip(shares, proposals, strict=True)]
        log_weights, pareto_k = smooth_weights(
            np.where(np.isfinite(value), value - np.logaddexp.reduce(terms, axis=0), -1e9)
        )
        found = WeightedDraws(np.concatenate([r.phi for r in drawn]), np.exp(log_weights), pareto_k)
        self.progress.update(f"laplace: effective sample {found.effective:.0f} of {self.target:.0f}")
        return found

    def _next_size(self, found: WeightedDraws) -> int:
        """How many more draws the missing ones will take, within half and twice the target."""
        missing = max(self.target - found.effective, 0.0)
        return int(np.clip(1.3 * missing * len(found.phi) / found.effective, 0.5 * self.target, 2.0 * self.target))
