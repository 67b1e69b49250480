"""Blocks of reps that may be odd: a normal of equal mean for scales and coefficients, two proposals for the block.

With a quadratic likelihood −½ u'Au + l'u the chance that a rep is odd, and the rep's mean, are in closed form.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from calibra.inference.laplace.block_prior import BlockPrior, check_odd
from calibra.inference.laplace.blocks import Blocks
from calibra.inference.laplace.points import log_standard_t
from calibra.inference.laplace.small_linalg import cholesky, log_determinant, solve_lower, solve_upper

type Floats = NDArray[np.float64]

_DEFENCE = 0.05
"""Share of points by a flatter chance, for where a likelihood is far from its quadratic (Hesterberg 1995)."""
_LEAST = 1e-6
_NONE_AND_ALL = np.zeros((1, 1)), np.ones((1, 1))
"""Chances of being odd: of most reps, and of the odd ones."""


class OddProposals(NamedTuple):
    """Where to look for blocks at a batch of φ: of reps that are not odd, and of reps that are."""

    context: Floats
    """Population part at each φ."""
    prior: BlockPrior
    """Of the blocks at each φ."""
    centres: tuple[Floats, Floats]
    """Means, (q, draw, rep)."""
    chols: tuple[Floats, Floats]
    """Cholesky factors of the precisions, (q, q, draw, rep)."""
    chance: Floats
    """With what chance a point is laid as for an odd rep, (draw, rep)."""

    def place(self, points: Floats, log_density: Floats, *, mixed: bool) -> tuple[Floats, Floats]:
        """Blocks at points (q + 1, point, draw, rep), and log prior less log density of their proposal.

        The last coordinate of a point picks the kind; few are laid as for an odd rep, and these are done apart. Of the
        prior it is what it has more than that of a rep that is not odd. Mixed: prior and density are those of both
        kinds together, which takes longer and gives weights that vary less; else those of the kind that was picked.
        """
        of_most, of_odd = (0.5 * log_determinant(chol) for chol in self.chols)
        u = solve_upper(self.chols[0][:, :, None], points[:-1])
        u += self.centres[0][:, None]
        log_proposed = np.repeat((of_most + np.log1p(-self.chance))[None], len(u[0]), axis=0) + log_density
        point, draw, rep = np.nonzero(points[-1] < self.chance)
        standard = np.broadcast_to(points[:-1], u.shape)[:, point, draw, rep]
        u[:, point, draw, rep] = own = (
            solve_upper(self.chols[1][:, :, draw, rep], standard) + self.centres[1][:, draw, rep]
        )
        if mixed:
            if_not = _multiply_upper(self.chols[0][:, :, draw, rep], own - self.centres[0][:, draw, rep])
            log_proposed[point, draw, rep] = log_standard_t(if_not) + (of_most + np.log1p(-self.chance))[draw, rep]
            if_odd = log_standard_t(_multiply_upper(self.chols[1][:, :, None], u - self.centres[1][:, None]))
            log_proposed = np.logaddexp(log_proposed, if_odd + of_odd + np.log(self.chance))
            return u, np.logaddexp(0.0, check_odd(self.prior).log_odds_at(u)) - log_proposed
        log_ratio = -log_proposed
        of_proposed = log_standard_t(standard) + (of_odd + np.log(self.chance))[draw, rep]
        log_ratio[point, draw, rep] = check_odd(self.prior).of_draws(draw).log_odds_at(own) - of_proposed
        return u, log_ratio


class _GivenKind(NamedTuple):
    """The normal that a block is about, by its kind."""

    centre: Floats
    chol: Floats
    log_marginal: Floats


def propose_odd(
    blocks: Blocks, context: Floats, prior: BlockPrior, information: Floats, pull: Floats, tilt: "Floats | float"
) -> OddProposals:
    """Where to look for blocks of a quadratic likelihood, expanded anew where a rep of each kind would lie.

    Between the two, where −½ u'Au + l'u was made, the likelihood of a rep whose kind is open is neither's. `tilt` is
    what l owes to third derivatives, for a rep that is not odd: it moves a centre from mode to mean, and does not count
    in the value.
    """
    most, odd = (prior.mixed(kind) for kind in _NONE_AND_ALL)
    if_not = _given_kind(blocks, context, most, information, pull, tilt)
    if_odd = _given_kind(blocks, context, odd, information, pull, 0.0)
    chance = expit(check_odd(prior).log_odds + if_odd.log_marginal - if_not.log_marginal)
    flat = np.sqrt(chance) / (np.sqrt(chance) + np.sqrt(1.0 - chance))
    chance = np.clip((1.0 - _DEFENCE) * chance + _DEFENCE * flat, _LEAST, 1.0 - _LEAST)
    return OddProposals(context, prior, (if_not.centre, if_odd.centre), (if_not.chol, if_odd.chol), chance)


def _given_kind(
    blocks: Blocks, context: Floats, prior: BlockPrior, information: Floats, pull: Floats, tilt: "Floats | float"
) -> _GivenKind:
    """The normal by the likelihood's quadratic k + l'u − ½ u'Au where the one given lies under this prior."""
    chol = cholesky(information, prior)
    u = solve_upper(chol, solve_lower(chol, pull))
    gradient, information = blocks.gradient_hessian(context, u)
    along = np.einsum("ij...,j...->i...", information, u)
    constant = blocks.log_likelihood(context, u) - ((gradient + 0.5 * along) * u).sum(axis=0)
    chol = cholesky(information, prior)
    white = solve_lower(chol, along + gradient + tilt)
    centre = solve_upper(chol, white)
    log_marginal = constant + 0.5 * (white * white).sum(axis=0) - 0.5 * log_determinant(chol)
    return _GivenKind(centre, chol, log_marginal - (tilt * centre).sum(axis=0))


def mean_normal(prior: BlockPrior, information: Floats, pull: Floats) -> BlockPrior:
    """The normal under which each rep's mean is that under the prior; `log_root` makes good what its marginal lacks.

    Parameters
    ----------
    information, pull
        The quadratic of the columns in which odd reps differ, the others integrated out: (h, h, draw, rep), (h, draw,
        rep).
    """
    columns = check_odd(prior).columns
    most, other, log_most, log_odds = _kinds(prior, information, pull)
    chance = expit(log_odds)
    whole = _inverse((1.0 - chance) * _inverse(most) + chance * _inverse(other))
    lacking = log_most + np.logaddexp(0.0, log_odds) - _log_marginal(whole, pull)
    return prior.with_columns(columns, whole - information, prior.log_root - lacking)


def _kinds(prior: BlockPrior, information: Floats, pull: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """A + Q of reps that are not odd and of odd ones, log marginal of the former, log odds of being odd."""
    odd = check_odd(prior)
    most, other = (_precision(prior.mixed(kind), odd.columns, information) for kind in _NONE_AND_ALL)
    log_most = _log_marginal(most, pull)
    return most, other, log_most, np.asarray(odd.log_odds + _log_marginal(other, pull) - log_most)


def of_columns(prior: BlockPrior, information: Floats, pull: Floats) -> tuple[Floats, Floats]:
    """The quadratics (q, q, draw, rep), (q, draw, rep) of the columns in which odd reps differ, the others out."""
    columns = check_odd(prior).columns
    own, others = list(columns), [j for j in range(len(information)) if j not in columns]
    a, b = information[np.ix_(own, own)], pull[own]
    if not others:
        return a, b
    chol = cholesky(information[np.ix_(others, others)], BlockPrior(prior.diagonal[others], prior.log_root))
    white, white_pull = solve_lower(chol[:, :, None], information[np.ix_(others, own)]), solve_lower(chol, pull[others])
    left = a - np.einsum("oi...,oj...->ij...", white, white)
    return left, b - np.einsum("oi...,o...->i...", white, white_pull)


def _multiply_upper(lower: Floats, right: Floats) -> Floats:
    """L' x of lower factors (q, q, …) and x (q, …)."""
    n = len(lower)
    return np.stack([sum((lower[k, i] * right[k] for k in range(i + 1, n)), lower[i, i] * right[i]) for i in range(n)])


def _precision(prior: BlockPrior, columns: tuple[int, ...], information: Floats) -> Floats:
    """A + Q of the columns by a normal prior, (h, h, draw, rep)."""
    h = len(columns)
    total = np.empty((h, h, *np.broadcast_shapes(information.shape[2:], prior.diagonal.shape[1:])))
    total[...] = information
    for i, column in enumerate(columns):
        total[i, i] += prior.diagonal[column]
    if h == 2 and prior.coupling is not None and prior.pair[0] in columns:
        total[0, 1] += prior.coupling
        total[1, 0] += prior.coupling
    return total


def _inverse(matrix: Floats) -> Floats:
    """Of symmetric (h, h, …) matrices of one or two rows."""
    if len(matrix) == 1:
        return 1.0 / matrix
    result = -matrix
    result[0, 0], result[1, 1] = matrix[1, 1], matrix[0, 0]
    return np.asarray(result / (matrix[0, 0] * matrix[1, 1] - matrix[0, 1] ** 2))


def _log_marginal(precision: Floats, pull: Floats) -> Floats:
    """½ l'H⁻¹ l − ½ log |H| of one or two columns, (draw, rep)."""
    along = np.einsum("i...,ij...,j...->...", pull, _inverse(precision), pull)
    determinant = precision[0, 0] if len(precision) == 1 else precision[0, 0] * precision[1, 1] - precision[0, 1] ** 2
    return np.asarray(0.5 * (along - np.log(determinant)))
