"""Columns of a block that are Student t: by summing over the rep's weight, with a quadratic likelihood in closed form.

Given its weight w ~ Gamma(ν/2, ν/2) a rep's heavy columns, one or two, are Normal(0, (wQ)⁻¹), and with the quadratic
−½ u'Au + l'u they are Normal((A + wQ)⁻¹ l, (A + wQ)⁻¹), where (A + wQ)⁻¹ = (adj A + w adj Q)/|A + wQ|. w runs over a
grid, even on log w, which gives the t to three digits. For coefficients and scales the t is a normal of the mean
weight; a block is looked for by drawing its weight first.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.inference.laplace.block_prior import BlockPrior
from calibra.inference.laplace.small_linalg import cholesky, solve_lower, solve_upper

type Floats = NDArray[np.float64]

_WEIGHTS = np.geomspace(0.003, 10.0, 11)
_DEFENCE = 0.15
"""Share of weights drawn from a flatter law, for where a likelihood is far from its quadratic (Hesterberg 1995)."""
_FALL = 0.25
"""Power of the weight by which the quadratic's information counts less."""


class HeavyProposals(NamedTuple):
    """Where to look for blocks with heavy columns at a batch of φ: for the weight, these columns, then the others."""

    context: Floats
    """Population part at each φ."""
    prior: BlockPrior
    """Of the blocks at each φ."""
    apart: "Apart"
    """Heavy and other columns of the likelihood's quadratic."""
    seen: "_Seen"
    """Heavy columns as the weight runs."""
    chance: Floats
    """With what chance each weight is drawn, (weight, draw, rep)."""
    log_ratio: Floats
    """Log of its prior mass over that, (weight, draw, rep)."""

    def place(self, points: Floats) -> tuple[Floats, Floats]:
        """Blocks at points (q + 1, point, draw, rep), and log prior of the weight and columns less log density.

        The last coordinate of a point picks the weight; of the others the first are for the columns that are not heavy.
        """
        heavy, others = list(self.prior.heavy), self.apart.others
        pick = np.zeros(np.broadcast_shapes(points.shape[1:], self.chance.shape[1:]), dtype=np.intp)
        reached = np.zeros_like(self.chance[0])
        for chance in self.chance[:-1]:
            reached += chance
            pick += points[-1] > reached
        weight = _WEIGHTS[pick]
        log_ratio = np.take_along_axis(self.log_ratio[:, None], pick[None], axis=0)[0]
        mean, root = self.seen.given(weight)
        standard = points[len(others) : -1]
        own = mean + (root * standard[None]).sum(axis=1)
        u = np.empty((len(others) + len(heavy), *weight.shape))
        u[heavy] = own
        if others:
            chol = self.apart.chol[:, :, None]
            right = self.apart.pull[:, None] - (self.apart.crossed[:, :, None] * own).sum(axis=1)
            u[others] = solve_upper(chol, solve_lower(chol, right) + points[: len(others)])
        log_root = np.log(root[range(len(heavy)), range(len(heavy))]).sum(axis=0)
        log_ratio += log_root - 0.5 * weight * self.prior.distance(u)
        return u, log_ratio


class Apart(NamedTuple):
    """The quadratic −½ u'Au + l'u of each rep with its heavy columns apart."""

    of_heavy: tuple[Floats, Floats]
    """A and l of the heavy columns, the others integrated out: (h, h, draw, rep) and (h, draw, rep)."""
    others: list[int]
    """Columns that are not heavy."""
    chol: Floats
    """Cholesky factor of A + Q of these, (o, o, draw, rep)."""
    crossed: Floats
    """A between these and the heavy ones, (o, h, draw, rep)."""
    pull: Floats
    """l of these, (o, draw, rep)."""


def without_others(prior: BlockPrior, information: Floats, pull: Floats) -> Apart:
    """Integrate the columns that are not heavy out of the quadratics, (q, q, draw, rep) and (q, draw, rep)."""
    heavy, others = list(prior.heavy), [j for j in range(len(information)) if j not in prior.heavy]
    own, own_pull, crossed = information[np.ix_(heavy, heavy)], pull[heavy], information[np.ix_(others, heavy)]
    of_others = BlockPrior(prior.diagonal[others], prior.log_root)
    if not others:
        return Apart((own, own_pull), others, crossed, crossed, pull[others])
    chol = cholesky(information[np.ix_(others, others)], of_others)
    white, white_pull = solve_lower(chol[:, :, None], crossed), solve_lower(chol, pull[others])
    left = own - np.einsum("oi...,oj...->ij...", white, white)
    left_pull = own_pull - np.einsum("oi...,o...->i...", white, white_pull)
    return Apart((left, left_pull), others, chol, crossed, pull[others])


def propose_heavy(context: Floats, prior: BlockPrior, information: Floats, pull: Floats) -> HeavyProposals:
    """Where to look for blocks whose likelihood is about −½ u'Au + l'u."""
    apart = without_others(prior, information, pull)
    seen = _Seen(prior, *apart.of_heavy)
    chance, _ = seen.chances()
    flat = np.sqrt(chance)
    chance = (1.0 - _DEFENCE) * chance + _DEFENCE * flat / flat.sum(axis=0)
    with np.errstate(divide="ignore"):
        log_ratio = seen.log_prior_mass(_WEIGHTS)[:, None, None] - np.log(chance)
    return HeavyProposals(context, prior, apart, seen, chance, log_ratio)


def mean_normal(prior: BlockPrior, information: Floats, pull: Floats) -> BlockPrior:
    """The prior as a normal of each rep's mean weight; `log_root` makes good what its marginal lacks."""
    seen = _Seen(prior, information, pull)
    chance, log_marginal = seen.chances()
    weight = np.einsum("wdr,w->dr", chance, _WEIGHTS)
    return prior.weighted(weight)._replace(log_root=prior.log_root - log_marginal + seen.log_marginal(weight))


class _Seen:
    """A + wQ of heavy columns as w runs: its determinant and l' adj(A + wQ) l are polynomials in w."""

    def __init__(self, prior: BlockPrior, information: Floats, pull: Floats) -> None:
        h = len(pull)
        q = np.zeros((h, h, *prior.diagonal.shape[1:]))
        for i, column in enumerate(prior.heavy):
            q[i, i] = prior.diagonal[column]
        if h > 1 and prior.coupling is not None and prior.pair[0] in prior.heavy:
            q[0, 1] = q[1, 0] = prior.coupling
        self.h, self.df = h, prior.df
        self.adjugates = _adjugate(information), _adjugate(q) if h > 1 else np.zeros_like(q)
        self.pulled = [(adjugate * pull).sum(axis=1) for adjugate in self.adjugates]  # each symmetric
        self.along = [(pull * pulled).sum(axis=0) for pulled in self.pulled]
        if h == 1:
            self.determinants = information[0, 0], q[0, 0], np.zeros(())
        else:
            slope = information[0, 0] * q[1, 1] + information[1, 1] * q[0, 0] - 2.0 * information[0, 1] * q[0, 1]
            self.determinants = _determinant(information), slope, _determinant(q)

    def determinant(self, weight: "Floats | float") -> Floats:
        """|A + wQ|."""
        constant, slope, square = self.determinants
        return np.asarray(constant + weight * (slope + weight * square))

    def given(self, weight: Floats) -> tuple[Floats, Floats]:
        """Mean (h, point, draw, rep) and lower root of a covariance (h, h, point, draw, rep) at weights.

        The smaller the weight the farther a block may lie, and the less the quadratic's information counts there.
        """
        mean = (self.pulled[0][:, None] + weight * self.pulled[1][:, None]) / self.determinant(weight)
        counts = np.minimum(1.0, weight**_FALL)
        constant, slope, square = self.determinants
        of_a, of_q = (adjugate[:, :, None] for adjugate in self.adjugates)
        if self.h == 1:
            return mean, np.sqrt(of_a / (counts * constant + weight * slope))
        determinant = counts * counts * constant + weight * (counts * slope + weight * square)
        covariance = (counts * of_a + weight * of_q) / determinant
        return mean, cholesky_filled(covariance)

    def log_marginal(self, weight: "Floats | float") -> Floats:
        """Log of the rep's marginal likelihood at a weight, ½ log |wQ| and a constant left out; (draw, rep)."""
        determinant = self.determinant(weight)
        return np.asarray(0.5 * ((self.along[0] + weight * self.along[1]) / determinant - np.log(determinant)))

    def log_prior_mass(self, weight: "Floats | float") -> Floats:
        """Log prior of a weight on the grid, with what |wQ|^½ has of w; up to a constant."""
        return np.asarray(0.5 * (self.df + self.h) * np.log(weight) - 0.5 * self.df * weight)

    def chances(self) -> tuple[Floats, Floats]:
        """Posterior mass of each weight, (weight, draw, rep), and the log marginal over all of them, (draw, rep)."""
        logs = np.stack([self.log_marginal(weight) + self.log_prior_mass(weight) for weight in _WEIGHTS])
        top = logs.max(axis=0)
        chance = np.exp(logs - top)
        total = chance.sum(axis=0)
        return chance / total, top + np.log(total)


def cholesky_filled(matrix: Floats) -> Floats:
    """Lower roots of (h, h, …) matrices, zeros above the diagonal."""
    root = cholesky(matrix)
    for i in range(len(root)):
        root[i, i + 1 :] = 0.0
    return root


def _adjugate(matrix: Floats) -> Floats:
    """Of symmetric (h, h, …) matrices of one or two rows."""
    if len(matrix) == 1:
        return np.ones_like(matrix)
    result = -matrix
    result[0, 0], result[1, 1] = matrix[1, 1], matrix[0, 0]
    return result


def _determinant(matrix: Floats) -> Floats:
    """Of symmetric matrices of two rows."""
    return np.asarray(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] ** 2)
