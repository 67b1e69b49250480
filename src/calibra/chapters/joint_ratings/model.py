"""Joint ratings: which rank would each rep give, on the same prospects?

A prospect i has a standing θ_i on one scale for all reps, and a rep reads it with an error of standard deviation 1. The
rank is k or better where the reading, moved by how lenient the rep is, lies above the k-th cutpoint:

    P(rank of i by r is k or better) = Φ(θ_i + b_r − c_k),   θ_i ~ Normal(0, σ²),   b_r ~ Normal(0, τ²)

so that leniency b is told from how good the prospects are, which no table of outcomes can do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.joint_ratings.fit import JointRatingFit
from calibra.data.history.joint_ratings import JointRatings
from calibra.errors import NotEnoughDataError, check_kind
from calibra.findings import Finding
from calibra.inference.declare.ordinal import OrdinalModel
from calibra.inference.declare.priors import HalfNormal, Normal, Pooled, ScalePrior
from calibra.inference.engines import Engine
from calibra.inference.posterior import Posterior
from calibra.reading.laid_out import LaidOut
from calibra.values import Listed, Rep

if TYPE_CHECKING:
    import pymc as pm

FEWEST_REPS, FEWEST_SHARED = 2, 5
"""So many reps, and so many prospects rated by two of them or more, are needed."""
NAMES = ("standing", "prospect", "leniency", "rep")


@dataclass(frozen=True, slots=True)
class JointRatingPriors:
    """What is believed before the ranks are seen, in standard deviations of one reading's error."""

    prospects: ScalePrior = HalfNormal(2.0)
    """Standard deviation of the prospects; 1 is where two reps agree half by the prospect, half by chance."""
    leniency: Normal | Pooled = Pooled(HalfNormal(0.7))
    """How lenient reps are, its standard deviation learned; with one of .5 they call 10 or 29 of 100 A, not 18."""
    first_cut: Normal = Normal(1.0, 2.0)
    """Where A begins: all from 1 to 99 of 100 prospects."""
    log_gap: Normal = Normal(-0.3, 1.0)
    """Logarithm of the distance between the bars of two neighbouring ranks: .74, from .14 to 3.8."""


@dataclass(frozen=True, slots=True)
class JointRatingModel:
    """Whose A is whose B on the same prospects, and how far do the reps agree?

    Parameters
    ----------
    priors : JointRatingPriors
        Priors.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_joint_ratings(n_prospects=12, n_reps=4, seed=1)
    >>> fit = cb.JointRatingModel().fit(world.ratings, seed=1)
    >>> list(fit.leniency().columns[:5])
    ['rep', 'rank', 'share', 'share_lower', 'share_upper']
    """

    priors: JointRatingPriors = JointRatingPriors()

    def fit(
        self, ratings: JointRatings, *, seed: int, engine: Engine = "auto", draws: int = 1000, progress: bool = True
    ) -> JointRatingFit:
        """Fit the model.

        Parameters
        ----------
        ratings : JointRatings
            Ranks of shared prospects.
        seed : int
            Same seed, same numbers.
        engine : {"auto", "laplace", "nuts"}
            As in `RankModel.fit`.
        draws : int
            Posterior draws to keep.
        progress : bool
            Show progress on a terminal for work above a second.

        Raises
        ------
        NotEnoughDataError
            One rep; fewer than five shared prospects; reps whom no shared prospect links.
        """
        return self.lay_out(ratings).fit(seed=seed, engine=engine, draws=draws, progress=progress)

    def lay_out(self, ratings: JointRatings) -> LaidOut[JointRatingFit]:
        """The declaration on these ratings, and the fit that its draws make."""
        check_kind(ratings, "ratings", JointRatings)
        _refuse(ratings)
        declaration = self.declare(ratings)

        def read(posteriors: Mapping[str, Posterior]) -> JointRatingFit:
            return JointRatingFit(ratings, declaration, posteriors["ratings"])

        return LaidOut({"ratings": declaration}, read)

    def build(self, ratings: JointRatings) -> pm.Model:
        """The model written out in PyMC, for reading and doubting: `pm.sample(model=...)` samples what `fit` does."""
        from calibra.inference.nuts.build_ordinal import build_ordinal

        return build_ordinal(self.declare(ratings))

    def declare(self, ratings: JointRatings) -> OrdinalModel:
        """The ordinal block whose units are prospects and whose classes are reps."""
        n_reps, priors = len(ratings.reps), self.priors
        basis = np.zeros((len(ratings.ranks) - 1 + n_reps, 1))
        basis[0] = -1.0  # a better prospect is one to whom all bars are lower
        return OrdinalModel(
            counts=ratings.counts,
            reps=tuple(str(i) for i in range(len(ratings.prospects))),
            ranks=ratings.ranks,
            design=np.eye(n_reps),
            effects=ratings.reps,
            basis=basis,
            scales={"prospect_scale": priors.prospects},
            scale_of_column=(0,),
            first_cut=priors.first_cut,
            log_gap=priors.log_gap,
            effect=priors.leniency,
            names=NAMES,
        )


def _refuse(ratings: JointRatings) -> None:
    """Too few reps or prospects, or reps whom nothing links."""
    if len(ratings.reps) < FEWEST_REPS or ratings.n_shared < FEWEST_SHARED:
        told = {"reps": len(ratings.reps), "n": ratings.n_shared, "least": FEWEST_SHARED}
        raise NotEnoughDataError(Finding("joint_ratings.too_few", told, "note"))
    if len(ratings.ranks) < 2:
        raise NotEnoughDataError(Finding("joint_ratings.one_rank", {}, "note"))
    groups = ratings.groups
    if len(groups) > 1:
        first, second = (Listed(tuple(map(Rep, group))) for group in groups[:2])
        raise NotEnoughDataError(Finding("joint_ratings.apart", {"first": first, "second": second}, "note"))
